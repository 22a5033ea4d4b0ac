// SPDX-License-Identifier: GPL-2.0-only
//
// The section "Where it grew": flame graph with path and legend, and the table of
// functions. All follow the state.

import { el } from '../shared/dom.js';
import { count, percent, printable, round, seconds, size } from '../shared/format.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { width } from '../shared/parts.js';
import { FILTERS, filterControls, filtered, groupControls, sampleTypeControl,
	searchControl } from './filters.js';
import { CallTree } from './calltree.js';
import { Flame } from './flame.js';
import { GRAPH, SHAPE, chooseFound, focused, foundControls, frameControls, graphActions,
	graphChips, viewControl } from './graphbar.js';
import { TOP } from './graphs.js';
import { crumbs, firstTouch, legend } from './legend.js';
import { functionTable, neighbourTables } from './functions.js';
import { nameInGroup } from './groups.js';
import { tagOf } from './model.js';
import { SAMPLE_TYPES, TIME_TYPES, timeless } from './pick.js';
import { label, standardError } from './profile.js';
import { AREAS, bytesIn, createView, matchedBytes } from './view.js';

const TASKS = 2 ** 24; // more than a process can have

const threadKey = (rows) => (i) => rows.process[i] * TASKS + rows.task[i] + 1;

/** Grouping levels: [key of a row, name of a key]. */
function levelsOf(report, rows, group) {
	const { profile } = report, of = report.processes, raw = report.raw.processes;
	const comm = (p, t) => t < 0 ? '[no thread]' : printable(raw[p]?.tasks[t]?.comm ?? '?');
	const inGroup = nameInGroup(report);
	const levels = {
		process: [(i) => rows.process[i], (p) => `${of[p]?.name ?? '?'} ${of[p]?.tag}`],
		thread: [threadKey(rows), (k) => {
			const p = Math.floor(k / TASKS), t = k % TASKS - 1;
			return t < 0 ? comm(p, t)
				: `${comm(p, t)} ${tagOf(raw[p]?.tasks[t], raw[p]?.tasks[t]?.tid)}`;
		}],
		name: [(i) => inGroup(comm(rows.process[i], rows.task[i])), (k) => k],
		kind: [(i) => rows.kind?.[i] ?? -1, (k) => KIND_TEXT[profile.kinds[k]] ??
			'[no kind]'],
		cause: [(i) => rows.cause?.[i] ?? -1,
			(k) => printable(profile.causes[k] ?? '[not known]')],
		mapping: [(i) => rows.label[i], (k) => label(profile, k)],
	};

	return AREAS[group].map((name) => levels[name]);
}

export function viewOf(report, picked, group) {
	const levels = levelsOf(report, picked.rows, group);

	return Object.assign(createView(report.profile, picked, levels.map(([key]) => key)),
		{ groupNames: levels.map(([, name]) => name) });
}

function sampleTypeName({ time, timeType, sampleType }) {
	return time ? TIME_TYPES[timeType] : SAMPLE_TYPES[sampleType];
}

// The selected thread or process.
function whose(report, { process, task }) {
	const t = task !== null &&
		report.tasks.find((x) => x.process === process && x.task === task),
		p = report.processes[process];

	return t ? ` of thread ${t.name} ${t.tag}` : p ? ` of process ${p.name} ${p.tag}` : '';
}

// Is the sum exact? The ledger knows growth by thread and kind, and held memory by process
// and kind. Other sums are estimates from samples.
function byLedger({ time, sampleType, task, who, cause, mapping }) {
	return !time && cause === null && mapping === null &&
		(sampleType === 'grown' || (task === null && who === ''));
}

function summary(report, state, view, pass) {
	const { profile } = report, { ticks } = profile, { time } = state;
	const error = standardError(profile, view.total),
		unknown = time && state.timeType === 'grew' ? timeless(profile, pass) : 0;
	const span = time &&
		`${seconds(ticks.at(time.from) / 1e9)} \u2013 ${seconds(ticks.at(time.to) / 1e9)}`;

	return el('p', { class: 'summary', id: 'summary', 'data-bytes': view.total },
		el('b', null, size(view.total)),
			` ${sampleTypeName(state).toLowerCase()}${whose(report, state)}`,
			span && [' (', span, ')'],
		byLedger(state) && view.rows === profile.entries
			? `, exact by the ledger; its parts are sampled (\u00b1 ${size(error)} ` +
			`for a part of this size)` : ` by samples, \u00b1 ${size(error)}`,
		time && state.timeType === 'live' &&
			'. Memory held before tare came, or copied by fork, is not included',
		unknown > 0 && `. Another ${size(unknown)} grew at an unknown time`,
		view.total === 0 && (filtered(state) ? '. No samples pass the filters'
			: '. No samples'),
		view.rows === profile.virtual && state.kind !== null &&
			'. Untouched address space has no kind: the filter Kind is ignored', '.');
}

// Actions of the parts of this section.
function actionsOf(profile, store, flame) {
	const { state } = store, past = [];
	const actions = {
		zoom(path) {
			if (JSON.stringify(path) === JSON.stringify(state.zoom))
				return;
			past.push(state.zoom);
			store.set({ zoom: path });
		},
		back: () => store.set({ zoom: past.pop() ?? TOP }),
		reset: () => actions.zoom(TOP),
		out: () => flame().tops.length > 1 &&
			actions.zoom(flame().pathOfTop(flame().tops.length - 2)),
		...graphActions(profile, store),
		sortFunctions: (name) => store.set({ functionSort: name,
			functionDown: state.functionSort === name ? !state.functionDown
			: name !== 'name' }),
		moreFunctions: (functionsShown) => store.set({ functionsShown }),
	};

	return actions;
}

