// SPDX-License-Identifier: GPL-2.0-only
//
// The state of the page: its keys with their defaults, and how each stands in the address. A value
// from the address must fit this report.

import { flag, index, oneOf, plain, text } from '../shared/fragment.js';
import { STACKINGS } from './curve.js';
import { NO_FILTER, whyNot } from './filters.js';
import { NO_GRAPH } from './graphbar.js';
import { VIEWS } from './graphs.js';
import { SAMPLE_TYPES, TIME_TYPES } from './pick.js';
import { AREAS } from './view.js';

/** The state of a page that was just opened. */
export const initial = () => ({
	...NO_FILTER, ...NO_GRAPH, stack: 'kind', sampleType: 'live_peak', timeType: 'grew',
	time: null, group: 'none', colour: 'module', zoom: { groups: [], node: -1 },
	query: '', regex: false,
	functionSort: 'self', functionDown: true, functionsShown: 25,
	whoRows: 'names', whoSort: 'weight', whoDown: true, whoQuery: '', whoOpen: [],
});

// Rules for functions: each costs a search of all, a regular expression a slow one.
const RULES = 20, REGULAR = 3;
const rules = plain([], (v) => v.length <= RULES && v.every((x) => typeof x === 'string') &&
	v.filter((x) => x.startsWith('/')).length <= REGULAR);

const mapping = (profile) => ({
	read(t) {
		const n = Number(t.slice(1));

		return /^[pl]\d{1,9}$/.test(t) && n < (t[0] === 'p' ? profile.mappings
			: profile.strings).length ? t : undefined;
	},
	write: String,
});

const texts = plain([], (v) => v.every((x) => typeof x === 'string'));

// "3-16": the first slot, and the one after the last.
const span = ({ slots }) => ({
	read(t) {
		const [from, to] = t.split('-').map(Number);

		return /^\d+-\d+$/.test(t) && from < to && to <= slots ? { from, to } : undefined;
	},
	write: (t) => t ? `${t.from}-${t.to}` : '',
});

// Keys of groups, the node, and the symbols of a path in the inverted graph.
const MOST_SYMBOLS = 64;
const list = (v, most, of) => Array.isArray(v) && v.length <= most && v.every(of);
const path = plain([], ([groups, node, symbols = []]) => Number.isInteger(node) &&
	node >= -1 && list(groups, 4, (x) => !Array.isArray(x)) &&
	list(symbols, MOST_SYMBOLS, (x) => Number.isInteger(x)));
const zoom = {
	read(t) {
		const [groups, node, symbols] = path.read(t) ?? [];

		return groups && { groups, node, ...symbols && { symbols } };
	},
	write: ({ groups, node, symbols }) => JSON.stringify(symbols?.length > MOST_SYMBOLS
		? [[], -1] : [groups, node, ...symbols ? [symbols] : []]),
};

// Columns of the table of threads: any short word; an unknown one sorts by weight.
const word = { read: (t) => /^[a-z]{1,20}$/.test(t) ? t : undefined, write: String };

/** A codec for each key of the state that belongs into the address. */
export function fieldsOf(report) {
	const { profile } = report, rows = { whoRows: oneOf(['names', 'threads', 'processes']),
		whoSort: word, whoDown: flag, whoQuery: text(200), whoOpen: texts };

	if (!profile)
		return rows;
	return {
		stack: oneOf(Object.keys(STACKINGS)), ...rows,
		process: index(report.processes.length), who: text(200),
		kind: index(profile.kinds.length), cause: index(profile.causes.length),
		mapping: mapping(profile), time: span(profile.ticks),
		sampleType: oneOf(Object.keys(SAMPLE_TYPES)),
		timeType: oneOf(Object.keys(TIME_TYPES)), group: oneOf(Object.keys(AREAS)),
		colour: oneOf(['module', 'kind']), zoom, query: text(600),
		regex: flag, functionSort: oneOf(['self', 'total', 'name']), functionDown: flag,
		view: oneOf(Object.keys(VIEWS)), focus: text(600), folded: flag, python: flag,
		hide: rules, merge: rules,
		task: index(2 ** 24),
	};
}

/** Remove what does not fit together from values of an address. */
export function settle(report, found) {
	const tasks = report.raw.processes[found.process]?.tasks.length ?? 0;

	if (found.task >= tasks)
		delete found.task;
	if (found.sampleType && report.profile && whyNot(report.profile, found.sampleType))
		delete found.sampleType;
}
