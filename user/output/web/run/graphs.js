// SPDX-License-Identifier: GPL-2.0-only
//
// What each kind of graph shows of a view: its boxes by row, and the way from the root to the
// shown box. Pure.
//
// A path is what the user zoomed to: keys of groups, then a node of the report (flame; -1: none),
// or the symbols from the innermost function outwards (inverted; ~N: many, from the Nth largest
// on). It is the same in all shapes of the tree, and for as long as the report is.

import { bytesOf, calleesOf, callersOf, callsOf, layoutOf, restOf, ungrouped } from './calls.js';
import { boxesTo, eachChild, layout, rootBox } from './view.js';

export const VIEWS = { flame: 'Flame graph', inverted: 'Inverted', sandwich: 'Sandwich',
	tree: 'Call tree' };
export const TOP = { groups: [], node: -1 };
/** Most rows shown at once. */
export const DEEPEST = 300;

/** The boxes below one in a view, largest first. */
export function below(view, box) {
	const list = [];

	if (box.rest)
		return box.rest;
	if (box.parts)
		return calleesOf(view, box);
	eachChild(view, box, (x) => { list.push(x); });
	return list.sort((a, b) => bytesOf(view, b) - bytesOf(view, a));
}

/** Bytes of a box that none of the boxes below it has. */
export const selfOf = (view, box) => below(view, box)
	.reduce((rest, x) => rest - bytesOf(view, x), bytesOf(view, box));

const invertedBelow = (view) => (box) =>
	box.rest || (!box.parts && box.level < view.groups.length)
		? below(view, box) : callersOf(view, box);

function invertedTo(view, path) {
	const boxes = [rootBox(view)], next = invertedBelow(view);
	const step = (is) => {
		const found = next(boxes.at(-1)).find(is);

		if (found)
			boxes.push(found);
		return found;
	};

	return path.groups.every((id) => step((x) => x.group === id)) &&
		(path.symbols ?? []).every((s) => s < 0
			? boxes.push(restOf(view, next(boxes.at(-1)), ~s))
			: step((x) => x.symbol === s)) ? boxes : null;
}

function flame(view, path, least) {
	const { of } = view.profile.tree, node = of[path.node] ?? -1;
	const found = path.symbols ? null : boxesTo(view, { groups: path.groups, node }),
		tops = found ?? [rootBox(view)];

	return { view, tops, path: found ? path : TOP,
		rows: layout(view, tops.at(-1), least, DEEPEST) };
}

function inverted(view, path, least) {
	const found = path.node >= 0 ? null : invertedTo(view, path), tops = found ??
		[rootBox(view)];

	return { view, tops, path: found ? path : TOP,
		rows: layoutOf(view, tops.at(-1), invertedBelow(view), least, DEEPEST) };
}

// The callers are above the function, the callees below: rows.middle is its row.
function sandwich(view, least, matches) {
	const flat = ungrouped(view), calls = callsOf(flat, matches);
	const up = layoutOf(flat, calls, (x) => callersOf(flat, x), least, DEEPEST),
		down = layoutOf(flat, calls, (x) => calleesOf(flat, x), least, DEEPEST);
	const middle = down[0][0], callers = up.slice(1).reverse();

	for (const b of up[1] ?? [])
		b.above = middle;
	const rows = [...callers, ...down];
	rows.cut = up.cut || down.cut;
	rows.middle = callers.length;
	rows.forEach((row, depth) => row.forEach((b) => {
		b.caller = depth < callers.length;
		b.depth = depth;
	}));
	return { view: flat, tops: [rootBox(view)], path: TOP, rows };
}

/** The path along boxes, from the root on; node: the report's node of the last. */
export function pathOf(boxes, node) {
	const last = boxes.findLastIndex((b) => b.group !== undefined);
	const symbols = boxes.slice(last + 1).filter((b) => b.parts)
		.map((b) => b.rest ? ~b.from : b.symbol);

	return { groups: boxes.filter((b) => b.group !== undefined).map((b) => b.group), node,
		...symbols.length > 0 && { symbols } };
}

/** kind: a key of VIEWS; `matches`: the functions of a sandwich. Returns the view that the boxes
 * are of, the boxes by row, and the boxes from the root to the shown one: of `path`, or of the
 * root if nothing is there. */
export function graphOf(view, kind, path, least, matches) {
	if (kind === 'sandwich')
		return sandwich(view, least, matches);
	return kind === 'inverted' ? inverted(view, path, least) : flame(view, path, least);
}
