// SPDX-License-Identifier: GPL-2.0-only
//
// A choice out of thousands: a field that finds options by a part of their text, and a list of
// the best of them (the pattern "combobox" of WAI-ARIA). It must not know what the options are.

import { el } from './dom.js';
import { count } from './format.js';

const SHOWN = 60;

const words = (query) => query.trim().toLowerCase().split(/\s+/).filter(Boolean);

/** options: { value, text } in the order to show them. `all`: text of no choice, whose value is
 * null. The choice follows store.state[key]. */
export function combo(store, key, label, all, options) {
	const textOf = new Map(options.map((o) => [o.value, o.text])), id = `combo-${key}`;
	let listed = [], at = -1, open = false;
	const list = el('ul', { class: 'combo-list', id: `${id}-list`, role: 'listbox',
		'aria-label': label, hidden: true });
	const input = el('input', { type: 'text', class: 'combo', id, name: key, role: 'combobox',
		autocomplete: 'off', spellcheck: 'false', 'aria-autocomplete': 'list',
		'aria-expanded': 'false', 'aria-controls': list.id, placeholder: all });
	const show = () => {
		input.value = textOf.get(store.state[key]) ?? '';
		input.title = input.value;
	};

	function mark(to) {
		at = to;
		for (const [i, li] of [...list.querySelectorAll('[role=option]')].entries())
			li.setAttribute('aria-selected', String(i === at));
		const li = list.querySelector('[aria-selected=true]');
		if (li)
			input.setAttribute('aria-activedescendant', li.id);
		else
			input.removeAttribute('aria-activedescendant');
		li?.scrollIntoView({ block: 'nearest' });
	}
	function fill(query) {
		const wanted = words(query);
		const found = options.filter((o) => {
			const t = o.text.toLowerCase();

			return wanted.every((w) => t.includes(w));
		});
		listed = [...wanted.length > 0 ? [] : [{ value: null, text: all }],
			...found.slice(0, SHOWN)];
		list.replaceChildren(...listed.map((o, i) => el('li', { role: 'option',
			id: `${id}-${i}`, title: o.text, 'aria-selected': 'false',
			onpointerdown: (e) => {
				e.preventDefault();
				choose(o.value);
			} }, o.text)));
		if (found.length > SHOWN)
			list.append(el('li', { class: 'note', 'aria-hidden': 'true' },
				`${count(found.length - SHOWN)} more: type a part of the name`));
		if (found.length === 0)
			list.append(el('li', { class: 'note' }, 'No match'));
		mark(wanted.length > 0 && listed.length > 0 ? 0 : -1);
	}
	function toggleList(now) {
		open = now;
		list.hidden = !now;
		input.setAttribute('aria-expanded', String(now));
		if (!now)
			input.removeAttribute('aria-activedescendant');
	}
	function choose(value) {
		store.set({ [key]: value });
		show();
		toggleList(false);
	}
	function begin() {
		if (open)
			return;
		fill('');
		toggleList(true);
		input.select();
	}

	input.addEventListener('click', begin);
	input.addEventListener('input', () => {
		fill(input.value);
		toggleList(true);
	});
	input.addEventListener('blur', () => {
		if (input.value === '' && open)
			store.set({ [key]: null });
		toggleList(false);
		show();
	});
	input.addEventListener('keydown', (e) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];

		if (step) {
			e.preventDefault();
			if (open)
				mark(Math.min(listed.length - 1, Math.max(0, at + step)));
			else
				begin();
		} else if (e.key === 'Enter' && open) {
			e.preventDefault();
			if (at >= 0)
				choose(listed[at].value);
			else if (input.value === '')
				choose(null);
		} else if (e.key === 'Escape' && open) {
			e.preventDefault();
			e.stopPropagation();
			toggleList(false);
			show();
		}
	});
	store.on([key], show);
	show();
	return el('div', { class: 'field combo-field' }, el('label', { for: id, class: 'hidden' }, label),
		el('span', { class: 'combo-box' }, input, list));
}
