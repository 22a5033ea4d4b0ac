// SPDX-License-Identifier: GPL-2.0-only
//
// The legend of the growth chart: the selected rows with their colours, and a button to
// remove each.

import { el } from '../shared/dom.js';
import { series } from './growth.js';

export function chosenList(rows, state, actions) {
	const chips = state.chosen.map((index, slot) => {
		const r = rows.find((x) => x.index === index);

		return r && el('li', { 'data-row': index, class: series(slot) },
			el('i', { class: 'line' }), r.title,
			el('button', { type: 'button', 'aria-label': `Remove ${r.title}`,
				onclick: () => actions.choose(index) }, '\u00d7'));
	});

	return el('ul', { class: 'chips' }, chips,
		state.chosen.length > 0 && el('li', { class: 'clear' },
			el('button', { type: 'button', onclick: actions.chooseNone }, 'clear')));
}
