// SPDX-License-Identifier: GPL-2.0-only
//
// A graph of boxes, root on top (a sandwich: callers above, callees below its function): a
// scrolling canvas with pointer and keys. It gets a view and reports where the user zooms. It must
// not know filters.

import { el } from '../shared/dom.js';
import { count, percent, size } from '../shared/format.js';
import { hideTip, showTip, tip } from '../shared/tooltip.js';
import { figures, mostOf, whereOf } from './about.js';
import { bytesOf } from './calls.js';
import { palette } from './colour.js';
import { ROW, draw } from './draw.js';
import { VIEWS, graphOf, pathOf } from './graphs.js';
import { FALLBACK, SYNTHETIC } from './profile.js';

const LEAST_PX = 0.5, FEWEST_ROWS = 10, SHOWN_ROWS = 32, SANDWICH_ROWS = 24;
const MIDDLE = 0.6; // how far down a sandwich's function is, if there is room
const HELP = {
	flame: 'Arrows go from frame to frame, Enter zooms, Escape goes back, Home to the root',
	inverted: 'Functions that took memory are on top, their callers below. Arrows go from ' +
		'frame to frame, Enter zooms, Escape goes back, Home to the root',
	sandwich: 'Callers are above the function, callees below. Arrows go from frame to frame, ' +
		'Enter chooses the function',
};

// What can be done with the function that has the focus: action, text, key.
const BUTTONS = [['sandwich', 'Callers and callees', 'w'], ['hide', 'Hide', 'h'],
	['merge', 'Merge into caller', 'm'], ['search', 'Search', 's']];

