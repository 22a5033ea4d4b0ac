// SPDX-License-Identifier: GPL-2.0-only
//
// Rows of threads put together by name: worker-1, worker-2 … are worker-*. Pure.

import { printable } from '../shared/format.js';
import { KINDS } from '../shared/kinds.js';
import { knownSum, sum } from './model.js';

/** The name of a group: numbers in a name do not count. */
export const groupName = (name) => (name ?? '').replace(/\d+/g, '*');

const shown = new WeakMap(); // report -> group -> name

/** The name that a thread is shown by in its group: its own, if all in the group have it; else the
 * group's. */
export function nameInGroup({ raw: { processes } }) {
	if (!shown.has(processes)) {
		const names = new Map();

		for (const name of processes.flatMap((p) => [p, ...p.tasks])
			.map((x) => printable(x.comm ?? '?'))) {
			const group = groupName(name), one = names.get(group) ?? name;

			names.set(group, one === name ? name : group);
		}
		shown.set(processes, names);
	}
	const names = shown.get(processes);

	return (name) => names.get(groupName(name)) ?? name;
}

const SUMS = ['user', 'kernel', 'weight'];

function together(key, members) {
	const sumOf = (k) => members.every((r) => r.peak[k] === null) ? null
		: knownSum(members.map((r) => r.peak[k]));
	const peak = Object.fromEntries([...KINDS, ...SUMS].map((k) => [k, sumOf(k)]));
	const alive = members.some((r) => r.alive), names = new Set(members.map((r) => r.name));

	return {
		process: null, task: null, group: key, members, peak,
		name: names.size === 1 ? members[0].name : key, before: [], id: null, pid: null,
		count: members.reduce((n, r) => n + r.count, 0), processName: null, spread: null,
		alive, attached: false, failed: 0,
		start: members.reduce((least, r) => Math.min(least, r.start ?? 0), Infinity),
		end: alive ? null : members.reduce((most, r) => Math.max(most, r.end ?? 0), 0),
		grown: sum(members.map((r) => r.grown)), faults: sum(members.map((r) => r.faults)),
		major: sum(members.map((r) => r.major)),
		virtual: sum(members.map((r) => r.virtual)),
	};
}

const heavier = (a, b) => b.peak.weight - a.peak.weight || a.process - b.process ||
	(a.task ?? 0) - (b.task ?? 0);

const made = new WeakMap();

/** Groups of two rows or more, with their members, heaviest first; and the other rows. */
export function byName(rows) {
	if (!made.has(rows)) {
		const groups = new Map();

		for (const r of rows) {
			const key = groupName(r.name);
			groups.set(key, groups.get(key) ?? []);
			groups.get(key).push(r);
		}
		made.set(rows, [...groups].map(([key, members]) => members.length === 1 ? members[0]
			: together(key, members.sort(heavier))));
	}
	return made.get(rows);
}
