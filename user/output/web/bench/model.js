// SPDX-License-Identifier: GPL-2.0-only
//
// Turns the results (schema tare.bench/1) into data for the page: rows with escaped names,
// means over runs, sort orders with unknown values last. Pure.

import { known, printable } from '../shared/format.js';
import { KERNEL_KINDS, KINDS, KIND_TEXT, USER_KINDS } from '../shared/kinds.js';

export { KERNEL_KINDS, KINDS, KIND_TEXT, USER_KINDS };
export const FAMILY_TEXT = { sleep: 'asleep', connect: 'on a connection',
	touch: 'with 1\u00a0KiB of stack', channel: 'on a channel', own: 'own command' };
export const PARTS = [...KINDS, 'user', 'kernel', 'weight', 'rss', 'charged'];

const text = (s) => s === null || s === undefined ? null : printable(s);

// A part of a row that is not a line: bytes per task at its largest N, in the form of a fit.
function atMost(level, part, fit) {
	const at = level[part];

	return at ? { tare: at.tare, slope: at.bytes, linear: false,
		tare_ci: known(at.tare_half) ?
			[at.tare - at.tare_half, at.tare + at.tare_half] : null,
		ci: known(at.half) ? [at.bytes - at.half, at.bytes + at.half] : null,
		worst: fit?.worst ?? null, worst_tasks: fit?.worst_tasks ?? null } : null;
}

// The fits of a row; what its largest N says if its weight is no line. at: that N, else null.
function fitsOf(raw) {
	const level = raw.bent ? raw.at?.at(-1) : null, kinds = raw.kinds ?? {};

	if (!level)
		return { kinds, at: null };
	return {
		...Object.fromEntries(PARTS.filter((p) => !KINDS.includes(p))
			.map((p) => [p, atMost(level, p, raw[p])])),
		kinds: Object.fromEntries(KINDS.map((k) => [k, atMost(level, k, kinds[k])])),
		at: level.tasks,
	};
}

function row(raw, index) {
	return {
		...raw,
		index,
		levels: raw.at ?? [],
		...fitsOf(raw),
		runs: raw.runs ?? [],
		published: (raw.published ?? []).map((p) => ({ ...p, source: text(p.source),
			version: text(p.version) })),
		id: text(raw.id),
		title: text(raw.title ?? raw.id ?? '?'),
		language: text(raw.language) ?? '',
		family: text(raw.family) ?? '',
		task: text(raw.task),
		root: text(raw.root),
		version: text(raw.version),
		command: text(raw.command),
		missing: text(raw.missing),
		status: text(raw.status) ?? '',
	};
}

export function load(json) {
	return { ...json, rows: (json.rows ?? []).map(row) };
}

/** A part's fit: of a kind, a sum or a comparison. */
export const fitOf = (r, part) => r[part] !== undefined && !KINDS.includes(part) ? r[part]
	: r.kinds[part] ?? null;
export const slope = (r, part) => fitOf(r, part)?.slope ?? null;
export const tare = (r) => fitOf(r, 'weight')?.tare ?? fitOf(r, 'user')?.tare ?? null;

/** Can a bar be drawn? The weight, or some kinds of it, are known. */
export const weighed = (r) => KINDS.some((k) => known(slope(r, k)));

/** Sum of the known kinds' slopes; negative ones count as 0. */
export const stacked = (r) => KINDS.reduce((sum, k) => sum + Math.max(0, slope(r, k) ?? 0), 0);

/** The kernel's part of a task's weight, 0 to 1; null: not known. A slope below 0 is noise around
 * 0, so it counts as 0. */
export function kernelShare(r) {
	const user = Math.max(0, slope(r, 'user')), kernel = Math.max(0, slope(r, 'kernel'));

	return known(slope(r, 'user')) && known(slope(r, 'kernel')) && user + kernel > 0
		? kernel / (user + kernel) : null;
}

