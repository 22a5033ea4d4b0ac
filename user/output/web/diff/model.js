// SPDX-License-Identifier: GPL-2.0-only
//
// Turns the difference (schema tare.diff/2) into data for the page: stacks as the tree of the
// flame graph, sums of each node before and after, rows with escaped names. Pure.

import { known, printable } from '../shared/format.js';
import { KERNEL_KINDS, KINDS, USER_KINDS } from '../shared/kinds.js';
import { loadProfile } from '../run/profile.js';
import { FOLD_IN } from '../run/tree.js';

export const SAMPLE_TYPES = { 'live-peak': 'Held at the peak', grown: 'All growth',
	'live-end': 'Held at the end' };
export const WIDTHS = { larger: 'larger of both', before: 'before', after: 'after' };

/** A change of sampled bytes is called real beyond two standard errors, as in C. */
export const beyond = (f) => f.after !== f.before && Math.abs(f.after - f.before) > 2 * f.error;

// The stacks in the shape of a report's profile, as loadProfile() reads it. Entry i is stack i.
function asProfile(stacks, folds) {
	const numbers = new Map(), strings = [], parent = [], frame = [], nodes = new Map();
	const number = (name) => {
		if (!numbers.has(name)) {
			numbers.set(name, strings.length);
			strings.push(name);
		}
		return numbers.get(name);
	};
	const node = (above, name) => {
		const key = `${above} ${number(name)}`;

		if (!nodes.has(key)) {
			nodes.set(key, parent.length);
			parent.push(above);
			frame.push(number(name));
		}
		return nodes.get(key);
	};
	const leaves = stacks.map((s) => s.functions.reduce(node, -1));
	const all = (value) => strings.map(() => value);
	const larger = stacks.map((s) => Math.max(...Object.values(s.held)
		.flatMap((f) => [f.before, f.after])));

	return {
		period: 0, kinds: [], mappings: [], causes: [], modules: [], strings,
		frames: { function: strings.map((_, i) => i), file: all(-1), line: all(0),
			module: all(-1), address: all(''),
			flags: strings.map((name) => folds.has(name) ? FOLD_IN << 4 : 0) },
		nodes: { parent, frame },
		entries: { node: leaves, grown: larger, count: stacks.map(() => 0) },
		virtual: null, ticks: { slot: [], entry: [], in: [], out: [] },
	};
}

/** The stacks of a difference that has some. */
export const profileOf = (raw) =>
	loadProfile({ profile: asProfile(raw.stacks, new Set(raw.folded)) });

/** Bytes before and after, and the standard error of the change, of each node of the tree. Node -1
 * is the sum of all: exact, by the ledger. */
export function nodeFigures(profile, { stacks, sample_types: sums }, type) {
	const { tree, entries } = profile, n = tree.count;
	const before = new Float64Array(n), after = new Float64Array(n),
		squares = new Float64Array(n);

	stacks.forEach((s, i) => {
		const f = s.held[type], v = entries.node[i];

		before[v] += f.before;
		after[v] += f.after;
		squares[v] += f.error ** 2;
	});
	for (let v = n - 1; v >= 0; v--) {
		const up = tree.parent[v];

		if (up < 0)
			continue;
		before[up] += before[v];
		after[up] += after[v];
		squares[up] += squares[v];
	}
	return (v) => v < 0 ? { ...sums[type], error: 0 }
		: { before: before[v], after: after[v], error: Math.sqrt(squares[v]) };
}

/** Bytes of each stack that its boxes are as wide as. */
export function widthsOf(stacks, type, width) {
	return Float64Array.from(stacks, ({ held }) => {
		const { before, after } = held[type];

		return Math.max(0, width === 'larger' ? Math.max(before, after)
			: held[type][width]);
	});
}

const total = (figures) => figures.after - figures.before;

/** Functions that changed: first those whose own change is beyond its error, as in C. */
export function changedFunctions(raw, type) {
	const size = (f) => Math.abs(total(f));
	const printed = (name) => name === null ? null : printable(name);

	return (raw.functions ?? []).map((f) => ({ name: printable(f.function), raw: f.function,
		self: f.self[type], total: f.total[type],
		caller: printed(f.caller[type]) }))
		.filter((f) => total(f.self) !== 0 || total(f.total) !== 0)
		.sort((a, b) => beyond(b.self) - beyond(a.self) || size(b.self) - size(a.self) ||
			size(b.total) - size(a.total) || (a.raw < b.raw ? -1 : 1));
}

const PARTS = { rss: ['anon', 'file', 'shmem'], user: USER_KINDS, kernel: KERNEL_KINDS,
	weight: KINDS };

/** A sum over the kinds that both reports know. `more`: not all kinds are in it. */
export function sumOf(kinds, part) {
	const sum = { before: 0, after: 0, more: false };

	for (const { before, after } of PARTS[part].map((k) => kinds[k]))
		if (known(before) && known(after)) {
			sum.before += before;
			sum.after += after;
		} else {
			sum.more = true;
		}
	return sum;
}

/** The totals of one moment ("at_peak", "net", "grown") by kind. */
export const totalsOf = (raw, when) =>
	Object.fromEntries(KINDS.map((k) => [k, raw.totals[k][when]]));

function whoRow(r) {
	return { name: printable(r.thread ?? r.process) || '(no name)', thread: 'thread' in r,
		count: r.count, peak: sumOf(r.at_peak, 'weight'), user: sumOf(r.at_peak, 'user'),
		kernel: sumOf(r.at_peak, 'kernel'), net: sumOf(r.net, 'weight'),
		grown: sumOf(r.grown, 'weight') };
}

/** Processes, each followed by its threads if these have several names. */
export function whoRows(raw) {
	const threads = new Map();

	for (const t of raw.threads)
		threads.set(t.process, [...threads.get(t.process) ?? [], t]);
	return raw.processes.flatMap((p) => {
		const below = threads.get(p.process) ?? [];

		return [p, ...below.length > 1 ? below : []].map(whoRow);
	});
}
