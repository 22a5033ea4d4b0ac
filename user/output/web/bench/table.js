// SPDX-License-Identifier: GPL-2.0-only
//
// The table of all figures, sortable by any column. A row opens to its details and can be
// selected for the growth chart.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, known, mebi, perTask, seconds, tasks } from '../shared/format.js';
import { details } from './details.js';
import { FAMILY_TEXT, fitOf, ordered, publishedSlopes, slope, stops, tare } from './model.js';

const half = (r) => {
	const ci = fitOf(r, 'weight')?.ci;
	return ci ? (ci[1] - ci[0]) / 2 : null;
};

/** What "not linear" means for a row, in words. */
const bentText = (r) => 'not linear: some N is more than 5 % off the line' +
	(r.at === null ? ''
		: `; bytes per task at ${count(r.at)} tasks, less what the fewest take`);

const linear = (r) => fitOf(r, 'weight')?.linear === false && el('abbr', {
	class: 'flag', title: bentText(r),
}, '\u223f');

function statusText(r) {
	if (r.status === 'missing')
		return ['missing', r.missing ?? 'not installed'];
	const s = stops(r);
	const why = s.map((x) => {
		const at = known(x.stopped_at) ? ` at ${count(x.stopped_at)}` : '';
		const how = x.outcome === 'failed' ? 'failed' : 'stopped';
		return `${how}${at} of ${tasks(x.tasks)}: ${x.by}`;
	});
	const state = r.status === 'ok' && r.state === 'peak' ? 'at its peak' : null;

	return [r.status, [state, ...why].filter(Boolean).join('; ')];
}

function status(r) {
	const [word, why] = statusText(r);

	return [el('span', { class: `status ${r.status}` }, word),
		why && el('span', { class: 'why' }, why)];
}

const plus = (x) => known(x) ? `\u00b1\u2009${perTask(x)}` : UNKNOWN;

function published(r) {
	const list = publishedSlopes(r);

	return list.length
		? list.map((p) => el('div', null, perTask(p.slope),
		el('span', { class: 'dim' }, ` ${p.source}`))) : '\u2013';
}

// key: the sort key; cell: the content.
const COLUMNS = [
	{ name: 'version', head: 'Version', low: true, key: (r) => r.version,
		cell: (r) => r.version === null ? UNKNOWN
		: el('span', { class: 'cut', title: r.version }, r.version) },
	{ name: 'most', head: 'N', n: true, key: (r) => r.most, cell: (r) => tasks(r.most) },
	{ name: 'tare', head: 'Tare, MiB', n: true, key: tare, cell: (r) => mebi(tare(r)) },
	{ name: 'weight', head: 'B per task', n: true, strong: true, key: (r) => slope(r, 'weight'),
		cell: (r) => [linear(r), perTask(slope(r, 'weight'))] },
	{ name: 'interval', head: '95\u00a0%', n: true, key: half, cell: (r) => plus(half(r)) },
	{ name: 'user', head: 'User', n: true, key: (r) => slope(r, 'user'),
		cell: (r) => perTask(slope(r, 'user')) },
	{ name: 'kernel', head: 'Kernel', n: true, key: (r) => slope(r, 'kernel'),
		cell: (r) => perTask(slope(r, 'kernel')) },
	{ name: 'ready', head: 'Ready', n: true, key: (r) => r.ready_s,
		cell: (r) => seconds(r.ready_s) },
	{ name: 'cpu', head: 'CPU', n: true, key: (r) => r.cpu_s, cell: (r) => seconds(r.cpu_s) },
	{ name: 'published', head: 'Published', n: true, low: true,
		key: (r) => publishedSlopes(r).at(-1)?.slope ?? null, cell: published },
	{ name: 'status', head: 'Status', key: (r) => r.status, cell: status },
];
const TITLE = { name: 'title', head: 'Workload', key: (r) => r.title };

function nameCell(r, state, actions) {
	const open = state.open.has(r.index);

	return el('th', { scope: 'row' }, el('div', { class: 'name' },
		el('input', {
			type: 'checkbox', checked: state.chosen.includes(r.index),
				'aria-label': `Show ${r.title} in the growth chart`,
			onchange: () => actions.choose(r.index),
		}),
		el('button', {
			type: 'button', class: 'open', 'aria-expanded': String(open),
				'aria-controls': open ? `details-${r.index}` : null,
			onclick: () => actions.open(r.index),
		}, el('span', { class: 'title' }, r.title),
		el('span', { class: 'dim family' },
			[r.language, FAMILY_TEXT[r.family] ?? r.family, r.root].filter(Boolean)
				.join(', ')))));
}

function bodyRow(r, state, actions) {
	const unknown = (c) => c.textContent === UNKNOWN;
	const row = el('tr', { 'data-row': r.index, class: 'main' }, nameCell(r, state, actions),
		COLUMNS.map((c) => {
			const td = el('td',
				{ 'data-column': c.name,
				class: [c.n && 'n', c.low && 'low', c.strong && 'strong']
					.filter(Boolean).join(' ') || null }, c.cell(r));

			if (unknown(td))
				td.classList.add('unknown');
			return td;
		}));

	if (!state.open.has(r.index))
		return [row];
	return [row, el('tr', { class: 'more', id: `details-${r.index}` },
		el('td', { colspan: COLUMNS.length + 1 }, details(r)))];
}

function headCell(c, state, actions) {
	const sorted = state.tableSort === c.name;

	return el('th', {
		scope: 'col', class: [c.n && 'n', c.low && 'low'].filter(Boolean).join(' ') || null,
		'aria-sort': sorted ? state.tableDown ? 'descending' : 'ascending' : 'none',
	}, el('button',
		{ type: 'button', 'data-sort': c.name, onclick: () => actions.sort(c.name) },
		c.head));
}

export function sortedTable(rows, { tableSort, tableDown }) {
	const column = [TITLE, ...COLUMNS].find((c) => c.name === tableSort);

	return column ? ordered(rows, column.key, tableDown) : rows;
}

export function table(rows, state, actions) {
	return el('table', { class: 'all' },
		el('caption', { class: 'hidden' }, 'All workloads with all figures'),
		el('thead', null,
			el('tr', null,
			[TITLE, ...COLUMNS].map((c) => headCell(c, state, actions)))),
		el('tbody', null, sortedTable(rows, state).map((r) => bodyRow(r, state, actions)),
			rows.length === 0 &&
				el('tr', null,
				el('td', { colspan: COLUMNS.length + 1, class: 'dim' },
				'No workloads.'))));
}
