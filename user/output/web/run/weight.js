// SPDX-License-Identifier: GPL-2.0-only
//
// The section "Weight over time": the chart, stacked by kind, thread or function; the selected time
// as numbers; and the bands' names.

import { boundToggle } from '../shared/controls.js';
import { el } from '../shared/dom.js';
import { sectionsOf, width } from '../shared/parts.js';
import { interactive, slotsOf } from './brush.js';
import { weightChart } from './chart.js';
import { STACKINGS, curveOf } from './curve.js';
import { FILTERS, filtered } from './filters.js';

/** Parse seconds that the user typed; null: not a number. */
function typed(input) {
	const value = Number(input.value);

	return input.value.trim() !== '' && Number.isFinite(value) ? value * 1e9 : null;
}

/** The input fields of the selection, bound to the state. */
function timeInputs(profile, store) {
	const { ticks } = profile;
	const input = (name, label) => el('input',
		{ type: 'text', inputmode: 'decimal', id: `time-${name}`, class: 'time',
		placeholder: 's', autocomplete: 'off', 'aria-label': label,
		onchange: () => changed() });
	const from = input('from', 'Selected from, in seconds'),
		to = input('to', 'Selected to, in seconds');
	const clear = el('button', { type: 'button', class: 'plain', id: 'time-clear',
		onclick: () => store.set({ time: null }) }, 'Clear');
	const text = (slot) => Number((ticks.at(slot) / 1e9).toFixed(6));

	function changed() {
		const a = typed(from), b = typed(to);

		if (a !== null || b !== null)
			store.set({ time: slotsOf(ticks, a ?? 0, b ?? ticks.at(ticks.slots)) });
	}
	function tell({ time: t }) {
		from.value = t ? text(t.from) : '';
		to.value = t ? text(t.to) : '';
		clear.disabled = !t;
	}
	store.on(['time'], tell);
	tell(store.state);
	return el('div', { class: 'field times', role: 'group', 'aria-label': 'Selected time' },
		el('span', null, 'Time'), from, '\u2013', to, clear);
}

// The bands' names, uppermost first; a click on a thread's or a function's filters or searches.
function weightKey({ bands, exact }, state, actions) {
	const name = (b) => {
		const text = b.text.length > 44 ? `${b.text.slice(0, 20)}\u2026${b.text.slice(-22)}`
			: b.text;

		return b.pick ? el('button', { type: 'button', class: 'link', title: b.text,
			'data-band': b.key, onclick: () => actions.pick(b.pick) }, text) : text;
	};

	return el('ul', { class: 'key', id: 'weight-key' }, bands.map((b) => el('li', null,
		el('i', { class: `mark ${b.class}` }), name(b))),
	!exact && el('li', { class: 'dim' }, filtered(state) ? 'by samples'
		: 'outline exact, bands by samples'));
}

// Filters and stacking redraw the chart. A new selection only moves within it.
/** derived: { pass, activity }. actions: pick({ process, task } or { symbol }). */
export function weightSection(report, store, derived, actions) {
	const { profile } = report, { state } = store, colours = new Map();
	const brush = profile && profile.ticks.slots > 0;
	let chart = null;
	const draw = (body) => {
		const focused = chart && document.activeElement === chart.node;

		if (report.series.points.length < 1)
			return el(
				'p', { class: 'unknown' }, 'Not measured: the run was too short.');
		const curve = curveOf(report, state.stack, derived.pass, brush && filtered(state),
			colours);

		chart = weightChart(report, curve, brush ? derived.activity : null, width(body));
		interactive(chart, report, store);
		chart.select(state.time);
		if (focused)
			queueMicrotask(() => chart.node.focus({ preventScroll: true }));
		return [chart.node, weightKey(curve, state, actions)];
	};

	store.on(['time'], () => chart?.select(state.time));
	return sectionsOf(store)('weight', 'Weight over time', null, brush
		? [boundToggle(store, 'stack', 'Stacked by', Object.entries(STACKINGS)),
		timeInputs(profile, store)] : [], [...FILTERS, 'stack'], draw);
}
