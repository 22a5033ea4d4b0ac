// SPDX-License-Identifier: GPL-2.0-only
//
// A choice out of thousands: a field that finds options by a part of their text, and a list of
// the best of them (the pattern "combobox" of WAI-ARIA). It must not know what the options are.

import { el } from './dom.js';
import { count } from './format.js';

const SHOWN = 60;

const words = (query) => query.trim().toLowerCase().split(/\s+/).filter(Boolean);

// The field and its list. choose(value) is called with the value of a chosen option.
class Combo {
	constructor(key, label, all, options, choose) {
		this.options = options;
		this.all = { value: null, text: all };
		this.choose = choose;
		this.listed = [];
		this.at = -1; // the option that Enter chooses
		this.open = false;
		this.text = ''; // of the value
		this.id = `combo-${key}`;
		this.list = el('ul', { class: 'combo-list', id: `${this.id}-list`, role: 'listbox',
			'aria-label': label, hidden: true });
		this.input = el('input', { type: 'text', class: 'combo', id: this.id, name: key,
			role: 'combobox', autocomplete: 'off', spellcheck: 'false',
			'aria-autocomplete': 'list', 'aria-expanded': 'false',
			'aria-controls': this.list.id, placeholder: all,
			onclick: () => this.begin(), onblur: () => this.leave(),
			onkeydown: (e) => this.key(e), oninput: () => {
				this.fill(this.input.value);
				this.show(true);
			} });
		this.node = el('div', { class: 'field combo-field' },
			el('label', { for: this.id, class: 'hidden' }, label),
			el('span', { class: 'combo-box' }, this.input, this.list));
	}

	/** The text of the value. */
	tell(text) {
		this.text = this.input.value = this.input.title = text;
	}

	show(open) {
		this.open = open;
		this.list.hidden = !open;
		this.input.setAttribute('aria-expanded', String(open));
		if (!open)
			this.input.removeAttribute('aria-activedescendant');
	}

	mark(at) {
		const items = [...this.list.querySelectorAll('[role=option]')];

		this.at = at;
		items.forEach((li, i) => li.setAttribute('aria-selected', String(i === at)));
		if (items[at]) {
			this.input.setAttribute('aria-activedescendant', items[at].id);
			items[at].scrollIntoView({ block: 'nearest' });
		} else {
			this.input.removeAttribute('aria-activedescendant');
		}
	}

	item(o, i) {
		return el('li', { role: 'option', id: `${this.id}-${i}`, title: o.text,
			'aria-selected': 'false', onpointerdown: (e) => {
				e.preventDefault();
				this.done(o.value);
			} }, o.text);
	}

	/** List the options that have all words of the query. */
	fill(query) {
		const wanted = words(query), found = this.options.filter((o) => {
			const t = o.text.toLowerCase();

			return wanted.every((w) => t.includes(w));
		});

		this.listed = [...wanted.length > 0 ? [] : [this.all], ...found.slice(0, SHOWN)];
		this.list.replaceChildren(...this.listed.map((o, i) => this.item(o, i)));
		if (found.length > SHOWN)
			this.list.append(el('li', { class: 'note', 'aria-hidden': 'true' },
				`${count(found.length - SHOWN)} more: type a part of the name`));
		if (found.length === 0)
			this.list.append(el('li', { class: 'note' }, 'No match'));
		this.mark(wanted.length > 0 && found.length > 0 ? 0 : -1);
	}

	begin() {
		if (this.open)
			return;
		this.fill('');
		this.show(true);
		this.input.select();
	}

	done(value) {
		this.show(false);
		this.choose(value);
	}

	leave() {
		if (this.open && this.input.value === '')
			this.choose(null);
		this.show(false);
		this.tell(this.text);
	}

	key(e) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];

		if (!step && !(this.open && ['Enter', 'Escape'].includes(e.key)))
			return;
		e.preventDefault();
		if (step && !this.open) {
			this.begin();
		} else if (step) {
			this.mark(Math.min(this.listed.length - 1, Math.max(0, this.at + step)));
		} else if (e.key === 'Escape') {
			e.stopPropagation();
			this.show(false);
			this.tell(this.text);
		} else if (this.at >= 0 || this.input.value === '') {
			this.done(this.listed[this.at]?.value ?? null);
		}
	}
}

/** options: { value, text } in the order to show them. `all`: text of no choice, whose value is
 * null. The choice is store.state[key]. */
export function combo(store, key, label, all, options) {
	const texts = new Map(options.map((o) => [o.value, o.text]));
	const tell = () => field.tell(texts.get(store.state[key]) ?? '');
	const field = new Combo(key, label, all, options, (value) => {
		store.set({ [key]: value });
		tell();
	});

	store.on([key], tell);
	tell();
	return field.node;
}
