// SPDX-License-Identifier: GPL-2.0-only
//
// What is compared with what, as lists for a chart of rods: a newer runtime with its older twin,
// tasks that do something with the same ones asleep, the weight with all tasks and after them.

import { known, perTask, size, tasks } from '../shared/format.js';
import { after, slope } from './model.js';

const weight = (r) => slope(r, 'weight') ?? slope(r, 'user');
const first = (name, value) => ({ what: 'first', name, value });
const second = (name, value) => ({ what: 'second', name, value });

// Heaviest last, as in the bars.
const sorted = (list) => list.filter((c) => c.dots.some((d) => known(d.value) && d.value > 0))
	.sort((a, b) => (a.dots.at(-1).value ?? 0) - (b.dots.at(-1).value ?? 0) ||
		a.row.index - b.row.index);

const arrow = (list, format) => list.filter((d) => known(d.value)).map((d) => format(d.value))
	.join(' \u2192 ');

/** Rows with their twin on an older runtime, if both were weighed. */
export function twins(rows, all) {
	const by = new Map(all.map((r) => [r.id, r]));

	return sorted(rows.map((row) => {
		const old = by.get(row.twin);
		const [before, now] = old ? both(old, row) : [];
		const dots = old && [first(`${old.title}, ${old.version ?? '?'}`, before),
			second(`${row.title}, ${row.version ?? '?'}`, now)];

		return dots?.every((d) => known(d.value)) &&
			{ row, dots, text: arrow(dots, perTask) };
	}).filter(Boolean));
}

// Where the name does not tell which program sleeps in the same way.
const SAME = { 'csharp-channel': 'csharp-dotnet', 'elixir-channel': 'elixir-spawn-sid' };

// The same program asleep, on the same runtime.
function asleep(row, all) {
	const base = row.id.replace(`-${row.family}`, '');
	const plain = base.replace(/-sid$/, '');
	const ids = SAME[row.id] ? [SAME[row.id]] : [`${plain}-sid`, plain];

	return ids.map((id) => all.find((r) => r.id === id && r.family === 'sleep' &&
		(SAME[row.id] || r.root === row.root) && known(weight(r)))).find(Boolean);
}

// Bytes per task of two rows. Where one is no line: at the largest N that both have.
function both(a, b) {
	const has = (r, t) => {
		const level = r.levels.find((l) => l.tasks === t);

		return (level?.weight ?? level?.user)?.bytes ?? null;
	};
	const n = a.bent || b.bent ? Math.max(0, ...a.levels.map((l) => l.tasks)
		.filter((t) => known(has(a, t)) && known(has(b, t)))) : 0;

	return n ? [has(a, n), has(b, n)] : [weight(a), weight(b)];
}

/** The rows of one family beside what the same tasks weigh asleep. */
export function atWork(rows, all, family) {
	return sorted(rows.filter((r) => r.family === family && known(weight(r))).map((row) => {
		const of = asleep(row, all);
		const [rest, work] = of ? both(of, row) : [null, weight(row)];
		const dots = [...of ? [first(`asleep: ${of.title}`, rest)] : [],
			second(row.title, work)];

		return { row, dots, text: arrow(dots, perTask) };
	}));
}

/** With the most tasks, and when they have ended. */
export function leftAfter(rows) {
	return sorted(rows.map((row) => {
		const a = after(row).at(-1);

		return a && known(a.of) && { row,
			dots: [first(`with ${tasks(a.tasks)}`, a.of), second('after them', a.left)],
			text: `${tasks(a.tasks)}: ${size(a.of)} \u2192 ${size(a.left)}` };
	}).filter(Boolean));
}
