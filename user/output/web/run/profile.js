// SPDX-License-Identifier: GPL-2.0-only
//
// The profile as typed arrays, and its stacks as one tree. Calls of a function from the same
// caller are one node, regardless of the line of the call. Pure.
//
// Node numbers are preorder: the descendants of node i are i + 1 to end[i] - 1, so its rows
// are one range of an array sorted by node. Among siblings the larger comes later and is
// drawn further left, so a node's own bytes are at its right.

import { printable } from '../shared/format.js';

export const KERNEL = 1, INLINED = 2, FALLBACK = 4, SYNTHETIC = 8;

const MOST_PLACES = 6; // source lines shown per node

function columns(table) {
	return Object.fromEntries(Object.entries(table).filter(([, v]) => Array.isArray(v))
		.map(([name, v]) => [name, Float64Array.from(v)]));
}

const baseName = (path) => path.slice(path.lastIndexOf('/') + 1) || path;

// A symbol is a frame's function, module and flags, without line and address.
function symbolsOf(p) {
	const { function: name, module, flags } = p.frames;
	const numbers = new Map(), of = new Int32Array(name.length), symbols = [];

	for (let i = 0; i < name.length; i++) {
		const key = (name[i] * (p.modules.length + 1) + module[i] + 1) * 16 + flags[i];
		let number = numbers.get(key);

		if (number === undefined) {
			number = symbols.length;
			numbers.set(key, number);
			symbols.push({ name: printable(p.strings[name[i]] ?? '?'),
				module: module[i], flags: flags[i] });
		}
		of[i] = number;
	}
	return { symbols, of };
}

// One frame, or the list of frames of a merged node.
function merged(frames, frame) {
	const list = Array.isArray(frames) ? frames : [frames];

	if (list.length < MOST_PLACES && !list.includes(frame))
		list.push(frame);
	return list;
}

// Merge the report's nodes; `of`: report node -> merged node.
function mergedNodes(p, symbolOf, symbolCount) {
	const { parent, frame } = p.nodes;
	const numbers = new Map(), of = new Int32Array(parent.length), up = [], symbol = [],
		places = [];

	for (let i = 0; i < parent.length; i++) {
		const above = parent[i] >= 0 && parent[i] < i ? of[parent[i]] : -1;
		const key = (above + 1) * symbolCount + symbolOf[frame[i]];
		let number = numbers.get(key);

		if (number === undefined) {
			number = up.length;
			numbers.set(key, number);
			up.push(above);
			symbol.push(symbolOf[frame[i]]);
			places.push(frame[i]);
		} else if (places[number] !== frame[i]) {
			places[number] = merged(places[number], frame[i]);
		}
		of[i] = number;
	}
	return { of, up, symbol, places };
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
function numbered({ up, symbol, of, places }, weight) {
	const n = up.length, { start, list } = childrenOf(up, weight);
	const size = upwards(up, new Float64Array(n).fill(1));
	const placeOf = new Array(n), number = new Int32Array(n), parent = new Int32Array(n),
		symbolOf = new Int32Array(n), end = new Int32Array(n);

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
	}
	return { count: n, parent, symbol: symbolOf, end, places: placeOf,
		of: of.map((x) => number[x]) };
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

// Rows with node -1 (no stack) get a node of their own, a synthetic frame.
const nodeOf = (of, x) => x < 0 ? of[of.length - 1] : of[x];

function rowsOf(table, tree) {
	const rows = columns(table);

	rows.length = rows.node.length;
	rows.node = Int32Array.from(rows.node, (x) => nodeOf(tree.of, x));
	return rows;
}

// The report's stacks, plus one node for rows without a stack.
function withNoStack(raw) {
	if (![raw.entries, raw.virtual].some((t) => t?.node.some((x) => x < 0)))
		return raw;
	const { frames: f, nodes: n, strings } = raw, more = (list, x) => [...list, x];

	return {
		...raw, strings: more(strings, '[no stack]'),
		frames: {
			function: more(f.function, strings.length), file: more(f.file, -1),
				line: more(f.line, 0),
			module: more(f.module, -1), address: more(f.address, '0x0'),
				flags: more(f.flags, SYNTHETIC),
		},
		nodes: { parent: more(n.parent, -1), frame: more(n.frame, f.function.length) },
	};
}

function weigh(nodes, raw) {
	const weight = new Float64Array(nodes.up.length), { entries: e, virtual: a } = raw;

	e.node.forEach((x, i) => { weight[nodeOf(nodes.of, x)] += Math.max(0, e.grown[i]); });
	a?.node.forEach((x, i) =>
		{ weight[nodeOf(nodes.of, x)] += Math.max(0, a.bytes[i]) * 1e-6; });
	return upwards(nodes.up, weight);
}

function ticksOf(raw, entryCount) {
	const t = columns(raw), slots = t.slot.reduce((most, s) => Math.max(most, s + 1), 0);
	const sampled = new Float64Array(entryCount);

	t.entry.forEach((e, i) => { sampled[e] += t.in[i]; });
	return { ...t, slots, sampled, start: raw.start_ns, width: raw.slot_ns,
		at: (slot) => raw.start_ns + slot * raw.slot_ns };
}

/** null: the report has no profile. */
export function loadProfile(report) {
	if (!report.profile)
		return null;
	const raw = withNoStack(report.profile);
	const { symbols, of: symbolOf } = symbolsOf(raw);
	const nodes = mergedNodes(raw, symbolOf, symbols.length);
	const tree = numbered(nodes, weigh(nodes, raw));
	const modules = raw.modules.map((m) => ({ path: printable(m.path),
		name: printable(baseName(m.path)), buildId: m.build_id }));

	return {
		period: raw.period, meanPeriod: raw.mean_period ?? raw.period, kinds: raw.kinds,
			mappings: raw.mappings, causes: raw.causes ?? [], strings: raw.strings,
		frames: raw.frames, modules, symbols, tree,
		outer: outermost(tree, symbols.length),
		entries: rowsOf(raw.entries, tree),
		virtual: raw.virtual ? rowsOf(raw.virtual, tree) : null,
			virtualWhy: raw.virtual_why ?? null,
			untouchedWhy: raw.untouched_why ?? null,
		ticks: ticksOf(raw.ticks, raw.entries.node.length),
	};
}

/** Source lines of a node's calls, "main.c:12"; addresses if no line is known. */
export function placesOf(profile, node) {
	const { frames, strings, tree } = profile, list = [tree.places[node]].flat();
	const text = (f) => frames.file[f] >= 0
		? `${printable(strings[frames.file[f]])}:${frames.line[f]}` : frames.address[f];
	const more = list.length >= MOST_PLACES ? ['\u2026'] : [];

	return [...new Set(list.map(text)), ...more];
}

export const moduleName = (profile, symbol) => profile.modules[symbol.module]?.name ?? '';

/** A query that finds only this function. */
export const exactly = (profile, symbol) => `"${profile.symbols[symbol].name}"`;
export const label = (profile, number) => printable(profile.strings[number] ?? '?');

/** Standard error of a sum of sampled bytes, as profile_error() in C. */
export const standardError = (profile, bytes) => bytes > 0 ? Math.sqrt(bytes * profile.meanPeriod)
	: 0;
