// SPDX-License-Identifier: GPL-2.0-only
//
// The tooltip for the element under the pointer or with the focus. It goes away with Escape, a
// click, scrolling, and when the pointer moves to where nothing has a tooltip: each movement hides
// it before the element under the pointer may show it again.

import { el } from './dom.js';

const box = el('div', { id: 'tooltip', role: 'tooltip', hidden: true });

function place(x, y) {
	const { offsetWidth: w, offsetHeight: h } = box;
	const left = x + 16 + w > innerWidth
		? Math.max(8, Math.min(x - w - 16, innerWidth - w - 8)) : x + 16;
	const top = y + 16 + h > innerHeight ? Math.max(8, y - h - 12) : y + 16;

	box.style.left = `${left}px`;
	box.style.top = `${top}px`;
}

function listen() {
	const first = { capture: true, passive: true };

	addEventListener('keydown', (e) => e.key === 'Escape' && hideTip());
	for (const event of ['scroll', 'pointermove', 'pointerdown', 'wheel'])
		addEventListener(event, hideTip, first);
	for (const event of ['blur', 'resize'])
		addEventListener(event, hideTip);
	document.documentElement.addEventListener('pointerleave', hideTip);
}

export function showTip(x, y, ...content) {
	if (!box.isConnected) {
		document.body.append(box);
		listen();
	}
	box.replaceChildren(...content);
	box.hidden = false;
	place(x, y);
}

/** Show it next to the focused element. */
export function showTipAt(element, ...content) {
	const r = element.getBoundingClientRect();

	showTip(r.left + Math.min(r.width / 3, 320), r.top + r.height / 2, ...content);
}

export function hideTip() {
	box.hidden = true;
}

/** Content: a title, and rows of [name, value, CSS class of the colour mark]. */
export function tip(title, subtitle, rows) {
	return [
		el('strong', null, title),
		subtitle && el('p', null, subtitle),
		el('table', null,
			rows.map(([name, value, mark]) => el('tr',
			{ class: mark === 'sum' ? 'sum' : null },
			el('th', { scope: 'row' },
				mark && mark !== 'sum' && el('i', { class: `mark ${mark}` }), name),
			el('td', null, value)))),
	].filter(Boolean);
}
