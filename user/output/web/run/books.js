// SPDX-License-Identifier: GPL-2.0-only
//
// The section of the books: balances by kind, what is not measured and why, what was lost.

import { el } from '../shared/dom.js';
import { UNKNOWN, exact, known, printable, size } from '../shared/format.js';
import { KERNEL_KINDS, KIND_TEXT, USER_KINDS } from '../shared/kinds.js';
import { lostNotice } from './headline.js';
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

function byOthers({ by_others_causes: f }) {
	const list = Object.entries(f).filter(([, x]) => x.in || x.out);

	return list.length > 0 && el('p', { class: 'note' },
		'RSS changed by others (reclaim, other processes \u2026): ',
		list.map(([name, x]) => `${name} ${size(x.in)} in, ${size(x.out)} out`).join('; '),
			'.');
}

export function booksView(report) {
	return [verdict(report), lostNotice(report), balances(report), byOthers(report.raw),
		el('div', { class: 'parts' }, features(report.raw))];
}
