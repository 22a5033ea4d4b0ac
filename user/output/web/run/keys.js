// SPDX-License-Identifier: GPL-2.0-only
//
// The keys of the page, as its dialog shows them. The code that acts on a key is where it acts.

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
	['Flame graph', [
		['\u2190 \u2192 \u2191 \u2193', 'move between frames'],
		['Enter', 'zoom in'],
		['Esc', 'one step back; Home: to the root'],
		['s', 'search for the function; with the pointer: Ctrl and a click'],
	]],
	['Threads', [
		['\u2191 \u2193', 'move between rows'],
		['Enter', 'show a thread in the flame graph, or open a group'],
	]],
];
