// SPDX-License-Identifier: GPL-2.0-only
//
// The profile as typed arrays, with its stacks as one tree (tree.js), whose shape can be
// changed.

import { printable } from '../shared/format.js';
import { MOST_PLACES, NO_SHAPE, SYNTHETIC, ordered, treeOf } from './tree.js';

export { FALLBACK, INLINED, KERNEL, SYNTHETIC } from './tree.js';

const PYTHON = '[python]'; // the module of Python functions
const KEPT_TREES = 6; // of shapes that were shown before

function columns(table) {
	return Object.fromEntries(Object.entries(table).filter(([, v]) => Array.isArray(v))
		.map(([name, v]) => [name, Float64Array.from(v)]));
}

const baseName = (path) => path.slice(path.lastIndexOf('/') + 1) || path;

// A symbol is a frame's function, module and flags, without line and address. Two more stand for
// stacks of which a shape leaves nothing.
function symbolsOf(p) {
	const { function: name, module, flags, via } = p.frames;
	const numbers = new Map(), of = new Int32Array(name.length), symbols = [];

	for (let i = 0; i < name.length; i++) {
		const key = (name[i] * (p.modules.length + 1) + module[i] + 1) * 64 + flags[i];
		let number = numbers.get(key);

		if (number === undefined) {
			number = symbols.length;
			numbers.set(key, number);
			symbols.push({ name: printable(p.strings[name[i]] ?? '?'),
				module: module[i], flags: flags[i] & 15, fold: flags[i] >> 4,
				via: via?.[i] ?? -1 });
		}
		of[i] = number;
	}
	for (const text of ['[hidden]', '[no Python]'])
		symbols.push({ name: text, module: -1, flags: SYNTHETIC, fold: 0, via: -1 });
	return { symbols, symbolOf: of, hidden: symbols.length - 2, noPython: symbols.length - 1 };
}

// Rows of a table; `raw`: the report's node. Those without a stack have the last one.
function rowsOf(table, nodeCount) {
	const rows = columns(table);

	rows.length = rows.node.length;
	rows.raw = Int32Array.from(rows.node, (x) => x < 0 ? nodeCount - 1 : x);
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
			via: f.via && more(f.via, -1),
		},
		nodes: { parent: more(n.parent, -1), frame: more(n.frame, f.function.length) },
	};
}

function ticksOf(raw, entryCount) {
	const t = columns(raw), slots = t.slot.reduce((most, s) => Math.max(most, s + 1), 0);
	const sampled = new Float64Array(entryCount);

	t.entry.forEach((e, i) => { sampled[e] += t.in[i]; });
	return { ...t, slots, sampled, start: raw.start_ns, width: raw.slot_ns,
		at: (slot) => raw.start_ns + slot * raw.slot_ns };
}

// Which of the report's nodes have bytes of their own.
function usedNodes(count, tables) {
	const used = new Uint8Array(count);

	for (const rows of tables)
		for (const x of rows?.raw ?? [])
			used[x] = 1;
	return used;
}

/** null: the report has no profile. */
export function loadProfile(report) {
	if (!report.profile)
		return null;
	const raw = withNoStack(report.profile), nodeCount = raw.nodes.parent.length;
	const modules = raw.modules.map((m) => ({ path: printable(m.path),
		name: printable(baseName(m.path)), buildId: m.build_id }));
	const entries = rowsOf(raw.entries, nodeCount),
		virtual = raw.virtual ? rowsOf(raw.virtual, nodeCount) : null;

	const profile = reshape({
		period: raw.period, meanPeriod: raw.mean_period ?? raw.period, kinds: raw.kinds,
			mappings: raw.mappings, causes: raw.causes ?? [], strings: raw.strings,
		frames: raw.frames, modules,
			pythonModule: raw.modules.findIndex((m) => m.path === PYTHON),
		...symbolsOf(raw), nodes: ordered(raw.nodes),
			used: usedNodes(nodeCount, [entries, virtual]),
		entries, virtual, virtualWhy: raw.virtual_why ?? null,
			untouchedWhy: raw.untouched_why ?? null,
		ticks: ticksOf(raw.ticks, raw.entries.node.length), trees: new Map(),
	}, NO_SHAPE);
	profile.ownerTree = profile.tree;
	return profile;
}

/** Give the profile's stacks another shape: its tree and its rows' nodes are then that shape's.
 * Returns the profile. */
export function reshape(profile, { folded, python, hide, merge }) {
	const key = JSON.stringify([folded, python, hide, merge]), { trees } = profile;
	const tree = trees.get(key) ?? treeOf(profile, { folded, python, hide, merge });

	if (tree === profile.tree)
		return profile;
	if (!trees.delete(key) && trees.size >= KEPT_TREES)
		trees.delete(trees.keys().next().value);
	trees.set(key, tree);
	profile.tree = tree;
	profile.outer = tree.outer;
	for (const rows of [profile.entries, profile.virtual])
		if (rows)
			rows.node = Int32Array.from(rows.raw, (x) => tree.of[x]);
	return profile;
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
