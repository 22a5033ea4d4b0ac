// SPDX-License-Identifier: GPL-2.0-only
//
// The weight over time as bands: by kind, exact, as the ledger counted it; or, with filters, by
// thread and by function, from the samples. Pure.
//
// A sampled band is what grew minus what shrank up to then, scaled like the entries. Without
// filters the outline is the exact weight: bands that are together more than it are scaled down to
// it, and what is missing is a band of its own.

import { count, printable } from '../shared/format.js';
import { KIND_TEXT } from '../shared/kinds.js';
import { tagOf } from './model.js';
import { nameInGroup } from './groups.js';
import { owners, titleOf } from './owner.js';

export const STACKINGS = { kind: 'kind', name: 'thread name', thread: 'thread',
	function: 'function' };

const BANDS = 8, TASKS = 2 ** 24;
const BAND_TEXT = { ...KIND_TEXT, rss: 'RSS', non_rss: 'swap and kernel' };
const BAND_CLASS = { rss: 'anon', non_rss: 'kstack' };
const OTHER = 'other', UNSAMPLED = 'unsampled';

const kindBand = (k) => ({ key: k, text: BAND_TEXT[k], class: BAND_CLASS[k] ?? k });

function exactCurve({ series, raw }) {
	return {
		bands: series.bands.map(kindBand), points: series.points, exact: true,
		mark: raw.peak.weight.total > 0 ? { time: raw.peak.weight.time_ns,
			total: raw.peak.weight.total, text: 'peak' } : null,
	};
}

// The name of a row's thread, or of the group that it is in.
function nameOf(report) {
	const { profile: { entries }, raw: { processes } } = report, inGroup = nameInGroup(report);
	const cache = new Map();

	return (i) => {
		const key = entries.process[i] * TASKS + entries.task[i];
		const p = processes[entries.process[i]];

		if (!cache.has(key))
			cache.set(key, inGroup(printable(p?.tasks[entries.task[i]]?.comm ??
				p?.comm ?? '?')));
		return cache.get(key);
	};
}

// What each row's band is: [key of a row, { text, pick } of a key].
function keysOf(report, by) {
	const { profile } = report, { entries } = profile;

	if (by === 'kind')
		return [(i) => entries.kind[i], (k) => kindBand(profile.kinds[k])];
	if (by === 'function') {
		const of = owners(profile, entries);

		return [(i) => of[i], (k) => ({ text: titleOf(profile.symbols[k]),
			pick: { symbol: k } })];
	}
	if (by === 'name')
		return [nameOf(report), (name) => ({ text: name, pick: { name } })];
	return [(i) => entries.process[i] * TASKS + entries.task[i] + 1, (k) => {
		const process = Math.floor(k / TASKS), task = k % TASKS - 1,
			raw = report.raw.processes[process], t = raw?.tasks[task];

		return { text: t ? `${printable(t.comm ?? '?')} ${tagOf(t, t.tid)}`
			: `${printable(raw?.comm ?? '?')}: no thread`,
		pick: task >= 0 ? { process, task } : { process, task: null } };
	}];
}

// Calls change(key, bytes) for each change of a band, and end(slot) after each slot. Ticks are
// sorted by slot.
function replay({ entries, ticks }, pass, keyOf, change, end) {
	const live = new Float64Array(entries.length);
	let i = 0;

	for (let slot = 0; slot < ticks.slots; slot++) {
		for (; i < ticks.slot.length && ticks.slot[i] <= slot; i++) {
			const e = ticks.entry[i];

			if (!pass[e] || !(ticks.sampled[e] > 0))
				continue;
			const before = Math.max(0, live[e]);
			live[e] += (ticks.in[i] - ticks.out[i]) * entries.grown[e] /
				ticks.sampled[e];
			change(keyOf(e), Math.max(0, live[e]) - before);
		}
		end(slot);
	}
}

