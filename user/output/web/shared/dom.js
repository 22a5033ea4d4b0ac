// SPDX-License-Identifier: GPL-2.0-only
//
// Makes elements from tags, attributes and text, never from markup, so that no name in a
// report can become an element. It must not know what a page shows.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith('on'))
			node.addEventListener(name.slice(2), value);
		else
			node.setAttribute(name, value === true ? '' : String(value));
	}
	node.append(
		...children.flat(Infinity)
			.filter((c) => c !== null && c !== undefined && c !== false));
	return node;
}

/** el('td', { class: 'n', onclick: f }, 'text', node, [nodes]). null and false are ignored. */
export function el(tag, attributes, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
	return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A <select>: options are [value, text] pairs. */
export function choice(label, name, options, value, change) {
	const select = el('select', { name, onchange: () => change(select.value) },
		options.map(
			([v, text]) => el('option', { value: v, selected: v === value }, text)));

	return el('label', { class: 'field' }, el('span', null, label), select);
}

/** Buttons of which one is pressed; options are [value, text, why it is disabled]. */
export function toggle(label, options, value, change) {
	const buttons = options.map(([v, text, why]) => el('button', {
		type: 'button', 'data-value': String(v), 'aria-pressed': String(v === value),
			disabled: Boolean(why), title: why,
		onclick: () => {
			for (const b of buttons)
				b.setAttribute('aria-pressed',
					String(b.dataset.value === String(v)));
			change(v);
		},
	}, text));

	return el('div', { class: 'field', role: 'group', 'aria-label': label },
		el('span', { 'aria-hidden': 'true' }, label),
			el('div', { class: 'toggle' }, buttons));
}

/** Let the browser save a text as a file. */
export function save(name, type, text) {
	const url = URL.createObjectURL(new Blob([text], { type }));
	const link = el('a', { href: url, download: name });

	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
