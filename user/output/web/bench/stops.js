// SPDX-License-Identifier: GPL-2.0-only
//
// The section of stopped workloads: each limit or failure with its workloads.

import { el } from '../shared/dom.js';
import { count, known, tasks } from '../shared/format.js';
import { stops } from './model.js';

function groups(rows) {
	const by = new Map();

	for (const r of rows)
		for (const s of stops(r)) {
			if (!by.has(s.by))
				by.set(s.by, []);
			by.get(s.by).push({ row: r, ...s });
		}
	return [...by].sort(([, a], [, b]) => b.length - a.length);
}

function victim(s) {
	const where = known(s.stopped_at) ? `${count(s.stopped_at)} of ${tasks(s.tasks)}`
		: `with ${tasks(s.tasks)}`;

	return el('li', null, s.row.title,
		el('span', { class: 'dim' },
		` ${where}${s.outcome === 'failed' ? ', failed' : ''}`));
}

/** null if nothing was stopped and nothing is missing. */
export function stopped(rows) {
	const list = groups(rows), missing = rows.filter((r) => r.missing);

	if (list.length === 0 && missing.length === 0)
		return null;
	return el('div', { class: 'stops' },
		list.map(([by, who]) => el('div', { class: 'stop' }, el('h3', null, by),
			el('ul', null, who.map(victim)))),
		missing.length > 0 && el('div', { class: 'stop' }, el('h3', null, 'not run'),
			el('ul', null,
				missing.map((r) => el('li', null, r.title,
				el('span', { class: 'dim' }, ` ${r.missing}`))))));
}
