// SPDX-License-Identifier: GPL-2.0-only
//
// A chart of rods: a line per row, on a logarithmic scale, that joins what is compared: published
// figures and ours, an older and a newer runtime, tasks at work and asleep, with tasks and after
// them.

import { scaleLog } from 'd3-scale';
import { svg } from '../shared/dom.js';
import { count, known, round } from '../shared/format.js';

const TOP = 34, STEP = 26;

export function mark(dot, x, y) {
	const common = { class: `dot ${dot.what}`, 'data-what': dot.what, 'data-value': dot.value };

	switch (dot.what) {
	case 'p2023':
		return svg('path', { ...common, d: `M${x} ${y - 6}l6 6l-6 6l-6 -6z` });
	case 'rss':
	case 'weight':
	case 'first':
	case 'second':
		return svg('circle', { ...common, cx: x, cy: y, r: dot.what === 'rss' ? 3.4
			: dot.what === 'weight' ? 6 : 5 });
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
		!l.narrow && svg('text', { class: 'number small', x: l.width, y: y + 4 }, c.text));
}

// Where the axis has a line: powers of two for sizes, 1, 2 and 5 times powers of ten for bytes.
function ticksOf([lo, hi], unit, narrow) {
	const list = [];

	if (unit === 'bytes') {
		const steps = narrow || hi / lo > 1000 ? [1] : hi / lo > 60 ? [1, 3] : [1, 2, 5];

		for (let e = Math.floor(Math.log10(lo)); 10 ** e < hi; e++)
			list.push(...steps.map((s) => s * 10 ** e));
	} else {
		const octaves = Math.log2(hi / lo);
		const many = narrow ? (octaves > 8 ? 8 : 4) : octaves > 8 ? 4 : 2;

		for (let v = 2 ** 18; v < hi; v *= many)
			list.push(v);
	}
	return list.filter((v) => v > lo && v < hi);
}

/** list: { row, dots: [{ what, name, value }], text: what stands at the end }. name: its class.
 * unit: `size` or `bytes`, of the axis. head: over the texts. */
export function rodsChart(list, { width, name, head, unit = 'size' }) {
	const values =
		list.flatMap((c) => c.dots.map((d) => d.value)).filter((v) => known(v) && v > 0);
	const narrow = width < 620, names = narrow ? 0 : Math.min(300, Math.round(width * 0.27));
	const l = { narrow, width, names, step: narrow ? 44 : STEP, at: narrow ? 29 : 13 };
	const room = Math.max(90, ...list.map((c) => (c.text ?? '').length * 6.4 + 16));
	const x = scaleLog([Math.min(...values) / 1.15, Math.max(...values) * 1.15],
		narrow ? [8, width - 8] : [names + 20, width - room]);
	const height = TOP + list.length * l.step + 12;

	return svg('svg', { class: `rods ${name}`, width, height,
		viewBox: `0 0 ${width} ${height}` },
	svg('g', { class: 'axis' }, ticksOf(x.domain(), unit, narrow).map((v) => [
		svg('line', { class: 'grid', x1: x(v), x2: x(v), y1: TOP - 4, y2: height - 8 }),
		svg('text', { x: x(v), y: TOP - 11, 'text-anchor': 'middle' },
			unit === 'bytes' ? `${count(v)}\u00a0B` : round(v)),
	]), !narrow && svg('text', { x: width, y: TOP - 11, 'text-anchor': 'end' }, head)),
	list.map((c, i) => drawRow(c, i, x, l)));
}
