// SPDX-License-Identifier: GPL-2.0-only
//
// The section of the books: balances by kind, what is not measured and why, the control
// group, slab caches.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, exact, known, printable, size } from '../shared/format.js';
import { KERNEL_KINDS, KIND_TEXT, USER_KINDS } from '../shared/kinds.js';
import { booksOf } from './model.js';

const cell = (x, more) => el('td',
	{ class: [known(x) ? x === 0 ? 'nothing' : '' : 'unknown', more].filter(Boolean).join(' ' +
	'') || null, title: known(x) ? exact(x) : null, 'data-bytes': known(x) ? x : null },
	known(x) ? x === 0 ? '0' : size(x) : UNKNOWN);

function kindRow(raw, kind) {
	const t = raw.totals[kind];

	return el('tr', { 'data-kind': kind },
		el('th', { scope: 'row' }, el('i', { class: `mark ${kind}` }), KIND_TEXT[kind]),
		cell(t.initial), cell(t.in), cell(t.out),
		cell(t.by_others.in), cell(t.by_others.out),
		cell(t.unattributed, t.unattributed ? 'bad' : null), cell(t.net, 'strong'));
}

function balances({ raw }) {
	return el('div', { class: 'scroll' }, el('table', { class: 'inner books' },
		el('caption', { class: 'hidden' }, 'Balances by kind'),
		el('thead', null,
			el('tr', null, ['kind', 'initial', 'in', 'out', 'in by others',
			'out by others', 'unattributed', 'net']
				.map((n) => el('th', { scope: 'col' }, n)))),
		el('tbody', null, [...USER_KINDS, ...KERNEL_KINDS].map((k) => kindRow(raw, k)))));
}

function verdict(report) {
	const [word, good, why] = booksOf(report);

	return el('p', { class: `verdict ${good === null ? 'unsure' : good ? 'good' : 'bad'}` },
		el('b', null, `The books are ${word}`), why ? `: ${why}.` : '.',
		' net = initial + in \u2212 out + by others + unattributed. Unattributed is ' +
			'what no event explains; it should be 0.');
}

function features({ features: f }) {
	const list = Object.entries(f).map(([name, x]) => [printable(name),
		printable(x.state ?? UNKNOWN), x.why && printable(x.why)]);
	const missing = list.filter(([, state, why]) => state === 'not measured' ||
		state === 'off' || why);
	const rest = list.filter((x) => !missing.includes(x));

	return el('div', { class: 'part', id: 'features' }, el('h3', null, 'Not measured'),
		missing.length > 0
			? el('dl', { class: 'reasons' },
			missing.map(([name, state, why]) => [el('dt', null, `${name}: ${state}`),
			el('dd', null, why ?? '')])) :
			el('p', { class: 'dim' },
				'Everything was measured.'),
		rest.length > 0 && el('p', { class: 'note' },
			`Measured: ${rest.map(([name, state]) => `${name} (${state})`).join(', ' +
			'')}.`));
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

function byOthers({ by_others_causes: f }) {
	const list = Object.entries(f).filter(([, x]) => x.in || x.out);

	return list.length > 0 && el('p', { class: 'note' },
		'RSS changed by others (reclaim, other processes \u2026): ',
		list.map(([name, x]) => `${name} ${size(x.in)} in, ${size(x.out)} out`).join('; '),
			'.');
}

export function booksView(report) {
	return [verdict(report), balances(report), byOthers(report.raw),
		el('div', { class: 'parts' }, features(report.raw), group(report.raw),
		slabs(report.raw))];
}
