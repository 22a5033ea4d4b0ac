// SPDX-License-Identifier: GPL-2.0-only
//
// The answers at the top of the page: which thread, which function, when; and whether the figures
// can be trusted. Pure.

import { count, known, percent, printable, round, size } from '../shared/format.js';
import { booksOf, tagOf } from './model.js';
import { byName } from './groups.js';
import { owners } from './owner.js';
import { SYNTHETIC } from './profile.js';

/** The threads of one name that held most at the peak: a row of groups.js. null: none did. */
export function topThread(report) {
	const rows = byName(report.tasks);
	const top = rows.reduce((a, b) => !a || b.peak.weight > a.peak.weight ? b : a, null);

	return top?.peak.weight > 0 ? top : null;
}

/** Functions by the memory attributed to them: [{ symbol, bytes }], largest first. bytes: of each
 * row. Synthetic frames are no functions. */
export function topFunctions(profile, rows, bytes) {
	const of = owners(profile, rows), sums = new Float64Array(profile.symbols.length);

	for (let i = 0; i < of.length; i++)
		sums[of[i]] += Math.max(0, bytes[i]);
	return Array.from(sums, (b, symbol) => ({ symbol, bytes: b }))
		.filter((f) => f.bytes > 0 && !(profile.symbols[f.symbol].flags & SYNTHETIC))
		.sort((a, b) => b.bytes - a.bytes);
}

/** What the workload held when tare came. */
export const heldBefore = ({ raw: { held_before: h } }) => Math.max(0, h?.total ?? 0);

function sampleTrust({ samples: s, profile }) {
	if (!s || !profile)
		return { text: 'no samples: functions are not known', good: true };
	const whole = s.complete_share;

	return {
		text: `${count(s.count)} samples, one per ${round(s.period)}` +
			(known(whole) ? `, ${percent(whole)} of stacks whole` : ''),
		good: !(known(whole) && whole < 0.95),
	};
}

/** What was lost, in words, one text for each kind of record. */
export function lostTexts({ losses = [], lost, samples: s }) {
	const list = losses.map((l) => `${count(l.count)} ${printable(l.meaning)}`);

	if (lost.total > 0 && list.length === 0)
		list.push(`${count(lost.total)} records: see "lost" in the JSON`);
	if (s?.lost.samples > 0)
		list.push(
			`${count(s.lost.samples)} samples, which stand for ` +
			`${size(s.lost.bytes)}: the ring buffer was full`);
	if (s?.lost.vma_changes > 0)
		list.push(
			`${count(s.lost.vma_changes)} changes of mappings: names and live ` +
			`samples may be wrong`);
	return list;
}

const KERNEL_TEXT = { cgroup: 'other kernel memory only as a total, polled',
	none: 'of kernel memory only page tables and stacks are measured' };

/** What the figures are worth: { good, parts: [{ text, good }] }. Parts that are good only tell
 * what they are about. */
export function trustOf(report) {
	const { raw } = report, [books, good, why] = booksOf(report), lost = lostTexts(raw);
	const parts = [
		{ text: `books ${books}${good === true ? ' to the page' : why ? `: ${why}` : ''}`,
			good: good === true },
		{ text: lost.length === 0 ? 'nothing lost' : `lost: ${lost[0]}` +
			(lost.length > 1 ? ` \u2026 and ${lost.length - 1} more` : ''),
			good: lost.length === 0 },
		sampleTrust(raw),
		raw.kmem.level !== 'events' && { good: true,
			text: KERNEL_TEXT[raw.kmem.level] ?? 'kernel memory is not measured' },
	].filter(Boolean);

	return { good: parts.every((p) => p.good), parts };
}

const MOST_VICTIMS = 3;

/** Which processes the OOM killer ended, in words; null: none. */
export function oomText({ raw: { cgroup: c, processes } }) {
	const victims = processes.filter((p) => p.oom_killed);
	const names = victims.slice(0, MOST_VICTIMS).map((p) =>
		`${printable(p.comm ?? '?')} ${tagOf(p, p.pid)}`);

	if (victims.length > 0)
		return `killed by the OOM killer: ${names.join(', ')}` +
			(victims.length > names.length ? ' and others' : '');
	return c?.oom_kills > 0
		? `${count(c.oom_kills)} ${c.oom_kills === 1 ? 'process' : 'processes'} ` +
		'killed by the OOM killer' : null;
}

/** A share in words; '' of nothing. */
export function shareOf(bytes, whole) {
	const share = whole > 0 ? Math.min(1, bytes / whole) : 0;

	return share <= 0 ? '' : share < 0.0005 ? 'less than 0.1\u00a0%' : percent(share);
}
