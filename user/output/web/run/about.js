// SPDX-License-Identifier: GPL-2.0-only
//
// What a box of a graph is, in words and figures: for the tooltip and the line below the graph.

import { count, exact, percent, printable, size } from '../shared/format.js';
import { bytesOf, countOf, eachRange } from './calls.js';
import { selfOf } from './graphs.js';
import { FALLBACK, INLINED, KERNEL, SYNTHETIC, placesOf, standardError } from './profile.js';
import { lower } from './view.js';

const MOST_VIA = 3;
const SYNTHETIC_TEXT = {
	'[no sample]': 'memory without a sample: the thread is known, the function is not',
	'[before]': 'held before tare came, or copied by fork',
	'[truncated]': 'the stack continues, but could not be unwound further',
	'[smaller stacks]': 'small stacks, merged to limit tare\u2019s own memory',
	'[no stack]': 'there was no user stack',
	'[execve]': 'the kernel loads a program: there is no user stack yet',
	'[hidden]': 'all functions of these stacks are hidden or merged',
	'[no Python]': 'no Python function was running',
};

function notes(symbol) {
	return [symbol.flags & KERNEL && 'kernel', symbol.flags & INLINED && 'inlined',
		symbol.flags & FALLBACK && 'from the frame-pointer fallback',
		symbol.flags & SYNTHETIC && SYNTHETIC_TEXT[symbol.name]].filter(Boolean).join(', ');
}

/** Module, source lines and remarks of a box; null: it is no function. */
export function whereOf(view, box, symbol) {
	if (!symbol)
		return null;
	const { profile } = view, lines = new Set();

	if (!(symbol.flags & SYNTHETIC))
		for (const node of box.parts ? box.parts.slice(0, 8).map((p) => p.at) : [box.node])
			for (const text of placesOf(profile, node))
				lines.add(text);
	return [profile.modules[symbol.module]?.path, [...lines].slice(0, 7).join(', '),
		notes(symbol)].filter(Boolean).join(' \u00b7 ');
}

// Rows of a box that are its own: at its node itself.
function ownRange(view, box) {
	return [box.a, lower(view.node, box.node + 1, box.a, box.b)];
}

/** Bytes by what the folded frames say of them, largest first: [text, bytes]. */
export function viaOf(view, ranges) {
	const { tree, strings } = view.profile, sums = new Map();

	for (const [a, b] of ranges)
		for (let k = a; k < b; k++) {
			const row = view.order[k], via = tree.via[view.rows.raw[row]];

			if (via >= 0)
				sums.set(via, (sums.get(via) ?? 0) + view.bytes[row]);
		}
	return [...sums].map(([via, bytes]) => [printable(strings[via]), bytes])
		.sort((a, b) => b[1] - a[1]);
}

// What a function took itself, not in its callees.
function itself(view, box) {
	const via = box.parts ? [] : viaOf(view, [ownRange(view, box)]);

	return [['itself', size(selfOf(view, box))],
		...via.slice(0, MOST_VIA).map(([text, bytes]) => [`via ${text}`, size(bytes)])];
}

/** Rows of a tooltip: [name, value, mark]. top: the box that the graph is zoomed to, or null;
 * calls: boxes further in are callers. */
export function figures(view, box, top, calls) {
	const bytes = bytesOf(view, box), samples = countOf(view, box);
	const rows = [['bytes', `${size(bytes)}, ${exact(Math.round(bytes))}`, 'sum'],
		['of the total', view.total > 0 ? percent(bytes / view.total) : '']];

	if (top && bytesOf(view, top) > 0)
		rows.push(['of the zoomed frame', percent(bytes / bytesOf(view, top))]);
	if (!calls && !box.rest && (box.node >= 0 || box.parts))
		rows.push(...itself(view, box));
	rows.push(['samples of all growth', count(samples)]);
	rows.push(['standard error',
		samples > 0 ? `\u00b1 ${size(standardError(view.profile, bytes))}`
		: 'none: exact, by the ledger']);
	return rows;
}

// Running sums by kind, to find the largest kind of a box.
function kindSums(view) {
	view.kindSums ??= view.profile.kinds.map((_, kind) => {
		const sum = new Float64Array(view.order.length + 1);

		view.order.forEach((row, k) => { sum[k + 1] = sum[k] +
			(view.rows.kind[row] === kind ? view.bytes[row] : 0); });
		return sum;
	});
	return view.kindSums;
}

/** The kind that most of a box's bytes are of. */
export function mostOf(view, box) {
	if (box.most === undefined) {
		const sums = kindSums(view).map((s) => {
			let sum = 0;

			eachRange(box, (a, b) => { sum += s[b] - s[a]; });
			return sum;
		});
		box.most = sums.indexOf(Math.max(...sums));
	}
	return box.most;
}
