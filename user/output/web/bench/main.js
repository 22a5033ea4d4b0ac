// SPDX-License-Identifier: GPL-2.0-only
//
// The page of `tare bench`: reads the JSON in the page, builds the sections, and redraws them
// when a filter, the order or the selection changes.
// With #chart it shows only the bar chart: #chart&family=sleep&root=sid&q=go&max=5000&limit=40,
// or #chart&ids=go,node.

import { choice, el, save, toggle } from '../shared/dom.js';
import { count, tasks } from '../shared/format.js';
import { sectionsOf, width } from '../shared/parts.js';
import { createStore } from '../shared/store.js';
import { themeSwitch } from '../shared/theme.js';
import { barsChart, goodMax } from './bars.js';
import { chosenList } from './chosen.js';
import { comparedSections } from './compared.js';
import { growthChart } from './growth.js';
import { headline } from './headline.js';
import { focusable, hoverRows, hoverSeries, markHot } from './interact.js';
import { method } from './method.js';
import { FAMILY_TEXT, KERNEL_KINDS, KIND_TEXT, ORDER, USER_KINDS, distinct, filtered, load, ordered,
	sampled, weighed } from './model.js';
import { picture } from './picture.js';
import { captionOf, comparisons, markOf, publishedChart, publishedSources,
	publishedTasks } from './published.js';
import { stopped } from './stops.js';
import { table } from './table.js';

const MAX = [1000, 5000, 20000, 50000];
const bench = load(JSON.parse(document.getElementById('data').textContent));
const hash = new URLSearchParams(location.hash.slice(1));

function initial() {
	const ns = publishedTasks(bench.rows);
	const given = Number(hash.get('max'));

	return {
		query: hash.get('q') ?? '', language: hash.get('language') ?? '',
			family: hash.get('family') ?? '', root: hash.get('root') ?? '',
		order: ORDER[hash.get('sort')] ? hash.get('sort') : 'weight',
			down: hash.has('down'),
		max: given > 0 ? given : hash.has('max') ? null : goodMax(bench.rows, MAX),
		part: 'weight', n: ns.at(-1) ?? null,
		tableSort: 'weight', tableDown: false, open: new Set(),
		chosen: sampled(bench.rows, 6), hot: null,
	};
}

const store = createStore(initial());
const { state } = store;
const section = sectionsOf(store);
const shown = () => filtered(bench.rows, state);

const actions = {
	choose(index) {
		const has = state.chosen.includes(index);
		store.set({ chosen: has ? state.chosen.filter((i) => i !== index)
			: [...state.chosen, index] });
	},
	chooseNone() {
		store.set({ chosen: [] });
	},
	open(index) {
		const open = new Set(state.open);

		if (!open.delete(index))
			open.add(index);
		store.set({ open });
	},
	sort(name) {
		const same = state.tableSort === name;
		store.set({ tableSort: name, tableDown: same ? !state.tableDown : false });
	},
	hot(index) {
		store.set({ hot: index });
	},
	show(index) {
		store.set({ open: new Set([...state.open, index]) });
		const button = document.querySelector(`tr[data-row="${index}"] button.open`);
		button?.scrollIntoView({ block: 'center' });
		button?.focus();
	},
};

const FILTERS = ['query', 'language', 'family', 'root'];

function colourKey() {
	const kinds = (list, name) => el('li', { class: 'group' }, el('b', null, name),
		el('ul', null, list.map((k) =>
		el('li', null, el('i', { class: `mark ${k}` }), KIND_TEXT[k]))));

	return el('ul', { class: 'key' }, kinds(USER_KINDS, 'user'), kinds(KERNEL_KINDS, 'kernel'),
		el('li', { class: 'group' }, el('i', { class: 'whisker' }), '95\u00a0% interval'),
		publishedSources(bench.rows).map((source) => el('li', null,
			el('i', { class: `shape ${markOf(source)}` }),
			`published ${source}, RSS`)));
}

