// SPDX-License-Identifier: GPL-2.0-only
//
// Published figures next to tare's, at the same N: published max RSS, tare's RSS at the peak, and
// tare's weight (with kernel memory).

import { UNKNOWN, known, size, tasks } from '../shared/format.js';
import { points, publishedSlopes } from './model.js';
import { rodsChart } from './rods.js';

/** tare's value at the peak, to compare with max RSS; if that is not known, the steady value. */
function ours(r, part, n) {
	for (const state of ['peak', r.state]) {
		const p = points(r, part, state).find((x) => x.tasks === n);

		if (p)
			return p.mean;
	}
	return null;
}

const whole = (c) => c.dots.find((d) => d.what === 'weight').value;

/** One line for each row with a published figure at n tasks. */
export function comparisons(rows, n) {
	return rows.map((row) => {
		const dots = row.published.filter((p) => p.tasks === n && known(p.rss))
			.map((p) => ({ what: markOf(p.source),
				name: `${p.source}: ${p.version ?? UNKNOWN}`,
				value: p.rss }));

		return {
			row, dots: [...dots,
				{ what: 'rss', name: 'RSS, tare', value: ours(row, 'rss', n) },
				{ what: 'weight', name: 'whole weight, tare',
					value: ours(row, 'weight', n) }],
			published: dots.length,
		};
	}).filter((c) => c.published > 0)
		.sort((a, b) => (whole(a) ?? Infinity) - (whole(b) ?? Infinity) ||
			a.row.index - b.row.index);
}

/** Sources with a slope, the oldest first. */
export const publishedSources = (rows) =>
	[...new Set(rows.flatMap(publishedSlopes).map((p) => p.source))].sort();

export const publishedTasks = (rows) =>
	[...new Set(rows.flatMap((r) => r.published.map((p) => p.tasks)))]
	.filter(known).sort((a, b) => a - b);

/** The mark of a figure from a source. */
export const markOf = (source) => source === '2023' ? 'p2023' : source === '2024' ? 'p2024'
	: 'pother';

export const publishedChart = (list, { width }) => rodsChart(
	list.map((c) => ({ ...c, text: size(whole(c)) })),
	{ width, name: 'published', head: 'whole weight' });

export const captionOf = (n) => `with ${tasks(n)} ${n === 1 ? 'task' : 'tasks'}`;
