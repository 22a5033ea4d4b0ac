// SPDX-License-Identifier: GPL-2.0-only
//
// The bar chart of bytes per task: one bar per row, stacked by kind, user memory blue, kernel
// memory orange, with the published figures as marks. The saved SVG is the same drawing. The scale
// is linear. A bar that is longer than the scale is marked as such, and shows its kinds in
// proportion, so that the kernel's part does not end up beyond the edge.

import { scaleLinear } from 'd3-scale';
import { svg } from '../shared/dom.js';
import { UNKNOWN, bytes, count, known, perTask, size } from '../shared/format.js';
import { KINDS, KIND_TEXT, fitOf, publishedSlopes, slope, stacked, tare,
	weighed } from './model.js';
import { markOf } from './published.js';
import { mark } from './rods.js';

const TOP = 46, BOTTOM = 26;

// Estimate of text width without the browser's layout: 0.56 em per glyph.
const GLYPH = 6.9;

/** Column positions for a width: names, bars, numbers, tares. On narrow pages names stand
 * above the bars. longest: letters of the longest name. */
function layout(width, longest) {
	if (width < 620) {
		const bars = { x: 0, w: width - 76 };
		return { narrow: true, step: 40, bar: { y: 20, h: 11 }, bars, number: width,
			tare: null };
	}
	const names = Math.round(Math.min(300, width * 0.27,
		Math.max(80, Math.ceil(longest * GLYPH) + 1))), tares = width < 900 ? 100 : 150;
	const bars = { x: names + 12, w: width - names - 12 - 110 - tares };

	return {
		narrow: false, step: 23, bar: { y: 5, h: 13 }, bars, number: bars.x + bars.w + 96,
		tare: { x: width - tares + 22, w: tares - 22 - 64, end: width }, names,
	};
}

