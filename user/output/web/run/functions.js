// SPDX-License-Identifier: GPL-2.0-only
//
// The flame graph as a table: functions with self and total bytes.

import { el } from '../shared/dom.js';
import { count, exact, percent, size } from '../shared/format.js';
import { viaOf } from './about.js';
import { shortened } from './names.js';
import { FALLBACK, INLINED, KERNEL, moduleName } from './profile.js';
import { functionSums, neighbours } from './view.js';

const SHOWN = 25, NEIGHBOURS = 12;
const nameChars = () => innerWidth < 700 ? 40 : 90;
const COLUMNS = [
	{ name: 'self', head: 'Self', key: (f) => f.self },
		{ name: 'total', head: 'With below', key: (f) => f.total },
	{ name: 'name', head: 'Function', key: null },
];

function order(list, profile, { functionSort, functionDown }) {
	const sign = functionDown ? -1 : 1, { symbols } = profile;

	if (functionSort === 'name')
		return list.sort((a, b) => sign * (symbols[a.symbol].name < symbols[b.symbol].name
			? -1 : 1));
	return list.sort((a, b) => sign * (a[functionSort] - b[functionSort]) || b.total - a.total);
}

const bytesCell = (value, of, name) => el('td',
	{ class: 'n', 'data-column': name, title: exact(Math.round(value)), 'data-bytes': value },
	value > 0 ? size(value) : '0',
		el('span', { class: 'share' }, value > 0 && of > 0 ? percent(value / of) : ''));

// What the folded frames say of the bytes of each function itself: the text of most of them.
function viaOfFunctions(view, top) {
	const { tree } = view.profile, ranges = new Map(), via = new Map();

	for (let a = top.a, b; a < top.b; a = b) {
		const symbol = tree.symbol[view.node[a]];

		for (b = a + 1; b < top.b && view.node[b] === view.node[a];)
			b++;
		if (!ranges.has(symbol))
			ranges.set(symbol, []);
		ranges.get(symbol).push([a, b]);
	}
	return (symbol) => {
		if (!via.has(symbol))
			via.set(symbol, viaOf(view, ranges.get(symbol) ?? [])[0]?.[0]);
		return via.get(symbol);
	};
}

function row(f, profile, of, via, matches, actions) {
	const s = profile.symbols[f.symbol];
	const note = [s.flags & KERNEL && 'kernel', s.flags & INLINED && 'inlined',
		s.flags & FALLBACK && '[fp]'].filter(Boolean).join(', ');
	const where = [via && `via ${via}`, s.flags & KERNEL ? '' : moduleName(profile, s), note];

	return el('tr', { 'data-symbol': f.symbol, class: matches?.[f.symbol] ? 'found' : null },
		bytesCell(f.self, of, 'self'), bytesCell(f.total, of, 'total'),
		el('th', { scope: 'row' },
			el('button', { type: 'button', class: 'link', title: s.name.slice(0, 2000),
			onclick: () => actions.choose(f.symbol) }, shortened(s.name, nameChars())),
			el('span', { class: 'dim' }, ` ${where.filter(Boolean).join(', ')}`)));
}

/** Functions below the box `top`. */
export function functionTable(view, top, state, actions) {
	const { profile } = view, of = view.sum[top.b] - view.sum[top.a];
	const via = viaOfFunctions(view, top), choose = state.view === 'sandwich'
		? 'shows its callers and callees' : 'searches';
	const list = order(functionSums(view, top), profile, state),
		shown = list.slice(0, state.functionsShown ?? SHOWN);
	const head = (c) => {
		const sorted = state.functionSort === c.name;

		return el('th',
			{ scope: 'col', class: c.key && 'n', 'aria-sort': sorted
			? state.functionDown ? 'descending' : 'ascending' : 'none' },
			el('button',
				{ type: 'button', 'data-sort': c.name,
				onclick: () => actions.sortFunctions(c.name) }, c.head));
	};

	return [
		el('h3', null, 'Top functions',
			el('span', { class: 'dim' },
			` of ${count(list.length)}${top.node >= 0 || top.level > 0 ? ', below ' +
			'the frame that is zoomed to' : ''}; a click ${choose}`)),
		el('div', { class: 'scroll functions-box' },
			el('table', { class: 'rows functions' },
			el('caption', { class: 'hidden' }, 'Functions by bytes'),
			el('thead', null, el('tr', null, COLUMNS.map(head))),
			el('tbody', null,
				shown.map((f) => row(f, profile, of, via(f.symbol), state.matches,
					actions))))),
		list.length > shown.length &&
			el('button',
			{ type: 'button', class: 'plain more',
			onclick: () => actions.moreFunctions((state.functionsShown ?? SHOWN) * 4) },
			'More'),
	];
}

function neighbourList(title, list, whole, profile, actions, nobody) {
	const shown = list.slice(0, NEIGHBOURS);

	return el('div', null, el('h4', null, title), list.length === 0
		? el('p', { class: 'dim' }, nobody) : el('table', { class: 'rows functions' },
		el('tbody', null, shown.map(({ symbol, bytes }) =>
		el('tr', { 'data-symbol': symbol }, bytesCell(bytes, whole, 'bytes'),
		el('th', { scope: 'row' }, symbol < 0 ? el('span', { class: 'dim' }, nobody) :
			[el('button',
				{ type: 'button', class: 'link',
				title: profile.symbols[symbol].name.slice(0, 2000),
				onclick: () => actions.choose(symbol) },
				shortened(profile.symbols[symbol].name, nameChars())),
				el('span', { class: 'dim' },
					` ${moduleName(profile, profile.symbols[symbol])}`)]))))),
	list.length > shown.length && el('p', { class: 'note' },
		`\u2026 and ${count(list.length - shown.length)} more`));
}

/** Callers and callees of the searched function; null unless the search is a whole name. */
export function neighbourTables(view, top, found, query, actions) {
	if (!found?.exact || found.found === 0)
		return null;
	const { callers, callees, own, whole } = neighbours(view, top, found.matches);

	return el('div', { class: 'neighbours', id: 'neighbours' },
		el('h3', null, shortened(query.slice(1, -1), nameChars()),
			el('span', { class: 'dim' },
			` ${size(whole)} with below, ${size(own)} itself`)),
		neighbourList('Called by', callers, whole, view.profile, actions,
			'none: start of the stack'),
		neighbourList('Calls', callees, whole, view.profile, actions, 'nobody'));
}
