// SPDX-License-Identifier: GPL-2.0-only
//
// The flame graph, root on top: a canvas that scrolls, its pointer and keys. It must
// not know of filters: it is given a view, and tells where to zoom.

import { el } from '../shared/dom.js';
import { count, exact, percent, size } from '../shared/format.js';
import { hideTip, showTip, tip } from '../shared/tooltip.js';
import { palette } from './colour.js';
import { ROW, draw } from './draw.js';
import { GUESSED, INLINED, KERNEL, MARK, placesOf, standardError } from './profile.js';
import { boxesTo, bytesIn, countIn, eachChild, layout } from './view.js';

const LEAST_PX = 0.5, FEWEST_ROWS = 10, SHOWN_ROWS = 32, DEEP_ROWS = 300;
const MARK_TEXT = {
	'[no sample]': 'the ledger has it, and no sample met it: who is known, where is not',
	'[before]': 'held before tare came, or copied by fork',
	'[truncated]': 'the stack goes on: nobody knows where',
	'[no stack]': 'there was no user stack', '[execve]': 'the kernel loads a program: there is no user stack',
};

// By kind: the one that most of the box is of.
function kindSums(view) {
	view.kindSums ??= view.profile.kinds.map((_, kind) => {
		const sum = new Float64Array(view.order.length + 1);

		view.order.forEach((row, k) => { sum[k + 1] = sum[k] + (view.rows.kind[row] === kind ? view.bytes[row] : 0); });
		return sum;
	});
	return view.kindSums;
}

function mostOf(view, box) {
	const sums = kindSums(view).map((s) => s[box.b] - s[box.a]);

	return sums.indexOf(Math.max(...sums));
}

function selfBytes(view, box) {
	let below = 0;

	eachChild(view, box, (x) => { below += bytesIn(view, x); });
	return bytesIn(view, box) - below;
}