const ids = hash.get('ids')?.split(',');
const barRows = () => ordered(shown(), ORDER[state.order], state.down)
	.filter((r) => weighed(r) && (!ids || ids.includes(r.id)))
	.slice(0, Number(hash.get('limit')) || undefined);

function drawBars(body) {
	const rows = barRows(), without = shown().length - shown().filter(weighed).length;
	const chart = barsChart(rows, { width: width(body), max: state.max });

	focusable(chart, rows, state, actions);
	hoverRows(chart, bench.rows, actions);
	return [rows.length ? chart : el('p', { class: 'dim' }, 'Nothing to draw.'),
		without > 0 && el('p', { class: 'note' },
			`${count(without)} more have no figure: see "Stopped or missing" below.`)];
}

function barsSection() {
	const saved = () => save('tare-bench.svg', 'image/svg+xml',
		picture(bench, barRows(),
		{ width: Number(hash.get('width')) || 980, max: state.max }));

	return section('bars', 'Bytes per task', colourKey(), [
		choice('Order', 'order',
			[['weight', 'total'], ['user', 'user'], ['kernel', 'kernel'],
			['tare', 'tare'], ['title', 'name']],
			state.order, (order) => store.set({ order })),
		toggle('Direction', [[false, '\u2191'], [true, '\u2193']], state.down,
			(down) => store.set({ down })),
		toggle('Scale to', [...MAX.map((m) => [m, `${count(m)}\u00a0B`]), [null, 'all']],
			state.max, (max) => store.set({ max })),
		el('button', { type: 'button', class: 'plain', id: 'save-svg', onclick: saved },
			'Save as SVG'),
	], [...FILTERS, 'order', 'down', 'max'], drawBars);
}

function drawGrowth(body) {
	const w = width(body), rows = shown();
	const chart = growthChart(rows, { width: w, height: w < 640 ? 380 : 500, part: state.part,
		chosen: state.chosen });

	if (chart.all.length === 0)
		return el('p', { class: 'dim' }, 'No runs to draw.');
	hoverSeries(chart, state, actions);
	return [chart.node, chosenList(bench.rows, state, actions)];
}

function growthSection() {
	return section('growth', 'Weight with N tasks',
		'Both axes are logarithmic. Where a line is flat, the tare is larger than ' +
			'the tasks; where it follows a dashed line, each task costs that much. ' +
			'Point at a line to read it, click to keep it.', [
			choice('Of', 'part',
				['weight', 'user', 'kernel', 'rss', 'charged'].map(
				(p) => [p, p === 'weight' ? 'whole weight' : KIND_TEXT[p]]),
				state.part, (part) => store.set({ part })),
		], [...FILTERS, 'part', 'chosen'], drawGrowth);
}

function publishedKey() {
	return el('ul', { class: 'key' },
		[['p2023', 'published 2023, max RSS'], ['p2024', 'published 2024, max RSS'],
		['rss', 'RSS at its peak, here'],
			['weight', 'weight at its peak, with kernel memory']].map(
			([c, t]) => el('li', null, el('i', { class: `shape ${c}` }), t)));
}

function publishedSection() {
	const ns = publishedTasks(bench.rows);

	if (ns.length === 0)
		return null;
	return section('published', 'Compared with published figures', publishedKey(),
		[toggle('Tasks', ns.map((n) => [n, tasks(n)]), state.n, (n) => store.set({ n }))],
		[...FILTERS, 'n'], (body) => {
			const list = comparisons(shown(), state.n);

			if (list.length === 0)
				return el('p', { class: 'dim' },
					`No published figures for these workloads ` +
					`${captionOf(state.n)}.`);
			const chart = publishedChart(list, { width: width(body) });
			hoverRows(chart, bench.rows, actions, list);
			return chart;
		});
}

