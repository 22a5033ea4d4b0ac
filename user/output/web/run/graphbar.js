// SPDX-License-Identifier: GPL-2.0-only
//
// What the reader chooses about the graphs: which graph, which frames; the functions that are
// hidden or merged, as chips; and what can be done with the frame that has the focus. All of it is
// in the state: view, focus, folded, python, hide, merge.

import { el, toggle } from '../shared/dom.js';
import { VIEWS } from './graphs.js';
import { shortened } from './names.js';
import { SYNTHETIC, exactly } from './profile.js';
import { search } from './search.js';
import { FOLD_NOT, NO_SHAPE } from './tree.js';
import { functionSums, rootBox } from './view.js';

/** Keys of the state that change the tree, and those that choose the graph. */
export const SHAPE = Object.keys(NO_SHAPE), GRAPH = ['view', 'focus'];
/** The state that a page begins with. focus: a search (search.js) that finds the function of the
 * sandwich; '': the largest. hide, merge: rules (ruled() in tree.js). */
export const NO_GRAPH = { view: 'flame', focus: '', ...NO_SHAPE };
/** Keys while a graph has the focus, for a list of them. */
export const GRAPH_KEYS = [['Arrows', 'go from frame to frame'], ['Enter', 'zoom in'],
	['Escape', 'zoom back'], ['Home', 'zoom out'], ['s', 'search for the function'],
	['w', 'its callers and callees (sandwich)'], ['h', 'hide the function'],
	['m', 'merge the function into its caller']];

const CHIP_CHARS = 44;

/** Actions of graphs on functions. */
export function graphActions(profile, store) {
	const { state } = store, past = []; // sandwiches and views before
	const add = (key, rule) => state[key].includes(rule) ||
		store.set({ [key]: [...state[key], rule] });

	const actions = {
		search: (symbol) => store.set({ query: exactly(profile, symbol), regex: false }),
		sandwich(symbol) {
			past.push({ view: state.view, focus: state.focus });
			store.set({ view: 'sandwich', focus: exactly(profile, symbol) });
		},
		unsandwich: () => store.set(past.pop() ?? { view: 'flame' }),
		hide: (symbol) => add('hide', exactly(profile, symbol)),
		merge: (symbol) => add('merge', exactly(profile, symbol)),
		addFound: (key) => add(key, state.regex && !/^".*"$/s.test(state.query)
			? `/${state.query}/` : state.query),
		/** A click on a function in a table. */
		choose: (symbol) => actions[state.view === 'sandwich' ? 'sandwich'
			: 'search'](symbol),
	};

	return actions;
}

// A toggle that follows a key of the state.
function switchOf(store, key, label, options) {
	const node = toggle(label, options, store.state[key],
		(value) => store.set({ [key]: value }));

	node.id = `graph-${key}`;
	store.on([key], () => {
		for (const b of node.querySelectorAll('button'))
			b.setAttribute('aria-pressed',
				String(b.dataset.value === String(store.state[key])));
	});
	return node;
}

/** Which graph. */
export const viewControl = (store) => switchOf(store, 'view', 'View', Object.entries(VIEWS));

/** Which frames: folded ones, Python only. */
export function frameControls(profile, store) {
	return [
		profile.symbols.some((s) => s.fold !== FOLD_NOT) &&
			switchOf(store, 'folded', 'Folded frames',
			[[false, 'hidden'], [true, 'shown']]),
		profile.pythonModule >= 0 && switchOf(store, 'python', 'Functions',
			[[false, 'all'], [true, 'Python only']]),
	];
}

const TEXT = { hide: ['hidden', 'Show'], merge: ['merged', 'Do not merge'] };

/** Chips of the functions that are hidden or merged, and what can be done with those found. */
export function graphChips(store) {
	const { state } = store, list = el('ul', { class: 'chips', id: 'shape-chips' });
	const remove = (key, rule) => store.set({ [key]: state[key].filter((r) => r !== rule) });
	const chip = (key) => (rule) => el('li', null, el('span', { class: 'dim' }, TEXT[key][0]),
		el('code', { title: rule.slice(0, 2000) },
			shortened(rule.replace(/^"(.*)"$/s, '$1'), CHIP_CHARS)),
		el('button',
			{ type: 'button', 'aria-label': `${TEXT[key][1]} ${rule.slice(0, 300)}`,
			onclick: () => remove(key, rule) }, '\u00d7'));
	const draw = () => {
		const within = list.contains(document.activeElement);

		list.replaceChildren(...['hide', 'merge'].flatMap((key) => state[key]
			.map(chip(key))),
			...state.hide.length + state.merge.length > 1
				? [el('li', { class: 'clear' },
			el('button', { type: 'button', id: 'no-rules',
				onclick: () => store.set({ hide: [], merge: [] }) },
					'Show all again'))] : []);
		if (within)
			(list.querySelector('button') ??
				document.getElementById('flame-graph'))?.focus();
	};

	store.on(['hide', 'merge'], draw);
	draw();
	return list;
}

/** Buttons for the functions that the search found. */
export function foundControls(store, actions) {
	const button = (key, text) => el('button', { type: 'button', class: 'plain',
		id: `found-${key}`, onclick: () => actions.addFound(key) }, text);
	const node = el('span', { class: 'found-actions' }, button('hide', 'Hide these'),
		button('merge', 'Merge these'));
	const tell = () => { node.hidden = !store.state.query; };

	store.on(['query'], tell);
	tell();
	return node;
}

/** Make the largest function that the search found the sandwich's. */
export function chooseFound({ view, found }, actions) {
	const [most] = functionSums(view, rootBox(view)).filter((f) => found?.matches[f.symbol])
		.sort((a, b) => b.total - a.total);

	if (most)
		actions.sandwich(most.symbol);
}

/** The functions of the sandwich: those of the state, or the one with the most bytes of its own. */
export function focused(view, state) {
	const { profile } = view, found = search(profile, state.focus, false);

	if (found?.found)
		return found.matches;
	const matches = new Uint8Array(profile.symbols.length);
	const [most] = functionSums(view, rootBox(view))
		.filter((f) => !(profile.symbols[f.symbol].flags & SYNTHETIC))
		.sort((a, b) => b.self - a.self);
	if (most)
		matches[most.symbol] = 1;
	return matches;
}
