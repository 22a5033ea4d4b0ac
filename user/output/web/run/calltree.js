// SPDX-License-Identifier: GPL-2.0-only
//
// The call tree as a table: rows that open and close, with bytes of a call itself and with all
// below it. Rows are made when they are opened. It must not know filters.

import { el } from '../shared/dom.js';
import { count, exact, percent, size } from '../shared/format.js';
import { hideTip } from '../shared/tooltip.js';
import { bytesOf } from './calls.js';
import { below, selfOf } from './graphs.js';
import { shortened } from './names.js';
import { moduleName } from './profile.js';

const MOST = 40, MORE = 200; // rows below one at first, and with each click on "more"
const HOT = 0.5, HOT_DEPTH = 30; // open at first: while one call has half of all
const LEVELS = 24; // deepest indentation
const nameChars = () => innerWidth < 700 ? 30 : 110;

const idOf = (box) => box.group === undefined ? box.node : `g${box.group}`;

/** flame: gives names, colours and actions of boxes (flame.js). */
export class CallTree {
	constructor(flame) {
		this.flame = flame;
		this.rows = el('tbody', null);
		this.node = el('div', { class: 'scroll calltree-box', hidden: true },
			el('table', { class: 'rows calltree', role: 'treegrid',
				'aria-label': 'Call tree' },
			el('thead', null, el('tr', null,
				['With below', 'Itself']
					.map((t) => el('th', { scope: 'col', class: 'n' }, t)),
				el('th', { scope: 'col' }, 'Function'))), this.rows));
		this.open = new Set();
		this.shown = new Map(); // key of a row -> how many below it are shown
		this.tree = this.view = null;
		this.list = []; // shown rows: { key, box, level, parent, open, of, left }
		this.at = 0;
		this.rows.addEventListener('click', (e) => this.click(e));
		this.rows.addEventListener('keydown', (e) => this.key(e));
	}

	/** Show what is below the box `top` of a view. */
	show(view, top) {
		const fresh = this.tree !== view.profile.tree || this.top?.node !== top.node ||
			this.top.level !== top.level;

		this.view = view;
		this.top = top;
		if (fresh) {
			this.tree = view.profile.tree;
			this.open = new Set();
			this.shown = new Map();
			this.at = 0;
			this.openHot();
		}
		this.draw();
	}

	openHot() {
		const { view } = this;
		let box = this.top, key = `${idOf(box)}`;

		for (let i = 0; i < HOT_DEPTH && view.total > 0; i++) {
			this.open.add(key);
			[box] = below(view, box);
			if (!box || bytesOf(view, box) < HOT * bytesOf(view, this.top))
				return;
			key += `/${idOf(box)}`;
		}
	}

	// The rows that are shown, in order.
	collect() {
		const list = [], { view } = this;
		const add = (box, key, level, parent) => {
			const open = this.open.has(key), all = below(view, box), at = list.length;

			list.push({ key, box, level, parent, open, of: all.length });
			if (!open)
				return;
			const most = this.shown.get(key) ?? MOST;
			for (const x of all.slice(0, most))
				add(x, `${key}/${idOf(x)}`, level + 1, at);
			if (all.length > most)
				list.push({ key: `${key}/more`, level: level + 1, parent: at, of: 0,
					left: all.slice(most), more: key });
		};

		add(this.top, `${idOf(this.top)}`, 1, -1);
		return list;
	}

	draw() {
		const within = this.rows.contains(document.activeElement);

		this.list = this.collect();
		this.at = Math.max(0, Math.min(this.at, this.list.length - 1));
		this.rows.replaceChildren(...this.list.map((r, i) => r.left ? this.moreRow(r, i)
			: this.row(r, i)));
		if (within)
			this.focusOn(this.at);
	}

	cells(bytes, self) {
		const { total } = this.view;
		const cell = (value, column) => el('td', { class: 'n', role: 'gridcell',
			'data-column': column, 'data-bytes': value,
				title: exact(Math.round(value)) },
			value > 0 ? size(value) : '0',
			el('span', { class: 'share' }, value > 0 ? percent(value / total) : ''));

		return [cell(bytes, 'total'), self === null ? el('td', { class: 'n' })
			: cell(self, 'self')];
	}

