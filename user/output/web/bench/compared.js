// SPDX-License-Identifier: GPL-2.0-only
//
// The sections that compare two figures of a workload, each a chart of rods (pairs.js says of what).

import { el } from '../shared/dom.js';
import { width } from '../shared/parts.js';
import { hoverRows } from './interact.js';
import { FAMILY_TEXT } from './model.js';
import { atWork, leftAfter, twins } from './pairs.js';
import { rodsChart } from './rods.js';

const PER_TASK = { unit: 'bytes', head: 'B per task' };
const WORK = [['connect', 'A connection each'], ['touch', '1\u00a0KiB of stack each'],
	['channel', 'A channel each']];

const twoMarks = (one, other) => el('ul', { class: 'key' },
	[['first', one], ['second', other]].map(([c, t]) =>
		el('li', null, el('i', { class: `shape ${c}` }), t)));

/** Sections with one chart of rods each; null where there is nothing to compare. */
export function comparedSections(all, section, shown, filters, actions) {
	const one = (id, title, marks, listOf, options) => listOf(all).length > 0 &&
		section(id, title, twoMarks(...marks), [], filters, (body) => {
			const list = listOf(shown());

			if (list.length === 0)
				return el('p', { class: 'dim' }, 'None of these workloads.');
			const chart = rodsChart(list, { width: width(body), name: id, ...options });
			hoverRows(chart, all, actions, list);
			return chart;
		});

	return [
		one('twins', 'A newer runtime, or another setting', ['the older twin', 'this one'],
			(rows) => twins(rows, all), PER_TASK),
		...WORK.map(([family, title]) => one(family, title,
			['asleep, the same program', FAMILY_TEXT[family]],
			(rows) => atWork(rows, all, family), PER_TASK)),
		one('after', 'When the tasks have ended', ['with all tasks', 'after them'],
			leftAfter, { head: 'tasks: with \u2192 after' }),
	];
}
