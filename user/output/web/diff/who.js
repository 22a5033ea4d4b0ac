// SPDX-License-Identifier: GPL-2.0-only
//
// Tables by the ledger: who (processes and threads by name), and kinds of memory.

import { el } from '../shared/dom.js';
import { count } from '../shared/format.js';
import { KINDS, KIND_TEXT } from '../shared/kinds.js';
import { sumOf, totalsOf, whoRows } from './model.js';
import { cell, change, changeCell } from './text.js';

export const SHOWN = 20;
const heads = (names) => el('thead', null, el('tr', null,
	names.map((n, i) => el('th', { scope: 'col', class: i ? 'n' : null }, n))));

const number = ({ before, after }) => before === after ? count(before)
	: `${count(before)} \u2192 ${count(after)}`;

function whoRow(r) {
	return el('tr', { class: r.thread ? 'thread' : 'process' },
		el('th', { scope: 'row', title: r.name.slice(0, 2000) }, r.name.slice(0, 200)),
		el('td', { class: 'n' }, number(r.count)), cell(r.peak.before, 'before'),
		cell(r.peak.after, 'after'), changeCell(r.peak, 'change'),
		changeCell(r.user, 'user'), changeCell(r.kernel, 'kernel'),
		changeCell(r.net, 'net'), changeCell(r.grown, 'grown'));
}

const changed = (r) => r.count.before !== r.count.after ||
	[r.peak, r.net, r.grown].some((f) => change(f) !== 0);

/** Processes and threads. */
export function whoTable(raw, state, actions) {
	const rows = whoRows(raw), list = rows.filter(changed),
		shown = list.slice(0, state.whoShown), left = raw.left_out.processes +
		raw.left_out.threads;

	if (list.length === 0)
		return el('p', { class: 'dim' }, 'No process or thread changed.');
	return [
		el('div', { class: 'scroll' }, el('table', { class: 'rows who' },
			el('caption', { class: 'hidden' }, 'Processes and threads by change'),
			heads(['Name', 'Count', 'At the peak', 'After', 'Change', 'User', 'Kernel',
				'At the end', 'Grown']),
			el('tbody', null, shown.map(whoRow)))),
		el('p', { class: 'note below' },
			`${count(list.length)} of ${count(rows.length)} rows changed.`,
		rows.some((r) => r.peak.more) &&
			' Only the kinds that both recordings know by task.',
		left > 0 && ` ${count(left)} more are not in this page: ` +
			'see the JSON of tare diff.'),
		list.length > shown.length && el('button', { type: 'button', class: 'plain more',
			id: 'more-who', onclick: actions.more }, 'More'),
	];
}

function kindRow(name, text, of, sum) {
	return el('tr', { class: sum && 'sum', 'data-kind': name }, el('th', { scope: 'row' },
		!sum && el('i', { class: `mark ${name}` }), text),
	of.flatMap((f, i) => [cell(f.before, `before-${i}`), cell(f.after, `after-${i}`),
		changeCell(f, `change-${i}`)]));
}

/** Kinds of memory, at the peak, at the end and grown. */
export function kindTable(raw) {
	const when = ['at_peak', 'net', 'grown'].map((w) => totalsOf(raw, w));
	const sums = ['user', 'kernel', 'weight'].map((part) => [part, when.map(
		(kinds) => sumOf(kinds, part))]);
	const more = sums.some(([, of]) => of.some((s) => s.more));

	return [el('div', { class: 'scroll' }, el('table', { class: 'rows kinds' },
		el('caption', { class: 'hidden' }, 'Kinds of memory'),
		heads(['Kind', 'At the peak', 'After', 'Change', 'At the end', 'After', 'Change',
			'Grown', 'After', 'Change']),
		el('tbody', null, KINDS.map((k) => kindRow(k, KIND_TEXT[k], when.map((w) => w[k]))),
			sums.map(([part, of]) => kindRow(part, `${KIND_TEXT[part]}` +
				`${of.some((s) => s.more) ? '*' : ''}`, of, true))))),
	more && el('p', { class: 'note below' }, '* only of the kinds that both recordings know.')];
}
