// SPDX-License-Identifier: GPL-2.0-only
//
// The section "Where": the table of functions and the differential flame graph.

import { el, toggle } from '../shared/dom.js';
import { count, size } from '../shared/format.js';
import { width } from '../shared/parts.js';
import { exactly, reshape } from '../run/profile.js';
import { search } from '../run/search.js';
import { NO_SHAPE } from '../run/tree.js';
import { createView } from '../run/view.js';
import { changeColours } from './colour.js';
import { DiffFlame } from './flame.js';
import { functionTable } from './functions.js';
import { SAMPLE_TYPES, WIDTHS, nodeFigures, profileOf, widthsOf } from './model.js';
import { titleOf } from '../run/owner.js';

const TOP = { groups: [], node: -1 }, CRUMBS = 6, CRUMB_CHARS = 40;
const FIRST_TOUCH = 'Pages count for who touched them first, not for who keeps them: memory ' +
	'that malloc hands out again is not new to the kernel. See \u201cFirst touch\u201d in ' +
	'tare-run(1).';

// What is drawn: the tree, the figures of its nodes, and the view; made anew when the state
// changes.
function derive(raw, profile, { sampleType, widths, folded }) {
	reshape(profile, { ...NO_SHAPE, folded });
	return {
		figures: nodeFigures(profile, raw, sampleType),
		view: createView(profile, { rows: profile.entries,
			bytes: widthsOf(raw.stacks, sampleType, widths) }, []),
	};
}

function legend() {
	const { same, grew, shrank } = changeColours();
	const item = (colours, text) => el('li', null, colours.map((colour) => {
		const swatch = el('i', { class: 'swatch' });

		swatch.style.background = colour;
		return swatch;
	}), text);

	return el('ul', { class: 'key legend' },
		item(grew, '+ grew: a little, or all of it is new'),
		item(shrank, '\u2212 shrank: a little, or all of it is gone'),
		item([same], '\u2248 within two standard errors: may be chance'));
}

function crumbs(flame, actions) {
	const boxes = flame.tops, name = (b) => titleOf(flame.symbolOf(b) ?? { name: 'all' });
	const text = (b) => name(b).length > CRUMB_CHARS
		? `${name(b).slice(0, CRUMB_CHARS - 1)}\u2026` : name(b);
	const hidden = Math.max(0, boxes.length - CRUMBS);

	if (boxes.length === 1)
		return el('p', { class: 'crumbs hint' },
			'Click or Enter: zoom in. Escape: back. Ctrl+click or s: find the ' +
			'function. Arrows: move between frames.');
	return el('nav', { class: 'crumbs', 'aria-label': 'Zoomed to' },
		el('ol', null, boxes.map((b, i) => (i === 0 || i > hidden) && el('li', null,
			i === hidden + 1 && hidden > 0 &&
			el('span', { class: 'dim' }, '\u2026 \u203a '),
			i === boxes.length - 1 ? el('b', null, text(b)) : el('button',
			{ type: 'button', class: 'link',
			onclick: () => actions.zoom(flame.pathOfTop(i)) }, text(b))))),
		el('button', { type: 'button', class: 'plain', id: 'reset-zoom',
			onclick: actions.reset }, 'Reset'));
}

function actionsOf(store, profile, flame) {
	const { state } = store, past = [];
	const find = (name) => store.set({ query: state.query === `"${name}"` ? '' : `"${name}"` });
	const actions = {
		zoom(path) {
			if (path.node !== state.zoom.node) {
				past.push(state.zoom);
				store.set({ zoom: path });
			}
		},
		back: () => store.set({ zoom: past.pop() ?? TOP }),
		reset: () => actions.zoom(TOP),
		out: () => flame().tops.length > 1 &&
			actions.zoom(flame().pathOfTop(flame().tops.length - 2)),
		search: (symbol) => store.set({ query: exactly(profile, symbol) }),
	};
	const table = {
		search: find,
		sort: (name) => store.set({ functionSort: name,
			functionDown: state.functionSort === name ? !state.functionDown
			: !['name', 'caller'].includes(name) }),
		more: (functionsShown) => store.set({ functionsShown }),
	};

	return { actions, table };
}

