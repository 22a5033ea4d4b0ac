// SPDX-License-Identifier: GPL-2.0-only
//
// Whose memory is it: the function that the memory of a stack is attributed to, as
// frame_rules_owner() in C; and names for people, as function_title(). Pure.

import { NO_SHAPE, treeOf } from './tree.js';

const PYTHON = 'py::';

const trees = new WeakMap(), known = new WeakMap(); // by profile; by table of rows

// The tree without folded frames: its nodes are the owners, whatever the reader looks at.
function ownTree(profile) {
	if (!trees.has(profile))
		trees.set(profile, treeOf(profile, NO_SHAPE));
	return trees.get(profile);
}

/** The symbol that each row is attributed to. */
export function owners(profile, rows) {
	if (!known.has(rows)) {
		const { of, symbol } = ownTree(profile);

		known.set(rows, Int32Array.from(rows.raw, (node) => symbol[of[node]]));
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