	line(r, i, ...content) {
		return el('tr', { role: 'row', 'aria-level': r.level, tabindex: i === this.at ? 0
			: -1,
			'data-row': i, 'aria-expanded': r.of > 0 ? String(r.open) : null },
				content);
	}

	row(r, i) {
		const { view, flame } = this, symbol = flame.symbolOf(r.box),
			name = flame.nameOf(r.box);
		const mark = el('i', { class: 'swatch' });

		mark.style.background = symbol ? flame.colourOf(r.box, symbol) : '';
		const head =
			el('th', { scope: 'row', role: 'rowheader', title: name.slice(0, 2000) },
			el('span', { class: 'fold', 'aria-hidden': 'true' },
				r.of === 0 ? '' : r.open ? '\u25be' : '\u25b8'), mark,
			el('span', { class: 'name' }, shortened(name, nameChars())),
			el('span', { class: 'dim' }, symbol ? ` ${moduleName(view.profile, symbol)}`
				: ''));
		head.style.setProperty('--level', Math.min(r.level - 1, LEVELS));
		const tr = this.line(r, i, this.cells(bytesOf(view, r.box), selfOf(view, r.box)),
			head);
		tr.classList.toggle('found', Boolean(flame.matches?.[flame.symbolNumber(r.box)]));
		return tr;
	}

	moreRow(r, i) {
		const bytes = r.left.reduce((sum, x) => sum + bytesOf(this.view, x), 0);
		const head = el('th', { scope: 'row', role: 'rowheader' },
			el('span', { class: 'fold' }), `\u2026 ${count(r.left.length)} more`);

		head.style.setProperty('--level', Math.min(r.level - 1, LEVELS));
		return this.line(r, i, this.cells(bytes, null), head);
	}

	focusOn(i) {
		this.at = Math.max(0, Math.min(i, this.list.length - 1));
		for (const tr of this.rows.querySelectorAll('tr[tabindex="0"]'))
			tr.tabIndex = -1;
		const tr = this.rows.children[this.at];
		if (!tr)
			return;
		tr.tabIndex = 0;
		tr.focus();
		if (this.list[this.at].box)
			this.flame.select(this.list[this.at].box);
	}

	// Open or close a row, or show more.
	toggle(i) {
		const r = this.list[i];

		this.at = i;
		if (r.left)
			this.shown.set(r.more, (this.shown.get(r.more) ?? MOST) + MORE);
		else if (this.open.has(r.key))
			this.open.delete(r.key);
		else if (r.of > 0)
			this.open.add(r.key);
		this.draw();
		this.focusOn(i);
	}

	click(e) {
		const tr = e.target.closest('tr');

		if (tr)
			this.toggle(Number(tr.dataset.row));
	}

	// To the right: into the row; to the left: out of it.
	sideways(right) {
		const r = this.list[this.at];

		if (right ? (r.of > 0 && !r.open) || r.left : r.open)
			this.toggle(this.at);
		else if (right)
			this.focusOn(r.open && r.of > 0 ? this.at + 1 : this.at);
		else
			this.focusOn(Math.max(0, r.parent));
	}

	key(e) {
		const { flame } = this, r = this.list[this.at];
		const known = {
			ArrowDown: () => this.focusOn(this.at + 1),
				ArrowUp: () => this.focusOn(this.at - 1),
			ArrowRight: () => this.sideways(true),
				ArrowLeft: () => this.sideways(false),
			Home: () => this.focusOn(0), End: () => this.focusOn(this.list.length - 1),
			' ': () => this.toggle(this.at),
			Enter: () => r.box ? this.zoom(r) : this.toggle(this.at),
			Escape: flame.actions.back,
		};

		if (e.ctrlKey || e.metaKey || e.altKey)
			return;
		if (Object.hasOwn(known, e.key)) {
			known[e.key]();
		} else if (r?.box && flame.letters[e.key]) {
			flame.select(r.box);
			flame.act(flame.letters[e.key]);
		} else {
			return;
		}
		e.preventDefault();
		hideTip();
	}

	zoom(r) {
		const groups = [...this.flame.path.groups];

		for (let x = r, more = []; ; x = this.list[x.parent]) {
			if (x.parent < 0) {
				groups.push(...more);
				break;
			}
			if (x.box.group !== undefined)
				more = [x.box.group, ...more];
		}
		this.flame.actions.zoom({ groups, node: this.flame.nodeOf(r.box) });
		this.focusOn(0);
	}
}
