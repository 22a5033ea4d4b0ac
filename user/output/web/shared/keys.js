// SPDX-License-Identifier: GPL-2.0-only
//
// The dialog that lists the keys of a page: `?` or its button opens it, Escape closes it. The
// browser keeps the focus within it, and gives it back.

import { el } from './dom.js';
import { hideTip } from './tooltip.js';

/** Is the user typing? Then keys are text. */
export const typing = (e) => Boolean(e.target.closest?.('input, select, textarea, dialog'));

const keyNames = (keys) => keys.split(' ').map((k) => el('kbd', null, k));

const row = ([keys, what]) => el('div', null, el('dt', null, keyNames(keys)),
	el('dd', null, what));
const group = ([title, rows]) => el('section', null, el('h3', null, title),
	el('dl', null, rows.map(row)));

/** groups: [title, [[keys, what they do] …]] …; keys: names with a space between them. Returns
 * the button that opens the dialog. */
export function keysDialog(groups) {
	const close = el('button', { type: 'button', class: 'plain', onclick: () => box.close() },
		'Close');
	const box = el('dialog', { id: 'keys', 'aria-labelledby': 'keys-title' },
		el('div', { class: 'keys-head' }, el('h2', { id: 'keys-title' }, 'Keys'), close),
		el('div', { class: 'keys-groups' }, groups.map(group)));
	const open = () => {
		hideTip();
		if (!box.isConnected)
			document.body.append(box);
		if (!box.open)
			box.showModal();
	};

	box.addEventListener('click', (e) => e.target === box && box.close());
	box.addEventListener('keydown', (e) => {
		if (e.key === '?')
			box.close();
		e.stopPropagation(); // Escape closes only the dialog
	});
	addEventListener('keydown', (e) => {
		if (e.key === '?' && !e.ctrlKey && !e.metaKey && !e.altKey && !typing(e)) {
			e.preventDefault();
			open();
		}
	});
	return el('button', { type: 'button', class: 'plain keys-button', id: 'keys-open',
		'aria-haspopup': 'dialog', title: 'Keys (?)', 'aria-label': 'Keys', onclick: open },
		'?');
}
