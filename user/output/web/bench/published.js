// SPDX-License-Identifier: GPL-2.0-only
//
// The chart of published figures next to tare's, at the same N: published max RSS, tare's RSS
// at the peak, and tare's weight (with kernel memory).

import { scaleLog } from 'd3-scale';
import { svg } from '../shared/dom.js';
import { UNKNOWN, known, round, size, tasks } from '../shared/format.js';
import { points, publishedSlopes } from './model.js';

const TOP = 34, STEP = 26;

/** tare's value at the peak, to compare with max RSS; if there is none, the steady value. */
function ours(r, part, n) {
	for (const state of ['peak', r.state]) {
		const p = points(r, part, state).find((x) => x.tasks === n);

		if (p)
			return p.mean;
	}
	return null;
}

const whole = (c) => c.dots.find((d) => d.what === 'weight').value;

/** One line for each row with a published figure at n tasks. */
export function comparisons(rows, n) {
	return rows.map((row) => {
		const dots = row.published.filter((p) => p.tasks === n && known(p.rss))
			.map((p) => ({ what: markOf(p.source),
				name: `${p.source}: ${p.version ?? UNKNOWN}`,
				value: p.rss }));

		return {
			row, dots: [...dots,
				{ what: 'rss', name: 'RSS, tare', value: ours(row, 'rss', n) },
				{ what: 'weight', name: 'whole weight, tare',
					value: ours(row, 'weight', n) }],
			published: dots.length,
		};
	}).filter((c) => c.published > 0)
		.sort((a, b) => (whole(a) ?? Infinity) - (whole(b) ?? Infinity) ||
			a.row.index - b.row.index);
}

/** Sources with a slope, the oldest first. */
export const publishedSources = (rows) =>
	[...new Set(rows.flatMap(publishedSlopes).map((p) => p.source))].sort();

export const publishedTasks = (rows) =>
	[...new Set(rows.flatMap((r) => r.published.map((p) => p.tasks)))]
	.filter(known).sort((a, b) => a - b);

/** The mark of a figure from a source. */
export const markOf = (source) => source === '2023' ? 'p2023' : source === '2024' ? 'p2024'
	: 'pother';

export function mark(dot, x, y) {
	const common = { class: `dot ${dot.what}`, 'data-what': dot.what, 'data-value': dot.value };

	switch (dot.what) {
	case 'p2023':
		return svg('path', { ...common, d: `M${x} ${y - 6}l6 6l-6 6l-6 -6z` });
	case 'rss':
	case 'weight':
		return svg('circle', { ...common, cx: x, cy: y, r: dot.what === 'rss' ? 3.4 : 6 });
	default:
		return svg('rect', { ...common, x: x - 4.5, y: y - 4.5, width: 9, height: 9 });
	}
}

function drawRow(c, i, x, l) {
	const known_ = c.dots.filter((d) => known(d.value) && d.value > 0),
		y = TOP + i * l.step + l.at;
	const xs = known_.map((d) => x(d.value));
	const most = Math.floor((l.narrow ? l.width : l.names) / 6.9), title = [...c.row.title];
	const text = title.length > most ? `${title.slice(0, most - 1).join('')}\u2026`
		: c.row.title;

	return svg('g', { class: 'row', 'data-row': c.row.index },
		svg('rect', { class: 'band', x: -6, y: TOP + i * l.step, width: l.width + 12,
			height: l.step }),
		l.narrow ? svg('text', { class: 'name', x: 0, y: y - 11 }, text) :
			svg('text', { class: 'name', x: l.names, y: y + 4, 'text-anchor': 'end' },
				text),
		svg('line', { class: 'rod', x1: Math.min(...xs), x2: Math.max(...xs), y1: y,
			y2: y }),
		known_.map((d) => mark(d, Math.round(x(d.value) * 10) / 10, y)),
		!l.narrow && svg('text', { class: 'number small', x: l.width, y: y + 4 },
			size(whole(c))));
}

export function publishedChart(list, { width }) {
	const values =
		list.flatMap((c) => c.dots.map((d) => d.value)).filter((v) => known(v) && v > 0);
	const narrow = width < 620, names = narrow ? 0 : Math.min(300, Math.round(width * 0.27));
	const l = { narrow, width, names, step: narrow ? 44 : STEP, at: narrow ? 29 : 13 };
	const x = scaleLog([Math.min(...values) / 1.15, Math.max(...values) * 1.15],
		narrow ? [8, width - 8] : [names + 20, width - 90]);
	const height = TOP + list.length * l.step + 12;
	const ticks = [], octaves = Math.log2(x.domain()[1] / x.domain()[0]),
		many = narrow ? (octaves > 8 ? 8 : 4) : octaves > 8 ? 4 : 2;

	for (let v = 2 ** 18; v < x.domain()[1]; v *= many)
		if (v > x.domain()[0])
			ticks.push(v);
	return svg('svg', { class: 'published', width, height, viewBox: `0 0 ${width} ${height}` },
		svg('g', { class: 'axis' }, ticks.map((v) => [
			svg('line', { class: 'grid', x1: x(v), x2: x(v), y1: TOP - 4,
				y2: height - 8 }),
			svg('text', { x: x(v), y: TOP - 11, 'text-anchor': 'middle' }, round(v)),
		]), !narrow && svg('text', { x: width, y: TOP - 11, 'text-anchor': 'end' },
			'whole weight')),
		list.map((c, i) => drawRow(c, i, x, l)));
}

export const captionOf = (n) => `with ${tasks(n)} ${n === 1 ? 'task' : 'tasks'}`;
