// SPDX-License-Identifier: GPL-2.0-only
//
// The tree of stacks in all its shapes, the inverted graph and the sandwich, on made-up profiles,
// the same each time. Every figure is compared with one computed stack by stack.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, calleesOf, callersOf, callsOf } from '../../user/output/web/run/calls.js';
import { below, graphOf, selfOf, TOP } from '../../user/output/web/run/graphs.js';
import { loadProfile, reshape } from '../../user/output/web/run/profile.js';
import { NO_SHAPE } from '../../user/output/web/run/tree.js';
import { boxesTo, createView, rootBox } from '../../user/output/web/run/view.js';

const PROFILES = 60, KERNEL = 1, SYNTHETIC = 8;
const NOT = 0, IN = 1, BEGIN = 2, NAMELESS = 3;
const MODULES = ['/bin/prog', '/lib/libc.so.6', '[kernel]', '[python]', '[jit]'];

/** Numbers below `n`, the same each time (xorshift32). */
function chance(seed) {
	let x = seed;

	return (n) => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return (x >>> 0) % n;
	};
}

// Functions f0, f1 …, of which some fold, and the synthetic [truncated] and [no sample].
function framesOf(below_) {
	const list = Array.from({ length: 14 }, (_, i) => {
		const module = below_(MODULES.length),
			fold = [NOT, NOT, IN, BEGIN, NAMELESS][below_(5)];

		return { name: `f${i}`, module, fold, flags: module === 2 ? KERNEL : 0,
			via: fold === IN && below_(2) ? `via${i % 3}` : null };
	});

	for (const name of ['[truncated]', '[no sample]'])
		list.push({ name, module: -1, fold: NOT, flags: SYNTHETIC, via: null });
	return list;
}

// A report with a random forest; a parent may come after its child, as inlined frames do.
function reportOf(seed) {
	const below_ = chance(seed), frames = framesOf(below_), count = 60;
	const place = Array.from({ length: count }, (_, i) => i).sort(() => below_(2) - 0.5);
	const parent = new Array(count), frame = new Array(count);
	const strings = [...frames.map((f) => f.name), 'via0', 'via1', 'via2'];

	for (let i = 0; i < count; i++) {
		const up = i < 4 || below_(12) === 0 ? -1 : below_(3) ? i - 1 : below_(i);

		parent[place[i]] = up < 0 ? -1 : place[up];
		frame[place[i]] = up < 0 && below_(4) === 0 ? 14 + below_(2) : below_(14);
	}
	const node = Array.from({ length: 40 }, () => below_(count + 1) - 1);
	const bytes = node.map(() => 1 + below_(1000)), none = node.map(() => 0);

	return { profile: {
		period: 1, kinds: ['anon'], mappings: [], causes: [], strings,
		modules: MODULES.map((path) => ({ path, build_id: null })),
		frames: { function: frames.map((_, i) => i), file: frames.map(() => -1), line: none,
			module: frames.map((f) => f.module), address: frames.map(() => '0x0'),
			via: frames.map((f) => f.via === null ? -1 : strings.indexOf(f.via)),
			flags: frames.map((f) => f.flags | f.fold << 4) },
		nodes: { parent, frame },
		entries: { process: none, task: none, kind: none, cause: none, node, mapping: none,
			label: none, count: none, grown: bytes, live_peak: bytes, live_end: bytes },
		virtual: null, ticks: { slot: [], entry: [], in: [], out: [], start_ns: 0,
			slot_ns: 1 },
	}, frames };
}

/** The frames of a row, innermost first. */
function stackOf({ profile: p, frames }, row) {
	const list = [];

	for (let n = p.entries.node[row]; n >= 0; n = p.nodes.parent[n])
		list.push(frames[p.nodes.frame[n]]);
	return list;
}

const isTruncated = (f) => f.name === '[truncated]';

// As frame_rules_owner() in C. Returns the index in the stack, and the label.
function ownerOf(stack) {
	let outermost = -1, nameless = -1, via = null;

	for (let i = 0; i < stack.length; i++) {
		const f = stack[i];

		if (nameless >= 0 && f.module !== stack[nameless].module)
			return [nameless, via];
		if (f.fold === NOT && !isTruncated(f))
			return [i, via];
		if (f.fold === NAMELESS && nameless < 0)
			nameless = i;
		if (f.fold === IN) {
			outermost = i;
			via = f.via ?? via;
		}
	}
	if (nameless >= 0)
		return [nameless, via];
	return [outermost < 0 ? 0 : outermost, null];
}

const viewOf = (profile) => createView(profile, { rows: profile.entries,
	bytes: profile.entries.grown }, []);
const sum = (list) => list.reduce((a, b) => a + b, 0);

/** The functions of a node, innermost first. */
function pathOf({ tree, symbols }, node) {
	const list = [];

	for (let v = node; v >= 0; v = tree.parent[v])
		list.push(symbols[tree.symbol[v]].name);
	return list;
}

