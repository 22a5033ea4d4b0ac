// SPDX-License-Identifier: GPL-2.0-only
//
// The tooltip for the element under the pointer or with the focus. Escape closes it.

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

export function showTip(x, y, ...content) {
	if (!box.isConnected) {
		document.body.append(box);
		addEventListener('keydown', (e) => e.key === 'Escape' && hideTip());
		addEventListener('scroll', hideTip, { passive: true, capture: true });
		addEventListener('blur', hideTip);
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
