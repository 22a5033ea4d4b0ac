// SPDX-License-Identifier: GPL-2.0-only
//
// The section "Kernel memory": what the workload made the kernel hold at the peak, the slab caches
// that grew, and the control group's own counters.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, exact, known, percent, printable, size } from '../shared/format.js';
import { KERNEL_KINDS, KIND_TEXT } from '../shared/kinds.js';
import { nobodys } from './model.js';

const HEADS = ['kind', 'held by processes at the peak', 'taken', 'given back'];

const cell = (x) => el('td', { class: known(x) ? x === 0 ? 'nothing' : null : 'unknown',
	title: known(x) ? exact(x) : null, 'data-bytes': known(x) ? x : null },
	known(x) ? x === 0 ? '0' : size(x) : UNKNOWN);

// By kind: at the peak, taken and given back. What no process had is part of the last kind.
function kinds(report) {
	const { raw } = report, { kernel, total } = raw.peak.weight;
	const held = (kind) => report.processes.reduce((sum, p) =>
		sum === null || p.peak[kind] === null ? null : sum + p.peak[kind], 0);

	return el('div', { class: 'part', id: 'kernel-kinds' },
		el('h3', null, `${size(kernel)} at the peak`, total > 0 &&
			`, ${percent(Math.min(1, kernel / total))} of the weight`),
		el('div', { class: 'scroll' }, el('table', { class: 'inner' },
		el('thead', null, el('tr', null, HEADS.map((n) => el('th', { scope: 'col' }, n)))),
		el('tbody', null, KERNEL_KINDS.map((k) => el('tr', null,
			el('th', { scope: 'row' }, el('i', { class: `mark ${k}` }), KIND_TEXT[k]),
			cell(held(k)), cell(raw.totals[k].in), cell(raw.totals[k].out)))))),
		el('p', { class: 'note' }, nobodys(report)));
}

const item = (name, value) => value !== null && value !== undefined && value !== false &&
	[el('dt', null, name), el('dd', { title: known(value) ? exact(value) : null },
	known(value) ? size(value) : value)];

function group({ cgroup: c, kmem: k }) {
	if (!c)
		return el('div', { class: 'part', id: 'cgroup' }, el('h3', null, 'Control group'),
			el('p', { class: 'dim' },
			'None, or tare may not use it: the kernel\u2019s own total is not known.'));
	return el('div', { class: 'part', id: 'cgroup' }, el('h3', null, 'Control group'),
		el('p', { class: 'note' }, el('code', null, printable(c.path ?? '?')),
			` (v${c.version}), ${c.own ? 'made by tare for this ' +
			'command only' : `shared with ${count(c.others)} other processes`}.`),
		el('dl', { class: 'about' },
			item('Charged now', c.current), item('Highest charge', c.peak),
				item('Kernel memory charged now', c.kernel),
				item('Limit', c.limit ?? 'none'),
			item('Killed by the OOM killer', known(c.oom_kills) && c.oom_kills > 0 &&
				`${count(c.oom_kills)} processes`),
			item('Kernel memory, sum of events', k.by_events),
				item('Kernel memory, group\u2019s counter', k.by_cgroup),
			known(k.difference) && item('Difference',
				`${size(k.difference)} (up to ${size(k.bound)} is normal)`)));
}

function slabs({ slabs: s }) {
	if (!s)
		return null;
	return el('div', { class: 'part', id: 'slabs' }, el('h3', null, 'Slab caches that grew'),
		s.note && el('p', { class: 'note' }, printable(s.note)),
		s.caches === null ? el('p', { class: 'unknown' }, UNKNOWN)
			: el('div', { class: 'scroll tall' }, el('table', { class: 'inner' },
			el('thead', null,
				el('tr', null,
				['cache', 'object', 'objects', 'bytes']
					.map((n) => el('th', { scope: 'col' }, n)))),
			el('tbody', null,
				s.caches.map((c) => el('tr', null,
				el('th', { scope: 'row' }, printable(c.name)), cell(c.object_size),
				el('td', null, count(c.objects)), cell(c.bytes)))))));
}

export function kernelView(report) {
	return el('div', { class: 'parts' }, kinds(report), slabs(report.raw), group(report.raw));
}
