// SPDX-License-Identifier: GPL-2.0-only
//
// The controls of the flame graph: sample type, filters, groups, colours, search.

import { combo } from '../shared/combo.js';
import { boundChoice, boundSearch, boundToggle } from '../shared/controls.js';
import { el } from '../shared/dom.js';
import { printable, size } from '../shared/format.js';
import { typing } from '../shared/keys.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { SAMPLE_TYPES, TIME_TYPES } from './pick.js';
import { label } from './profile.js';

export const FILTERS = ['process', 'task', 'who', 'kind', 'cause', 'mapping'];
export const NO_FILTER = { process: null, task: null, who: '', kind: null, cause: null,
	mapping: null };

/** Is any filter set? */
export const filtered = (state) => FILTERS.some((f) => state[f] !== NO_FILTER[f]);

// Values of a column with their bytes, largest first.
function weighed({ entries }, column) {
	const sums = new Map();

	entries[column]?.forEach((v, i) => sums.set(v,
		(sums.get(v) ?? 0) + Math.max(0, entries.grown[i], entries.live_peak[i])));
	return [...sums].sort((a, b) => b[1] - a[1]);
}

const cut = (text) => text.length > 60 ? `${text.slice(0, 28)}\u2026${text.slice(-30)}` : text;

const number = (v) => v === '' ? null : Number(v);

/** A <select> of the values of a column. */
function select(store, key, name, all, list, text) {
	const field = boundChoice(store, key, name, [['', all], ...list.map(([v, bytes]) =>
		[String(v), `${cut(text(v))}, ${size(bytes)}`])], number);

	field.firstChild.classList.add('hidden'); // the choice of all says it
	return field;
}

function processCombo(report, store, list) {
	return combo(store, 'process', 'Process', 'All processes', list.map(([v, bytes]) => {
		const p = report.processes[v];

		return { value: v, text: `${cut(p?.name ?? '?')} ${p?.tag ?? ''}, ${size(bytes)}` };
	}));
}

function mappingCombo(profile, store) {
	const sorts = weighed(profile, 'mapping').map(([v, bytes]) => ({ value: `p${v}`,
		text: `any ${printable(profile.mappings[v] ?? '?')}, ${size(bytes)}` }));
	const labels = weighed(profile, 'label')
		.filter(([v]) => !profile.mappings.includes(profile.strings[v]))
		.map(([v, bytes]) => ({ value: `l${v}`,
			text: `${cut(label(profile, v))}, ${size(bytes)}` }));

	return combo(store, 'mapping', 'Mapping', 'All mappings', [...sorts, ...labels]);
}

const whoInput = (store) => el('label', { class: 'field' },
	el('span', { class: 'hidden' }, 'Thread'),
	boundSearch(store, 'who', { id: 'who-filter', placeholder: 'All threads',
	title: 'Part of a name, a number, or a pattern as worker-*',
	'aria-label': 'Thread or process, by name, pattern or number' }));

export function filterControls(report, store) {
	const { profile } = report;
	const processes = weighed(profile, 'process');
	const kinds = weighed(profile, 'kind'),
		causes = weighed(profile, 'cause').filter(([v]) => v >= 0);

	const none = el('button', { type: 'button', class: 'plain', id: 'no-filters',
		onclick: () => store.set(NO_FILTER) }, 'No filters');
	const tell = () => { none.disabled = !filtered(store.state); };

	store.on(FILTERS, tell);
	tell();
	return [
		processes.length > 1 && processCombo(report, store, processes), whoInput(store),
		kinds.length > 1 && select(store, 'kind', 'Kind', 'All kinds', kinds,
			(v) => KIND_TEXT[profile.kinds[v]] ?? '?'),
		profile.causes.length > 0 && select(store, 'cause', 'Cause', 'All causes', causes,
			(v) => printable(profile.causes[v] ?? '?')),
		mappingCombo(profile, store), none,
	];
}

/** Why a sample type is not available; null: it is. */
export function whyNot(profile, sampleType) {
	if (sampleType === 'virtual' || (sampleType === 'untouched' && !profile.virtual))
		return profile.virtual ? null : profile.virtualWhy ?? 'not measured';
	return sampleType === 'untouched' && !profile.virtual.untouched ? profile.untouchedWhy ??
		'not measured' : null;
}

/** Sample types of the whole run, or of the selected time. */
export function sampleTypeControl(profile, store) {
	const ofRun = boundToggle(store, 'sampleType', 'Sample type', Object.entries(SAMPLE_TYPES)
		.map(([v, t]) => [v, t, whyNot(profile, v)]));
	const ofTime = boundToggle(store, 'timeType', 'Sample type', Object.entries(TIME_TYPES));
	const node = el('div', { class: 'sample-types' });
	const draw = () => node.replaceChildren(store.state.time ? ofTime : ofRun);

	store.on(['time'], draw);
	draw();
	return node;
}

export function groupControls(store) {
	return [
		boundChoice(store, 'group', 'Group by',
			[['none', 'nothing'], ['process', 'process'],
			['thread', 'process and thread'], ['name', 'thread name'], ['kind', 'kind'],
			['cause', 'cause'], ['mapping', 'mapping']]),
		boundToggle(store, 'colour', 'Colour', [['module', 'module'], ['kind', 'kind']]),
	];
}

export function searchControl(store) {
	const input = boundSearch(store, 'query', { id: 'search',
		placeholder: 'Search functions, modules  /',
		'aria-label': 'Search functions and modules' });
	const regex = el('button', { type: 'button', class: 'plain regex', id: 'regex',
		'aria-pressed': 'false', title: 'Regular expression',
		'aria-label': 'Regular expression',
		onclick: () => store.set({ regex: !store.state.regex }) }, '.*');
	const status = el('span', { id: 'found', role: 'status' });

	store.on(['regex'],
		() => regex.setAttribute('aria-pressed', String(store.state.regex)));
	addEventListener('keydown', (e) => {
		if (e.key === '/' && !e.ctrlKey && !e.metaKey && !typing(e)) {
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
