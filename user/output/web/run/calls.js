// SPDX-License-Identifier: GPL-2.0-only
//
// Boxes that are many ranges of a view's rows: the callers of what a box has (the inverted
// graph, and the upper half of a sandwich), and the callees of several calls as one. Only
// visible boxes have to be made. Pure.
//
// A part of such a box is a range of rows [a, b), and the node `at` that it has come to: one
// caller further out, or one callee further in.

import { createView, eachChild, lower } from './view.js';

/** Bytes and samples of a box of either sort. */
export const bytesOf = (view, box) => box.bytes ?? view.sum[box.b] - view.sum[box.a];
export const countOf = (view, box) => box.count ?? view.counts[box.b] - view.counts[box.a];

/** Calls visit(a, b) for each range of a box. */
export function eachRange(box, visit) {
	if (box.parts)
		for (const p of box.parts)
			visit(p.a, p.b);
	else
		visit(box.a, box.b);
}

// Collects parts into a box per symbol; the largest is first.
function collected(view, box, each) {
	const boxes = new Map();

	each((symbol, a, b, at) => {
		let x = boxes.get(symbol);

		if (!x) {
			x = { symbol, parts: [], bytes: 0, count: 0, node: -1, level: box.level };
			boxes.set(symbol, x);
		}
		x.parts.push({ a, b, at });
		x.bytes += view.sum[b] - view.sum[a];
		x.count += view.counts[b] - view.counts[a];
	});
	return [...boxes.values()].filter((x) => x.bytes > 0)
		.sort((x, y) => y.bytes - x.bytes || x.symbol - y.symbol);
}

// The innermost calls of the rows of a range: each run of rows of one node is a part.
function innermost(view, box, add) {
	const { tree } = view.profile;

	for (let a = box.a, b; a < box.b; a = b) {
		const v = view.node[a];

		for (b = a + 1; b < box.b && view.node[b] === v;)
			b++;
		add(tree.symbol[v], a, b, v);
	}
}

/** Who called what a box has; below the root or the last group, the innermost functions. */
export function callersOf(view, box) {
	const { parent, symbol } = view.profile.tree;

	return collected(view, box, (add) => {
		if (!box.parts)
			return innermost(view, box, add);
		for (const p of box.parts)
			if (parent[p.at] >= 0)
				add(symbol[parent[p.at]], p.a, p.b, parent[p.at]);
		return undefined;
	});
}

/** What the calls of a box called. */
export function calleesOf(view, box) {
	const { symbol } = view.profile.tree;

	return collected(view, box, (add) => {
		for (const p of box.parts)
			eachChild(view, { a: p.a, b: p.b, node: p.at, level: view.groups.length },
				(x) => add(symbol[x.node], x.a, x.b, x.node));
	});
}

/** The view without its groups. */
export function ungrouped(view) {
	view.flat ??= view.groups.length > 0 ? createView(view.profile, view, []) : view;
	return view.flat;
}

/** All calls of the symbols `matches` in a view without groups, as one box. Of recursive calls
 * it has the outermost, so that no byte counts twice. */
export function callsOf(view, matches) {
	const { tree } = view.profile, end = view.order.length;
	const box = { symbol: matches.indexOf(1), parts: [], bytes: 0, count: 0, node: -1,
		level: 0 };

	for (let a = 0, v = 0; a < end && v < tree.count;) {
		if (!matches[tree.symbol[v]]) {
			v++;
			continue;
		}
		a = lower(view.node, v, a, end);
		const b = lower(view.node, tree.end[v], a, end);
		if (a < b)
			box.parts.push({ a, b, at: v });
		box.bytes += view.sum[b] - view.sum[a];
		box.count += view.counts[b] - view.counts[a];
		v = tree.end[v];
	}
	return box;
}

const REST = 400; // most boxes in one: so many can be told apart when it is opened

/** One box for some boxes of a list, from an index on; they are below it. */
export function restOf(view, list, from) {
	const rest = list.slice(from, from + REST);
	const sum = (of) => rest.reduce((all, x) => all + of(view, x), 0);

	return { rest, from, parts: [], bytes: sum(bytesOf), count: sum(countOf), node: -1,
		level: rest[0]?.level ?? 0 };
}

// The boxes below one, as far as they are wide enough; those that are not, many in one.
function visibleOf(view, list, box, least, whole) {
	const wide = (x) => whole > 0 ? bytesOf(view, x) / whole : 0;
	const narrow = list.findIndex((x) => wide(x) < least), visible = [...list];
	let x0 = box.x0;

	if (narrow >= 0)
		visible.length = narrow;
	for (let k = narrow; k >= 0 && k < list.length; k += REST)
		visible.push(restOf(view, list, k));
	return visible.map((x) => {
		const from = x0;

		x0 += wide(x);
		return { ...x, depth: box.depth + 1, above: box, x0: from, x1: x0 };
	}).filter((x) => wide(x) >= least);
}

/** Boxes of `top` and below, by depth, at most `most` rows; below(box): the boxes below one,
 * largest first. Those narrower than `least`, a share of `top`, are many in one box. */
export function layoutOf(view, top, below, least, most) {
	const whole = bytesOf(view, top), rows = [],
		todo = [{ ...top, depth: 0, above: null, x0: 0, x1: 1 }];

	while (todo.length > 0) {
		const box = todo.pop();

		(rows[box.depth] ??= []).push(box);
		if (box.depth + 1 >= most)
			rows.cut = true;
		else if (!box.rest || !box.above)
			todo.push(...visibleOf(view, below(box), box, least, whole).reverse());
	}
	return rows;
}
