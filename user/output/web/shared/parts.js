// SPDX-License-Identifier: GPL-2.0-only
//
// Building blocks of pages: sections with a title and controls, cards, facts.

import { el } from './dom.js';
import { hideTip } from './tooltip.js';

/** Inner width of a node, px. */
export function width(node) {
	const { paddingLeft, paddingRight } = getComputedStyle(node);

	return Math.max(240,
		Math.floor(node.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)));
}

/** Returns section(), which makes a part of the page: its node, and a function that redraws it
 * when `keys` of the state change. */
export const sectionsOf = (store) => function section(id, title, note, controls, keys, draw) {
	const body = el('div', { class: 'body' });
	const render = () => {
		const content = draw(body);

		hideTip();
		body.replaceChildren(...[content].flat().filter(Boolean));
	};
	const node = el('section', { id, 'aria-labelledby': `${id}-title` },
		el('div', { class: 'head' },
			el('div', null, el('h2', { id: `${id}-title` }, title),
				note && (typeof note === 'string'
				? el('p', { class: 'note' }, note) : note)),
			controls.length > 0 && el('div', { class: 'controls' }, controls)), body);

	store.on(keys, render);
	return { node, render };
};

/** A card: title, value, remark. */
export const card = (label, value, note) => el('div', { class: 'card' },
	el('dt', null, label), el('dd', null, el('b', null, value), el('span', null, note)));

/** An entry of a list of facts; nothing if there is no value. */
export const fact = (name, value, title) => value && el('div', null, el('dt', null, name),
	el('dd', { title }, value));
