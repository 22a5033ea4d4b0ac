// SPDX-License-Identifier: GPL-2.0-only
//
// The growth chart: weight over N, both axes logarithmic, one line per workload. Lines are
// grey; selected ones have a colour, the spread of their runs and a name.

import { Delaunay } from 'd3-delaunay';
import { scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { svg } from '../shared/dom.js';
import { round, tasks } from '../shared/format.js';
import { points } from './model.js';

const MARGIN = { top: 14, bottom: 40, left: 62 };
const COLOURS = 8;

/** CSS classes of the n-th selected row: a colour, later also dashes. */
export const series = (n) => `s${n % COLOURS}${n >= COLOURS ? ' dashed' : ''}`;

function scales(all, width, height, right) {
	const xs = all.flatMap((s) => s.points.map((p) => p.tasks));
	const ys = all.flatMap((s) => s.points.flatMap((p) => [p.lo, p.hi]));
	const [x0, x1] = xs.length ? [Math.min(...xs), Math.max(...xs)] : [1, 1e6];
	const [y0, y1] = ys.length ? [Math.min(...ys), Math.max(...ys)] : [2 ** 20, 2 ** 30];

	return {
		x: scaleLog([x0, x1 > x0 ? x1 : x0 * 10], [MARGIN.left, width - right]),
		y: scaleLog([y0 / 1.2, y1 > y0 ? y1 * 1.2 : y0 * 10],
			[height - MARGIN.bottom, MARGIN.top]),
	};
}

function powers(base, [lo, hi]) {
	const list = [];

	for (let e = Math.ceil(Math.log(lo) / Math.log(base) - 1e-9); base ** e <= hi * 1.0001; e++)
		list.push(base ** e);
	return list;
}

function axes({ x, y }, width, height, right) {
	const bottom = height - MARGIN.bottom;
	const ns = powers(10, x.domain()), sizes = powers(4, y.domain()).filter((v) => v >= 1);

	return svg('g', { class: 'axis' },
		ns.map((n) => [
			svg('line', { class: 'grid', x1: x(n), x2: x(n), y1: MARGIN.top,
				y2: bottom }),
			svg('text', { x: x(n), y: bottom + 17, 'text-anchor': 'middle' }, tasks(n)),
		]),
		sizes.map((v) => [
			svg('line', { class: 'grid', x1: MARGIN.left, x2: width - right, y1: y(v),
				y2: y(v) }),
			svg('text', { x: MARGIN.left - 8, y: y(v) + 4, 'text-anchor': 'end' },
				round(v)),
		]),
		svg('text', { x: (MARGIN.left + width - right) / 2, y: height - 4,
			'text-anchor': 'middle' }, 'tasks (N)'));
}

// Guide lines without tare: 100 B, 1 kB, 10 kB per task.
function guides({ x, y }, narrow) {
	const [n0, n1] = x.domain(), [y0, y1] = y.domain();

	return svg('g', { class: 'guides' },
		[[100, '100 B'], [1e3, '1,000 B'], [1e4, '10,000 B']].map(([b, text]) => {
		const from = Math.max(n0, y0 / b), to = Math.min(n1, y1 / b);

		if (from * 3 >= to)
			return null;
		const a = [x(from), y(from * b)], z = [x(to), y(to * b)];
		const angle = Math.atan2(z[1] - a[1], z[0] - a[0]) * 180 / Math.PI;
		return [
			svg('line', { x1: a[0], y1: a[1], x2: z[0], y2: z[1] }),
			svg('text', { transform: `translate(${z[0]} ${z[1]}) rotate(${angle})`,
				x: -8, y: -4, 'text-anchor': 'end' },
				narrow ? text : `${text} per task`),
		];
	}));
}

function drawSeries(s, { x, y }) {
	const path = line((p) => x(p.tasks), (p) => y(p.mean));
	const r1 = (v) => Math.round(v * 10) / 10;
	const colour = s.slot === null ? '' : ` chosen ${series(s.slot)}`;

	return svg('g', { class: `series${colour}`, 'data-row': s.row.index },
		svg('path', { class: 'line', d: path(s.points) }),
		svg('g', { class: 'spread' }, s.points.map((p) => p.hi > p.lo && svg('line', {
			x1: r1(x(p.tasks)), x2: r1(x(p.tasks)), y1: r1(y(p.lo)), y2: r1(y(p.hi)),
		})), s.points.flatMap(
			(p) => p.values.map(
			(v) => svg('circle', { cx: r1(x(p.tasks)), cy: r1(y(v)), r: 2.2 })))));
}

// Names at the ends of lines, moved apart if they overlap.
function names(chosen, { x, y }, room, height) {
	const labels = chosen.map((s) => ({ s, p: s.points.at(-1), at: y(s.points.at(-1).mean) }))
		.sort((a, b) => a.at - b.at);
	const most = Math.floor((room - 16) / 6.6);

	for (let i = 1; i < labels.length; i++)
		labels[i].at = Math.max(labels[i].at, labels[i - 1].at + 15);
	for (let i = labels.length - 1, end = height - MARGIN.bottom; i >= 0; i--, end -= 15)
		labels[i].at = Math.min(labels[i].at, end);
	return svg('g', { class: 'names' }, labels.map(({ s, p, at }) => {
		const title = [...s.row.title];

		return svg('text', { class: series(s.slot), 'data-row': s.row.index,
			x: x(p.tasks) + 8, y: at + 4 },
			title.length > most ? `${title.slice(0, most - 1).join('')}\u2026`
				: s.row.title);
	}));
}

/** chosen: indices in the order of selection. Returns the chart, and nearest(x, y): the series
 * and point there, or null. */
export function growthChart(rows, { width, height, part, chosen }) {
	const all = rows.map((row) => ({
		row, slot: chosen.includes(row.index) ? chosen.indexOf(row.index) : null,
		points: points(row, part).filter((p) => p.tasks > 0 && p.lo > 0),
	})).filter((s) => s.points.length > 0);
	const right = width < 640 ? 12 : 190;
	const scale = scales(all, width, height, right);
	const flat =
		all.flatMap(
		(s) => s.points.map((p) => ({ s, p, x: scale.x(p.tasks), y: scale.y(p.mean) })));
	const delaunay = flat.length ? Delaunay.from(flat, (f) => f.x, (f) => f.y) : null;
	const picked = all.filter((s) => s.slot !== null);

	return {
		node: svg('svg', {
			class: 'growth', width, height, viewBox: `0 0 ${width} ${height}`,
		}, axes(scale, width, height, right), guides(scale, right < 100),
		svg('g', { class: 'lines' },
			all.filter((s) => s.slot === null).map((s) => drawSeries(s, scale)),
			picked.map((s) => drawSeries(s, scale))),
		right > 100 && names(picked, scale, right, height)),
		all,
		nearest(x, y) {
			const hit = delaunay && flat[delaunay.find(x, y)];

			return hit && Math.hypot(hit.x - x, hit.y - y) < 36 ? hit : null;
		},
	};
}
