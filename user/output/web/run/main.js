// SPDX-License-Identifier: GPL-2.0-only
//
// The page of `tare run` and `tare attach`: reads the JSON in the page, builds the sections,
// and updates them when filters or selections change.

import { el, save, toggle } from '../shared/dom.js';
import { count } from '../shared/format.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { sectionsOf, width } from '../shared/parts.js';
import { createStore } from '../shared/store.js';
import { themeSwitch } from '../shared/theme.js';
import { booksView } from './books.js';
import { FILTERS, NO_FILTER } from './filters.js';
import { NO_GRAPH, SHAPE } from './graphbar.js';
import { grownSection, notSampled, viewOf } from './grown.js';
import { headline } from './headline.js';
import { load, nobodys } from './model.js';
import { reshape } from './profile.js';
import { activity, passing, pick } from './pick.js';
import { search } from './search.js';
import { interactive, timeInputs, weightChart, weightKey } from './weight.js';
import { whoTable } from './who.js';

const report = load(JSON.parse(document.getElementById('data').textContent));
const { profile } = report;
const store = createStore({
	...NO_FILTER, ...NO_GRAPH, sampleType: 'live_peak', timeType: 'grew', time: null,
		group: 'none',
		colour: 'module',
	zoom: { groups: [], node: -1 }, query: '', regex: false, functionSort: 'self',
		functionDown: true, functionsShown: 25,
	whoRows: 'threads', whoSort: 'weight', whoDown: true, whoQuery: '',
});
const { state } = store;
const section = sectionsOf(store);
const derived = { view: null, pass: null, found: null, activity: null };

// A filter for threads by number or part of a name.
function threadFilter(text) {
	const query = text.trim().toLowerCase(), cache = new Map();

	return query ? (process, task) => {
		const key = process * 2 ** 24 + task;

		if (!cache.has(key)) {
			const p = report.raw.processes[process], t = p?.tasks[task];
			cache.set(key, [p?.pid, t?.tid].some((n) => String(n) === query) ||
				[p?.comm, t?.comm]
					.some((name) => name?.toLowerCase().includes(query)));
		}
		return cache.get(key);
	} : null;
}

const VIEW = ['sampleType', 'timeType', 'time', ...FILTERS, 'group', ...SHAPE];

function derive() {
	const passes = threadFilter(state.who);

	reshape(profile, state);
	derived.view = viewOf(report, pick(profile, state, passes), state.group);
	derived.pass = passing(profile, profile.entries, state, passes);
	derived.activity = activity(profile, derived.pass);
}

const actions = {
	filters: Boolean(profile),
	sortWho: (name) => store.set({ whoSort: name, whoDown: state.whoSort === name
		? !state.whoDown : !['name', 'id', 'state'].includes(name) }),
	chooseThread(r) {
		const same = state.process === r.process && state.task === r.task;

		store.set(same ? { process: null, task: null }
			: { process: r.process, task: r.task });
	},
};

// Filters redraw the chart. A new selection only moves within it.
function weightSection() {
	let chart = null;
	const brush = profile && profile.ticks.slots > 0;
	const note = el('div', null, report.series.points.length > 0 && weightKey(report.series),
		brush && el('p', { class: 'note' },
		'Lower bars: growth and shrinkage, sampled. Drag, or press Shift and arrows, to ' +
		'select a time: the flame graph then shows what grew in it.'));
	const draw = (body) => {
		const focused = chart && document.activeElement === chart.node;

		if (report.series.points.length < 1)
			return el('p', { class: 'unknown' },
				'Not measured: the run was too short.');
		chart = weightChart(report, brush ? derived.activity : null, width(body));
		interactive(chart, report, store);
		chart.select(state.time);
		if (focused)
			queueMicrotask(() => chart.node.focus({ preventScroll: true }));
		return chart.node;
	};

	store.on(['time'], () => chart?.select(state.time));
	return section('weight', 'Weight over time', note, brush ? [timeInputs(profile, store)]
		: [], FILTERS, draw);
}

