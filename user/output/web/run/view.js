// SPDX-License-Identifier: GPL-2.0-only
//
// Rows with bytes, sorted by group and node, with running sums. A box of the flame graph is a
// range of rows, so only visible boxes have to be made. Pure.

/** Ways to group rows at the root: names of levels. */
export const AREAS = {
	none: [], process: ['process'], thread: ['process', 'thread'], name: ['name'],
	kind: ['kind'], cause: ['cause'], mapping: ['mapping'],
};

/** The first index in [from, to) whose value is at least `value`. */
export function lower(values, value, from, to) {
	while (from < to) {
		const middle = (from + to) >> 1;

		if (values[middle] < value)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const sorted = new WeakMap(); // nodes of a table's rows -> order of the rows by node

function byNode(rows) {
	if (!sorted.has(rows.node)) {
		const keys = Float64Array.from(rows.node, (v, i) => v * rows.length + i).sort();

		sorted.set(rows.node, Int32Array.from(keys, (k) => k % rows.length));
	}
	return sorted.get(rows.node);
}

// Stable sort of `order` by small integers.
function bucketed(order, key, count) {
	const at = new Int32Array(count + 1), out = new Int32Array(order.length);

	for (const i of order)
		at[key[i] + 1]++;
	for (let i = 1; i < at.length; i++)
		at[i] += at[i - 1];
	for (const i of order)
		out[at[key[i]]++] = i;
	return out;
}

// Number the groups of a level, heaviest last: it is drawn leftmost.
function ranked(rows, bytes, keyOf) {
	const numbers = new Map(), names = [], sums = [], of = new Int32Array(rows.length);

	for (let i = 0; i < rows.length; i++) {
		const key = keyOf(i);
		let number = numbers.get(key);

		if (number === undefined) {
			number = names.length;
			numbers.set(key, number);
			names.push(key);
			sums.push(0);
		}
		sums[number] += bytes[i];
		of[i] = number;
	}
	const order = names.map((_, i) => i).sort((a, b) => sums[a] - sums[b] || b - a),
		rank = new Int32Array(names.length);

	order.forEach((number, i) => { rank[number] = i; });
	return { of: of.map((number) => rank[number]), keys: order.map((number) => names[number]),
		count: names.length };
}

/** levels: functions from a row index to a key. */
export function createView(profile, { rows, bytes }, levels) {
	const groups = levels.map((keyOf) => ranked(rows, bytes, keyOf));
	let order = byNode(rows).filter((i) => bytes[i] > 0);

	for (const g of [...groups].reverse())
		order = bucketed(order, g.of, g.count);
	const sum = new Float64Array(order.length + 1), counts = new Float64Array(order.length + 1);

	for (let k = 0; k < order.length; k++) {
		sum[k + 1] = sum[k] + bytes[order[k]];
		counts[k + 1] = counts[k] + rows.count[order[k]];
	}
	return {
		profile, rows, bytes, groups, order, sum, counts,
		node: Int32Array.from(order, (i) => rows.node[i]),
		group: groups.map((g) => Int32Array.from(order, (i) => g.of[i])),
		total: sum[order.length],
	};
}

/** The root box. A box has its range of rows [a, b), group level, and node (-1: none). */
export const rootBox = (view) => ({ a: 0, b: view.order.length, level: 0, node: -1, key: '',
	depth: 0 });
export const bytesIn = (view, box) => view.sum[box.b] - view.sum[box.a];
export const countIn = (view, box) => view.counts[box.b] - view.counts[box.a];

function groupBoxes(view, box, visit) {
	const of = view.group[box.level], { keys } = view.groups[box.level];

	for (let a = box.a; a < box.b;) {
		const b = lower(of, of[a] + 1, a, box.b), id = keys[of[a]];

		visit({ a, b, level: box.level + 1, node: -1, group: id, key: `${box.key}/${id}`,
			depth: box.depth + 1 });
		a = b;
	}
}

// The child of `node` that contains `inner`.
function childHolding({ parent }, node, inner) {
	let v = inner;

	while (parent[v] !== node)
		v = parent[v];
	return v;
}

/** Calls visit(box) for each box below one, from right to left. */
export function eachChild(view, box, visit) {
	if (box.node < 0 && box.level < view.groups.length)
		return groupBoxes(view, box, visit);
	const { tree } = view.profile;

	for (let a = box.node < 0 ? box.a : lower(view.node, box.node + 1, box.a, box.b);
		a < box.b;) {
		const v = childHolding(tree, box.node, view.node[a]);
		const b = lower(view.node, tree.end[v], a, box.b);

		visit({ a, b, level: box.level, node: v, key: `${box.key};`,
			depth: box.depth + 1 });
		a = b;
	}
	return undefined;
}

/** The path to a box, valid in other views too: keys of groups, then a node. */
export function pathOf(view, box, above) {
	return { groups: above.filter((x) => x.group !== undefined).map((x) => x.group),
		node: box.node };
}

/** The boxes from the root to the end of a path; null: no bytes there in this view. */
export function boxesTo(view, path) {
	const boxes = [rootBox(view)];

	for (const id of path.groups) {
		let found = null;

		if (boxes.at(-1).level >= view.groups.length)
			return null;
		eachChild(view, boxes.at(-1), (x) => {
			if (x.group === id)
				found = x;
		});
		if (!found)
			return null;
		boxes.push(found);
	}
	if (path.node < 0)
		return boxes;
	if (boxes.at(-1).level < view.groups.length || !(path.node < view.profile.tree.count))
		return null;
	const { parent, end } = view.profile.tree, down = [], base = boxes.at(-1);

	for (let v = path.node; v >= 0; v = parent[v])
		down.push(v);
	for (const v of down.reverse()) {
		const a = lower(view.node, v, base.a, base.b),
			b = lower(view.node, end[v], base.a, base.b);

		if (a === b)
			return null;
		boxes.push({ a, b, level: base.level, node: v, depth: boxes.length, key: '' });
	}
	return boxes;
}

/** Boxes below `top`, by depth, at most `most` rows. Boxes narrower than `least` (share of
 * `top`) are left out. x is from 0 to 1; each row is sorted by x. */
export function layout(view, top, least, most) {
	const whole = bytesIn(view, top), base = view.sum[top.a], rows = [],
		todo = [{ ...top, depth: 0, above: null }];

	while (todo.length > 0) {
		const box = todo.pop(), below = [];

		box.x0 = whole > 0 ? 1 - (view.sum[box.b] - base) / whole : 0;
		box.x1 = whole > 0 ? 1 - (view.sum[box.a] - base) / whole : 1;
		(rows[box.depth] ??= []).push(box);
		if (box.depth + 1 >= most) {
			rows.cut = true;
			continue;
		}
		eachChild(view, box, (x) => {
			if (whole > 0 && view.sum[x.b] - view.sum[x.a] >= least * whole)
				below.push({ ...x, depth: box.depth + 1, above: box });
		});
		for (const x of below) // the last one is leftmost and comes next
			todo.push(x);
	}
	return rows;
}

/** Self and total bytes of each node in a range of rows. */
function nodeSums(view, top) {
	const { tree } = view.profile, self = new Float64Array(tree.count);

	for (let k = top.a; k < top.b; k++)
		self[view.node[k]] += view.bytes[view.order[k]];
	const total = self.slice(), first = Math.max(top.node, 0);

	for (let v = tree.count - 1; v > first; v--)
		if (tree.parent[v] >= first)
			total[tree.parent[v]] += total[v];
	return { self, total };
}

/** Self and total bytes of each function below `top`, largest total first. */
export function functionSums(view, top) {
	const { tree, symbols, outer } = view.profile, { self, total } = nodeSums(view, top);
	const selfOf = new Float64Array(symbols.length), totalOf = new Float64Array(symbols.length);
	const from = Math.max(top.node, 0), to = top.node < 0 ? tree.count : tree.end[top.node];
	const within = zoomedOuter(tree, top.node, outer, symbols.length);

	for (let v = from; v < to; v++) {
		if (total[v] <= 0)
			continue;
		selfOf[tree.symbol[v]] += self[v];
		if (within[v])
			totalOf[tree.symbol[v]] += total[v];
	}
	return symbols.map(
		(_, symbol) =>
		({ symbol, self: selfOf[symbol], total: totalOf[symbol] }))
			.filter((f) => f.total > 0);
}

// Is this the outermost call of the function within the zoomed box?
function zoomedOuter(tree, top, outer, symbolCount) {
	if (top < 0)
		return outer;
	const within = new Int32Array(symbolCount), result = new Uint8Array(tree.count), path = [];

	for (let v = top; v < tree.end[top]; v++) {
		while (path.length > 0 && tree.end[path.at(-1)] <= v)
			within[tree.symbol[path.pop()]]--;
		result[v] = within[tree.symbol[v]]++ === 0 ? 1 : 0;
		path.push(v);
	}
	return result;
}

/** Bytes below `top` of stacks that contain a matching function. */
export function matchedBytes(view, top, matches) {
	const { tree } = view.profile, hit = new Uint8Array(tree.count);
	const from = Math.max(top.node, 0), to = top.node < 0 ? tree.count : tree.end[top.node];
	let sum = 0;

	for (let v = from; v < to; v++)
		hit[v] = matches[tree.symbol[v]] || (tree.parent[v] >= from && hit[tree.parent[v]])
			? 1 : 0;
	for (let k = top.a; k < top.b; k++)
		if (hit[view.node[k]])
			sum += view.bytes[view.order[k]];
	return sum;
}

function largest(sums) {
	return [...sums].map(([symbol, bytes]) => ({ symbol, bytes })).filter((x) => x.bytes > 0)
		.sort((a, b) => b.bytes - a.bytes);
}

/** Callers and callees of the matching functions below `top`, by bytes. Of recursive calls
 * only the outermost counts. symbol -1: no caller, the stack begins here. */
export function neighbours(view, top, matches) {
	const { tree } = view.profile, { self, total } = nodeSums(view, top), callers = new Map(),
		callees = new Map();
	const from = Math.max(top.node, 0), to = top.node < 0 ? tree.count : tree.end[top.node];
	const add = (map, symbol, bytes) => map.set(symbol, (map.get(symbol) ?? 0) + bytes);
	let own = 0, whole = 0, within = 0; // nodes before `within` are below a matching one

	for (let v = from; v < to; v++) {
		if (matches[tree.symbol[v]]) {
			own += self[v];
			if (v >= within) {
				within = tree.end[v];
				whole += total[v];
				add(callers, tree.parent[v] < from ? -1
					: tree.symbol[tree.parent[v]], total[v]);
			}
		}
		if (v < within && tree.parent[v] >= from && matches[tree.symbol[tree.parent[v]]] &&
			!matches[tree.symbol[v]])
			add(callees, tree.symbol[v], total[v]);
	}
	return { callers: largest(callers), callees: largest(callees), own, whole };
}
