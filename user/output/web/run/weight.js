// SPDX-License-Identifier: GPL-2.0-only
//
// The section "Weight over time": the chart, stacked by kind, thread or function; the selection of
// a time by pointer and keys; and the bands' names.

import { boundToggle } from '../shared/controls.js';
import { el } from '../shared/dom.js';
import { seconds } from '../shared/format.js';
import { sectionsOf, width } from '../shared/parts.js';
import { hideTip, showTip, showTipAt } from '../shared/tooltip.js';
import { weightChart } from './chart.js';
import { STACKINGS, curveOf } from './curve.js';
import { FILTERS, filtered } from './filters.js';

const time = (ns) => seconds(ns / 1e9);

/** Parse seconds that the user typed; null: not a number. */
function typed(input) {
	const value = Number(input.value);

	return input.value.trim() !== '' && Number.isFinite(value) ? value * 1e9 : null;
}

/** The slots between two times; at least one slot. */
export function slotsOf(ticks, a, b) {
	const slot = (t) => Math.round((t - ticks.start) / ticks.width);
	const from = Math.min(Math.max(0, slot(Math.min(a, b))), ticks.slots - 1);

	return { from, to: Math.min(ticks.slots, Math.max(from + 1, slot(Math.max(a, b)))) };
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

/** Pointer and keys: hover shows values; a drag, or Shift and arrows, selects a time; a click, or
 * Enter, a moment. */
function interactive(chart, report, store) {
	const { node, x } = chart, ticks = report.profile?.ticks, brush = Boolean(ticks?.slots);
	const clamp = (t) => Math.min(Math.max(x.domain()[0], t), x.domain()[1]);
	const at = (e) => clamp(x.invert(e.clientX - node.getBoundingClientRect().left));
	let from = null, dragged = false, drawn = 0, cursor = null, anchor = null;
	const choose = (a, b, timeType = 'grew') => {
		cancelAnimationFrame(drawn);
		drawn = requestAnimationFrame(
			() => store.set({ time: slotsOf(ticks, a, b), timeType }));
	};

	// A click, or Enter: what was held then.
	const chooseAt = (t) => {
		const slot = Math.min(ticks.slots - 1, Math.floor((t - ticks.start) / ticks.width));

		choose(ticks.at(Math.max(0, slot)), ticks.at(Math.max(0, slot) + 1), 'live');
	};

	node.addEventListener('pointermove', (e) => {
		const t = at(e);

		chart.point(t);
		showTip(e.clientX, e.clientY, ...chart.tip(t));
		if (from !== null && (dragged || Math.abs(x(t) - x(from)) > 3)) {
			dragged = true;
			choose(from, t);
		}
	});
	node.addEventListener('pointerleave', () => {
		hideTip();
		chart.point(null);
	});
	node.addEventListener('pointerdown', (e) => {
		if (brush && e.button === 0 && e.pointerType !== 'touch') {
			from = at(e);
			dragged = false;
			node.setPointerCapture(e.pointerId);
		}
	});
	node.addEventListener('pointerup', () => {
		if (from !== null && !dragged)
			chooseAt(from);
		from = null;
	});
	node.addEventListener('pointercancel', () => { from = null; });
	node.setAttribute('aria-label',
		`Weight over ${time(report.duration)}. Arrows move through time and read the ` +
		`weight${brush ? '; Enter selects a moment, Shift and arrows a time, Escape ' +
			'clears it' : ''}.`);
	node.addEventListener('blur', () => {
		hideTip();
		chart.point(null);
	});
	node.addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && brush && cursor !== null)
			return chooseAt(cursor);
		const step = Math.max((x.domain()[1] - x.domain()[0]) / 100, ticks?.width ?? 0);
		const to = { ArrowLeft: (cursor ?? 0) - step, ArrowRight: (cursor ?? -step) + step,
			Home: x.domain()[0], End: x.domain()[1] }[e.key];

		if (to === undefined)
			return undefined;
		e.preventDefault();
		anchor = e.shiftKey ? anchor ?? cursor ?? 0 : null;
		cursor = clamp(to);
		chart.point(cursor);
		if (e.shiftKey && brush)
			choose(anchor, cursor);
		return showTipAt(node, ...chart.tip(cursor));
	});
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
