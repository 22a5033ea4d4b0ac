// SPDX-License-Identifier: GPL-2.0-only
//
// The chart of bytes per task as a separate SVG file, for a README: with title, key, source,
// colours for light and dark, and fonts of every system.

import { svg } from '../shared/dom.js';
import { date, printable, tasks } from '../shared/format.js';
import { barsChart } from './bars.js';
import { KERNEL_KINDS, KIND_TEXT, USER_KINDS, slope } from './model.js';
import { markOf, publishedSources } from './published.js';
import { mark } from './rods.js';

const HEAD = 100, FOOT = 34, PAD = 20;

const FONTS =
	'font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",' +
	'"Noto Sans",Arial,sans-serif';
const RULES = `text{${FONTS};font-size:12px;fill:var(--ink);font-variant-numeric:tabular-nums}
.title{font-size:19px;font-weight:650}.dim,.axis text,.head text{fill:var(--dim)}
.small,.axis text,.head text{font-size:11px}
.number{text-anchor:end}.grid{stroke:var(--grid)}.band{fill:none}.paper{fill:var(--paper)}
.ci{stroke:var(--ink);stroke-width:1.2;fill:none}
.torn{stroke:var(--paper);stroke-width:2;fill:none}
.dot{fill:var(--ink);stroke:var(--paper);stroke-width:1.2}
.dot.p2024,.dot.pother{fill:var(--paper);stroke:var(--ink)}`;

// The colours are the page's; what they are in either theme is read there.
function colours(theme) {
	const probe = document.createElement('div');
	const names = ['ink', 'dim', 'grid', 'paper', 'tare', ...USER_KINDS, ...KERNEL_KINDS];

	probe.dataset.theme = theme;
	document.body.append(probe);
	const style = getComputedStyle(probe);
	const list =
		names.map((n) => `--${n}:${style.getPropertyValue(`--${n}`).trim()}`).join(';');
	probe.remove();
	return list;
}

function key(rows, width) {
	const used =
		[...USER_KINDS, ...KERNEL_KINDS].filter((k) => rows.some((r) => slope(r, k) > 0.5));
	let x = 0, y = 0;

	const kinds = used.map((k) => [`${KERNEL_KINDS.includes(k) ? 'kernel' : 'user'}: ` +
		`${KIND_TEXT[k]}`, (left, top) => svg('rect',
		{ class: k, x: left, y: top - 9, width: 10, height: 10, rx: 2 })]);
	const sources = publishedSources(rows).map((s) => [`published ${s}, RSS`,
		(left, top) => mark({ what: markOf(s) }, left + 5, top - 4)]);

	return svg('g', { transform: `translate(${PAD} 82)` }, [...kinds, ...sources].map(
		([text, sign]) => {
		const w = 26 + text.length * 6.4;

		if (x + w > width - 2 * PAD) {
			x = 0;
			y += 16;
		}
		x += w;
		return [
			sign(x - w, y),
			svg('text', { x: x - w + 15, y, class: 'small' }, text),
		];
	}));
}

function source(bench) {
	const m = bench.machine ?? {};
	return [`tare ${bench.tare_version ?? ''}`, date(bench.started), m.distribution,
		m.kernel && `Linux ${m.kernel}`, m.cpu]
		.filter(Boolean).map(printable).join(' \u00b7 ');
}

/** The file's text. */
export function picture(bench, rows, { width, max }) {
	const chart = barsChart(rows, { width: width - 2 * PAD, max });
	const height = HEAD + Number(chart.getAttribute('height')) + FOOT;
	const most = Math.max(0, ...rows.map((r) => r.most ?? 0));
	const subtitle = `User and kernel memory of one more concurrent ` +
		`task${most ? `, up to ${tasks(most)} of them` : ''}`;

	for (const g of chart.querySelectorAll('.band'))
		g.remove();
	chart.setAttribute('x', PAD);
	chart.setAttribute('y', HEAD);
	const root = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img',
		'aria-label': 'Bytes per task' },
		svg('rect', { class: 'paper', width, height, rx: 8 }),
		svg('text', { class: 'title', x: PAD, y: 36 }, 'What one task weighs'),
		svg('text', { class: 'dim', x: PAD, y: 57 }, subtitle),
		key(rows, width), chart,
		svg('text', { class: 'dim small', x: PAD, y: height - 16 }, source(bench)));
	const kinds =
		[...USER_KINDS, ...KERNEL_KINDS, 'tare'].map((k) => `rect.${k}{fill:var(--${k})}`)
			.join('');
	const dark = `@media(prefers-color-scheme:dark){svg{${colours('dark')}}}`;
	const style = `<style>svg{${colours('light')}}${dark}${RULES}${kinds}</style>`;

	// A <style> in the page would be against its policy; in the file it is not.
	return new XMLSerializer().serializeToString(root).replace('>', `>${style}`)
		.replace(/ data-(row|value)="[\d.]+"/g, '');
}