function fit(text, room) {
	const most = Math.max(4, Math.floor(room / GLYPH));
	const letters = [...text];

	return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}\u2026`;
}

function at(x, width) {
	return Math.round(Math.max(0, Math.min(x, width)) * 10) / 10;
}

const tooLong = (r, x) => stacked(r) > x.domain()[1] * 1.0005;

function segments(r, scale, at0, bar) {
	const list = [], x = tooLong(r, scale) ? scaleLinear([0, stacked(r)], [0, at0.w]) : scale;
	let from = 0;

	for (const kind of KINDS) {
		const value = slope(r, kind);

		if (!known(value) || value <= 0)
			continue;
		const left = at(x(from), at0.w), right = at(x(from + value), at0.w);

		from += value;
		if (right - left > 0)
			list.push(svg('rect', {
				class: kind, 'data-kind': kind, x: at0.x + left, y: bar.y,
				width: Math.round((right - left) * 10) / 10, height: bar.h,
			}));
	}
	return list;
}

function whisker(r, x, at0, bar) {
	const ci = fitOf(r, 'weight')?.ci;

	if (!ci || x(ci[0]) >= at0.w || tooLong(r, x))
		return null;
	const lo = at0.x + at(x(ci[0]), at0.w), hi = at0.x + at(x(ci[1]), at0.w),
		y = bar.y + bar.h / 2;
	const caps = hi - lo > 3 ? `M${lo} ${y - 3}v6M${hi} ${y - 3}v6` : '';

	return svg('path', { class: 'ci', d: `M${lo} ${y}H${hi}${caps}` });
}

// Published bytes per task, where the scale has room for them.
function publishedMarks(r, l, x) {
	const y = l.bar.y + l.bar.h / 2;

	return publishedSlopes(r).filter((p) => p.slope > 0 && p.slope <= x.domain()[1])
		.map((p) => mark({ what: markOf(p.source), value: p.slope },
			l.bars.x + at(x(p.slope), l.bars.w), y));
}

// Two slanted lines at the end of a bar that is cut.
function torn(l) {
	const right = l.bars.x + l.bars.w, { y, h } = l.bar;
	const cut = (x) => `M${x} ${y + h + 2}l5 ${-h - 4}`;

	return svg('path', { class: 'torn', d: cut(right - 14) + cut(right - 9) });
}

function numbers(r, l) {
	const total = fitOf(r, 'weight'), y = l.bar.y + l.bar.h - 2.5;

	if (!total)
		return svg('text', { class: 'number', x: l.number, y },
			`${perTask(slope(r, 'user'))} +\u2009?`);
	return svg('text', { class: 'number', x: l.number, y }, perTask(total.slope));
}

function tareBar(r, l, x) {
	const t = tare(r);

	if (!l.tare)
		return null;
	const y = l.bar.y + l.bar.h - 2.5;
	return [
		known(t) && svg('rect', {
			class: 'tare', x: l.tare.x, y: l.bar.y + 3,
			width: Math.round(Math.max(0.5, x(Math.max(0, t))) * 10) / 10,
				height: l.bar.h - 6,
		}),
		svg('text', { class: 'number small', x: l.tare.end, y }, known(t) ? size(t)
			: UNKNOWN),
	];
}

/** The label of a bar, in one sentence. */
export function sentence(r) {
	const w = fitOf(r, 'weight');
	const parts = KINDS.filter((k) => known(slope(r, k)) && Math.abs(slope(r, k)) >= 0.05)
		.map((k) => `${KIND_TEXT[k]} ${bytes(slope(r, k))}`);

	const user = `user ${bytes(slope(r, 'user'))} per task, kernel ${UNKNOWN}`;

	return `${r.title}: ${w ? `${bytes(w.slope)} per task` : user}` +
		` (${parts.join(', ')}); tare ${size(tare(r))}`;
}

function drawRow(r, i, l, x, tares) {
	const name = l.narrow ?
		svg('text', { class: 'name', x: 0, y: 14 }, fit(r.title, l.bars.w)) :
		svg('text', { class: 'name', x: l.names, y: l.bar.y + l.bar.h - 2.5,
			'text-anchor': 'end' }, fit(r.title, l.names));

	return svg('g',
		{ class: 'row', 'data-row': r.index,
		transform: `translate(0 ${TOP + i * l.step})` },
		svg('rect', { class: 'band', x: -6, y: 0, width: l.width + 12, height: l.step }),
		name, segments(r, x, l.bars, l.bar), whisker(r, x, l.bars, l.bar),
		tooLong(r, x) && torn(l), publishedMarks(r, l, x),
		numbers(r, l), tareBar(r, l, tares));
}

function axis(l, x, height, max) {
	const ticks = x.ticks(l.bars.w < 360 ? 3 : 6), every = l.bars.w / ticks.length < 56 ? 2 : 1;
	const text = (v, i) => i % every ? '' : count(v);

	return svg('g', { class: 'axis' }, ticks.map((v, i) => {
		const left = l.bars.x + Math.round(x(v) * 10) / 10;
		const anchor = v === 0 && l.narrow ? 'start' : v === max && l.narrow ? 'end'
			: 'middle';

		return [
			svg('line', { class: 'grid', 'data-value': v, x1: left, x2: left,
				y1: TOP - 6, y2: height - BOTTOM }),
			svg('text', { x: left, y: TOP - 12, 'text-anchor': anchor }, text(v, i)),
			svg('text', { x: left, y: height - BOTTOM + 16, 'text-anchor': anchor },
				text(v, i)),
		];
	}));
}

function heads(l, cut) {
	return svg('g', { class: 'head' },
		svg('text', { x: l.bars.x, y: 14 },
			l.width < 960 ? cut ? '//\u00a0longer than the scale: in proportion' : ''
			: `Bytes per task by kind, and 95\u00a0% interval${cut ? '; //\u00a0bar ' +
			'is longer than the scale: its kinds are in proportion' : ''}`),
		!l.narrow && svg('text', { x: l.number, y: TOP - 12, 'text-anchor': 'end' },
			'B per task'),
		l.tare && svg('text', { x: l.tare.end, y: TOP - 12, 'text-anchor': 'end' },
			'tare'));
}

/** rows: in display order; max: bytes at the scale's end, null: the longest bar. */
export function barsChart(rows, { width, max = null }) {
	const shown = rows.filter(weighed),
		l = { ...layout(width, Math.max(0, ...shown.map((r) => [...r.title].length))),
		width };
	const longest = Math.max(1,
		...shown.map((r) => Math.max(stacked(r), fitOf(r, 'weight')?.ci?.[1] ?? 0)));
	const end = max ?? longest, height = TOP + shown.length * l.step + BOTTOM;
	const x = scaleLinear([0, end], [0, l.bars.w]);
	const tares = scaleLinear([0, Math.max(1, ...shown.map((r) => tare(r) ?? 0))],
		[0, l.tare?.w ?? 0]);

	return svg('svg', {
		class: 'bars', width, height, viewBox: `0 0 ${width} ${height}`,
	}, heads(l, longest > end), axis(l, x, height, end),
	svg('g', { class: 'rows' }, shown.map((r, i) => drawRow(r, i, l, x, tares))));
}

/** The scale at which most bars are not cut; null: all fit. */
export function goodMax(rows, choices) {
	const sums = rows.filter(weighed).map(stacked).sort((a, b) => a - b);
	const most = sums.at(-1) ?? 0, wanted = sums[Math.floor((sums.length - 1) * 0.6)] ?? 0;
	const max = choices.find((c) => c >= wanted);

	return max !== undefined && max < most ? max : null;
}
