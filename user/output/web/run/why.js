// SPDX-License-Identifier: GPL-2.0-only
//
// The section "Why it changed": RSS taken and given back by cause, exact; and what kind of mapping
// held the memory, by samples. A click filters the flame graph.

import { el } from '../shared/dom.js';
import { exact, printable, size } from '../shared/format.js';

const SHOWN = 12, NAME = 38;

const BY_OTHERS = 'by others: ';

/** Sums by cause over all threads: [{ name, in, out }], largest first. Pure. */
export function causesOf({ raw }) {
	const sums = new Map();
	const add = (name, flow) => {
		const sum = sums.get(name) ?? { name, in: 0, out: 0 };

		sum.in += flow.in;
		sum.out += flow.out;
		sums.set(name, sum);
	};

	for (const p of raw.processes)
		for (const t of p.tasks)
			for (const c of t.causes)
				add(c.cause, c);
	for (const [name, flow] of Object.entries(raw.by_others_causes))
		if (flow.in || flow.out)
			add(BY_OTHERS + name, flow);
	return [...sums.values()].sort((a, b) => b.in + b.out - a.in - a.out);
}

/** Memory at the peak and grown, by mapping: [{ mapping, label, peak, grown }], largest first.
 * Pure. */
export function mappingsOf(profile) {
	const { entries } = profile, sums = new Map();

	for (let i = 0; i < entries.length; i++) {
		const key = entries.label[i];
		const sum = sums.get(key) ?? { label: key, peak: 0, grown: 0 };

		sum.peak += Math.max(0, entries.live_peak[i]);
		sum.grown += Math.max(0, entries.grown[i]);
		sums.set(key, sum);
	}
	return [...sums.values()].sort((a, b) => b.peak - a.peak || b.grown - a.grown);
}

const cell = (x, more) => el('td', { class: x === 0 ? 'nothing' : null, title: exact(Math.round(x)),
	'data-bytes': x, ...more }, x === 0 ? '0' : size(x));

function table(caption, heads, rows) {
	return el('div', { class: 'scroll tall' }, el('table', { class: 'inner why' },
		el('caption', null, caption),
		el('thead', null, el('tr', null, heads.map((h) => el('th', { scope: 'col' }, h)))),
		el('tbody', null, rows)));
}

function bar(share) {
	const node = el('i', { class: 'share-bar', 'aria-hidden': 'true' });

	node.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
	return el('td', { class: 'bar-cell' }, node);
}

// The end of a path tells most.
const cut = (text) =>
	text.length > NAME ? `${text.slice(0, 8)}\u2026${text.slice(9 - NAME)}` : text;

// The name of a row; a button, if a click can filter.
const name = (text, pressed, act) => el('th', { scope: 'row' }, act ? el('button',
	{ type: 'button', class: 'link', title: text, 'aria-pressed': String(pressed),
	onclick: act }, cut(text)) : el('span', { title: text }, cut(text)));

function causeTable(report, state, actions) {
	const list = causesOf(report), most = list[0] ? list[0].in + list[0].out : 1;
	const number = (n) => report.profile ? report.profile.causes.indexOf(n) : -1;

	if (list.length === 0)
		return el('p', { class: 'dim' }, 'No RSS was taken or given back.');
	return table('RSS by cause, exact', ['Cause', 'Taken', 'Given back', ''],
		list.slice(0, SHOWN).map((c) => {
		const at = number(c.name), act = at >= 0 && actions.filters
			? () => actions.toggle('cause', at) : null;

		return el('tr', { 'data-cause': printable(c.name) },
			name(printable(c.name), state.cause === at, act), cell(c.in), cell(c.out),
			bar((c.in + c.out) / most));
	}));
}

function mappingTable({ profile }, state, actions) {
	const list = mappingsOf(profile), most = list[0]?.peak || 1;

	return table('Mappings, by samples', ['Mapping', 'At the peak', 'Grown', ''],
		list.slice(0, SHOWN).map((m) => {
		const key = `l${m.label}`;

		return el('tr', { 'data-label': m.label },
			name(printable(profile.strings[m.label] ?? '?'), state.mapping === key,
				() => actions.toggle('mapping', key)), cell(m.peak), cell(m.grown),
			bar(m.peak / most));
	}));
}

/** actions: filters; toggle(key, value) sets a filter, or removes it. */
export function whyView(report, state, actions) {
	return el('div', { class: 'parts' }, causeTable(report, state, actions),
		report.profile && mappingTable(report, state, actions));
}
