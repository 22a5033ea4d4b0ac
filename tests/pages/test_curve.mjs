// SPDX-License-Identifier: GPL-2.0-only
//
// The bands of the weight over time, from a small report made by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curveOf } from '../../user/output/web/run/curve.js';

const MIB = 2 ** 20;

/** tasks: names; samples: [slot, task, in, out] in MiB; weight: MiB at the end of each slot. Each
 * entry's growth is twice what was sampled. */
function reportOf(tasks, samples, weight) {
	const length = tasks.length, sampled = tasks.map((_, t) => samples.filter((s) => s[1] === t)
		.reduce((sum, s) => sum + s[2], 0) * MIB);
	const points = weight.map((w, i) => ({ time: i * 10, total: w * MIB, values: [w * MIB] }));
	const column = (f) => Float64Array.from(tasks, f);

	return {
		raw: { peak: { weight: { total: Math.max(...weight) * MIB, time_ns: 10 } },
			processes: [{ comm: 'p', tasks: tasks.map((comm, i) =>
				({ comm, tid: 10 + i, count: 1 })) }] },
		series: { bands: ['anon'], points }, duration: 10 * weight.length,
		profile: { kinds: ['anon'], symbols: [], ownerTree: { of: [0], symbol: [0] },
			entries: { length, process: column(() => 0),
			task: column((_, i) => i), kind: column(() => 0), raw: column(() => 0),
			node: column(() => 0), grown: column((_, i) => 2 * sampled[i]) },
		ticks: { start: 0, width: 10, slots: weight.length - 1, at: (slot) => 10 * slot,
			sampled, slot: samples.map((s) => s[0]), entry: samples.map((s) => s[1]),
			in: samples.map((s) => s[2] * MIB), out: samples.map((s) => s[3] * MIB) } },
	};
}

const all = (report) => new Uint8Array(report.profile.entries.length).fill(1);
const curve = (report, by, pass = all(report), filtered = false) =>
	curveOf(report, by, pass, filtered, new Map());
const mib = (points) => points.map((p) => p.values.map((v) => v / MIB));

test('a thread\u2019s band is what it took in less what it gave back, scaled; the rest is a band',
	() => {
		const c = curve(reportOf(['a', 'b'],
					[[0, 0, 1, 0], [0, 1, 2, 0], [1, 0, 0, 1], [2, 1, 1, 0]],
					[0, 6, 8, 8]),
			'thread');

		assert.deepEqual(
			c.bands.map((b) => b.text), ['b (11)', 'a (10)', 'not in samples']);
		assert.deepEqual(mib(c.points), [[0, 0, 0], [4, 2, 0], [4, 0, 4], [6, 0, 2]]);
		assert.equal(c.exact, false);
		assert.deepEqual(c.bands[0].pick, { process: 0, task: 1 });
	});

test('bands that are more than the weight are scaled down to it', () => {
	const c = curve(reportOf(['a', 'b'], [[0, 0, 1, 0], [0, 1, 3, 0]], [0, 4, 4]), 'thread');

	assert.deepEqual(mib(c.points)[1], [3, 1, 0]);
	for (const p of c.points)
		assert.equal(p.values.reduce((a, b) => a + b), p.total);
});

test('freeing more than was sampled does not make a band negative', () => {
	const c = curve(reportOf(['a'], [[0, 0, 1, 0], [1, 0, 0, 3], [2, 0, 1, 0]], [0, 2, 0, 2]),
		'thread', undefined, true);

	assert.ok(c.points.every((p) => p.values.every((v) => v >= 0)));
	const two = curve(reportOf(['w1', 'w2'], [[0, 0, 1, 0], [0, 1, 2, 0], [1, 0, 0, 3]],
		[0, 6, 4]), 'name', undefined, true);
	assert.deepEqual(mib(two.points), [[0], [6], [4]], 'nor take from another thread\u2019s');
});

test('filters: only what passes, without the exact outline', () => {
	const report = reportOf(['a', 'b'], [[0, 0, 1, 0], [0, 1, 2, 0]], [0, 6, 6]),
		c = curve(report, 'thread', Uint8Array.of(0, 1), true);

	assert.deepEqual(c.bands.map((b) => b.text), ['b (11)']);
	assert.deepEqual(c.mark, { time: 10, total: 4 * MIB, text: 'most' });
	assert.deepEqual(curve(report, 'kind').bands.map((b) => b.key), ['anon']);
	assert.equal(curve(report, 'kind').exact, true);
	assert.deepEqual(curve(report, 'kind', Uint8Array.of(0, 0), true).bands, []);
});

test('by name, threads of a pattern are one band; many bands are eight and the others', () => {
	const tasks = [...Array.from({ length: 20 }, (_, i) => `worker-${i}`), 'main2', 'x'];
	const report = reportOf(tasks, tasks.map((_, i) => [0, i, 1 + i / 100, 0]), [0, 60, 60]);
	const names = curve(report, 'name').bands.map((b) => b.text);

	assert.deepEqual(names, ['worker-*', 'x', 'main2', 'not in samples']);
	const c = curve(report, 'thread');
	assert.equal(c.bands.length, 10);
	assert.equal(c.bands[8].text, '14 smaller');
	for (const p of c.points)
		assert.ok(Math.abs(p.values.reduce((a, b) => a + b) - p.total) < 1);
	assert.equal(new Set(c.bands.map((b) => b.class)).size, 10, 'a colour for each');
});

test('a band keeps its colour while others come and go', () => {
	const report =
		reportOf(['a', 'b', 'c'], [[0, 0, 3, 0], [0, 1, 2, 0], [0, 2, 1, 0]], [0, 12, 12]);
	const colours = new Map(), classes = (pass) => Object.fromEntries(
		curveOf(report, 'thread', Uint8Array.from(pass), true, colours).bands
			.map((b) => [b.text, b.class]));
	const before = classes([1, 1, 1]), after = classes([0, 1, 1]), again = classes([1, 1, 1]);

	assert.equal(after['b (11)'], before['b (11)']);
	assert.equal(after['c (12)'], before['c (12)']);
	assert.equal(again['b (11)'], before['b (11)']);
});
