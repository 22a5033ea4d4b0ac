// SPDX-License-Identifier: GPL-2.0-only
//
// The stacks as one tree, in the shape that the reader chose: folded frames, all that is not
// Python, and functions hidden or merged are left out, and their bytes are their caller's.
// Calls of a function from the same caller are one node, regardless of the line of the call.
// No shape changes a sum. Pure.
//
// Node numbers are preorder: the descendants of node i are i + 1 to end[i] - 1, so its rows
// are one range of an array sorted by node. Among siblings the larger comes later and is
// drawn further left, so a node's own bytes are at its right.

import { search } from './search.js';

export const KERNEL = 1, INLINED = 2, FALLBACK = 4, SYNTHETIC = 8;
/** How frames fold, as enum frame_fold in C. */
export const FOLD_NOT = 0, FOLD_IN = 1, FOLD_BEGIN = 2, FOLD_NAMELESS = 3;

export const MOST_PLACES = 6; // source lines kept per node
// What a shape does with a symbol: HIDDEN leaves its calls to its caller, MERGED also all below.
const KEEP = 0, FOLDED = 1, NAMELESS = 2, FOREIGN = 3, HIDDEN = 4, MERGED = 5;
// Of a stack up to a node.
const OWNER = 1; // a frame is left that memory can belong to
const NAMED = 2; // the frames of this file have a function with a name among them
const CUT = 4; // it is in a merged function

/** The state of a page that shows all that the reader can act on. */
export const NO_SHAPE = { folded: false, python: false, hide: [], merge: [] };

/** Symbols that a rule matches: a function's name in quotes, a part of a name, or a regular
 * expression between slashes. */
export function ruled(profile, rule) {
	const regex = /^\/.+\/$/s.test(rule);

	return search(profile, regex ? rule.slice(1, -1) : rule, regex)?.matches ??
		new Uint8Array(profile.symbols.length);
}

function actionOf(profile, symbol, { folded, python }) {
	if (symbol.flags & SYNTHETIC)
		return KEEP;
	if (python && symbol.module !== profile.pythonModule)
		return FOREIGN;
	if (folded || symbol.fold === FOLD_NOT)
		return KEEP;
	return symbol.fold === FOLD_NAMELESS ? NAMELESS : FOLDED;
}

// What to do with each symbol.
function actionsOf(profile, shape) {
	const act = Uint8Array.from(profile.symbols, (s) => actionOf(profile, s, shape));

	for (const [rules, action] of [[shape.hide, HIDDEN], [shape.merge, MERGED]])
		for (const rule of rules)
			ruled(profile, rule).forEach((hit, s) => {
				if (hit && !(profile.symbols[s].flags & SYNTHETIC))
					act[s] = action;
			});
	return act;
}

// One frame, or the list of frames of a merged node.
function addFrame(frames, frame) {
	const list = Array.isArray(frames) ? frames : [frames];

	if (list.length < MOST_PLACES && !list.includes(frame))
		list.push(frame);
	return list;
}

// The nodes so far, at most `most`. number(above, symbol, frame, i): of the node below another;
// raw: a report's node that it stands for. They are found in a hash table, which is several times
// as fast as a Map.
function nodeTable(most) {
	const up = [], symbol = [], places = [], raw = [];
	const bits = 33 - Math.clz32(most + 1), slots = new Int32Array(1 << bits).fill(-1);

	const slotOf = (above, s) => {
		let slot = Math.imul(above + 1, 0x9e3779b1) + Math.imul(s,
			0x85ebca6b) >>> 32 - bits;

		while (slots[slot] >= 0 &&
			(up[slots[slot]] !== above || symbol[slots[slot]] !== s))
			slot = slot + 1 & slots.length - 1;
		return slot;
	};

	return {
		up, symbol, places, raw,
		number(above, s, frame, i) {
			const slot = slotOf(above, s);
			let number = slots[slot];

			if (number < 0) {
				number = slots[slot] = up.length;
				up.push(above);
				symbol.push(s);
				places.push(frame);
				raw.push(i);
			} else if (places[number] !== frame) {
				places[number] = addFrame(places[number], frame);
			}
			return number;
		},
	};
}

// The symbol that stands for a stack of which no frame is left that memory can belong to. As
// frame_rules_owner() in C: the outermost folded frame, else the innermost. -1: none.
function standIn(profile, action, outer, symbol) {
	if (action === FOREIGN)
		return profile.noPython;
	if (outer >= 0)
		return outer;
	return action === KEEP || action === FOLDED ? symbol : -1;
}

// What is asked of each symbol, in columns. isEnd: the stack was truncated here.
function tableOf(profile) {
	const { symbols } = profile;

	profile.symbolTable ??= {
		module: Int32Array.from(symbols, (s) => s.module),
		fold: Uint8Array.from(symbols, (s) => s.fold),
		viaText: Int32Array.from(symbols, (s) => s.via),
		isEnd: Uint8Array.from(symbols,
			(s) => s.flags & SYNTHETIC && s.name === '[truncated]' ? 1 : 0),
	};
	return profile.symbolTable;
}

/** Merge the report's nodes in a shape. `of`: report node -> node that has its bytes;
 * `via`: report node -> what its folded frames say of them, a string's number, or -1. */
