// SPDX-License-Identifier: GPL-2.0-only
//
// The story of an incident (an OOM kill, a rule of tare agent): what happened, who asked, the
// limit, and who grew just before.

import { el } from '../shared/dom.js';
import { exact, printable, seconds, size } from '../shared/format.js';

const TITLES = { 'oom-kill': 'OOM kill', event: 'A limit was reached', rule: 'A growth rule held',
	requested: 'A dump was asked for', prekill: 'systemd-oomd is about to kill' };
const SORTS = ['process', 'thread', 'function'], WINDOWS = ['1s', '10s', '60s'];
const ROWS = 5; // of a sort
const time = (ns) => seconds(ns / 1e9);

export const incidentTitle = ({ raw }) => TITLES[raw.incident.what] ?? 'Incident';

function who({ pid, comm, thread }) {
	const name = printable(comm ?? '?');

	return thread && thread !== comm ? `${name} (pid ${pid}, thread ${printable(thread)})`
		: `${name} (pid ${pid})`;
}

function sentences(i) {
	const group = i.cgroup ? printable(i.cgroup) : 'its control group';
	const oom = i.what === 'oom-kill', apart = Math.abs(i.time_ns - i.held_ns);

	return [
		i.detail && printable(i.detail),
		i.victim && [`The kernel killed ${who(i.victim)}`,
			i.victim_held && `which held ${size(i.victim_held)}`,
			`${time(i.time_ns)} after the start.`].filter(Boolean).join(', '),
		i.limit ? `${size(i.usage)} of ${size(i.limit)} in ${group}.`
			: oom ? 'No control group was at its limit: the machine had no memory.'
				: i.cgroup && `Control group ${group}.`,
		i.trigger && `${who(i.trigger)} asked for memory${i.victim &&
			i.trigger.pid === i.victim.pid ? '.' : '; it is not the victim.'}`,
		!i.at_kill && apart >= 1e9 && `What was held and grew is as of ${time(apart)} ` +
			`${i.held_ns < i.time_ns ? 'before' : 'after'} the kill.`,
	].filter(Boolean);
}

const cell = (bytes) => el('td', { class: 'n', title: exact(bytes) },
	bytes > 0 ? `+${size(bytes)}` : size(bytes));

function row(x) {
	const name = printable(x.name ?? '?');

	return el('tr', { 'data-sort': x.sort },
		el('th', { scope: 'row' }, x.thread === null ? name
			: `${name} \u203a ${printable(x.thread)}`),
		el('td', { class: 'word' }, x.sort), WINDOWS.map((w) => cell(x.grown[w])),
		el('td', { class: 'n', title: exact(x.held) }, size(x.held)),
		el('td', { class: 'word' }, x.function ? printable(x.function) : ''));
}

/** The section's nodes; the report has an incident. */
export function incidentView({ raw }) {
	const i = raw.incident, spans = WINDOWS.map((w) => time(i.span_ns[w]));
	const head = (h) => el('th', { scope: 'col', class: h === 'mostly' ? 'word' : null }, h);
	const rows = SORTS.flatMap((s) => i.grew.filter((x) => x.sort === s).slice(0, ROWS));

	return [...sentences(i).map((text) => el('p', null, text)), rows.length === 0
		? el('p', { class: 'dim' }, 'Nothing grew by 64 KiB or more.')
		: el('div', { class: 'scroll' }, el('table', { class: 'inner' },
			el('caption', { class: 'hidden' }, 'Growth in the time before it'),
			el('thead', null, el('tr', null,
				['who', '', ...spans, 'held', 'mostly'].map(head))),
			el('tbody', null, rows.map(row))))];
}