/** names: { groupName(level, key) }. actions: { zoom(path), back(), reset(), search(symbol) }. */
export function createFlame(names, actions) {
	const canvas = el('canvas', { class: 'flames' });
	const space = el('div', { class: 'space' }, canvas);
	const box = el('div', { class: 'flame-box', tabindex: '0', role: 'application', id: 'flame-graph' }, space);
	const told = el('p', { class: 'told', id: 'told', 'aria-live': 'polite' });
	const graph = { view: null, rows: [], theme: null, matches: null, focus: null, hover: null, colour: 'module' };
	let path = { groups: [], node: -1 }, tops = [], width = 0, height = 0, pending = 0;

	const symbolOf = (x) => x.node >= 0 ? graph.view.profile.symbols[graph.view.profile.tree.symbol[x.node]] : null;
	graph.nameOf = (x) => {
		const symbol = symbolOf(x);

		if (symbol)
			return symbol.flags & GUESSED ? `${symbol.name} [fp]` : symbol.name;
		return x.group === undefined ? names.root(graph.view) : names.group(x.level - 1, x.group);
	};
	graph.colourOf = (x, symbol) => graph.colour === 'kind' && graph.view.rows.kind && !(symbol.flags & MARK) ?
		graph.theme.kinds[mostOf(graph.view, x)] : graph.theme.ofSymbol(symbol);

	const top = () => tops.at(-1);
	const pathTo = (x) => {
		const above = [];

		for (let b = x; b; b = b.above)
			above.unshift(b);
		return { groups: [...path.groups, ...above.slice(1).filter((b) => b.group !== undefined).map((b) => b.group)], node: x.node };
	};

	function paint() {
		cancelAnimationFrame(pending);
		pending = requestAnimationFrame(() => draw(canvas, graph, width, height, box.scrollTop));
	}

	function notes(symbol) {
		return [symbol.flags & KERNEL && 'kernel', symbol.flags & INLINED && 'inlined', symbol.flags & GUESSED && 'by frame pointer, a guess',
			MARK_TEXT[symbol.name]].filter(Boolean).join(', ');
	}

	function whereOf(x) {
		const symbol = symbolOf(x);

		if (!symbol)
			return null;
		const { profile } = graph.view, places = symbol.flags & MARK ? [] : placesOf(profile, x.node);
		return [profile.modules[symbol.module]?.path, places.join(', '), notes(symbol)].filter(Boolean).join(' \u00b7 ');
	}

	function rowsOf(x) {
		const { view } = graph, bytes = bytesIn(view, x), samples = countIn(view, x);
		const rows = [['bytes', `${size(bytes)}, ${exact(Math.round(bytes))}`, 'sum'], ['of the picture', percent(bytes / view.total)]];

		if (top().node >= 0 || top().level > 0)
			rows.push(['of what is zoomed to', percent(bytes / bytesIn(view, top()))]);
		if (x.node >= 0)
			rows.push(['itself', size(selfBytes(view, x))]);
		rows.push(['samples, of all growth', count(samples)]);
		rows.push(['standard error', samples > 0 ? `\u00b1 ${size(standardError(view.profile, bytes))}` : 'none: by the ledger']);
		return rows;
	}

	function tell(x) {
		if (!x) {
			told.replaceChildren();
			return;
		}
		const bytes = bytesIn(graph.view, x), where = whereOf(x);
		told.replaceChildren(el('b', null, graph.nameOf(x)), ` ${size(bytes)}, ${percent(bytes / graph.view.total)}`, where ? el('span', { class: 'dim' }, ` ${where}`) : '');
		told.dataset.bytes = bytes;
	}

	function hit(e) {
		const r = box.getBoundingClientRect(), row = graph.rows[Math.floor((e.clientY - r.top + box.scrollTop) / ROW)];
		const x = (e.clientX - r.left) / width;

		return row?.find((b) => b.x0 <= x && x < b.x1) ?? null;
	}

	function resize() {
		const depth = Math.max(FEWEST_ROWS, graph.rows.length);

		height = Math.min(depth, SHOWN_ROWS) * ROW;
		box.style.height = `${height}px`;
		space.style.height = `${depth * ROW}px`;
		canvas.style.height = `${height}px`;
		canvas.style.width = `${width}px`;
	}

	function focusOn(x, scroll = true) {
		graph.focus = x;
		tell(x);
		if (x && scroll) {
			const y = x.depth * ROW;

			if (y < box.scrollTop)
				box.scrollTop = y;
			else if (y + ROW > box.scrollTop + height)
				box.scrollTop = y + ROW - height;
		}
		paint();
	}

	function lay() {
		graph.rows = layout(graph.view, top(), LEAST_PX / Math.max(1, width)).slice(0, DEEP_ROWS);
		graph.focus = graph.rows[0]?.[0] ?? null;
		graph.hover = null;
		resize();
		tell(graph.focus);
		paint();
	}

	function step(key) {
		const f = graph.focus, row = graph.rows[f.depth], below = graph.rows[f.depth + 1] ?? [];

		if (key === 'ArrowDown')
			return below.filter((b) => b.above === f).reduce((a, b) => !a || b.x1 - b.x0 > a.x1 - a.x0 ? b : a, null);
		if (key === 'ArrowUp')
			return f.above;
		return row[row.indexOf(f) + (key === 'ArrowRight' ? 1 : -1)];
	}

	box.addEventListener('keydown', (e) => {
		if (e.ctrlKey || e.metaKey || e.altKey || !graph.focus)
			return;
		graph.focused = true;
		if (/^Arrow/.test(e.key)) {
			e.preventDefault();
			hideTip();
			if (e.key === 'ArrowUp' && !graph.focus.above)
				actions.out();
			else
				focusOn(step(e.key) ?? graph.focus);
		} else if (e.key === 'Enter') {
			e.preventDefault();
			actions.zoom(pathTo(graph.focus));
		} else if (e.key === 'Escape' || e.key === 'Backspace') {
			e.preventDefault();
			actions.back();
		} else if (e.key === 'Home') {
			e.preventDefault();
			actions.reset();
		} else if (e.key === 's' && symbolOf(graph.focus)) {
			e.preventDefault();
			actions.search(graph.view.profile.tree.symbol[graph.focus.node]);
		}
	});
	for (const [event, focused] of [['focus', true], ['blur', false]])
		box.addEventListener(event, () => {
			graph.focused = focused && box.matches(':focus-visible');
			paint();
		});
	box.addEventListener('scroll', () => {
		hideTip();
		paint();
	}, { passive: true });
	box.addEventListener('pointermove', (e) => {
		const x = hit(e);

		if (x !== graph.hover) {
			graph.hover = x;
			paint();
		}
		box.style.cursor = x ? 'pointer' : 'default';
		if (x)
			showTip(e.clientX, e.clientY, ...tip(graph.nameOf(x).slice(0, 300), whereOf(x)?.slice(0, 500), rowsOf(x)));
		else
			hideTip();
	});
	box.addEventListener('pointerleave', () => {
		graph.hover = null;
		hideTip();
		paint();
	});
	box.addEventListener('click', (e) => {
		const x = hit(e);

		if (!x)
			return;
		if (e.ctrlKey || e.metaKey || e.shiftKey) {
			if (symbolOf(x))
				actions.search(graph.view.profile.tree.symbol[x.node]);
		} else {
			actions.zoom(pathTo(x));
		}
	});

	return {
		nodes: [box, told],
		/** Shows a view from a path on; falls back to the root. Returns the path that is shown. */
		show(view, to, px) {
			const found = boxesTo(view, to);

			graph.view = view;
			width = px;
			path = found ? to : { groups: [], node: -1 };
			tops = found ?? boxesTo(view, path);
			graph.theme ??= palette(view.profile);
			box.scrollTop = 0;
			lay();
			box.setAttribute('aria-label', `Flame graph of ${size(view.total)}. Arrows go from frame to frame, Enter zooms, Escape goes back, Home to the root, s searches for the function.`);
			return path;
		},
		colours(colour) {
			graph.colour = colour;
			if (graph.view)
				graph.theme = palette(graph.view.profile);
			paint();
		},
		found(matches) {
			graph.matches = matches;
			paint();
		},
		top,
		/** The boxes from the root to the one that is shown. */
		above: () => tops,
		graph,
		nameOf: graph.nameOf,
	};
}
