// SPDX-License-Identifier: GPL-2.0-only
//
// Turns the report (schema tare.report/2) into data for the page: escaped names, a list of
// tasks, points of the weight over time. Pure.

import { count, known, printable, seconds, size } from '../shared/format.js';
import { KERNEL_KINDS, KINDS, USER_KINDS } from '../shared/kinds.js';
import { loadProfile } from './profile.js';

const RSS_KINDS = ['anon', 'file', 'shmem'];
const SIGNAL = { 1: 'HUP', 2: 'INT', 3: 'QUIT', 4: 'ILL', 5: 'TRAP', 6: 'ABRT', 8: 'FPE', 9: 'KILL',
	11: 'SEGV', 13: 'PIPE', 14: 'ALRM', 15: 'TERM' };

/** Sum; null if any value is null. */
export const sum = (list) => list.every(known) ? list.reduce((a, b) => a + b, 0) : null;
/** Sum of the known values. */
export const knownSum = (list) => list.filter(known).reduce((a, b) => a + b, 0);

const shown = (s) => s === null || s === undefined ? null : printable(s);

function held(atPeak) {
	const kinds = Object.fromEntries(KINDS.map((k) => [k, atPeak?.[k] ?? null]));

	return {
		...kinds, user: knownSum(USER_KINDS.map((k) => kinds[k])),
			kernel: knownSum(KERNEL_KINDS.map((k) => kinds[k])),
		weight: knownSum(KINDS.map((k) => kinds[k])),
	};
}

const grown = (flows) => sum(RSS_KINDS.map((k) => flows[k]?.in ?? null));

/** Tag of a row: its number "(4121)", or the count of ended ones in the row "\u00d72,999". */
export const tagOf = (raw, id) => (raw?.count ?? 1) > 1 ? `\u00d7${count(raw.count)}` : `(${id})`;

/** Minimum, median and maximum as text; null for a single one. */
function spreadOf(raw, key, what) {
	return (raw.count ?? 1) > 1
		? `${what} of each: min ${size(raw[`${key}_min`])}, median about ` +
		`${size(raw[`${key}_median`])}, max ${size(raw[`${key}_max`])}` : null;
}

// What a process held at the peak and none of its threads took: before tare came, copied by fork,
// or changed by others. It counts for its first thread, so that rows add up to the process.
function withUntaken(t, process, i) {
	const own = process.tasks.findIndex((x) => x.tid === process.pid);
	const untaken = (k) => process.at_peak?.[k] -
		knownSum(process.tasks.map((x) => x.at_peak?.[k] ?? null));

	if (i !== Math.max(0, own) || !t.at_peak)
		return { atPeak: t.at_peak, untaken: 0 };
	const atPeak = Object.fromEntries(KINDS.map((k) => [k, known(t.at_peak[k]) &&
		known(process.at_peak?.[k]) ? t.at_peak[k] + untaken(k) : t.at_peak[k] ?? null]));

	return { atPeak, untaken: knownSum(KINDS.map((k) => atPeak[k])) -
		knownSum(KINDS.map((k) => t.at_peak[k] ?? null)) };
}

function taskRow(t, process, i, at) {
	const { atPeak, untaken } = withUntaken(t, process, i);

	return {
		process: at, task: i, name: shown(t.comm), before: (t.names ?? []).map(printable),
			id: t.tid, pid: process.pid,
		count: t.count ?? 1, tag: tagOf(t, t.tid), processTag: tagOf(process, process.pid),
			spread: spreadOf(t, 'in', 'RSS grown'),
		processName: shown(process.comm), alive: t.alive, attached: t.attached,
			start: t.start_ns, end: t.end_ns,
		peak: held(atPeak), untaken, grown: grown(t), faults: t.faults?.total ?? null,
			major: t.faults?.major ?? null,
		virtual: sum([t.virtual?.mapped ?? null, t.virtual?.brk_up ?? null]),
	};
}

function processRow(p, at) {
	const faults = sum(p.tasks.map((t) => t.faults?.total ?? null));

	return {
		process: at, task: null, name: shown(p.comm),
			before: (p.images ?? []).map(printable), id: p.pid, pid: p.pid,
		count: p.count ?? 1, tag: tagOf(p, p.pid), failed: p.failed ?? 0,
			spread: spreadOf(p, 'rss_peak', 'RSS peak'),
		processName: null, alive: p.alive, start: p.start_ns, end: p.end_ns, exit: p.exit,
		peak: held(p.at_peak), grown: grown(p.balance), faults,
			major: sum(p.tasks.map((t) => t.faults?.major ?? null)),
		virtual: sum(
			p.tasks.map(
			(t) => sum([t.virtual?.mapped ?? null, t.virtual?.brk_up ?? null]))),
			threads: p.tasks.reduce((n, t) => n + (t.count ?? 1), 0),
	};
}

