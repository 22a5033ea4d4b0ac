// SPDX-License-Identifier: GPL-2.0-only
//
// The table of functions that changed, with the standard error of each change. Rows whose change
// may be chance are grey.

import { el } from '../shared/dom.js';
import { count, size } from '../shared/format.js';
import { beyond, changedFunctions } from './model.js';
import { cell, change, changeCell } from './text.js';
import { titleOf } from '../run/owner.js';

const FEWEST = 4, MOST = 10; // rows at the start: those beyond their error
const COLUMNS = [
	{ name: 'name', head: 'Function', text: (f) => f.raw },
	{ name: 'change', head: 'Change', key: (f) => change(f.self) },
	{ name: 'error', head: '\u00b1', key: (f) => f.self.error },
	{ name: 'before', head: 'Before', key: (f) => f.self.before },
	{ name: 'after', head: 'After', key: (f) => f.self.after },
	{ name: 'total', head: 'With callees', key: (f) => change(f.total) },
	{ name: 'total-error', head: '\u00b1', key: (f) => f.total.error },
	{ name: 'caller', head: 'Called by', text: (f) => f.caller ?? '' },
];

function ordered(list, { functionSort, functionDown }) {
	const column = COLUMNS.find((c) => c.name === functionSort), sign = functionDown ? -1 : 1;

	if (!column)
		return list;
	if (column.key)
		return list.sort((a, b) => sign * (column.key(a) - column.key(b)));
	const { text } = column;
	return list.sort((a, b) => sign * (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

const errorCell = (f, column) => el('td', { class: 'n dim', 'data-column': column },
	f.error > 0 ? size(f.error) : f.before || f.after ? 'exact' : '');

function row(f, found, actions) {
	const sure = beyond(f.self), certain = sure || beyond(f.total);

	return el('tr', { class: [!certain && 'chance', found && 'found'].filter(Boolean)
		.join(' ') || null },
	el('th', { scope: 'row' }, el('button', { type: 'button', class: 'link',
		title: f.name.slice(0, 2000), onclick: () => actions.search(f.name) },
	titleOf(f).slice(0, 300) || '?')),
	changeCell(f.self, 'change', sure), errorCell(f.self, 'error'),
	cell(f.self.before, 'before'), cell(f.self.after, 'after'),
	changeCell(f.total, 'total', beyond(f.total)), errorCell(f.total, 'total-error'),
	el('td', { class: 'caller', 'data-column': 'caller' }, f.caller && el('button',
		{ type: 'button', class: 'link', title: f.caller.slice(0, 2000),
			onclick: () => actions.search(f.caller) },
		titleOf({ name: f.caller }).slice(0, 300))));
}

function head(c, state, actions) {
	const sorted = state.functionSort === c.name;

	return el('th', { scope: 'col', class: c.key && 'n', 'aria-sort': sorted
		? state.functionDown ? 'descending' : 'ascending' : 'none' },
	el('button', { type: 'button', 'data-sort': c.name,
		onclick: () => actions.sort(c.name) }, c.head));
}

const left = (n) => n > 0 && ` ${count(n)} more, with smaller changes, are not in this page: ` +
	'see the JSON of tare diff.';

/** found(name): does the search find this function? */
export function functionTable(raw, state, found, actions) {
	const list = ordered(changedFunctions(raw, state.sampleType), state);
	const sure = list.filter((f) => beyond(f.self)).length,
		chance = list.filter((f) => !beyond(f.self) && !beyond(f.total)).length;
	const shown = list.slice(0, state.functionsShown ?? Math.max(FEWEST, Math.min(sure, MOST)));

	if (list.length === 0)
		return [el('p', { class: 'dim', id: 'no-change' }, 'No function changed.')];
	return [
		el('div', { class: 'scroll functions-box' },
			el('table', { class: 'rows functions' },
			el('caption', { class: 'hidden' }, 'Functions by change'),
			el('thead', null,
				el('tr', null, COLUMNS.map((c) => head(c, state, actions)))),
			el('tbody', null, shown.map((f) => row(f, found(f.name), actions))))),
		el('div', { class: 'below' },
			list.length > shown.length && el('button', { type: 'button', class: 'plain',
				id: 'more-functions',
				onclick: () => actions.more(shown.length * 4) }, 'More'),
			el('p', { class: 'note' }, `${count(list.length)} ` +
			`${list.length === 1 ? 'function' : 'functions'} changed, ` +
			`${count(chance)} of them within two standard errors (grey: may be ` +
			`chance). A click finds a function in the flame graph.`,
			left(raw.left_out.functions))),
	];
}
