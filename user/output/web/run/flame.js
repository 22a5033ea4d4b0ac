// SPDX-License-Identifier: GPL-2.0-only
//
// The flame graph, root on top: a scrolling canvas with pointer and keys. It gets a view and
// reports where the user zooms. It must not know filters.

import { el } from '../shared/dom.js';
import { count, exact, percent, size } from '../shared/format.js';
import { hideTip, showTip, tip } from '../shared/tooltip.js';
import { palette } from './colour.js';
import { ROW, draw } from './draw.js';
import { FALLBACK, INLINED, KERNEL, SYNTHETIC, placesOf, standardError } from './profile.js';
import { boxesTo, bytesIn, countIn, eachChild, layout } from './view.js';

const LEAST_PX = 0.5, FEWEST_ROWS = 10, SHOWN_ROWS = 32, DEEP_ROWS = 300;
const SYNTHETIC_TEXT = {
	'[no sample]': 'memory without a sample: the thread is known, the function is not',
	'[before]': 'held before tare came, or copied by fork',
	'[by others]': 'held by a process whose threads did not grow it: others did',
	'[truncated]': 'the stack continues, but could not be unwound further',
	'[smaller stacks]': 'small stacks, merged to limit tare\u2019s own memory',
	'[no stack]': 'there was no user stack',
		'[execve]': 'the kernel loads a program: there is no user stack yet',
};

