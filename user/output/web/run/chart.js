// SPDX-License-Identifier: GPL-2.0-only
//
// Draws the weight over time: stacked bands with a mark at the top, below them growth and
// shrinkage by time slot, a cursor and the selected time. It must not know the state.

import { scaleLinear } from 'd3-scale';
import { area } from 'd3-shape';
import { svg } from '../shared/dom.js';
import { known, round, seconds, size } from '../shared/format.js';
import { tip } from '../shared/tooltip.js';

const MARGIN = { top: 22, left: 64, right: 14, axis: 22, gap: 4 };
const BARS = 30, HEIGHT = 176;
const time = (ns) => seconds(ns / 1e9);

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
		return svg('path', { class: `band-area ${b.class}`, 'data-band': b.key,
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

function topMark(mark, x, y, width) {
	const px = x(mark.time), py = y(mark.total), side = px > width * 0.7 ? 'end' : 'start';

	return svg('g', { class: 'peak' },
		svg('line', { x1: px, x2: px, y1: py, y2: y(0) }),
			svg('circle', { cx: px, cy: py, r: 3.5 }),
		svg('text', { x: px + (side === 'end' ? -7 : 7), y: py - 8, 'text-anchor': side },
			`${mark.text} ${size(mark.total)} at ${time(mark.time)}`));
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

// The largest bands at a time, in the order of the chart from top to bottom.
function pointTip({ bands }, p, activity, ticks, at) {
	const slot = activity ? Math.floor((at - ticks.start) / ticks.width) : -1;
	const moved = slot >= 0 && slot < ticks.slots
		? [['in, by samples', size(activity.in[slot])], ['out', size(activity.out[slot])]]
		: [];
	const shown =
		bands.map((b, i) => [b.text.slice(0, 60), size(p.values[i]), b.class, p.values[i]])
			.filter((r) => r[3] > 0)
			.reverse();

	return tip(`Held at ${time(p.time)}`, null, [...shown, ['weight', size(p.total), 'sum'],
		...moved]);
}

function geometry(report, curve, width, withBars) {
	const height = HEIGHT + (withBars ? BARS + MARGIN.gap : 0), { points } = curve;
	const bottom = height - MARGIN.axis - (withBars ? BARS + MARGIN.gap : 0);
	const most =
		points.reduce((m, p) => Math.max(m, p.total), Math.max(1, curve.mark?.total ?? 0));
	const last = Math.max(1, report.duration, points.at(-1)?.time ?? 0);

	return { height, bottom, x: scaleLinear([0, last], [MARGIN.left, width - MARGIN.right]),
		y: scaleLinear([0, most * 1.02], [bottom, MARGIN.top]) };
}

/** curve: of curve.js. activity: growth and shrinkage by slot; null: none to show. */
export function weightChart(report, curve, activity, width) {
	const { profile } = report, g = geometry(report, curve, width, Boolean(activity)),
		{ x, y, bottom, height } = g;
	const points = thinned(curve.points, width * 2), barsTop = bottom + MARGIN.axis +
		MARGIN.gap;
	const chosen = svg('rect',
		{ class: 'chosen-time', y: MARGIN.top - 8, height: height - MARGIN.top + 8,
		visibility: 'hidden' });
	const cursor = svg('line',
		{ class: 'cursor', y1: MARGIN.top, y2: height, visibility: 'hidden' });
	const node = svg('svg', { class: 'weight', width, height, viewBox: `0 0 ${width} ${height}`,
		tabindex: '0', role: 'application' },
		axes(x, y, width, bottom), bandAreas(curve, points, x, y),
			curve.mark && topMark(curve.mark, x, y, width),
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
		tip: (t) => points.length > 0 ? pointTip(curve, nearest(points, t), activity,
			profile?.ticks, t) : [],
	};
}