function tellFound(status, flame, view, s) {
	if (!s) {
		status.replaceChildren();
		return;
	}
	const bytes = matchedBytes(view, flame.top, s.matches), of = bytesIn(view, flame.top);
	status.dataset.bytes = bytes;
	status.replaceChildren(el('b', null, size(bytes)),
		` ${of > 0 ? percent(bytes / of) : ''}, ${count(s.found)} ` +
		`${s.found === 1 ? 'function' : 'functions'}`, s.note ? `; ${s.note}` : '');
}

// Redraw the table; keep its focus and scroll position.
function drawFunctions(node, flame, view, state, found, actions) {
	const focus = node.contains(document.activeElement) ? document.activeElement : null;
	const sort = focus?.dataset.sort, symbol = focus?.closest('tr')?.dataset.symbol,
		scrolled = node.querySelector('.functions-box')?.scrollTop ?? 0;

	const about = neighbourTables(view, flame.top, found, state.query, actions);

	node.classList.toggle('two', Boolean(about));
	node.replaceChildren(el('div', null,
		functionTable(view, flame.top, { ...state, matches: found?.matches }, actions)),
		about ?? '');
	node.querySelector('.functions-box').scrollTop = scrolled;
	if (sort)
		node.querySelector(`button[data-sort="${sort}"]`)?.focus({ preventScroll: true });
	else if (symbol)
		node.querySelector(`tr[data-symbol="${symbol}"] ` +
			`button`)?.focus({ preventScroll: true });
}

function sectionNode(report, store, search, body) {
	return el('section', { id: 'grown', 'aria-labelledby': 'grown-title' },
		el('div', { class: 'head' }, el('h2', { id: 'grown-title' }, 'Where it grew'),
			el('div', { class: 'controls' }, viewControl(store),
				sampleTypeControl(report.profile, store))),
		el('div', { class: 'controls flame-controls' }, filterControls(report, store),
			groupControls(store)),
		el('div', { class: 'controls flame-controls' }, search.node,
			frameControls(report.profile, store)),
		graphChips(store), body);
}

/** derived: { view, pass, found }, computed from the state before the listeners here run. */
export function grownSection(report, store, derived) {
	const { profile } = report, { state } = store, search = searchControl(store);
	const actions = actionsOf(profile, store, () => flame);
	const flame = new Flame({ root: (view) => `all, ${size(view.total)}`,
		group: (level, key) => derived.view.groupNames[level](key) }, actions);
	const part = Object.fromEntries(
		['summary', 'crumbs', 'legend', 'functions']
			.map((p) => [p, el('div', { class: `part-${p}` })]));
	const calltree = new CallTree(flame);
	const body = el('div', { class: 'body' }, part.summary, part.crumbs, calltree.node,
		flame.nodes, part.legend, el('p', { class: 'note' },
			`One sample per ${round(profile.period)} of growth. Samples are scaled ` +
			'to the exact sums per thread and kind.'), firstTouch(), part.functions);
	const colours = () => {
		flame.colours(state.colour);
		if (state.view === 'tree')
			calltree.draw();
		part.legend.replaceChildren(legend(flame, derived.view, state));
	};
	const functions = () => drawFunctions(part.functions, flame, derived.view, state,
		derived.found, actions);
	const found = () => {
		flame.found(derived.found?.matches ?? null);
		if (state.view === 'tree')
			calltree.draw();
		part.legend.replaceChildren(legend(flame, derived.view, state));
		tellFound(search.status, flame, derived.view, derived.found);
		functions();
	};
	const show = () => {
		const table = state.view === 'tree';

		state.zoom = flame.show(derived.view, state.zoom, width(body),
			table ? 'flame' : state.view,
			state.view === 'sandwich' ? focused(derived.view, state) : null);
		flame.box.hidden = table;
		calltree.node.hidden = !table;
		if (table)
			calltree.show(derived.view, flame.top);
		part.summary.replaceChildren(summary(report, state, derived.view, derived.pass));
		part.crumbs.replaceChildren(crumbs(flame, state.view, actions));
		found();
	};

	search.node.append(foundControls(store, actions));
	search.node.addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && state.view === 'sandwich' && e.target.type === 'search')
			chooseFound(derived, actions);
	});
	store.on(['sampleType', 'timeType', 'time', ...FILTERS, 'group', 'zoom', ...SHAPE,
		...GRAPH], show);
	store.on(['query', 'regex'], found);
	store.on(['functionSort', 'functionDown', 'functionsShown'], functions);
	store.on(['colour'], colours);
	new MutationObserver(colours).observe(document.documentElement,
		{ attributes: true, attributeFilter: ['data-theme'] });
	return { node: sectionNode(report, store, search, body), render: show };
}

// Quote a word for a shell.
const quoted = (word) => printable(/^[\w@%+=:,./-]+$/.test(word) ? word
	: `'${word.replaceAll("'", "'\\''")}'`);

/** The section of a report without samples. */
export function notSampled(report) {
	const command = report.raw.command.length > 0 ? report.raw.command.map(quoted).join(' ')
		: 'COMMAND';

	return el('div', null, el('p', null, 'Not measured: no samples were taken in this run (',
		el('code', null, '--period 0'),
		'). The figures of threads, kinds and causes on this page are complete; ' +
		'only the functions are missing.'),
		el('p', { class: 'how' }, 'To see functions, run ',
			el('code', null,
			`tare run --period 64KiB -- ` +
			`${command.length > 200 ? `${command.slice(0, 200)}\u2026` : command}`)));
}