// Running sums by kind, to find the largest kind of a box.
function kindSums(view) {
	view.kindSums ??= view.profile.kinds.map((_, kind) => {
		const sum = new Float64Array(view.order.length + 1);

		view.order.forEach((row, k) => { sum[k + 1] = sum[k] +
			(view.rows.kind[row] === kind ? view.bytes[row] : 0); });
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

function notes(symbol) {
	return [symbol.flags & KERNEL && 'kernel', symbol.flags & INLINED && 'inlined',
		symbol.flags & FALLBACK && 'from the frame-pointer fallback',
		symbol.flags & SYNTHETIC && SYNTHETIC_TEXT[symbol.name]].filter(Boolean).join(', ');
}

/** Maximum of rows shown at once. */
export const DEEPEST = DEEP_ROWS;

/** names: { root(view), group(level, key) }. actions: { zoom(path), back(), out(), reset(),
 * search(symbol) }. */
export class Flame {
	constructor(names, actions) {
		this.names = names;
		this.actions = actions;
		this.canvas = el('canvas', { class: 'flames' });
		this.space = el('div', { class: 'space' }, this.canvas);
		this.box = el('div', { class: 'flame-box', tabindex: '0', role: 'application',
			id: 'flame-graph' }, this.space);
		this.status = el('p',
			{ class: 'status', id: 'flame-status', 'aria-live': 'polite' });
		this.nodes = [this.box, this.status];
		this.view = null;
		this.rows = []; // visible boxes, by depth
		this.path = null;
		this.tops = []; // boxes from the root to the shown one
		this.theme = this.matches = this.focus = this.hover = null;
		this.focused = false;
		this.colour = 'module';
		this.width = this.height = this.pending = 0;
		this.listen();
	}

	get top() {
		return this.tops.at(-1);
	}

	/** Show a view from a path on, or from the root if the path is not there. Returns the path
	 * shown. */
	show(view, path, px) {
		const found = boxesTo(view, path);

		this.view = view;
		this.width = px;
		this.path = found ? path : { groups: [], node: -1 };
		this.tops = found ?? boxesTo(view, this.path);
		this.theme ??= palette(view.profile);
		this.box.scrollTop = 0;
		this.rows = layout(view, this.top, LEAST_PX / Math.max(1, px), DEEP_ROWS);
		this.hover = null;
		this.resize();
		this.focusOn(this.rows[0]?.[0] ?? null);
		this.box.setAttribute('aria-label',
			`Flame graph of ${size(view.total)}. Arrows go from frame to frame, ` +
			`Enter zooms, Escape goes back, Home to the root, s searches for the ` +
			`function.`);
		return this.path;
	}

	/** Read the colours of the current theme. */
	colours(colour) {
		this.colour = colour;
		if (this.view)
			this.theme = palette(this.view.profile);
		this.paint();
	}

	found(matches) {
		this.matches = matches;
		this.paint();
	}

	symbolOf(x) {
		return x.node >= 0
			? this.view.profile.symbols[this.view.profile.tree.symbol[x.node]] : null;
	}

	nameOf(x) {
		const symbol = this.symbolOf(x);

		if (symbol)
			return symbol.flags & FALLBACK ? `${symbol.name} [fp]` : symbol.name;
		return x.group === undefined ? this.names.root(this.view)
			: this.names.group(x.level - 1, x.group);
	}

	colourOf(x, symbol) {
		return this.colour === 'kind' && this.view.rows.kind &&
			!(symbol.flags & SYNTHETIC) ?
			this.theme.kinds[mostOf(this.view, x)] : this.theme.ofSymbol(symbol);
	}

	whereOf(x) {
		const symbol = this.symbolOf(x);

		if (!symbol)
			return null;
		const { profile } = this.view, places = symbol.flags & SYNTHETIC ? []
			: placesOf(profile, x.node);
		return [profile.modules[symbol.module]?.path, places.join(', '),
			notes(symbol)].filter(Boolean).join(' \u00b7 ');
	}

	figures(x) {
		const { view } = this, bytes = bytesIn(view, x), samples = countIn(view, x);
		const rows = [['bytes', `${size(bytes)}, ${exact(Math.round(bytes))}`, 'sum'],
			['of the total', percent(bytes / view.total)]];

		if (this.top.node >= 0 || this.top.level > 0)
			rows.push(['of the zoomed frame',
				percent(bytes / bytesIn(view, this.top))]);
		if (x.node >= 0)
			rows.push(['itself', size(selfBytes(view, x))]);
		rows.push(['samples of all growth', count(samples)]);
		rows.push(['standard error',
			samples > 0 ? `\u00b1 ${size(standardError(view.profile, bytes))}`
			: 'none: exact, by the ledger']);
		return rows;
	}

	pathTo(x) {
		const above = [];

		for (let b = x; b; b = b.above)
			above.unshift(b);
		return { groups: [...this.path.groups,
			...above.slice(1).filter((b) => b.group !== undefined).map((b) => b.group)],
			node: x.node };
	}

	paint() {
		cancelAnimationFrame(this.pending);
		this.pending = requestAnimationFrame(() => this.view && draw(this.canvas, this,
			this.width, this.height, this.box.scrollTop));
	}

	resize() {
		const depth = Math.max(FEWEST_ROWS, this.rows.length);

		this.height = Math.min(depth, SHOWN_ROWS) * ROW;
		this.box.style.height = this.canvas.style.height = `${this.height}px`;
		this.space.style.height = `${depth * ROW}px`;
		this.canvas.style.width = `${this.width}px`;
	}

	focusOn(x) {
		const y = x ? x.depth * ROW : 0, { box, height } = this;

		this.focus = x;
		if (y < box.scrollTop)
			box.scrollTop = y;
		else if (y + ROW > box.scrollTop + height)
			box.scrollTop = y + ROW - height;
		this.tell(x);
		this.paint();
	}

	tell(x) {
		if (!x) {
			this.status.replaceChildren();
			return;
		}
		const bytes = bytesIn(this.view, x), where = this.whereOf(x);
		const part = this.view.total > 0 ? `, ${percent(bytes / this.view.total)}` : '';
		this.status.replaceChildren(el('b', null, this.nameOf(x)), ` ${size(bytes)}${part}`,
			where ? el('span', { class: 'dim' }, ` ${where}`) : '');
		this.status.dataset.bytes = bytes;
	}

	hit(e) {
		const r = this.box.getBoundingClientRect(),
			row = this.rows[Math.floor((e.clientY - r.top + this.box.scrollTop) / ROW)];
		const x = (e.clientX - r.left) / this.width;

		return row?.find((b) => b.x0 <= x && x < b.x1) ?? null;
	}

	step(key) {
		const { focus: f } = this, row = this.rows[f.depth],
			below = this.rows[f.depth + 1] ?? [];

		if (key === 'ArrowDown')
			return below.filter((b) => b.above === f).reduce((a, b) => !a ||
				b.x1 - b.x0 > a.x1 - a.x0 ? b : a, null);
		if (key === 'ArrowUp')
			return f.above;
		return row[row.indexOf(f) + (key === 'ArrowRight' ? 1 : -1)];
	}

	key(e) {
		const { actions, focus } = this;
		const known = {
			Enter: () => actions.zoom(this.pathTo(focus)), Escape: actions.back,
				Backspace: actions.back, Home: actions.reset,
			s: () => this.symbolOf(focus) &&
				actions.search(this.view.profile.tree.symbol[focus.node]),
		};

		if (e.ctrlKey || e.metaKey || e.altKey || !focus ||
			!(e.key in known || /^Arrow/.test(e.key)))
			return;
		e.preventDefault();
		hideTip();
		this.focused = true;
		if (known[e.key])
			known[e.key]();
		else if (e.key === 'ArrowUp' && !focus.above)
			actions.out();
		else
			this.focusOn(this.step(e.key) ?? focus);
	}

	point(e) {
		const x = this.hit(e);

		if (x !== this.hover) {
			this.hover = x;
			this.paint();
		}
		this.box.style.cursor = x ? 'pointer' : 'default';
		if (x)
			showTip(e.clientX, e.clientY,
				...tip(this.nameOf(x).slice(0, 300), this.whereOf(x)?.slice(0, 500),
				this.figures(x)));
		else
			hideTip();
	}

	click(e) {
		const x = this.hit(e);

		if (!x)
			return;
		if (!e.ctrlKey && !e.metaKey && !e.shiftKey)
			this.actions.zoom(this.pathTo(x));
		else if (this.symbolOf(x))
			this.actions.search(this.view.profile.tree.symbol[x.node]);
	}

	listen() {
		const { box } = this;

		box.addEventListener('keydown', (e) => this.key(e));
		for (const [event, focused] of [['focus', true], ['blur', false]])
			box.addEventListener(event, () => {
				this.focused = focused && box.matches(':focus-visible');
				this.paint();
			});
		box.addEventListener('scroll', () => {
			hideTip();
			this.paint();
		}, { passive: true });
		box.addEventListener('pointermove', (e) => this.point(e));
		box.addEventListener('pointerleave', () => {
			this.hover = null;
			hideTip();
			this.paint();
		});
		box.addEventListener('click', (e) => this.click(e));
	}
}
