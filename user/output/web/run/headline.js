// SPDX-License-Identifier: GPL-2.0-only
//
// The top of the page: command, weight, and how reliable the figures are.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, date, exact, known, percent, printable, round, seconds,
	size } from '../shared/format.js';
import { card, fact } from '../shared/parts.js';
import { booksOf, ending } from './model.js';

const LONG = 90;
const time = (ns) => seconds(ns / 1e9);

function title(report) {
	const command =
		report.raw.command.map((c) => printable(c.replace(/\s+/g, ' ').trim())).join(' ');

	if (!command)
		return report.target ? `Attached to ${report.target}` : 'No command';
	return command.length > LONG ? `${command.slice(0, LONG)}\u2026` : command;
}

// When the command ended, or the report was made; what came after is said apart.
function endedAfter({ raw, duration }) {
	const end = time(raw.command_ns ?? duration), last = time(raw.last_end_ns ?? 0);

	return raw.command_ns && raw.last_end_ns > raw.command_ns && last !== end
		? `${end}; the last process ended at ${last}` : end;
}

function lead(report) {
	const { raw } = report, { weight } = raw.peak, measured = raw.kmem.level === 'events' ? ''
		: ' (only what is measured)';

	return el('p', { class: 'lead' },
		'Peak weight: ',
			el('b', { 'data-bytes': weight.total, title: exact(weight.total) },
			size(weight.total)),
		` at ${time(weight.time_ns)} after ${report.target ? 'the attach' : 'the start'}: `,
		el('b', { title: exact(weight.user) }, size(weight.user)), ' of user memory and ',
		el('b', { title: exact(weight.kernel) }, size(weight.kernel)),
			` of kernel memory${measured}. `,
		`${ending(report)[0].toUpperCase()}${ending(report).slice(1)}, after ` +
			`${endedAfter(report)}.`);
}

function samplingCard({ samples: s }) {
	if (!s)
		return card('Samples', 'none', 'see "Where it grew" below');
	return card('Samples', count(s.count),
		`one per ${round(s.period)}; ` +
		`${known(s.complete_share) ? percent(s.complete_share) : 'no'} complete stacks`);
}

function cards(report) {
	const { raw } = report, [books, good, why] = booksOf(report), { weight } = raw.peak;
	const booksCard = card('Books', books, why);

	booksCard.classList.add(good === null ? 'unsure' : good ? 'good' : 'bad');
	booksCard.title = why;
	return el('dl', { class: 'cards', id: 'cards' },
		card('Peak weight', size(weight.total),
			`\u00b1 ${size(weight.bound)}, at ${time(weight.time_ns)}`),
		card('Kernel memory at the peak', size(weight.kernel), weight.total > 0
			? `${percent(weight.kernel / weight.total)} of the peak weight` : ''),
		card('Peak RSS', size(raw.peak.rss), `at ${time(raw.peak.time_ns)}`),
		booksCard, samplingCard(raw));
}

function samplingText({ samples: s }) {
	if (!s)
		return null;
	const peak = s.types['live-peak'];

	return [`one per ${exact(s.period)} of growth, ${count(s.count)} samples; `,
		s.thinned?.length > 0
			? `${count(s.thinned.reduce((n, t) => n + t.count, 0))} of them one per ` +
			`up to ${exact(s.thinned.at(-1).period)}, because samples came too ` +
			`fast; ` : '',
		known(s.complete_share)
			? `${percent(s.complete_share)} of stacks are complete`
			: 'no stacks',
		peak.total > 0
			? `; standard error of the memory held at the peak: ${size(peak.error)} ` +
			`(${percent(peak.error / peak.total)}), of a part of B bytes: ` +
			`\u221a(B \u00d7 ${round(s.period)})` : ''].join('');
}

// A number can't hold nanoseconds since 1970 exactly. Milliseconds are enough.
const when = ({ raw }) => known(raw.started_ns)
	? date(new Date(raw.started_ns / 1e6).toISOString()) : UNKNOWN;

function facts(report) {
	const { raw } = report, whole = report.command.join(' ');

	const ns = raw.self?.ns_per_update;
	const each = known(ns) ? ` at ${count(ns)}\u00a0ns` : '';

	return el('dl', { class: 'facts' },
		whole.length > LONG && fact('Command', el('code', { class: 'command' }, whole)),
		fact('Started', when(report)), fact('Measured by', `tare ${report.version}`),
			fact('Machine',
			[report.machine, `Linux ${report.kernel}`].filter(Boolean).join(', ')),
		fact('Ended', `${ending(report)}, after ${endedAfter(report)}`),
		fact('Sampling', samplingText(raw)),
		raw.self &&
			fact('Cost',
			`tare used ${time(raw.self.cpu_ns)} of CPU time, ` +
			`${size(raw.self.rss)} of RSS and ` +
			`${size(raw.self.map_bytes)} of BPF maps; ` +
			`${count(raw.self.updates)} counter updates${each}`));
}

function lostText({ losses = [], lost, samples: s }) {
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
	return list.length > 0 && el('div', { class: 'notice', id: 'losses', role: 'status' },
		el('b', null, 'Lost: '),
		el('ul', null, list.map((l) => el('li', null, l))));
}

export function headline(report, switches) {
	return el('header', { class: 'top' },
		el('div', { class: 'brand' },
			el('span', null, el('b', null, 'tare'), report.target ? ' attach' : ' run'),
			switches),
		el('h1', null, title(report)), lead(report), lostText(report.raw), cards(report),
			facts(report));
}
