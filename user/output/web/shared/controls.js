// SPDX-License-Identifier: GPL-2.0-only
//
// Controls that are bound to a key of the state: they set it, and they follow it when something
// else does, as a link or a step back.

import { choice, el, toggle } from './dom.js';

/** A toggle of dom.js for a key. */
export function boundToggle(store, key, label, options) {
	const node = toggle(label, options, store.state[key], (v) => store.set({ [key]: v }));

	store.on([key], () => {
		for (const b of node.querySelectorAll('button'))
			b.setAttribute('aria-pressed',
				String(b.dataset.value === String(store.state[key])));
	});
	return node;
}

/** A <select> of dom.js for a key. read: the value of an option's text. */
export function boundChoice(store, key, label, options, read = (v) => v) {
	const now = () => String(store.state[key] ?? '');
	const field = choice(label, key, options, now(), (v) => store.set({ [key]: read(v) }));
	const select = field.querySelector('select');

	store.on([key], () => { select.value = now(); });
	return field;
}

/** A search field for a key. */
export function boundSearch(store, key, attributes) {
	const input = el('input', { type: 'search', value: store.state[key], ...attributes,
		oninput: () => store.set({ [key]: input.value }) });

	store.on([key], () => {
		if (input.value !== store.state[key])
			input.value = store.state[key];
	});
	return input;
}
