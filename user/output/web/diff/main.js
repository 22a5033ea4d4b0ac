// SPDX-License-Identifier: GPL-2.0-only
//
// The page of `tare diff`: reads the JSON in the page, builds the sections, and updates them when
// the user chooses something.

import { el, save } from '../shared/dom.js';
import { printable } from '../shared/format.js';
import { sectionsOf } from '../shared/parts.js';
import { createStore } from '../shared/store.js';
import { themeSwitch } from '../shared/theme.js';
import { commandOf, headline, runs } from './headline.js';
import { WHERE, whereSection } from './where.js';
import { SHOWN, kindTable, whoTable } from './who.js';

const raw = JSON.parse(document.getElementById('data').textContent);
const store = createStore({ sampleType: raw.sorted_by, ...WHERE, whoShown: SHOWN });
const section = sectionsOf(store);

function sections() {
	const more = () => store.set({ whoShown: store.state.whoShown * 4 });

	return [
		raw.stacks ? whereSection(raw, store) : section('where', 'Where', null, [], [],
			() => el('p', null, `Not compared: ${printable(raw.not_compared)}.`)),
		section('who', 'Who', 'Processes and threads by name, exact.', [], ['whoShown'],
			() => whoTable(raw, store.state, { more })),
		section('kinds', 'Kinds of memory', 'Of the whole workload, exact.', [], [],
			() => kindTable(raw)),
		section('runs', 'What was compared', null, [], [], () => runs(raw)),
	];
}

function jumps() {
	return el('nav', { class: 'filters', 'aria-label': 'Sections' },
		el('span', { class: 'jump' },
			[['where', 'Where'], ['who', 'Who'], ['kinds', 'Kinds']]
			.map(([id, text]) => el('a', { href: `#${id}` }, text))));
}

function main() {
	const page = document.getElementById('page'), switches = themeSwitch(), parts = sections();
	const keepData = () => save('tare-diff.json', 'application/json',
		document.getElementById('data').textContent);

	document.title = `tare diff: ${commandOf(raw.after)}`.slice(0, 200);
	page.append(el('div', { class: 'page' }, headline(raw, switches), jumps(),
		el('main', null, parts.map((p) => p.node)),
		el('footer', null,
			'Made by tare. All data is in this file; it loads nothing from the ' +
			'network. ',
			el('button', { type: 'button', class: 'plain', id: 'save-json',
				onclick: keepData }, 'Save the data as JSON'))));
	for (const p of parts)
		p.render();

	let last = page.clientWidth;
	new ResizeObserver(() => {
		if (page.clientWidth !== last) {
			last = page.clientWidth;
			for (const p of parts)
				p.render();
		}
	}).observe(page);
	document.documentElement.dataset.ready = '';
}

main();
