// SPDX-License-Identifier: GPL-2.0-only
//
// The table of threads, put together by name, or of processes, with what each held at the peak.
// Only visible rows are in the document, because there can be thousands.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, exact, known, seconds, size } from '../shared/format.js';
import { KINDS, KIND_TEXT } from '../shared/kinds.js';
import { byName } from './groups.js';

const ROW_PX = 30, SHOWN_PX = 480, SPARE = 8;

const sizeCell = (x) => known(x) ? x === 0 ? '0' : size(x) : UNKNOWN;

function status(r) {
	if (r.group !== undefined && r.alive)
		return `${count(r.members.filter((m) => m.alive).length)} alive`;
	if (r.alive)
		return r.attached ? 'alive, attached' : 'alive';
	const how = r.exit ? known(r.exit.signal) ? `, signal ${r.exit.signal}`
		: known(r.exit.code) ? `, exit ${r.exit.code}` : '' : '';

	if (r.group !== undefined)
		return known(r.end) && !r.alive ? `last ended at ${seconds(r.end / 1e9)}` : 'ended';
	if (r.count > 1)
		return `ended${r.failed > 0 ? `, ${count(r.failed)} failed` : ''}`;
	return `ended${known(r.end) ? ` at ${seconds(r.end / 1e9)}` : ''}${how}`;
}

/** Kinds that get a column. Kinds that nobody held are named below the table. */
function shownKinds(list) {
	return KINDS.filter((k) => list.some((r) => r.peak[k] !== 0));
}

function columns(list, processes) {
	const exactly = (x) => known(x) ? exact(x) : null;
	const bytes = (name, head, key, more) => ({ name, head, n: true, key,
		cell: (r) => sizeCell(key(r)), title: (r) => exactly(key(r)), ...more });

	return [
		{ name: 'name', head: processes ? 'Process' : 'Thread', key: (r) => r.name ?? '',
			wide: true },
		{ name: 'id', head: processes ? 'PID' : 'TID', n: true, key: (r) => r.id,
			cell: (r) => r.group !== undefined ? `\u00d7${count(r.count)}`
				: r.count > 1 ? r.tag : String(r.id) },
		...processes
			? [{ name: 'threads', head: 'Threads', n: true, key: (r) => r.threads,
			cell: (r) => count(r.threads) }] : [],
		{ name: 'state', head: 'State', key: (r) => r.alive ? -1 : r.end ?? 0,
			cell: status },
		bytes('weight', 'At the peak', (r) => r.peak.weight, { strong: true }),
		...shownKinds(list).map(
			(k) => bytes(k, KIND_TEXT[k], (r) => r.peak[k], { mark: k })),
		bytes('grown', 'RSS grown', (r) => r.grown),
		{ name: 'faults', head: 'Faults', n: true, key: (r) => r.faults,
			cell: (r) => count(r.faults), title: (r) => known(r.major)
			? `${count(r.major)} major` : null },
		bytes('virtual', 'Mapped', (r) => r.virtual),
	];
}

function ordered(list, column, down) {
	const sign = down ? -1 : 1, key = (r) => column.key(r);
	const compare = (a, b) => typeof a === 'string' ? a < b ? -1 : a > b ? 1 : 0 : a - b;

	return [...list].sort((x, y) => {
		const a = key(x), b = key(y);

		if (a === null || b === null)
			return (a === null) - (b === null);
		return sign * compare(a, b) || x.process - y.process ||
			(x.task ?? 0) - (y.task ?? 0);
	});
}

// A bar of the kinds that it held, relative to the largest row.
function bar(r, most) {
	const kinds = KINDS.filter((k) => known(r.peak[k]) && r.peak[k] > 0);

	if (kinds.length === 0 || most <= 0)
		return null;
	const node = el('span', { class: 'bar', 'aria-hidden': 'true' },
		kinds.map((k) => el('i', { class: k })));
	[...node.children].forEach(
		(i, at) => { i.style.width = `${100 * r.peak[kinds[at]] / most}%`; });
	return node;
}

function nameCell(r, most, shown, actions) {
	const title = [r.name, r.before.length > 0 && `before: ${r.before.join(', ')}`,
		r.processName !== null && `of ${r.processName} ${r.processTag}`,
		r.untaken > 0 &&
			`${size(r.untaken)} of it held before tare came, or copied by fork`,
		r.spread].filter(Boolean).join('; ').slice(0, 2000);
	const text = r.name?.slice(0, 100) || '(no name)';

	return el('th', { scope: 'row', class: shown.member ? 'member' : null },
		r.group !== undefined && el('button', { type: 'button', class: 'expand',
			'data-group': r.group, 'aria-expanded': String(shown.open),
			'aria-label': `${text}: its ${count(r.count)} threads`,
			onclick: () => actions.expand(r.group) }, shown.open ? '\u25be' : '\u25b8'),
		el('button', { type: 'button', class: 'link', title, 'aria-pressed':
			String(shown.chosen), disabled: !actions.filters,
			onclick: () => actions.chooseThread(r) }, text),
		bar(r, most));
}

