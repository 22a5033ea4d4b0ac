// SPDX-License-Identifier: GPL-2.0-only
//
// Pointer and keys on the chart of the weight: they read it, and select a time or a moment.

import { seconds } from '../shared/format.js';
import { hideTip, showTip, showTipAt } from '../shared/tooltip.js';

const DRAG_PX = 3;

/** The slots between two times; at least one slot. */
export function slotsOf(ticks, a, b) {
	const slot = (t) => Math.round((t - ticks.start) / ticks.width);
	const from = Math.min(Math.max(0, slot(Math.min(a, b))), ticks.slots - 1);

	return { from, to: Math.min(ticks.slots, Math.max(from + 1, slot(Math.max(a, b)))) };
}

// Setters of the selected time; at most one change per drawn frame.
function selection({ ticks }, store) {
	let drawn = 0;
	const choose = (a, b, timeType = 'grew') => {
		cancelAnimationFrame(drawn);
		drawn = requestAnimationFrame(
			() => store.set({ time: slotsOf(ticks, a, b), timeType }));
	};

	return {
		span: choose,
		/** What was held at a time: of the slot that it is in. */
		moment(t) {
			const slot = Math.max(0, Math.min(ticks.slots - 1,
				Math.floor((t - ticks.start) / ticks.width)));

			choose(ticks.at(slot), ticks.at(slot + 1), 'live');
		},
	};
}

function byPointer({ node, x, point, tip }, clamp, select) {
	const at = (e) => clamp(x.invert(e.clientX - node.getBoundingClientRect().left));
	let from = null, dragged = false;

	node.addEventListener('pointermove', (e) => {
		const t = at(e);

		point(t);
		showTip(e.clientX, e.clientY, ...tip(t));
		if (from !== null && (dragged || Math.abs(x(t) - x(from)) > DRAG_PX)) {
			dragged = true;
			select.span(from, t);
		}
	});
	node.addEventListener('pointerleave', () => {
		hideTip();
		point(null);
	});
	node.addEventListener('pointerdown', (e) => {
		if (select && e.button === 0 && e.pointerType !== 'touch') {
			from = at(e);
			dragged = false;
			node.setPointerCapture(e.pointerId);
		}
	});
	node.addEventListener('pointerup', () => {
		if (from !== null && !dragged)
			select.moment(from);
		from = null;
	});
	node.addEventListener('pointercancel', () => { from = null; });
}

function byKeys({ node, x, point, tip }, clamp, select, least) {
	const [first, last] = x.domain(), step = Math.max((last - first) / 100, least);
	let cursor = null, anchor = null;

	node.addEventListener('keydown', (e) => {
		const to = { ArrowLeft: (cursor ?? 0) - step, ArrowRight: (cursor ?? -step) + step,
			Home: first, End: last }[e.key];

		if (e.key === 'Enter' && select && cursor !== null)
			select.moment(cursor);
		if (to === undefined)
			return;
		e.preventDefault();
		anchor = e.shiftKey ? anchor ?? cursor ?? 0 : null;
		cursor = clamp(to);
		point(cursor);
		if (e.shiftKey && select)
			select.span(anchor, cursor);
		showTipAt(node, ...tip(cursor));
	});
	node.addEventListener('blur', () => {
		hideTip();
		point(null);
	});
}

/** Hover shows values; a drag, or Shift and arrows, selects a time; a click, or Enter, a moment.
 * Without samples nothing can be selected. */
export function interactive(chart, report, store) {
	const { node, x } = chart, ticks = report.profile?.ticks;
	const select = ticks?.slots ? selection(report.profile, store) : null;
	const clamp = (t) => Math.min(Math.max(x.domain()[0], t), x.domain()[1]);

	node.setAttribute('aria-label', `Weight over ${seconds(report.duration / 1e9)}. Arrows ` +
		`move through time and read the weight${select ? '; Enter selects a moment, ' +
		'Shift and arrows a time, Escape clears it' : ''}.`);
	byPointer(chart, clamp, select);
	byKeys(chart, clamp, select, ticks?.width ?? 0);
}
