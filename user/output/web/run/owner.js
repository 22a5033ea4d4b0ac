// SPDX-License-Identifier: GPL-2.0-only
//
// Whose memory is it: the function that the memory of a stack is attributed to, as
// frame_rules_owner() in C; and names for people, as function_title(). Pure.

import { withoutLocals } from './names.js';

const PYTHON = 'py::';

const known = new WeakMap(); // table of rows -> owners

/** The symbol that each row is attributed to: of its node in the tree without folded frames,
 * whatever shape the reader looks at. */
export function owners({ ownerTree: { of, symbol } }, rows) {
	if (!known.has(rows))
		known.set(rows, Int32Array.from(rows.raw, (node) => symbol[of[node]]));
	return known.get(rows);
}

/** "leaky.py make_rows" of a Python function; any other name as it is. */
export function titleOf({ name }) {
	const colon = name.indexOf(':', PYTHON.length);

	if (!name.startsWith(PYTHON) || colon < 0 || colon + 1 >= name.length)
		return name;
	const file = name.slice(colon + 1), at = file.lastIndexOf('/');

	return `${file.slice(at + 1) || file} ${withoutLocals(name.slice(PYTHON.length, colon))}`;
}
