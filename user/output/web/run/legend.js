// SPDX-License-Identifier: GPL-2.0-only
//
// What stands around a graph: the legend of its colours, the path from the root to what is
// shown, and the line on first touch.

import { el } from '../shared/dom.js';
import { count, size } from '../shared/format.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { bytesOf } from './calls.js';
import { SPECIAL_TEXT, specialOf } from './colour.js';
import { DEEPEST, selfOf } from './graphs.js';
import { shortened } from './names.js';
import { FALLBACK, INLINED, KERNEL, SYNTHETIC } from './profile.js';
import { functionSums } from './view.js';

const LEGEND = 9, CRUMBS = 7, CRUMB_CHARS = 42, MODULE_CHARS = 40,
	SANDWICH_CHARS = 160;
const HINT = {
	flame: 'Click or Enter: zoom in. Escape: back. Arrows: move between frames.',
	inverted: 'On top: the functions that took the memory themselves; below each, its ' +
		'callers. Click or Enter: zoom in. Escape: back.',
	tree: 'Click or arrows: open and close. Enter: zoom in. Escape: back.',
};

// Modules of the functions shown, by bytes of their own.
function modulesOf(list, profile) {
	const sums = new Map();

	for (const f of list) {
		const { flags, module } = profile.symbols[f.symbol];

		if (module >= 0 && !(flags & (KERNEL | SYNTHETIC)))
			sums.set(module, (sums.get(module) ?? 0) + f.self + f.total * 1e-9);
	}
	return [...sums].sort((a, b) => b[1] - a[1]).map(([module]) => module);
}

/** The colours of the graph that is shown. */
export function legend(flame, view, state) {
	const { theme } = flame, { profile } = view, list = functionSums(view, flame.top);
	const item = (colour, text, name) => {
		const swatch = el('i', { class: `swatch ${name ?? ''}` });

		if (colour)
			swatch.style.background = colour;
		return el('li', null, swatch, text);
	};
	const has = (flag) => list.some((f) => profile.symbols[f.symbol].flags & flag);
	const modules = modulesOf(list, profile),
		plain = modules.filter((m) => !specialOf(profile, m)), more = plain.length - LEGEND;
	const kinds =
		profile.kinds.map((k, i) => [k, i]).filter(([, i]) => view.rows.kind?.includes(i));
	const ofModule = (m) => item(theme.ofSymbol({ module: m, flags: 0 }),
		SPECIAL_TEXT[specialOf(profile, m)] ?? shortened(profile.modules[m].name,
			MODULE_CHARS));

	return el('ul', { class: 'key legend' },
		state.colour === 'kind' && view.rows.kind
			? kinds.map(([k, i]) => item(theme.kinds[i], KIND_TEXT[k])) :
			[...plain.slice(0, LEGEND).map(ofModule),
				more > 0 &&
					el('li', null, `\u2026 and ${count(more)} modules more`),
				...modules.filter((m) => specialOf(profile, m)).map(ofModule),
				has(KERNEL) && item(theme.kernel, SPECIAL_TEXT.kernel)],
		has(INLINED) && item(null, 'inlined', 'inlined'),
			has(FALLBACK) && item(null, 'frame-pointer fallback [fp]', 'fallback'),
		has(SYNTHETIC) && item(null, 'synthetic frame (no code)', 'synthetic-swatch'),
		state.query && item(theme.found, 'found'));
}

/** What a page of memory counts for; it stands under the graph, once. */
export const firstTouch = () => el('p', { class: 'note', id: 'first-touch' },
	'A page counts for who touched it first, not for who keeps it: memory that malloc hands ' +
	'out again is not new to the kernel. See \u201cFirst touch\u201d in tare-run(1).');

function aboutSandwich(flame) {
	const { view, rows } = flame, box = rows[rows.middle][0], bytes = bytesOf(view, box);
	const name = flame.symbolOf(box)?.name ?? 'no function';

	return el('p', { class: 'crumbs hint', id: 'sandwich-of', 'data-bytes': bytes },
		el('span', null, 'Callers above, callees below of ',
		el('b', null, shortened(name, SANDWICH_CHARS)),
		`, ${size(bytes)} with below, ${size(selfOf(view, box))} itself. A click on a ` +
		'frame, or on a function in the table, chooses that one. Escape: back.'));
}

/** The path from the root to what is shown, or how to go on. */
export function crumbs(flame, kind, actions) {
	const boxes = flame.tops, hidden = boxes.length - CRUMBS;
	const text = (b) => shortened(flame.nameOf(b), CRUMB_CHARS);

	if (kind === 'sandwich')
		return aboutSandwich(flame);
	if (boxes.length === 1)
		return el('p', { class: 'crumbs hint' },
			flame.rows.cut && kind !== 'tree' &&
			`Only ${DEEPEST} rows are shown: zoom in to see what is below. `,
				HINT[kind]);
	return el('nav', { class: 'crumbs', 'aria-label': 'Zoomed to' },
		el('ol', null, boxes.map((b, i) => {
		if (hidden > 0 && i > 1 && i < 2 + hidden)
			return i === 2 && el('li', null, `\u2026 ${count(hidden)} more`);
		return el('li', null, i === boxes.length - 1 ? el('b', null, text(b))
			: el('button', { type: 'button', class: 'link',
				onclick: () => actions.zoom(flame.pathOfTop(i)) }, text(b)));
	})), el('button', { type: 'button', class: 'plain', id: 'reset-zoom',
		onclick: actions.reset }, 'Reset'));
}