function each(use) {
	for (let seed = 1; seed <= PROFILES; seed++) {
		const report = reportOf(seed * 7919), profile = loadProfile(report);

		use(report, profile, seed);
	}
}

const rowsOf = ({ profile }) => profile.entries.node.map((_, i) => i);

test('unfolded, a node is the stack as it was', () => each((report, profile, seed) => {
	reshape(profile, { ...NO_SHAPE, folded: true });
	for (const i of rowsOf(report)) {
		const names = stackOf(report, i).map((f) => f.name);

		assert.deepEqual(pathOf(profile, profile.entries.node[i]),
			names.length > 0 ? names : ['[no stack]'], `seed ${seed}, row ${i}`);
	}
}));

test('folded, a stack\u2019s bytes are those of the owner that the tables name', () => {
	let fallbacks = 0;

	each((report, profile, seed) => {
		for (const i of rowsOf(report)) {
			const stack = stackOf(report, i), what = `seed ${seed}, row ${i}`;

			if (stack.length === 0)
				continue;
			const [owner, via] = ownerOf(stack), node = profile.entries.node[i];
			const raw = profile.entries.raw[i], { strings, tree } = profile;

			assert.equal(pathOf(profile, node)[0], stack[owner].name, what);
			if (stack[owner].fold === NOT)
				assert.equal(strings[tree.via[raw]] ?? null, via, what);
			else
				fallbacks++;
			for (const name of pathOf(profile, node).slice(1)) // callers do not fold
				assert.notEqual(report.frames.find((f) => f.name === name).fold, IN,
					what);
		}
	});
	assert.ok(fallbacks > 20);
});

test('hide drops a function\u2019s frames, and its bytes go to its caller', () =>
	each((report, profile, seed) => {
	reshape(profile, { ...NO_SHAPE, folded: true, hide: ['"f3"', '/^f[45]$/'] });
	for (const i of rowsOf(report)) {
		const names = stackOf(report, i).map((f) => f.name)
			.filter((n) => !['f3', 'f4', 'f5'].includes(n));
		const whole = stackOf(report, i).length > 0 ? '[hidden]' : '[no stack]';

		assert.deepEqual(pathOf(profile, profile.entries.node[i]),
			names.length > 0 ? names : [whole], `seed ${seed}, row ${i}`);
	}
}));

test('merge collapses a function and all below it into its caller', () =>
	each((report, profile, seed) => {
	reshape(profile, { ...NO_SHAPE, folded: true, merge: ['"f3"'] });
	for (const i of rowsOf(report)) {
		const names = stackOf(report, i).map((f) => f.name), cut = names.lastIndexOf('f3');
		const whole = names.length > 0 ? '[hidden]' : '[no stack]',
			left = names.slice(cut + 1);

		assert.deepEqual(pathOf(profile, profile.entries.node[i]),
			left.length > 0 ? left : [whole], `seed ${seed}, row ${i}`);
	}
}));

test('Python only: Python functions, and the rest in one row', () =>
	each((report, profile, seed) => {
	reshape(profile, { ...NO_SHAPE, folded: true, python: true });
	for (const i of rowsOf(report)) {
		const stack = stackOf(report, i), end = stack.at(-1);
		const names = stack.filter((f) => f.module === 3).map((f) => f.name);

		if (stack.length === 0)
			continue;
		if (end.module < 0 && (names.length > 0 || stack.length === 1 || !isTruncated(end)))
			names.push(end.name);
		else if (end.module < 0)
			names.push('[no Python]', '[truncated]');
		assert.deepEqual(pathOf(profile, profile.entries.node[i]),
			names.length > 0 ? names : ['[no Python]'], `seed ${seed}, row ${i}`);
	}
}));

test('no shape changes the sum, and a node is found again in another shape', () =>
	each((report, profile, seed) => {
	for (const shape of [{}, { python: true }, { hide: ['f'] },
		{ merge: ['f1'], hide: ['f2'] }]) {
		reshape(profile, { ...NO_SHAPE, folded: true });
		const before = [...profile.entries.node].map((v) => profile.tree.raw[v]);

		reshape(profile, { ...NO_SHAPE, ...shape });
		const view = viewOf(profile), what = `seed ${seed}, ${JSON.stringify(shape)}`;
		assert.equal(view.total, sum(report.profile.entries.grown), what);
		assert.equal(sum(below(view, rootBox(view)).map((x) => bytesOf(view, x))),
			view.total);
		assert.deepEqual(before.map((v) => profile.tree.of[v]),
			[...profile.entries.node],
			what);
	}
}));

