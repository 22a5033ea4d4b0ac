// SPDX-License-Identifier: GPL-2.0-only
//
// The chart of the weight over time, stacked by kind; below it growth and shrinkage by time
// slot; and the selection of a time by pointer and keyboard.

import { scaleLinear } from 'd3-scale';
import { area } from 'd3-shape';
import { el, svg } from '../shared/dom.js';
import { known, round, seconds, size } from '../shared/format.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { hideTip, showTip, showTipAt, tip } from '../shared/tooltip.js';

const MARGIN = { top: 26, left: 64, right: 14, axis: 24, gap: 12 };
const BARS = 40;
const BAND_TEXT = { ...KIND_TEXT, rss: 'RSS', non_rss: 'swap and kernel' };
const BAND_CLASS = { rss: 'anon', non_rss: 'kstack' };
const time = (ns) => seconds(ns / 1e9);
const bandClass = (b) => BAND_CLASS[b] ?? b;

// At most one point per pixel: the heaviest.
function thinned(points, most) {
	if (points.length <= most)
		return points;
	const step = points.length / most, kept = [];

	for (let i = 0; i < most; i++) {
		const part = points.slice(Math.floor(i * step), Math.floor((i + 1) * step));
		kept.push(part.reduce((a, b) => b.total > a.total ? b : a));
	}
	return kept;
}

// Axis ticks at powers of two.
function sizeTicks(most, count) {
	const step = 2 ** Math.ceil(Math.log2(Math.max(1, most) / count));
	const list = [];

	for (let v = 0; v <= most; v += step)
		list.push(v);
	return list;
}

function bandAreas({ bands }, points, x, y) {
	const low = points.map(() => 0);

	return bands.map((b, i) => {
		const bottom = low.slice(), path = area((p) => x(p.time), (_, j) => y(bottom[j]),
			(_, j) => y(low[j]));

		points.forEach((p, j) => { low[j] += p.values[i]; });
		return svg('path', { class: `band-area ${bandClass(b)}`, 'data-band': b,
			d: path(points) });
	});
}

function axes(x, y, width, bottom) {
	const [, most] = y.domain();

	return svg('g', { class: 'axis' },
		sizeTicks(most, 5).map((v) => [
			svg('line', { class: 'grid', x1: MARGIN.left, x2: width - MARGIN.right,
				y1: y(v), y2: y(v) }),
			svg('text', { x: MARGIN.left - 8, y: y(v) + 4, 'text-anchor': 'end' },
				v === 0 ? '0' : round(v)),
		]),
		x.ticks(Math.max(3, Math.floor(width / 110))).map((s) => [
			svg('line',
				{ class: 'grid', x1: x(s), x2: x(s), y1: bottom, y2: bottom + 4 }),
			svg('text', { x: x(s), y: bottom + 17, 'text-anchor': 'middle' },
				`${Number((s / 1e9).toPrecision(6))}\u00a0s`),
		]));
}

function peakMark({ peak }, x, y, width) {
	const w = peak.weight, px = x(w.time_ns), py = y(w.total), side = px > width * 0.7 ? 'end'
		: 'start';

	return svg('g', { class: 'peak' },
		svg('line', { x1: px, x2: px, y1: py, y2: y(0) }),
			svg('circle', { cx: px, cy: py, r: 3.5 }),
		svg('text', { x: px + (side === 'end' ? -7 : 7), y: py - 8, 'text-anchor': side },
			`peak ${size(w.total)} at ${time(w.time_ns)}`));
}

// Growth upwards, shrinkage downwards. A large shrinkage, as at exit, is cut.
function bars(activity, ticks, x, top) {
	const most = activity.in.reduce((a, b) => Math.max(a, b), 1), middle = top + BARS * 0.62,
		scale = BARS * 0.62 / most;
	const across = (values, sign, room) => {
		let d = '';

		values.forEach((v, i) => {
			if (v * scale < 0.2)
				return;
			const x0 = x(ticks.at(i)),
				x1 = Math.max(x0 + 0.6, x(ticks.at(i + 1)) - 0.3),
				y1 = middle + sign * Math.min(room, v * scale);
			d += `M${x0.toFixed(2)} ` +
				`${middle}V${y1.toFixed(2)}H${x1.toFixed(2)}V${middle}Z`;
		});
		return d;
	};

	return svg('g', { class: 'activity' },
		svg('path', { class: 'in', d: across(activity.in, -1, BARS * 0.62) }),
			svg('path', { class: 'out', d: across(activity.out, 1, BARS * 0.38) }),
		svg('line', { class: 'middle', x1: x.range()[0], x2: x.range()[1], y1: middle,
			y2: middle }),
		svg('text', { class: 'small', x: MARGIN.left - 8, y: middle - 8,
			'text-anchor': 'end' }, 'in'),
		svg('text', { class: 'small', x: MARGIN.left - 8, y: middle + 11,
			'text-anchor': 'end' }, 'out'));
}

function nearest(points, at) {
	return points.reduce((a, b) => Math.abs(b.time - at) < Math.abs(a.time - at) ? b : a);
}

/** Parse seconds that the user typed; null: not a number. */
function typed(input) {
	const value = Number(input.value);

	return input.value.trim() !== '' && Number.isFinite(value) ? value * 1e9 : null;
}

/** The slots between two times; at least one slot. */
function slotsOf(ticks, a, b) {
	const slot = (t) => Math.round((t - ticks.start) / ticks.width);
	const from = Math.min(Math.max(0, slot(Math.min(a, b))), ticks.slots - 1);

	return { from, to: Math.min(ticks.slots, Math.max(from + 1, slot(Math.max(a, b)))) };
}