// The bands with the highest maximum.
function largest(profile, pass, keyOf) {
	const now = new Map(), most = new Map();

	replay(profile, pass, keyOf, (key, bytes) => {
		const sum = (now.get(key) ?? 0) + bytes;

		now.set(key, sum);
		if (sum > (most.get(key) ?? 0))
			most.set(key, sum);
	}, () => {});
	return { kept: [...most].sort((a, b) => b[1] - a[1]).slice(0, BANDS).map(([k]) => k),
		left: Math.max(0, most.size - BANDS) };
}

/** The weight at a time, between two points of the series. */
function between(points, time) {
	let a = 0, b = points.length - 1;

	while (b - a > 1) {
		const middle = (a + b) >> 1;

		if (points[middle].time <= time)
			a = middle;
		else
			b = middle;
	}
	const from = points[a], to = points[b];

	if (time <= from.time || to.time <= from.time)
		return time < from.time ? 0 : from.total;
	return time >= to.time ? to.total
		: from.total + (to.total - from.total) * (time - from.time) / (to.time - from.time);
}

// Fit the bands of a point under the exact weight; the rest is the last band.
function fitted(point, weight) {
	const sum = point.values.reduce((a, b) => a + b, 0);
	const scale = sum > weight ? weight / sum : 1;

	return { time: point.time, total: weight,
		values: [...point.values.map((v) => v * scale), Math.max(0, weight - sum)] };
}

function marked(points, text) {
	const top = points.reduce((a, b) => b.total > a.total ? b : a, points[0]);

	return top?.total > 0 ? { time: top.time, total: top.total, text } : null;
}

// Colours stay with the bands that stay.
function coloured(bands, colours) {
	const free = Array.from({ length: BANDS }, (_, i) => i), kept = new Map();

	for (const b of bands)
		if (colours.has(b.key) && free.includes(colours.get(b.key))) {
			kept.set(b.key, colours.get(b.key));
			free.splice(free.indexOf(colours.get(b.key)), 1);
		}
	for (const b of bands)
		if (!b.class) {
			if (!kept.has(b.key))
				kept.set(b.key, free.shift());
			b.class = `band-${kept.get(b.key)}`;
		}
	colours.clear();
	for (const [key, colour] of kept)
		colours.set(key, colour);
}

function sampledCurve(report, pass, by, filtered, colours) {
	const { profile, series } = report, { ticks } = profile;
	const [keyOf, about] = keysOf(report, by);
	const { kept, left } = largest(profile, pass, keyOf);
	const at = new Map(kept.map((k, i) => [k, i]));
	const bands = kept.map((key) => ({ key, ...about(key) }));
	const now = new Float64Array(kept.length + (left > 0 ? 1 : 0));
	let points = [{ time: ticks.start, total: 0, values: [...now] }];

	coloured(bands, colours);
	if (left > 0)
		bands.push({ key: OTHER, text: `${count(left)} smaller`, class: OTHER });
	replay(profile, pass, keyOf, (key, bytes) => { now[at.get(key) ?? kept.length] += bytes; },
		(slot) => {
			const values = Array.from(now, (v) => Math.max(0, v));

			points.push({ time: ticks.at(slot + 1), values,
				total: values.reduce((a, b) => a + b, 0) });
		});
	if (filtered || series.points.length < 2)
		return { bands, points, exact: false, mark: marked(points, 'most') };
	points = points.map((p) => fitted(p, between(series.points, p.time)));
	bands.push({ key: UNSAMPLED, text: 'not in samples', class: UNSAMPLED });
	return { bands, points, exact: false, mark: exactCurve(report).mark };
}

/** by: a key of STACKINGS. pass: rows of the profile that pass the filters; filtered: not all do.
 * colours: a Map that the caller keeps. Returns { bands, points, mark, exact }. */
export function curveOf(report, by, pass, filtered, colours) {
	const { profile } = report;

	if (!profile || profile.ticks.slots === 0 || (by === 'kind' && !filtered))
		return exactCurve(report);
	return sampledCurve(report, pass, by, filtered, colours);
}