test('inverted: the functions\u2019 own bytes, their callers below', () =>
	each((report, profile, seed) => {
	reshape(profile, { ...NO_SHAPE, folded: true });
	const view = viewOf(profile), { symbols } = profile, own = {};
	const { rows } = graphOf(view, 'inverted', TOP, 0);

	for (const i of rowsOf(report)) {
		const [name] = pathOf(profile, profile.entries.node[i]);
		own[name] = (own[name] ?? 0) + report.profile.entries.grown[i];
	}
	const roots = {};
	for (const x of rows[1])
		roots[symbols[x.symbol].name] = (roots[symbols[x.symbol].name] ?? 0) + x.bytes;
	assert.deepEqual(roots, own, `seed ${seed}`);
	for (const row of rows.slice(1))
		for (const x of row) {
			const names = [];

			for (let b = x; b.above; b = b.above)
				names.unshift(symbols[b.symbol].name);
			assert.equal(x.bytes, sum(rowsOf(report).filter((i) => {
				const path = pathOf(profile, profile.entries.node[i]);
				return names.every((n, k) => path[k] === n);
			}).map((i) => report.profile.entries.grown[i])), `seed ${seed}, ${names}`);
		}
}));

test('inverted: what is too small to draw is one box, which opens', () =>
	each((report, profile, seed) => {
	const view = viewOf(profile), { rows } = graphOf(view, 'inverted', TOP, 0.1);
	const rest = rows[1].find((x) => x.rest), what = `seed ${seed}`;

	assert.ok(Math.abs(view.total - sum(rows[1].map((x) => x.bytes))) < 0.1 * view.total, what);
	if (!rest)
		return;
	const path = { groups: [], node: -1, symbols: [~rest.from] };
	const opened = graphOf(view, 'inverted', path, 0);
	assert.deepEqual(opened.path, path);
	assert.equal(opened.tops.at(-1).bytes, rest.bytes, what);
	assert.equal(sum(opened.rows[1].map((x) => x.bytes)), rest.bytes, what);
	assert.deepEqual(opened.rows[1].map((x) => x.symbol), rest.rest.map((x) => x.symbol), what);
}));

test('sandwich: callers and callees have the function\u2019s bytes; recursion counts once', () =>
	each((report, profile, seed) => {
	reshape(profile, { ...NO_SHAPE, folded: true });
	const view = viewOf(profile), { symbols, entries } = profile;
	const matches = Uint8Array.from(symbols, (s) => s.name === 'f3' ? 1 : 0);
	const calls = callsOf(view, matches), by = {}, called = {};
	let whole = 0, own = 0, begins = 0;

	for (const i of rowsOf(report)) {
		const path = pathOf(profile, entries.node[i]), at = path.lastIndexOf('f3'),
			bytes = report.profile.entries.grown[i];

		if (at < 0)
			continue;
		whole += bytes;
		if (at === 0)
			own += bytes;
		else
			called[path[at - 1]] = (called[path[at - 1]] ?? 0) + bytes;
		if (at + 1 < path.length)
			by[path[at + 1]] = (by[path[at + 1]] ?? 0) + bytes;
		else
			begins += bytes;
	}
	const named = (list) =>
		Object.fromEntries(list.map((x) => [symbols[x.symbol].name, x.bytes]));
	assert.equal(calls.bytes, whole, `seed ${seed}`);
	assert.deepEqual(named(callersOf(view, calls)), by, `seed ${seed}: callers`);
	assert.deepEqual(named(calleesOf(view, calls)), called, `seed ${seed}: callees`);
	assert.equal(selfOf(view, calls), own, `seed ${seed}: itself`);
	assert.equal(sum(Object.values(by)) + begins, whole);
	const { rows } = graphOf(view, 'sandwich', TOP, 0, matches);
	assert.equal(rows[rows.middle][0].bytes, whole);
	assert.deepEqual(rows.flatMap((row, depth) => row.filter((b) => b.depth !== depth)), []);
}));

test('a path leads to its box again', () => each((report, profile) => {
	const view = viewOf(profile);

	for (const [v, node] of Object.entries(view.node).slice(0, 5))
		assert.equal(boxesTo(view, { groups: [], node }).at(-1).node, node, v);
	const { rows } = graphOf(view, 'inverted', TOP, 0), deep = rows.at(-1)[0], symbols = [];
	for (let b = deep; b.above; b = b.above)
		symbols.unshift(b.symbol);
	const zoomed = graphOf(view, 'inverted', { groups: [], node: -1, symbols }, 0);
	assert.equal(zoomed.tops.at(-1).bytes, deep.bytes);
	assert.deepEqual(graphOf(view, 'inverted', { groups: [], node: -1, symbols: [1e6] },
		0).path,
		TOP, 'nothing there: the root');
}));

test('parents that form a circle do not hang the page', () => {
	const report = reportOf(1), { parent } = report.profile.nodes;

	parent[0] = 1;
	parent[1] = 2;
	parent[2] = 0;
	parent[3] = 3;
	parent[4] = 1e9;
	const profile = loadProfile(report);
	assert.equal(viewOf(profile).total, sum(report.profile.entries.grown));
});