// The peak as a point of the series: it usually falls between two points.
function peakPoint({ peak, processes }) {
	const w = peak.weight,
		kinds = Object.fromEntries(
		KINDS.map((k) => [k, knownSum(processes.map((p) => p.at_peak?.[k] ?? null))]));

	kinds.kmem = Math.max(0, w.kernel - kinds.pagetable - kinds.kstack);
	return { time_ns: w.time_ns, rss: w.user - kinds.swap,
		non_rss: w.total - w.user + kinds.swap, kinds };
}

function withPeak(raw) {
	const before = raw.series.filter((p) => p.time_ns < raw.peak.weight.time_ns).length;

	return raw.series.length > 0 && raw.peak.weight.total > 0 ? [...raw.series.slice(0, before),
		peakPoint(raw), ...raw.series.slice(before)] : raw.series;
}

// Bands by kind if the report has them, else RSS and the rest.
function pointsOf(raw) {
	const kinds = raw.series.length > 0 && raw.series.every((p) => p.kinds),
		series = withPeak(raw);
	const bands = kinds ? KINDS.filter((k) => series.some((p) => p.kinds[k]))
		: ['rss', 'non_rss'];

	return {
		bands, byKind: kinds,
		points: series.map((p) => ({
			time: p.time_ns, total: p.rss + p.non_rss,
			values: bands.map((b) => Math.max(0, kinds ? p.kinds[b] ?? 0 : p[b])),
		})),
	};
}

// "Debian GNU/Linux 12 (bookworm), 2 × AMD EPYC, 23.5 GiB"
function machineOf(m) {
	const cpus = [m.cpus, shown(m.cpu)].filter(Boolean).join(' \u00d7 ');

	return [shown(m.distribution), cpus, m.memory ? size(m.memory)
		: null].filter(Boolean).join(', ');
}

export function load(raw) {
	return {
		raw,
		command: raw.command.map(printable), target: shown(raw.target),
		version: shown(raw.tare_version), kernel: shown(raw.kernel),
			machine: machineOf(raw.machine ?? {}),
		processes: raw.processes.map(processRow),
		tasks: raw.processes
			.flatMap((p, at) => p.tasks.map((t, i) => taskRow(t, p, i, at))),
		series: pointsOf(raw), duration: raw.duration_ns,
		profile: loadProfile(raw),
	};
}

/** Kernel memory at the peak that belonged to no process, in words; null: none or not known. */
export function nobodys({ raw: { kmem: k } }) {
	const left = k.left_at_peak > 0 ? 'left by ended tasks'
		: 'of no process';
	const list = [k.no_process_at_peak > 0 &&
		`${size(k.no_process_at_peak)} of kernel memory ${left}`,
		k.held_before_at_peak > 0 &&
			`${size(k.held_before_at_peak)} held before tare came`].filter(Boolean);

	return list.length > 0 ? `Not in these rows: ${list.join(', ')}.` : null;
}

/** "exit 0", "killed by SIGKILL" … */
export function ending({ raw }) {
	const { code, signal } = raw.exit;

	if (known(signal))
		return `killed by ${SIGNAL[signal] ? `SIG${SIGNAL[signal]}` : `signal ${signal}`}`;
	if (known(code))
		return `exit ${code}`;
	return { snapshot: 'snapshot of a running workload', detach: 'detached while it ran',
		end: 'exit status not known' }[raw.reason];
}

/** How and when the command ended, or when the report was made; what came after is said apart. */
export function endingWhen(report) {
	const { raw } = report, time = (ns) => seconds(ns / 1e9);
	const end = time(raw.command_ns ?? report.duration), last = time(raw.last_end_ns ?? 0);
	const after = raw.command_ns && raw.last_end_ns > raw.command_ns && last !== end;

	return `${ending(report)}, after ${end}` +
		(after ? `; the last process ended at ${last}` : '');
}

/** The state of the books: [word, good, why]. good: true, false, or null (not checked). */
export function booksOf({ raw }) {
	const b = raw.books,
		pages = (n) => `${n.toLocaleString('en-US')} ${n === 1 ? 'page' : 'pages'}`;

	if (b.balanced === null)
		return ['not checked', null, 'the kernel\u2019s own counters could not be summed'];
	if (b.balanced)
		return ['balanced', true, b.mms_closed > 0
			? `to the page; all counters of ${b.mms_closed.toLocaleString('en-US')} ` +
			`ended address ${b.mms_closed === 1 ? 'space' : 'spaces'} are 0`
			: 'to the page'];
	return [b.off_pages > 0 ? `off by ${pages(b.off_pages)}` : 'not balanced', false,
		printable(b.why ?? '')];
}