/** names: { root(view), group(level, key) }. actions: { zoom(path), back(), out(), reset(),
 * search(symbol), sandwich(symbol), unsandwich(), hide(symbol), merge(symbol) }. */
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
		this.bar = el('div', { class: 'frame-actions', role: 'group',
			'aria-label': 'With this function' }, BUTTONS.map(([name, text, key]) =>
			el('button', { type: 'button', class: 'plain', 'data-action': name,
				title: `Key: ${key}`, onclick: () => this.act(name) }, text)));
		this.nodes = [this.box, el('div', { class: 'below-graph' }, this.status, this.bar)];
		this.letters = Object.fromEntries(BUTTONS.map(([name, , key]) => [key, name]));
		this.kind = 'flame'; // of VIEWS
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

	/** The last box of the path that is a range of the view's rows. */
	get top() {
		return this.tops.findLast((b) => !b.parts);
	}

	/** Show a view from a path on, or from the root if the path is not there. kind: flame,
	 * inverted or sandwich; `matches`: the functions of a sandwich. Returns the path shown. */
	show(view, path, px, kind = 'flame', matches = null) {
		const least = LEAST_PX / Math.max(1, px);
		const shown = graphOf(view, kind, path, least, matches);

		Object.assign(this, shown, { kind, hover: null, width: px });
		this.theme ??= palette(view.profile);
		hideTip();
		this.resize();
		this.box.scrollTop = (this.rows.middle ?? 0) * ROW - this.height * MIDDLE;
		this.focusOn(this.rows[this.rows.middle ?? 0]?.[0] ?? null);
		this.box.setAttribute('aria-label', `${VIEWS[kind]} of ${size(view.total)}. ` +
			`${HELP[kind]}, s searches for the function, w shows its callers and ` +
			`callees, h hides it, m merges it into its caller.`);
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

	/** The number of a box's symbol; -1: it is no function. */
	symbolNumber(x) {
		return x.symbol ?? (x.node >= 0 ? this.view.profile.tree.symbol[x.node] : -1);
	}

	symbolOf(x) {
		return this.view.profile.symbols[this.symbolNumber(x)] ?? null;
	}

	nameOf(x) {
		const symbol = this.symbolOf(x);

		if (symbol)
			return symbol.flags & FALLBACK ? `${symbol.name} [fp]` : symbol.name;
		if (x.rest)
			return `\u2026 ${count(x.rest.length)} smaller ` +
				(x.rest[0].group === undefined ? 'functions' : 'groups');
		return x.group === undefined ? this.names.root(this.view)
			: this.names.group(x.level - 1, x.group);
	}

	colourOf(x, symbol) {
		return this.colour === 'kind' && this.view.rows.kind &&
			!(symbol.flags & SYNTHETIC) ?
			this.theme.kinds[mostOf(this.view, x)] : this.theme.ofSymbol(symbol);
	}

	whereOf(x) {
		return whereOf(this.view, x, this.symbolOf(x));
	}

	figures(x) {
		const zoomed = this.kind !== 'sandwich' && this.tops.length > 1 ? this.tops.at(-1)
			: null;

		return figures(this.view, x, zoomed,
			x.caller || (this.kind === 'inverted' && x.parts));
	}

	/** The report's node of a box; -1: none. */
	nodeOf(x) {
		return x.node < 0 ? -1 : this.view.profile.tree.raw[x.node];
	}

	/** The path to a box that is shown. */
	pathTo(x) {
		const below = [];

		for (let b = x; b.above; b = b.above)
			below.unshift(b);
		return pathOf([...this.tops, ...below], this.nodeOf(x));
	}

	/** The path to the box tops[i]. */
	pathOfTop(i) {
		return pathOf(this.tops.slice(0, i + 1), this.nodeOf(this.tops[i]));
	}

	paint() {
		cancelAnimationFrame(this.pending);
		this.pending = requestAnimationFrame(() => this.view && draw(this.canvas, this,
			this.width, this.height, this.box.scrollTop));
	}

	resize() {
		const depth = Math.max(FEWEST_ROWS, this.rows.length);

		this.height = Math.min(depth, this.kind === 'sandwich' ? SANDWICH_ROWS
			: SHOWN_ROWS) * ROW;
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
		for (const b of this.bar.children)
			b.disabled = !x || !this.symbolOf(x) ||
				(['hide', 'merge'].includes(b.dataset.action) &&
				(this.symbolOf(x).flags & SYNTHETIC) !== 0);
		if (!x) {
			this.status.replaceChildren();
			return;
		}
		const bytes = bytesOf(this.view, x), where = this.whereOf(x);
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

	// The largest of the boxes next to the focus, above or below it.
	next(step) {
		const { focus: f } = this, row = this.rows[f.depth + step] ?? [];

		return row.filter((b) => b.above === f || f.above === b)
			.reduce((a, b) => !a || b.x1 - b.x0 > a.x1 - a.x0 ? b : a, null);
	}

	step(key) {
		const row = this.rows[this.focus.depth];

		if (key === 'ArrowDown' || key === 'ArrowUp')
			return this.next(key === 'ArrowDown' ? 1 : -1);
		return row[row.indexOf(this.focus) + (key === 'ArrowRight' ? 1 : -1)];
	}

	/** Zoom to a box; in a sandwich, its function is the next sandwich. */
	open(x) {
		if (this.kind !== 'sandwich')
			this.actions.zoom(this.pathTo(x));
		else if (this.symbolOf(x) && x.depth !== this.rows.middle)
			this.actions.sandwich(this.symbolNumber(x));
	}

	/** Let a box have the focus that is not in a row of the graph. */
	select(x) {
		this.focus = x;
		this.tell(x);
	}

	/** Call an action with the symbol of the box that has the focus. */
	act(name) {
		const button = this.bar.querySelector(`[data-action="${name}"]`);

		if (!button.disabled)
			this.actions[name](this.symbolNumber(this.focus));
	}

	key(e) {
		const { actions, focus } = this;
		const back = this.kind === 'sandwich' ? actions.unsandwich : actions.back;
		const known = {
			Enter: () => this.open(focus), Escape: back, Backspace: back,
				Home: actions.reset,
		};

		for (const [key, name] of Object.entries(this.letters))
			known[key] = () => this.act(name);

		if (e.ctrlKey || e.metaKey || e.altKey || !focus ||
			!(Object.hasOwn(known, e.key) || /^Arrow/.test(e.key)))
			return;
		e.preventDefault();
		hideTip();
		this.focused = true;
		if (Object.hasOwn(known, e.key))
			known[e.key]();
		else if (e.key === 'ArrowUp' && !focus.above && focus.depth === 0)
			actions.out();
		else
			this.focusOn(this.step(e.key) ?? focus);
	}

	// A finger has no place to point from: the line below the graph tells what it touched.
	point(e) {
		if (e.pointerType === 'touch')
			return;
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
		hideTip();
		if (!e.ctrlKey && !e.metaKey && !e.shiftKey)
			this.open(x);
		else if (this.symbolOf(x))
			this.actions.search(this.symbolNumber(x));
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
		for (const event of ['pointerleave', 'pointercancel'])
			box.addEventListener(event, () => {
				this.hover = null;
				hideTip();
				this.paint();
			});
		box.addEventListener('click', (e) => this.click(e));
	}
}
