// SPDX-License-Identifier: GPL-2.0-only
//
// Finds functions by a part of the name or module, by a whole name in quotes, or by a
// regular expression. Case-insensitive. Pure.

import { compile } from './regex.js';

const LONGEST = 600; // characters of a name that a regular expression sees
const BUDGET_MS = 250;

function matcher(query, regex) {
	const low = query.toLowerCase();

	if (/^".*"$/s.test(query)) {
		const whole = query.slice(1, -1);
		return { exact: true, test: (name) => name === whole };
	}
	if (regex)
		try {
			const test = compile(query);
			return { test: (name) => test(name.slice(0, LONGEST)) };
		} catch (e) {
			return { test: (name) => name.toLowerCase().includes(low),
				note: `invalid regular expression (${e.message}): ` +
					'searched as text' };
		}
	return { test: (name) => name.toLowerCase().includes(low) };
}

/** null: empty query. Else { matches: 1 or 0 by symbol; found: their number; note: a remark,
 * or undefined; exact: the query is a whole name }. */
export function search(profile, query, regex) {
	if (!query)
		return null;
	const { test, exact, note } = matcher(query, regex), { symbols } = profile;
	const matches = new Uint8Array(symbols.length), started = performance.now();
	const inModule = profile.modules.map((m) => !exact && test(m.name));
	let found = 0;

	for (let i = 0; i < symbols.length; i++) {
		if ((i & 255) === 255 && performance.now() - started > BUDGET_MS)
			return { matches, found,
				note: `it took too long: ${i} of ${symbols.length} functions ` +
				`were searched` };
		if (test(symbols[i].name) ||
			(symbols[i].module >= 0 && inModule[symbols[i].module])) {
			matches[i] = 1;
			found++;
		}
	}
	return { matches, found, note, exact: Boolean(exact) };
}