// Redraw the table; keep its focus and scroll position.
function drawTable(body) {
	const focus = body.contains(document.activeElement) ? document.activeElement : null;
	const row = focus?.closest('tr')?.dataset.row, sort = focus?.dataset.sort;
	const left = body.firstElementChild?.scrollLeft ?? 0;
	const node = el('div', { class: 'scroll wide', tabindex: '0', role: 'region',
		'aria-label': 'All figures' }, table(shown(), state, actions));

	queueMicrotask(() => {
		node.scrollLeft = left;
		if (sort)
			node.querySelector(`button[data-sort="${sort}"]`)
				.focus({ preventScroll: true });
		else if (row)
			node.querySelector(`tr.main[data-row="${row}"] ` +
				`${focus.localName}`)?.focus({ preventScroll: true });
	});
	return node;
}

function tableSection() {
	return section('table', 'All figures',
		'Click a row to see its runs and the fit of each kind. Ticked rows are coloured ' +
			'in the chart above.', [],
		[...FILTERS, 'tableSort', 'tableDown', 'open', 'chosen'], drawTable);
}

function filterBar() {
	const search = el('input', {
		type: 'search', id: 'search', placeholder: 'Search',
			'aria-label': 'Search workloads', value: state.query,
		oninput: () => store.set({ query: search.value }),
	});
	const shownCount = el('span', { class: 'dim', id: 'shown', role: 'status' });
	const tell = () => shownCount.replaceChildren(
		`${count(shown().length)} of ${count(bench.rows.length)}`);
	const pick = (label, key, text = (v) => v) => {
		const values = distinct(bench.rows, key);
		return values.length > 1 && choice(label, key,
			[['', 'all'], ...values.map((v) => [v, text(v)])], state[key],
			(v) => store.set({ [key]: v }));
	};

	store.on(FILTERS, tell);
	tell();
	return el('nav', { class: 'filters', 'aria-label': 'Filter' }, search,
		pick('Language', 'language'), pick('Tasks', 'family', (f) => FAMILY_TEXT[f] ?? f),
			pick('Debian', 'root'), shownCount,
		el('span', { class: 'jump' },
			[['bars', 'Bytes'], ['growth', 'Growth'], ['published', 'Published'],
			['table', 'Table'], ['method', 'Method']]
			.map(([id, text]) => (id !== 'published' ||
				publishedTasks(bench.rows).length > 0) &&
				el('a', { href: `#${id}` }, text))));
}

function stopsSection() {
	return stopped(bench.rows) && section('stops', 'Stopped or missing', null, [], FILTERS,
		() => stopped(shown()) ?? el('p', { class: 'dim' },
			'None of these was stopped or is missing.'));
}

function main() {
	const page = document.getElementById('page'), onlyChart = hash.has('chart');
	const switches = themeSwitch();
	const parts = (onlyChart ? [barsSection()] : [barsSection(), growthSection(),
		publishedSection(),
		...comparedSections(bench.rows, section, shown, FILTERS, actions), tableSection(),
		stopsSection(),
		section('method', 'How it was measured', null, [], [], method)]).filter(Boolean);
	const keepData = () => save('tare-bench.json', 'application/json',
		document.getElementById('data').textContent);

	document.body.classList.toggle('only-chart', onlyChart);
	page.append(el('div', { class: 'page' },
		!onlyChart && [headline(bench, switches), bench.rows.length > 1 && filterBar()],
		el('main', null, parts.map((p) => p.node)),
		!onlyChart && el('footer', null,
			'Made by tare. All data is in this file; it loads nothing from the ' +
			'network. ',
			el('button', { type: 'button', class: 'plain', id: 'save-json',
				onclick: keepData }, 'Save the data as JSON'))));
	for (const p of parts)
		p.render();
	store.on(['hot'], () => markHot(page, state.hot));

	let last = page.clientWidth;
	new ResizeObserver(() => {
		if (page.clientWidth !== last) {
			last = page.clientWidth;
			for (const p of parts)
				p.render();
		}
	}).observe(page);
	document.documentElement.dataset.ready = '';
}

main();