/** The input fields of the selection, bound to the state. */
export function timeInputs(profile, store) {
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

function pointTip(series, p, activity, ticks, at) {
	const slot = activity ? Math.floor((at - ticks.start) / ticks.width) : -1;
	const moved = slot >= 0 && slot < ticks.slots
		? [['in, by ' +
		'samples', size(activity.in[slot])], ['out', size(activity.out[slot])]] : [];

	return tip(time(p.time), null, [
		...series.bands.map(
			(b, i) => [BAND_TEXT[b], size(p.values[i]), bandClass(b)]).reverse(),
		['weight', size(p.total), 'sum'], ...moved,
	]);
}

function geometry(report, width, withBars) {
	const height = width < 640 ? 220 : 280, { points } = report.series;
	const bottom = height - MARGIN.axis - (withBars ? BARS + MARGIN.gap : 0);
	const most = Math.max(1, report.raw.peak.weight.total, ...points.map((p) => p.total));
	const last = Math.max(1, report.duration, points.at(-1)?.time ?? 0);

	return { height, bottom, x: scaleLinear([0, last], [MARGIN.left, width - MARGIN.right]),
		y: scaleLinear([0, most * 1.02], [bottom, MARGIN.top]) };
}

/** The chart. activity: null without a profile. */
export function weightChart(report, activity, width) {
	const { series, raw, profile } = report, g = geometry(report, width, Boolean(activity)),
		{ x, y, bottom, height } = g;
	const points = thinned(series.points, width * 2), barsTop = bottom + MARGIN.axis +
		MARGIN.gap;
	const chosen = svg('rect',
		{ class: 'chosen-time', y: MARGIN.top - 8, height: height - MARGIN.top + 8,
		visibility: 'hidden' });
	const cursor = svg('line',
		{ class: 'cursor', y1: MARGIN.top, y2: height, visibility: 'hidden' });
	const node = svg('svg', { class: 'weight', width, height, viewBox: `0 0 ${width} ${height}`,
		tabindex: '0', role: 'application' },
		axes(x, y, width, bottom), bandAreas(series, points, x, y),
			raw.peak.weight.total > 0 && peakMark(raw, x, y, width),
		activity && bars(activity, profile.ticks, x, barsTop), chosen, cursor);

	return {
		node, x, points,
		select(t) {
			chosen.setAttribute('visibility', t ? 'visible' : 'hidden');
			if (t) {
				const a = x(profile.ticks.at(t.from)),
					b = x(profile.ticks.at(t.to));
				chosen.setAttribute('x', a);
				chosen.setAttribute('width', Math.max(1, b - a));
			}
		},
		point(t) {
			cursor.setAttribute('visibility', known(t) ? 'visible' : 'hidden');
			if (known(t)) {
				cursor.setAttribute('x1', x(t));
				cursor.setAttribute('x2', x(t));
			}
		},
		tip: (t) => points.length > 0 ? pointTip(series, nearest(points, t), activity,
			profile?.ticks, t) : [],
	};
}

/** Pointer and keys: hover shows values; a drag, or Shift and arrows, selects a time. */
export function interactive(chart, report, store) {
	const { node, x } = chart, ticks = report.profile?.ticks, brush = Boolean(ticks?.slots);
	const clamp = (t) => Math.min(Math.max(x.domain()[0], t), x.domain()[1]);
	const at = (e) => clamp(x.invert(e.clientX - node.getBoundingClientRect().left));
	let from = null, drawn = 0, cursor = null, anchor = null;
	const choose = (a, b) => {
		cancelAnimationFrame(drawn);
		drawn = requestAnimationFrame(() => store.set({ time: slotsOf(ticks, a, b) }));
	};

	node.addEventListener('pointermove', (e) => {
		const t = at(e);

		chart.point(t);
		showTip(e.clientX, e.clientY, ...chart.tip(t));
		if (from !== null && Math.abs(x(t) - x(from)) > 3)
			choose(from, t);
	});
	node.addEventListener('pointerleave', () => {
		hideTip();
		chart.point(null);
	});
	node.addEventListener('pointerdown', (e) => {
		if (brush && e.button === 0 && e.pointerType !== 'touch') {
			from = at(e);
			node.setPointerCapture(e.pointerId);
		}
	});
	node.addEventListener('pointerup', () => { from = null; });
	node.addEventListener('pointercancel', () => { from = null; });
	node.setAttribute('aria-label',
		`Weight over ${time(report.duration)}. Arrows move through time and read the ` +
		`weight${brush ? '; Shift and arrows select a time, Escape clears it' : ''}.`);
	node.addEventListener('blur', () => {
		hideTip();
		chart.point(null);
	});
	node.addEventListener('keydown', (e) => {
		const step = Math.max((x.domain()[1] - x.domain()[0]) / 100, ticks?.width ?? 0);
		const to = { ArrowLeft: (cursor ?? 0) - step, ArrowRight: (cursor ?? -step) + step,
			Home: x.domain()[0], End: x.domain()[1] }[e.key];

		if (to === undefined)
			return;
		e.preventDefault();
		anchor = e.shiftKey ? anchor ?? cursor ?? 0 : null;
		cursor = clamp(to);
		chart.point(cursor);
		if (e.shiftKey && brush)
			choose(anchor, cursor);
		showTipAt(node, ...chart.tip(cursor));
	});
}

export function weightKey({ bands }) {
	return el('ul', { class: 'key' },
		bands.map((b) => el('li', null, el('i', { class: `mark ${bandClass(b)}` }),
		BAND_TEXT[b])));
}