function whoChips() {
	if (state.process === null)
		return null;
	const p = report.processes[state.process],
		t = report.tasks.find((x) => x.process === state.process && x.task === state.task);
	const text = t ? `thread ${t.name} ${t.tag}` : `process ${p.name} ${p.tag}`;

	return el('ul', { class: 'chips' },
		el('li', { id: 'who-chosen' },
		el('a', { href: '#grown' }, `Flame graph of ${text}`),
		el('button', { type: 'button', 'aria-label': `Remove the filter ${text}`,
			onclick: () => store.set({ process: null, task: null }) }, '\u00d7')));
}

function whoSection() {
	const draw = (body) => {
		const box = body.querySelector('.who-box'),
			focus = box?.contains(document.activeElement) ? document.activeElement
			: null;
		const sort = focus?.dataset.sort, tr = focus?.closest('tbody tr');
		const { box: made, shown, of, none } =
			whoTable(report, state, actions, box?.scrollTop ?? 0);

		queueMicrotask(() => {
			const task = tr?.dataset.task ? `[data-task="${tr.dataset.task}"]`
				: ':not([data-task])';
			const to = sort ? `button[data-sort="${sort}"]` : tr
				? `tr[data-process="${tr.dataset.process}"]${task} button` : null;

			if (to)
				made.querySelector(to)?.focus({ preventScroll: true });
		});
		const one = { threads: 'thread', processes: 'process' };
		const rows = of === 1 ? one[state.whoRows] : state.whoRows;
		return [whoChips(), made,
			el('p', { class: 'note below' },
			shown < of ? `${count(shown)} of ${count(of)}. ` : `${count(of)} ${rows}. `,
			none.length > 0 &&
				`No ${none.map((k) => KIND_TEXT[k]).join(', ')} at the peak. `,
			nobodys(report))];
	};
	const input = el('input', { type: 'search', id: 'who-search', placeholder: 'name or number',
		'aria-label': 'Find threads',
		oninput: () => store.set({ whoQuery: input.value }) });

	return section('who', 'Who held it',
		`Memory held at the peak of the weight. RSS grown: all RSS taken in over ` +
		`time.${profile ? ' Click a name to see it in the flame graph.' : ''}`, [
		input, toggle('Rows', [['threads', 'threads'], ['processes', 'processes']],
			state.whoRows, (whoRows) => store.set({ whoRows })),
	], ['whoRows', 'whoSort', 'whoDown', 'whoQuery', 'process', 'task'], draw);
}

function jumps() {
	return el('nav', { class: 'filters', 'aria-label': 'Sections' },
		el('span', { class: 'jump' },
		[['weight', 'Over time'], ['grown', 'Where'], ['who', 'Who'],
			['books', 'Books']]
				.map(([id, text]) => el('a', { href: `#${id}` }, text))));
}

function main() {
	const page = document.getElementById('page');

	if (profile) {
		store.on(VIEW, derive);
		store.on(['query', 'regex'],
			() => { derived.found = search(profile, state.query, state.regex); });
		derive();
	}
	const switches = themeSwitch();
	const parts = [weightSection(), profile ? grownSection(report, store, derived)
		: section('grown', 'Where it grew', null, [], [], () => notSampled(report)),
		whoSection(), section('books', 'The books', null, [], [], () => booksView(report))];
	const keepData = () => save('tare-report.json', 'application/json',
		document.getElementById('data').textContent);

	document.title = `tare: ${report.command[0] ?? report.target ?? 'report'}`.slice(0, 200);
	page.append(el('div', { class: 'page' }, headline(report, switches), jumps(),
		el('main', null, parts.map((p) => p.node)),
		el('footer', null,
			'Made by tare. All data is in this file; it loads nothing from the ' +
			'network. ',
			el('button', { type: 'button', class: 'plain', id: 'save-json',
				onclick: keepData }, 'Save the data as JSON'))));
	for (const p of parts)
		p.render();
	addEventListener('keydown', (e) => {
		if (e.key === 'Escape' && state.time && !e.defaultPrevented &&
			!e.target.closest?.('input, select'))
			store.set({ time: null });
	});

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
