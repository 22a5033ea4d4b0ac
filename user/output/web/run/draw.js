// SPDX-License-Identifier: GPL-2.0-only
//
// Draws the visible rows of the flame graph on a canvas. It must not know what a click does.

import { shortened } from './names.js';
import { FALLBACK, INLINED, SYNTHETIC } from './profile.js';

export const ROW = 19;
const FONT =
	'11.5px ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", ' +
	'monospace';
const LEAST_TEXT = 26; // px
const FP = ' [fp]'; // after the name of a frame from the frame-pointer fallback

const widths = new Map(); // font -> width of a character

function charWidth(ctx) {
	if (!widths.has(FONT))
		widths.set(FONT, ctx.measureText('mmmmmmmmmm').width / 10);
	return widths.get(FONT);
}

function hatch(ctx, theme) {
	const tile = document.createElement('canvas'), scale = devicePixelRatio || 1;

	tile.width = tile.height = 6 * scale;
	const t = tile.getContext('2d');
	t.scale(scale, scale);
	t.fillStyle = theme.synthetic;
	t.fillRect(0, 0, 6, 6);
	t.strokeStyle = theme.stripe;
	t.lineWidth = 1.5;
	t.beginPath();
	for (const d of [-6, 0, 6]) {
		t.moveTo(d, 6);
		t.lineTo(d + 6, 0);
	}
	t.stroke();
	const pattern = ctx.createPattern(tile, 'repeat');
	pattern.setTransform(new DOMMatrix([1 / scale, 0, 0, 1 / scale, 0, 0]));
	return pattern;
}

// Names are shortened to fit. Scripts wider than the font's are cut further.
function fitted(ctx, text, room) {
	const most = Math.floor(room / charWidth(ctx));

	if (most < 2)
		return '';
	const mark = text.endsWith(FP) && most > 3 * FP.length ? FP : '';
	let cut = shortened(mark ? text.slice(0, -FP.length) : text, most - mark.length) + mark;

	if (/[^\x20-\x7e\u2026]/.test(cut))
		while (cut.length > 1 && ctx.measureText(cut).width > room)
			cut = `${cut.slice(0, -2)}\u2026`;
	return cut;
}

function drawBox(ctx, graph, box, y, width) {
	const { theme, matches } = graph, number = graph.symbolNumber(box);
	const x = box.x0 * width, w = (box.x1 - box.x0) * width, drawn = w > 4 ? w - 1 : w > 1.5
		? w - 0.4 : w;
	const symbol = graph.symbolOf(box), flags = symbol?.flags ?? 0;
	const found = symbol && matches?.[number];
	const fill = !symbol ? box.group === undefined && !box.rest ? theme.root : theme.group
		: found ? theme.found : graph.colourOf(box, symbol);

	ctx.globalAlpha = matches && !found ? theme.faded : flags & INLINED && !found ? 0.6 : 1;
	ctx.fillStyle = flags & SYNTHETIC && !found ? graph.hatch : fill;
	ctx.fillRect(x, y, drawn, ROW - 1);
	ctx.globalAlpha = matches && !found ? 0.55 : 1;
	if (flags & FALLBACK && w > 6) {
		ctx.strokeStyle = theme.edge;
		ctx.setLineDash([3, 2]);
		ctx.strokeRect(x + 0.5, y + 0.5, drawn - 1, ROW - 2);
		ctx.setLineDash([]);
	}
	if (w < LEAST_TEXT)
		return;
	ctx.font = flags & (INLINED | SYNTHETIC) ? `italic ${FONT}` : FONT;
	ctx.fillStyle = found ? theme.foundInk : flags & (SYNTHETIC | INLINED) || !symbol
		? theme.ink : theme.inkOn(fill);
	ctx.fillText(fitted(ctx, graph.nameOf(box), w - 8), x + 4, y + ROW / 2);
}

function outline(ctx, graph, box, y, width, thick) {
	const x = box.x0 * width, w = Math.max(3, (box.x1 - box.x0) * width);

	ctx.globalAlpha = 1;
	ctx.strokeStyle = graph.theme.focus;
	ctx.lineWidth = thick;
	ctx.strokeRect(x + thick / 2, y + thick / 2, w - 1 - thick, ROW - 1 - thick);
	ctx.lineWidth = 1;
}

/** graph: a Flame; `top`: scroll position, px. */
export function draw(canvas, graph, width, height, top) {
	const scale = devicePixelRatio || 1, ctx = canvas.getContext('2d');

	if (canvas.width !== Math.round(width * scale) ||
		canvas.height !== Math.round(height * scale)) {
		canvas.width = Math.round(width * scale);
		canvas.height = Math.round(height * scale);
	}
	ctx.setTransform(scale, 0, 0, scale, 0, 0);
	ctx.clearRect(0, 0, width, height);
	ctx.font = FONT;
	ctx.textBaseline = 'middle';
	ctx.direction = 'ltr';
	graph.hatch = hatch(ctx, graph.theme);
	const first = Math.floor(top / ROW),
		last = Math.min(graph.rows.length - 1, Math.floor((top + height) / ROW));

	for (let depth = first; depth <= last; depth++)
		for (const box of graph.rows[depth])
			drawBox(ctx, graph, box, depth * ROW - top, width);
	for (const [box, thick] of [[graph.rows[graph.rows.middle]?.[0], 2], [graph.hover, 1],
		[graph.focused ? graph.focus : null, 2]])
		if (box && box.depth >= first && box.depth <= last)
			outline(ctx, graph, box, box.depth * ROW - top, width, thick);
	ctx.globalAlpha = 1;
}