/** Sort up or down; unknown values come last in both; ties stay in the file's order. */
export function ordered(rows, key, descending) {
	const sign = descending ? -1 : 1;
	const nothing = (x) => x === null || x === undefined || x === '' || Number.isNaN(x);

	return rows.map((r) => [key(r), r]).sort(([a, ra], [b, rb]) => {
		if (nothing(a) || nothing(b))
			return nothing(a) - nothing(b) || ra.index - rb.index;
		const d = typeof a === 'string' ? a.localeCompare(b, 'en', { numeric: true })
			: a - b;
		return sign * d || ra.index - rb.index;
	}).map(([, r]) => r);
}

export const ORDER = {
	weight: (r) => slope(r, 'weight'),
	user: (r) => slope(r, 'user'),
	kernel: (r) => slope(r, 'kernel'),
	tare,
	title: (r) => r.title,
};

/** The rows that pass the filters at the top of the page. */
export function filtered(rows, { query, language, family, root }) {
	const words = query.toLowerCase().split(/\s+/).filter(Boolean);

	return rows.filter((r) => (!language || r.language === language) &&
		(!family || r.family === family) && (!root || r.root === root) &&
		words.every(
		(w) => [r.title, r.id, r.language, r.version, r.task]
			.some((s) => s?.toLowerCase().includes(w))));
}

export const distinct = (rows, key) => [...new Set(rows.map((r) => r[key]).filter(Boolean))]
	.sort((a, b) => a.localeCompare(b, 'en'));

function gathered(runs, part) {
	const by = new Map();

	for (const run of runs)
		if (run.outcome === 'ok' && known(run[part])) {
			if (!by.has(run.tasks))
				by.set(run.tasks, []);
			by.get(run.tasks).push(run[part]);
		}
	return [...by].sort(([a], [b]) => a - b).map(([tasks, values]) => ({
		tasks, values,
		mean: values.reduce((a, b) => a + b) / values.length,
		lo: Math.min(...values), hi: Math.max(...values),
	}));
}

/** Mean and spread of a part over the successful runs, for each N, in one state. As for the
 * fits, runs with --after do not count. */
export const points = (r, part, state = r.state) =>
	gathered(r.runs.filter((run) => run.state === state && !run.after), part);

/** Memory left after all tasks ended, with the weight before. */
export function after(r) {
	const of = (list) => new Map(gathered(list, 'weight').map((p) => [p.tasks, p.mean]));
	const same = of(r.runs.filter((run) => run.state === r.state && run.after));
	const others = of(r.runs.filter((run) => run.state === r.state));

	return gathered(r.runs.filter((run) => run.state === 'after'), 'weight').map((p) => ({
		tasks: p.tasks, left: p.mean, of: same.get(p.tasks) ?? others.get(p.tasks) ?? null,
	}));
}

/** Runs that a limit stopped, or that failed: one for each N and reason. */
export function stops(r) {
	const seen = new Map();

	for (const run of r.runs)
		if (run.outcome !== 'ok') {
			const by = run.stopped_by ? printable(run.stopped_by) : 'reason unknown';

			seen.set(`${run.tasks} ${run.outcome} ${by}`, { ...run, by });
		}
	return [...seen.values()];
}

/** Published bytes per task of each source: between its smallest and largest N. */
export function publishedSlopes(r) {
	return [...new Set(r.published.map((p) => p.source))].map((source) => {
		const p =
			r.published.filter((x) => x.source === source && known(x.rss))
				.sort((a, b) => a.tasks - b.tasks);
		const first = p[0], last = p.at(-1);

		return first && last.tasks > first.tasks ? {
			source, version: last.version,
				slope: (last.rss - first.rss) / (last.tasks - first.tasks),
		} : null;
	}).filter(Boolean);
}

/** Rows selected at the start: a few "sleep" rows from lightest to heaviest. */
export function sampled(rows, n) {
	const list = ordered(rows.filter((r) => points(r, 'weight').length > 2), ORDER.weight,
		false);
	const step = Math.max(1, (list.length - 1) / (n - 1));

	return [...new Set(Array.from({ length: Math.min(n, list.length) },
		(_, i) => list[Math.round(i * step)]))]
		.filter(Boolean).map((r) => r.index);
}
