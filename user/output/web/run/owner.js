// SPDX-License-Identifier: GPL-2.0-only
//
// Whose memory is it: the function that the memory of a stack is attributed to, as
// frame_rules_owner() in C; and names for people, as function_title(). Pure.

import { SYNTHETIC } from './profile.js';

const FOLD = 4, IN = 1, NAMELESS = 3; // enum frame_fold, in the flags from bit 4 on
const PYTHON = 'py::';

const foldOf = (symbol) => symbol.flags >> FOLD & 3;

/** The node that a stack's memory is attributed to. node: the stack's innermost node. */
function ownerOf({ tree, symbols }, node) {
	let outermost = -1, nameless = -1;

	for (let at = node; at >= 0; at = tree.parent[at]) {
		const s = symbols[tree.symbol[at]], fold = foldOf(s);

		if (nameless >= 0 && s.module !== symbols[tree.symbol[nameless]].module)
			return nameless;
		if (fold === 0 && !(s.flags & SYNTHETIC && s.name === '[truncated]'))
			return at;
		if (fold === NAMELESS && nameless < 0)
			nameless = at;
		if (fold === IN)
			outermost = at;
	}
	if (nameless >= 0)
		return nameless;
	return outermost < 0 ? node : outermost;
}

const known = new WeakMap(); // table of rows -> the symbol of each row's owner

/** The symbol that each row is attributed to. */
export function owners(profile, rows) {
	if (!known.has(rows)) {
		const of = new Int32Array(profile.tree.count).fill(-1);

		known.set(rows, Int32Array.from(rows.node, (node) => {
			if (of[node] < 0)
				of[node] = profile.tree.symbol[ownerOf(profile, node)];
			return of[node];
		}));
	}
	return known.get(rows);
}

/** "leaky.py make_rows" of a Python function; any other name as it is. */
export function titleOf({ name }) {
	const colon = name.indexOf(':', PYTHON.length);

	if (!name.startsWith(PYTHON) || colon < 0 || colon + 1 >= name.length)
		return name;
	const file = name.slice(colon + 1), at = file.lastIndexOf('/');

	return `${file.slice(at + 1) || file} ${name.slice(PYTHON.length, colon)}`;
}
