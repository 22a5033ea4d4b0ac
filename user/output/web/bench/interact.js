// SPDX-License-Identifier: GPL-2.0-only
//
// Pointer and keyboard on the charts. The row under the pointer or with the focus gets a
// tooltip and is highlighted in all charts; a click or Enter selects it.

import { count, exact, known, perTask, size, tasks, UNKNOWN } from '../shared/format.js';
import { hideTip, showTip, showTipAt, tip } from '../shared/tooltip.js';
import { sentence } from './bars.js';
import { FAMILY_TEXT, KINDS, KIND_TEXT, fitOf, publishedSlopes, slope, tare } from './model.js';
import { markOf } from './published.js';

const kindName = (part) => part === 'weight' ? 'whole weight' : KIND_TEXT[part];

function barTip(r) {
	const w = fitOf(r, 'weight');
	const unit = (x) => known(x) ? `${perTask(x)}\u00a0B` : UNKNOWN;

	return tip(r.title, [r.task, r.version].filter(Boolean).join(' \u00b7 ') ||
		FAMILY_TEXT[r.family], [
		...KINDS.map((k) => [KIND_TEXT[k], unit(slope(r, k)), k]),
		['user', unit(slope(r, 'user')), 'sum'],
			['kernel', unit(slope(r, 'kernel')), 'sum'],
		['per task', unit(w?.slope ?? null), 'sum'],
		['95\u00a0% interval',
			w?.ci ? `${perTask(w.ci[0])} \u2026 ${perTask(w.ci[1])}\u00a0B` : UNKNOWN],
		...publishedSlopes(r).map((p) => [`published ${p.source}, RSS`, unit(p.slope),
			`shape ${markOf(p.source)}`]),
		['tare', exact(tare(r))], ['largest N', tasks(r.most)],
	]);
}

function publishedTip(c) {
	return tip(c.row.title, c.row.version,
		c.dots.map((d) => [d.name, known(d.value) ? `${size(d.value)}, ${exact(d.value)}`
		: UNKNOWN, `shape ${d.what}`]));
}

/** Rows of a drawing; list: of the comparison, where they are such. */
export function hoverRows(chart, rows, actions, list) {
	const tipOf = (index) => list ? publishedTip(list.find((c) => c.row.index === index))
		: barTip(rows[index]);
	const over = (e) => {
		const g = e.target.closest('.row');

		if (!g) {
			hideTip();
			actions.hot(null);
			return;
		}
		actions.hot(Number(g.dataset.row));
		showTip(e.clientX, e.clientY, ...tipOf(Number(g.dataset.row)));
	};

	chart.addEventListener('pointermove', over);
	chart.addEventListener('pointerleave', () => {
		hideTip();
		actions.hot(null);
	});
	chart.addEventListener('click', (e) => {
		const g = e.target.closest('.row');

		if (g && e.pointerType !== 'touch')
			actions.show(Number(g.dataset.row));
	});
	chart.addEventListener('focusin', (e) => {
		const g = e.target.closest('.row');

		if (g?.matches(':focus-visible')) {
			actions.hot(Number(g.dataset.row));
			showTipAt(g, ...tipOf(Number(g.dataset.row)));
		}
	});
	chart.addEventListener('focusout', () => {
		hideTip();
		actions.hot(null);
	});
}

/** One stop for Tab; arrows, Home and End go from row to row; Enter shows it in the table. */
export function focusable(chart, rows, state, actions) {
	const groups = [...chart.querySelectorAll('.row')];
	const by = new Map(rows.map((r) => [String(r.index), r]));
	const go = (i) => {
		const to = groups[Math.max(0, Math.min(i, groups.length - 1))];

		for (const g of groups)
			g.setAttribute('tabindex', g === to ? '0' : '-1');
		to.focus();
	};

	chart.setAttribute('role', 'list');
	chart.setAttribute('aria-label', `Bytes per task of ${count(groups.length)} workloads`);
	groups.forEach((g, i) => {
		g.setAttribute('role', 'listitem');
		g.setAttribute('tabindex', i === 0 ? '0' : '-1');
		g.setAttribute('aria-label', sentence(by.get(g.dataset.row)));
		g.addEventListener('keydown', (e) => {
			const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0,
				End: groups.length - 1 }[e.key];

			if (to !== undefined) {
				e.preventDefault();
				go(to);
			} else if (e.key === 'Enter') {
				// the focus moves to a button, which it would press
				e.preventDefault();
				actions.show(Number(g.dataset.row));
			}
		});
	});
}

function pointTip(s, p, part) {
	return tip(s.row.title,
		`${kindName(part)} with ${count(p.tasks)} ${p.tasks === 1 ? 'task' : 'tasks'}`, [
		['mean', `${size(p.mean)}, ${exact(Math.round(p.mean))}`, s.slot === null ? null
			: undefined],
		['from', exact(p.lo)], ['to', exact(p.hi)], ['runs', count(p.values.length)],
		['fit', `${perTask(slope(s.row, part))}\u00a0B per task`],
	]);
}

/** The chart of growth: the nearest line to the pointer; arrows walk lines and N. */
export function hoverSeries(chart, state, actions) {
	const { node, all } = chart;
	const order = [...all].sort((a, b) => a.points.at(-1).mean - b.points.at(-1).mean);
	let line = 0, n = 0;

	node.addEventListener('pointermove', (e) => {
		const box = node.getBoundingClientRect(),
			hit = chart.nearest(e.clientX - box.left, e.clientY - box.top);
		const name = e.target.closest('.names text');

		actions.hot(name ? Number(name.dataset.row) : hit ? hit.s.row.index : null);
		if (hit)
			showTip(e.clientX, e.clientY, ...pointTip(hit.s, hit.p, state.part));
		else
			hideTip();
	});
	node.addEventListener('pointerleave', () => {
		hideTip();
		actions.hot(null);
	});
	node.addEventListener('click', () => state.hot !== null && actions.choose(state.hot));

	node.setAttribute('tabindex', '0');
	node.setAttribute('role', 'application');
	node.setAttribute('aria-label',
		`Weight over N of ${count(all.length)} workloads. Arrows up and down go from ` +
		`line to line, left and right along one, Enter chooses it.`);
	node.addEventListener('keydown', (e) => {
		const step = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1],
			ArrowRight: [0, 1] }[e.key];

		if (step) {
			e.preventDefault();
			line = Math.max(0, Math.min(line + step[0], order.length - 1));
			n = Math.max(0, Math.min(n + step[1], order[line].points.length - 1));
			actions.hot(order[line].row.index);
			showTipAt(node,
				...pointTip(order[line], order[line].points[n], state.part));
		} else if (e.key === 'Enter' && state.hot !== null) {
			actions.choose(state.hot);
		}
	});
}

/** Lights a row up in every chart and the table. */
export function markHot(page, index) {
	for (const node of page.querySelectorAll('.hot'))
		node.classList.remove('hot');
	if (index === null)
		return;
	for (const node of page.querySelectorAll(`[data-row="${index}"]`))
		node.classList.add('hot');
}