function shaped(profile, shape) {
	const { symbolOf, nodes: { parent, frame, order }, used } = profile;
	const { module, fold, viaText, isEnd } = tableOf(profile);
	const n = parent.length, act = actionsOf(profile, shape), table = nodeTable(2 * n);
	const at = new Int32Array(n), of = new Int32Array(n), via = new Int32Array(n),
		outerIn = new Int32Array(n), is = new Uint8Array(n);

	for (const i of order) {
		const u = parent[i], s = symbolOf[frame[i]], above = u < 0 ? 0 : is[u];
		const file = u >= 0 && module[symbolOf[frame[u]]] === module[s] ? above & NAMED : 0;
		const named = fold[s] === FOLD_NOT && !isEnd[s] ? NAMED : file;
		const cut = above & CUT || act[s] === MERGED ? CUT : 0;
		const kept = !cut && (act[s] === KEEP || (act[s] === NAMELESS && !file));

		at[i] = u < 0 ? -1 : at[u];
		outerIn[i] = u < 0 ? -1 : outerIn[u];
		via[i] = u < 0 ? -1 : via[u];
		is[i] = above & OWNER | named | cut;
		if (kept) {
			at[i] = table.number(at[i], s, frame[i], i);
			via[i] = -1;
			if (!isEnd[s])
				is[i] |= OWNER;
		} else {
			if (outerIn[i] < 0 && act[s] === FOLDED && fold[s] === FOLD_IN)
				outerIn[i] = s;
			if (via[i] < 0)
				via[i] = viaText[s];
		}
		of[i] = at[i];
		if (!(is[i] & OWNER) && used[i]) {
			const stand = standIn(profile, cut ? MERGED : act[s], outerIn[i],
				s);

			if (stand !== -1 && !(kept && stand === s))
				of[i] = table.number(at[i], stand, frame[i], i);
			else if (at[i] < 0)
				of[i] = table.number(-1, profile.hidden, frame[i], i);
		}
		if (used[i])
			table.raw[of[i]] = i;
	}
	return { ...table, of, via };
}

/** The report's nodes with an order in which each comes after its parent. In a damaged report
 * whose parents form a circle, one of them is a root. */
export function ordered({ parent: given, frame }) {
	const n = given.length, parent = Int32Array.from(given, (p) => p < n ? p : -1);
	const order = new Int32Array(n), seen = new Uint8Array(n), path = [];
	let done = 0;

	for (let i = 0; i < n; i++) {
		for (let v = i; v >= 0 && seen[v] < 2; v = parent[v]) {
			if (seen[v] === 1) {
				parent[path.at(-1)] = -1;
				break;
			}
			seen[v] = 1;
			path.push(v);
		}
		while (path.length > 0) {
			const v = path.pop();

			seen[v] = 2;
			order[done++] = v;
		}
	}
	return { parent, frame, order };
}

// Sum from the leaves up: a parent's number is smaller than its children's.
function upwards(up, values) {
	for (let i = up.length - 1; i >= 0; i--)
		if (up[i] >= 0)
			values[up[i]] += values[i];
	return values;
}

// Children of each node, largest last: those of node i begin at list[start[i + 1]], the
// roots at list[start[0]].
function childrenOf(up, weight) {
	const start = new Int32Array(up.length + 2), list = new Int32Array(up.length);

	for (const u of up)
		start[u + 2]++;
	for (let i = 1; i < start.length; i++)
		start[i] += start[i - 1];
	const at = start.slice();

	for (let i = 0; i < up.length; i++)
		list[at[up[i] + 1]++] = i;
	for (let i = 0; i + 1 < start.length; i++)
		if (start[i + 1] - start[i] > 1)
			list.subarray(start[i], start[i + 1])
				.sort((a, b) => weight[a] - weight[b] || b - a);
	return { start, list };
}

// Renumber the tree in preorder.
function numbered({ up, symbol, of, via, places, raw }, weight) {
	const n = up.length, { start, list } = childrenOf(up, weight);
	const size = upwards(up, new Float64Array(n).fill(1));
	const placeOf = new Array(n), number = new Int32Array(n), parent = new Int32Array(n),
		symbolOf = new Int32Array(n), end = new Int32Array(n),
		rawOf = new Int32Array(n);

	for (let i = -1; i < n; i++) {
		let next = i < 0 ? 0 : number[i] + 1;

		for (let k = start[i + 1]; k < start[i + 2]; k++) {
			number[list[k]] = next;
			next += size[list[k]];
		}
	}
	for (let i = 0; i < n; i++) {
		parent[number[i]] = up[i] < 0 ? -1 : number[up[i]];
		symbolOf[number[i]] = symbol[i];
		end[number[i]] = number[i] + size[i];
		placeOf[number[i]] = places[i];
		rawOf[number[i]] = raw[i];
	}
	return { count: n, parent, symbol: symbolOf, end, places: placeOf, raw: rawOf,
		via, of: of.map((x) => x < 0 ? -1 : number[x]) };
}

// Mark recursive calls, so that their bytes do not count twice.
function outermost(tree, symbolCount) {
	const within = new Int32Array(symbolCount), outer = new Uint8Array(tree.count), path = [];

	for (let v = 0; v < tree.count; v++) {
		while (path.length > 0 && tree.end[path.at(-1)] <= v)
			within[tree.symbol[path.pop()]]--;
		outer[v] = within[tree.symbol[v]]++ === 0 ? 1 : 0;
		path.push(v);
	}
	return outer;
}

// Bytes of each node, with those below: the order of siblings.
function weigh({ up, of }, { entries: e, virtual: a }) {
	const weight = new Float64Array(up.length);

	e.raw.forEach((x, i) => { weight[of[x]] += Math.max(0, e.grown[i]); });
	a?.raw.forEach((x, i) => { weight[of[x]] += Math.max(0, a.bytes[i]) * 1e-6; });
	return upwards(up, weight);
}

/** The tree of a profile in a shape. tree.raw: a node's number in the report, which is the same
 * in all shapes; tree.of leads back. */
export function treeOf(profile, shape) {
	const nodes = shaped(profile, shape), tree = numbered(nodes, weigh(nodes, profile));

	tree.outer = outermost(tree, profile.symbols.length);
	return tree;
}