function searchBox(store) {
	const status = el('span', { id: 'found', role: 'status' });
	const input = el('input', { type: 'search', id: 'search', placeholder: 'part of a name',
		'aria-label': 'Find functions', oninput: () => store.set({ query: input.value }) });

	store.on(['query'], () => {
		if (input.value !== store.state.query)
			input.value = store.state.query;
	});
	return { node: el('span', { class: 'search' }, input, status), status };
}

function controls(store, box) {
	const { state } = store, pairs = (of) => Object.entries(of);

	return el('div', { class: 'controls flame-controls' },
		toggle('Width', pairs(WIDTHS), state.widths, (widths) => store.set({ widths })),
		toggle('Allocators, interpreters', [[false, 'folded'], [true, 'shown']],
			state.folded, (folded) => store.set({ folded, zoom: TOP })), box.node);
}

const summary = (raw, type) => {
	const { before, after } = raw.sample_types[type];

	return el('p', { class: 'summary', id: 'summary', 'data-bytes': after - before },
		el('b', null, `${size(before)} \u2192 ${size(after)}`),
		` ${SAMPLE_TYPES[type].toLowerCase()}, by the ledger. Parts are sampled.`,
		raw.left_out.stacks > 0 &&
			` The smallest ${count(raw.left_out.stacks)} stacks are ` +
			'one, [smaller stacks].');
};

/** Zooms, colours and tables follow the state. */
export function whereSection(raw, store) {
	const { state } = store, box = searchBox(store);
	const profile = profileOf(raw), { actions, table } = actionsOf(store, profile, () => flame);
	let now = derive(raw, profile, state), found = null;
	const flame = new DiffFlame(actions, (node) => now.figures(node));
	const part = Object.fromEntries(['summary', 'functions', 'crumbs', 'legend']
		.map((p) => [p, el('div', { class: `part-${p}` })]));
	const body = el('div', { class: 'body' }, part.summary, part.functions,
		el('p', { class: 'note', id: 'first-touch' }, FIRST_TOUCH),
		el('h3', { class: 'flame-title' }, 'Flame graph of the change'),
		controls(store, box), part.crumbs, flame.nodes, part.legend);
	const functions = () => {
		const names = new Set(profile.symbols.filter((_, i) => found?.matches[i])
			.map((s) => s.name));
		const kept = document.activeElement?.dataset.sort;

		part.functions.replaceChildren(...functionTable(raw, state,
			(n) => names.has(n), table).filter(Boolean));
		if (kept)
			part.functions.querySelector(`[data-sort="${kept}"]`)
				?.focus({ preventScroll: true });
	};
	const look = () => {
		found = search(profile, state.query, false);
		flame.found(found?.matches ?? null);
		box.status.textContent = found ? `${count(found.found)} found` : '';
		functions();
	};
	const show = () => {
		state.zoom = flame.show(now.view, state.zoom, width(body));
		part.summary.replaceChildren(summary(raw, state.sampleType));
		part.crumbs.replaceChildren(crumbs(flame, actions));
		look();
	};
	const colours = () => {
		flame.colours();
		part.legend.replaceChildren(legend());
	};

	store.on(['sampleType', 'widths', 'folded'],
		() => { now = derive(raw, profile, state); });
	store.on(['sampleType', 'widths', 'folded', 'zoom'], show);
	store.on(['query'], look);
	store.on(['functionSort', 'functionDown', 'functionsShown'], functions);
	new MutationObserver(colours).observe(document.documentElement,
		{ attributes: true, attributeFilter: ['data-theme'] });
	return { node: section(store, body), render() {
		show();
		colours();
	} };
}

function section(store, body) {
	return el('section', { id: 'where', 'aria-labelledby': 'where-title' },
		el('div', { class: 'head' },
			el('div', null, el('h2', { id: 'where-title' }, 'Where'),
			el('p', { class: 'note' }, 'Functions by their own change, with the ' +
			'allocators folded into them.')),
		el('div', { class: 'controls sample-types' }, toggle('Memory',
			Object.entries(SAMPLE_TYPES), store.state.sampleType,
			(sampleType) => store.set({ sampleType })))), body);
}

/** The state that this section has. */
export const WHERE = { widths: 'larger', folded: false, zoom: TOP, query: '', functionSort: null,
	functionDown: true, functionsShown: null };
