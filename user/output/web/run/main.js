// SPDX-License-Identifier: GPL-2.0-only
//
// The page of `tare run` and `tare attach`: reads the JSON in the page, builds the sections,
// and updates them when filters or selections change.

import { boundSearch, boundToggle } from '../shared/controls.js';
import { el, save } from '../shared/dom.js';
import { count, printable } from '../shared/format.js';
import { keepInFragment } from '../shared/fragment.js';
import { keysDialog, typing } from '../shared/keys.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { sectionsOf } from '../shared/parts.js';
import { createStore } from '../shared/store.js';
import { themeSwitch } from '../shared/theme.js';
import { booksView } from './books.js';
import { slotsOf } from './brush.js';
import { STACKINGS } from './curve.js';
import { detailsView } from './details.js';
import { FILTERS } from './filters.js';
import { SHAPE } from './graphbar.js';
import { grownSection, notSampled, viewOf } from './grown.js';
import { groupName } from './groups.js';
import { headline } from './headline.js';
import { incidentTitle, incidentView } from './incident.js';
import { kernelView } from './kernel.js';
import { KEYS } from './keys.js';
import { load, nobodys } from './model.js';
import { activity, passing, pick } from './pick.js';
import { exactly, reshape } from './profile.js';
import { search } from './search.js';
import { fieldsOf, initial, settle } from './state.js';
import { weightSection } from './weight.js';
import { whoTable } from './who.js';
import { whyView } from './why.js';

const report = load(JSON.parse(document.getElementById('data').textContent));
const { profile } = report;
const store = createStore(initial());
const { state } = store;
const section = sectionsOf(store);
const derived = { view: null, pass: null, found: null, activity: null };

// Does a name have a part, or, as worker-*, a pattern in which * is any number?
function namePasses(query) {
	return query.includes('*') ? (name) => groupName(name).toLowerCase() === query
		: (name) => name?.toLowerCase().includes(query);
}

// A filter for threads by number, part of a name, or name of a group.
function threadFilter(text) {
	const query = text.trim().toLowerCase(), cache = new Map(), passes = namePasses(query);

	return query ? (process, task) => {
		const key = process * 2 ** 24 + task;

		if (!cache.has(key)) {
			const p = report.raw.processes[process], t = p?.tasks[task];
			cache.set(key, [p?.pid, t?.tid].some((n) => String(n) === query) ||
				[p?.comm, t?.comm].some(passes));
		}
		return cache.get(key);
	} : null;
}

const NO_THREAD = { process: null, task: null, who: '' };
const VIEW = ['sampleType', 'timeType', 'time', ...FILTERS, 'group', ...SHAPE];

function derive() {
	const passes = threadFilter(state.who);

	reshape(profile, state);
	derived.view = viewOf(report, pick(profile, state, passes), state.group);
	derived.pass = passing(profile, profile.entries, state, passes);
	derived.activity = activity(profile, derived.pass);
}

const go = (id) => document.getElementById(id)?.scrollIntoView({ block: 'start' });

const actions = {
	filters: Boolean(profile),
	sortWho: (name) => store.set({
		whoSort: name,
		whoDown: state.whoSort === name ? !state.whoDown
						: !['name', 'id', 'state'].includes(name)
	}),
	chooseThread(r) {
		if (r.group !== undefined) {
			store.set({ ...NO_THREAD, who: state.who === r.name ? '' : r.name });
			return;
		}
		const same = state.process === r.process && state.task === r.task;

		store.set(same ? NO_THREAD : { ...NO_THREAD, process: r.process, task: r.task });
	},
	expand: (group) => store.set({
		whoOpen: state.whoOpen.includes(group) ? state.whoOpen.filter((g) => g !== group)
						       : [...state.whoOpen.slice(-30), group]
	}),
	toggle: (key, value) => store.set({ [key]: state[key] === value ? null : value }),
	chooseFunction: (symbol) => store.set({ query: exactly(profile, symbol), regex: false }),
	// A band of the curve.
	pick(band) {
		if (band.symbol !== undefined)
			actions.chooseFunction(band.symbol);
		else if (band.name !== undefined)
			store.set({ ...NO_THREAD, who: state.who === band.name ? '' : band.name });
		else
			actions.chooseThread(band);
	},
};

// What a click on the headline does: it filters, and goes to where the answer can be seen.
const answers = {
	chooseThread: profile ? (r) => {
		actions.chooseThread(r);
		go('grown');
	} : null,
	chooseFunction(symbol) {
		actions.chooseFunction(symbol);
		go('grown');
	},
	selectTime: profile?.ticks.slots > 0 ? ({ from, to }) => {
		store.set({ time: slotsOf(profile.ticks, from, to), timeType: 'grew' });
		go('weight');
	} : null,
};

function whoText() {
	if (state.process === null)
		return state.who ? `threads ${printable(state.who)}` : null;
	const p = report.processes[state.process],
		t = report.tasks.find((x) => x.process === state.process && x.task === state.task);

	return t ? `thread ${t.name} ${t.tag}` : `process ${p.name} ${p.tag}`;
}