const met = (r, query) => r.name?.toLowerCase().includes(query) || String(r.id) === query ||
	(r.members ?? []).some((m) => met(m, query));

// Rows in order; below an open group its members, heaviest first.
function withMembers(rows, open) {
	return rows.flatMap((r) => r.group !== undefined && open.includes(r.group)
		? [r, ...r.members] : [r]);
}

function isChosen(r, state) {
	if (r.group !== undefined)
		return state.who !== '' && state.who === r.name;
	return state.process === r.process && (state.task ?? null) === r.task;
}

// Arrows move between rows.
function moveFocus(e) {
	const tr = e.target.closest?.('tbody tr'),
		to = { ArrowDown: 'nextElementSibling',
		ArrowUp: 'previousElementSibling' }[e.key];
	const button = tr && to && tr[to]?.querySelector('button');

	if (button) {
		e.preventDefault();
		button.focus();
	}
}

/** report, state { whoRows, whoSort, whoDown, whoOpen, process, task, who }; actions { sortWho,
 * chooseThread, expand, filters }. */
export function whoTable(report, state, actions, scrolled) {
	const processes = state.whoRows === 'processes', each = processes ? report.processes
		: report.tasks, all = state.whoRows === 'names' ? byName(each) : each;
	const query = state.whoQuery.toLowerCase();
	const list = query ? all.filter((r) => met(r, query)) : all;
	const cols = columns(all, processes),
		column = cols.find((c) => c.name === state.whoSort) ??
		cols.find((c) => c.name === 'weight');
	const sorted = ordered(list, column, state.whoDown),
		rows = withMembers(sorted, state.whoOpen),
		most = rows.reduce((m, r) => Math.max(m, r.peak.weight), 0);
	const head = el('thead', null, el('tr', null, cols.map((c) => el('th', {
		scope: 'col', class: c.n ? 'n' : null, 'aria-sort': column === c ? state.whoDown
			? 'descending' : 'ascending' : 'none',
	}, el('button',
		{ type: 'button', 'data-sort': c.name, onclick: () => actions.sortWho(c.name) },
		c.mark && el('i', { class: `mark ${c.mark}` }), c.head)))));
	const body = el('tbody'), before = el('tr', { class: 'spacer', 'aria-hidden': 'true' },
		el('td', { colspan: cols.length }));
	const after = before.cloneNode(true);
	const box = el('div', { class: 'scroll who-box', tabindex: '0', role: 'region',
		'aria-label': processes ? 'Processes' : 'Threads' },
		el('table', { class: 'rows who', 'aria-rowcount': rows.length + 1 },
			el('caption', { class: 'hidden' }, processes ? 'Processes' : 'Threads'),
			head, body));
	const inGroup = new Set(rows.flatMap((r) => r.members ?? []));
	let first = -1;

	const line = (r, i) => {
		const chosen = isChosen(r, state), shown = { chosen,
			open: r.group !== undefined && state.whoOpen.includes(r.group),
			member: state.whoRows === 'names' && inGroup.has(r) };

		return el('tr', { 'aria-rowindex': i + 2, 'data-process': r.process,
			'data-task': r.task, 'data-group': r.group,
			class: chosen ? 'chosen' : null },
			cols.map((c) => c.wide ? nameCell(r, most, shown, actions) : cell(c, r)));
	};
	const cell = (c, r) => {
		const text = c.cell(r);

		return el('td',
			{ 'data-column': c.name,
			class: [c.n && 'n', c.strong && 'strong', text === UNKNOWN && 'unknown',
			text === '0' && 'nothing'].filter(Boolean).join(' ') || null,
			title: c.title?.(r) ?? (c.n ? null : text) }, text);
	};
	const fill = () => {
		const from = Math.max(0, Math.floor(box.scrollTop / ROW_PX) - SPARE),
			to = Math.min(rows.length, from + Math.ceil(SHOWN_PX / ROW_PX) + 2 * SPARE);

		if (from === first)
			return;
		first = from;
		before.firstChild.style.height = `${from * ROW_PX}px`;
		after.firstChild.style.height = `${(rows.length - to) * ROW_PX}px`;
		const focus = body.contains(document.activeElement)
			? document.activeElement.closest('tr') : null;
		const kept = rows.slice(from, to).map((r, i) => line(r, from + i));
		body.replaceChildren(before, ...kept, after);
		if (focus)
			kept.find((tr) => ['process', 'task', 'group'].every(
				(k) => tr.dataset[k] === focus.dataset[k]))?.querySelector('button')
					.focus({ preventScroll: true });
	};

	box.addEventListener('scroll', fill, { passive: true });
	box.addEventListener('keydown', moveFocus);
	queueMicrotask(() => {
		if (scrolled)
			box.scrollTop = scrolled;
		fill();
	});
	const none = KINDS.filter((k) => !shownKinds(each).includes(k));
	const members = (some) => some.reduce((n, r) => n + r.count, 0);
	return { box, shown: members(sorted), of: members(each), none,
		below0: rows.some((r) => r.peak.weight < 0) };
}
