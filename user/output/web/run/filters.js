// SPDX-License-Identifier: GPL-2.0-only
//
// The controls of the flame graph: sample type, filters, groups, colours, search.

import { choice, el, toggle } from '../shared/dom.js';
import { count, printable, size } from '../shared/format.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { SAMPLE_TYPES, TIME_TYPES } from './pick.js';
import { label } from './profile.js';

const MOST_OPTIONS = 200;
export const FILTERS = ['process', 'task', 'who', 'kind', 'cause', 'mapping'];
export const NO_FILTER = { process: null, task: null, who: '', kind: null, cause: null,
	mapping: null };

// Values of a column with their bytes, largest first.
function weighed({ entries }, column) {
	const sums = new Map();

	entries[column]?.forEach((v, i) => sums.set(v,
		(sums.get(v) ?? 0) + Math.max(0, entries.grown[i], entries.live_peak[i])));
	return [...sums].sort((a, b) => b[1] - a[1]);
}

const cut = (text) => text.length > 60 ? `${text.slice(0, 28)}\u2026${text.slice(-30)}` : text;

function options(list, text) {
	const shown =
		list.slice(0, MOST_OPTIONS).map(([v, bytes]) => [v, `${cut(text(v))}, ` +
		`${size(bytes)}`]);

	return list.length > shown.length
		? [...shown, ['', `\u2026 and ${count(list.length - shown.length)} smaller`]]
		: shown;
}

const number = (v) => v === '' ? null : Number(v);

/** A <select> bound to a key of the state. */
function follows(store, key, name, list, read) {
	const field = choice(name, key, [['', 'all'], ...list.map(([v, t]) => [String(v), t])],
		String(store.state[key] ?? ''), (v) => store.set({ [key]: read(v) }));
	const select = field.querySelector('select');

	store.on([key], () => { select.value = String(store.state[key] ?? ''); });
	return field;
}

function mappingOptions(profile) {
	const sorts = options(weighed(profile, 'mapping'),
		(v) => printable(profile.mappings[v] ?? '?'))
			.map(([v, t]) => [v === '' ? '' : `p${v}`, `any ${t}`]);
	const labels =
		weighed(profile, 'label')
			.filter(([v]) => !profile.mappings.includes(profile.strings[v]));

	return [...sorts,
		...options(labels, (v) => label(profile, v))
			.map(([v, t]) => [v === '' ? '' : `l${v}`, t])];
}

function whoInput(store) {
	const input = el('input', { type: 'search', id: 'who-filter', placeholder: 'name or TID',
		'aria-label': 'Thread or process, by name or number', value: store.state.who,
		oninput: () => store.set({ who: input.value }) });

	store.on(['who'], () => {
		if (input.value !== store.state.who)
			input.value = store.state.who;
	});
	return el('label', { class: 'field' }, el('span', null, 'Thread'), input);
}

export function filterControls(report, store) {
	const { profile } = report;
	const processes = weighed(profile, 'process');
	const kinds = weighed(profile, 'kind'),
		causes = weighed(profile, 'cause').filter(([v]) => v >= 0);

	const none = el('button', { type: 'button', class: 'plain', id: 'no-filters',
		onclick: () => store.set(NO_FILTER) }, 'No filters');
	const tell = () =>
		{ none.disabled = FILTERS.every((f) => store.state[f] === NO_FILTER[f]); };

	store.on(FILTERS, tell);
	tell();
	return [
		processes.length > 1 && follows(store, 'process', 'Process',
			options(processes,
			(v) => `${report.processes[v]?.name ?? '?'} ${report.processes[v]?.tag}`),
			(v) => number(v)),
		whoInput(store),
		kinds.length > 1 && follows(store, 'kind', 'Kind',
			options(kinds, (v) => KIND_TEXT[profile.kinds[v]] ?? '?'), number),
		profile.causes.length > 0 && follows(store, 'cause', 'Cause',
			options(causes, (v) => printable(profile.causes[v] ?? '?')), number),
		follows(store, 'mapping', 'Mapping', mappingOptions(profile),
			(v) => v === '' ? null : v),
		none,
	];
}

// Why a sample type is not available; null: it is.
function whyNot(profile, sampleType) {
	if (sampleType === 'virtual' || (sampleType === 'untouched' && !profile.virtual))
		return profile.virtual ? null : profile.virtualWhy ?? 'not measured';
	return sampleType === 'untouched' && !profile.virtual.untouched ? profile.untouchedWhy ??
		'not measured' : null;
}

/** Sample types of the whole run, or of the selected time. */
export function sampleTypeControl(profile, store) {
	const node = el('div', { class: 'sample-types' });
	const draw = () => {
		const { time, sampleType, timeType } = store.state;

		node.replaceChildren(time ?
			toggle('Sample type', Object.entries(TIME_TYPES), timeType,
				(v) => store.set({ timeType: v })) :
			toggle('Sample type',
				Object.entries(SAMPLE_TYPES)
					.map(([v, t]) => [v, t, whyNot(profile, v)]), sampleType,
						(v) => store.set({ sampleType: v })));
	};

	store.on(['time'], draw);
	draw();
	return node;
}

export function groupControls(store) {
	return [
		choice('Group by', 'group',
			[['none', 'nothing'], ['process', 'process'],
			['thread', 'process and thread'], ['name', 'thread name'], ['kind', 'kind'],
			['cause', 'cause'], ['mapping', 'mapping']],
			store.state.group, (group) => store.set({ group })),
		toggle('Colour', [['module', 'module'], ['kind', 'kind']], store.state.colour,
			(colour) => store.set({ colour })),
	];
}

export function searchControl(store) {
	const input = el('input',
		{ type: 'search', id: 'search', placeholder: 'Search functions, modules  /',
		'aria-label': 'Search functions and modules',
		oninput: () => store.set({ query: input.value }) });
	const regex = el('button', { type: 'button', class: 'plain regex', id: 'regex',
		'aria-pressed': 'false', title: 'Regular expression',
		'aria-label': 'Regular expression',
		onclick: () => store.set({ regex: !store.state.regex }) }, '.*');
	const status = el('span', { id: 'found', role: 'status' });

	store.on(['query', 'regex'], () => {
		if (input.value !== store.state.query)
			input.value = store.state.query;
		regex.setAttribute('aria-pressed', String(store.state.regex));
	});
	addEventListener('keydown', (e) => {
		if (e.key === '/' && !e.ctrlKey && !e.metaKey &&
			!e.target.closest?.('input, select, textarea')) {
			e.preventDefault();
			input.focus();
			input.select();
		}
	});
	input.addEventListener('keydown', (e) => {
		if (e.key === 'Escape')
			store.set({ query: '' });
		else if (e.key === 'Enter')
			document.getElementById('flame-graph')?.focus();
	});
	return { node: el('div', { class: 'search' }, input, regex, status), status };
}