function whoChips() {
	const text = whoText();

	return text && el('ul', { class: 'chips' },
		el('li', { id: 'who-chosen' },
		el('button', { type: 'button', class: 'link', onclick: () => go('grown') },
			`Flame graph of ${text}`),
		el('button', { type: 'button', 'aria-label': `Remove the filter ${text}`,
			onclick: () => store.set(NO_THREAD) }, '\u00d7')));
}

function whoSection() {
	const draw = (body) => {
		const box = body.querySelector('.who-box'),
			focus = box?.contains(document.activeElement) ? document.activeElement
			: null;
		const sort = focus?.dataset.sort, tr = focus?.closest('tbody tr'),
			expand = focus?.classList.contains('expand') ? '.expand' : '.link';
		const { box: made, shown, of, none, below0 } =
			whoTable(report, state, actions, box?.scrollTop ?? 0);

		queueMicrotask(() => {
			const same = (x) => ['process', 'task', 'group'].every(
				(k) => x.dataset[k] === tr.dataset[k]);
			const to = sort ? made.querySelector(`button[data-sort="${sort}"]`) : tr &&
				[...made.querySelectorAll('tbody tr[aria-rowindex]')].find(same)
					?.querySelector(expand);

			to?.focus({ preventScroll: true });
		});
		const names = state.whoRows === 'processes' ? ['process', 'processes']
			: ['thread', 'threads'];
		const rows = names[of === 1 ? 0 : 1];
		return [whoChips(), made,
			el('p', { class: 'note below' },
			shown < of ? `${count(shown)} of ${count(of)}. ` : `${count(of)} ${rows}. `,
			none.length > 0 &&
				`No ${none.map((k) => KIND_TEXT[k]).join(', ')} at the peak. `,
			nobodys(report), below0 && ' Less than 0: it gave back more than it took ' +
				'itself, as a process does with memory that fork copied.')];
	};
	const input = boundSearch(store, 'whoQuery', { id: 'who-search',
		placeholder: 'name or number', 'aria-label': 'Find threads' });

	return section('who', 'Who held it',
		`Memory held at the peak of the weight. RSS grown: all RSS taken in over ` +
			`time.${profile ? ' Click a name to see it in the flame graph.' : ''}`,
		[
			input,
			boundToggle(store, 'whoRows', 'Rows',
				[
					['names', 'threads by name'], ['threads', 'threads'],
					['processes', 'processes']
				]),
		],
		['whoRows', 'whoSort', 'whoDown', 'whoQuery', 'whoOpen', 'process', 'task', 'who'],
		draw);
}

function whySection() {
	return section('why', 'Why it changed',
		`What took the memory and what gave it back.${profile ? ' Click a name to filter.'
			: ''}`, [], ['cause', 'mapping'], () => whyView(report, state, actions));
}

// Links within the page move without changing the address: it holds the state.
function jumps() {
	addEventListener('click', (e) => {
		const id = e.target.closest?.('a[href^="#"]')?.getAttribute('href').slice(1);

		if (id) {
			e.preventDefault();
			go(id);
		}
	});
	return el('nav', { class: 'jump', 'aria-label': 'Sections' },
		[['weight', 'Over time'], ['grown', 'Where'], ['who', 'Who'], ['why', 'Why'],
			['kernel', 'Kernel memory'], ['books', 'Books'], ['about', 'About']]
			.map(([id, text]) => el('a', { href: `#${id}` }, text)));
}

function keys() {
	addEventListener('keydown', (e) => {
		if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e))
			return;
		if (e.key === 'Escape' && state.time)
			store.set({ time: null });
		const stack = Object.keys(STACKINGS)[Number(e.key) - 1];
		if (stack && profile)
			store.set({ stack });
	});
}

function sections() {
	const plain = (id, title, draw) => section(id, title, null, [], [], draw);

	return [...(report.raw.incident
		? [plain('incident', incidentTitle(report), () => incidentView(report))] : []),
	weightSection(report, store, derived, actions),
		profile ? grownSection(report, store, derived)
			: plain('grown', 'Where it grew', () => notSampled(report)),
		whoSection(), whySection(),
		plain('kernel', 'Kernel memory', () => kernelView(report)),
		plain('books', 'The books', () => booksView(report)),
		plain('about', 'About this run', () => detailsView(report))];
}

function main() {
	const page = document.getElementById('page');

	keepInFragment(store, fieldsOf(report), (found) => settle(report, found));
	if (profile) {
		const find = () => { derived.found = search(profile, state.query, state.regex); };

		store.on(VIEW, derive);
		store.on(['query', 'regex'], find);
		derive();
		find();
	}
	const switches = [keysDialog(KEYS), themeSwitch()], parts = sections();
	const keepData = () => save('tare-report.json', 'application/json',
		document.getElementById('data').textContent);

	document.title = `tare: ${report.command[0] ?? report.target ?? 'report'}`.slice(0, 200);
	page.append(el('div', { class: 'page' }, headline(report, answers, switches, jumps()),
		el('main', null, parts.map((p) => p.node)),
		el('footer', null,
			'Made by tare. All data is in this file; it loads nothing from the ' +
			'network. ',
			el('button', { type: 'button', class: 'plain', id: 'save-json',
				onclick: keepData }, 'Save the data as JSON'))));
	for (const p of parts)
		p.render();
	keys();

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
