// SPDX-License-Identifier: GPL-2.0-only
//
// The keys of the page, as its dialog shows them. The code that acts on a key is where it acts.

import { GRAPH_KEYS } from './graphbar.js';

export const KEYS = [
	['Page', [
		['?', 'show or close these keys'],
		['/', 'search functions and modules'],
		['1 2 3 4', 'stack the curve by kind, thread name, thread, function'],
		['Esc', 'close, clear the selected time'],
	]],
	['Curve', [
		['\u2190 \u2192', 'move through time; Home and End: to its ends'],
		['Enter', 'what was held at this moment'],
		['Shift \u2190 \u2192', 'select a time; with the pointer: drag'],
	]],
	['Graph', GRAPH_KEYS],
	['Threads', [
		['\u2191 \u2193', 'move between rows'],
		['Enter', 'show a thread in the flame graph, or open a group'],
	]],
];
