// SPDX-License-Identifier: GPL-2.0-only
//
// The state of a page in the fragment of its address: a link or a bookmark shows the same view,
// and back and forward work. A fragment comes from anywhere: each value is bounded and checked,
// and one that does not fit is ignored. It must not know what the values mean.

const LONGEST = 8000, DELAY_MS = 250;

// A codec: read(text) returns a value, or undefined if the text is not valid; write(value)
// returns a text.

export const oneOf = (values) => ({
	read: (text) => values.find((v) => String(v) === text), write: String,
});

export const flag = oneOf([true, false]);

export const text = (longest) => ({
	read: (t) => t.length <= longest ? t : undefined, write: String,
});

/** A whole number of [least, below); null, too, which is only ever a default. */
export const index = (below, least = 0) => ({
	read: (t) => /^-?\d{1,9}$/.test(t) && Number(t) >= least && Number(t) < below ? Number(t)
		: undefined,
	write: String,
});

// Texts, numbers, truth values, and short lists of them, at most two levels deep.
const plainValue = (v, depth = 0) => v === null || typeof v === 'boolean' ||
	(typeof v === 'number' && Number.isFinite(v)) ||
	(typeof v === 'string' && v.length <= 600) ||
	(Array.isArray(v) && v.length <= 64 && depth < 2 &&
	v.every((x) => plainValue(x, depth + 1)));

/** A plain value of the same type as `like` (null: of any type), as JSON. valid: a check. */
export const plain = (like, valid = () => true) => ({
	read(t) {
		try {
			const v = JSON.parse(t);

			return plainValue(v) && (like === null || v === null ||
				(typeof v === typeof like &&
				Array.isArray(v) === Array.isArray(like))) && valid(v)
				? v : undefined;
		} catch {
			return undefined;
		}
	},
	write: JSON.stringify,
});

function decoded(part) {
	const at = part.indexOf('=');

	try {
		return at > 0 ? [part.slice(0, at), decodeURIComponent(part.slice(at + 1))] : null;
	} catch {
		return null;
	}
}

/** The valid values of a fragment, by key. null: it is no state, but empty or an element's id. */
export function readFragment(fragment, fields) {
	const found = {};

	if (!fragment.includes('=') || fragment.length > LONGEST)
		return null;
	for (const part of fragment.replace(/^#/, '').split('&')) {
		const [key, t] = decoded(part) ?? [];
		const value = key !== undefined && Object.hasOwn(fields, key)
			? fields[key].read(t) : undefined;

		if (value !== undefined)
			found[key] = value;
	}
	return found;
}

/** Only what differs from the defaults. */
export function writeFragment(state, fields, defaults) {
	return Object.keys(fields)
		.filter((k) => fields[k].write(state[k]) !== fields[k].write(defaults[k]))
		.map((k) => `${k}=${encodeURIComponent(fields[k].write(state[k]))}`).join('&');
}

function push(fragment) {
	const base = location.href.split('#')[0];

	try {
		history.pushState(null, '', fragment ? `${base}#${fragment}` : base);
	} catch {
		// A page in a sandbox has no history. Then its state is not in the address.
	}
}

/** Keep some keys of the store in the fragment, from now on. fields: a codec for each key. The
 * defaults are the values now; values of the present fragment are then set. settle(found) may
 * remove values that do not fit together. Changes that follow each other quickly, as when typing
 * or dragging, become one step of the history. */
export function keepInFragment(store, fields, settle = () => {}) {
	const keys = Object.keys(fields), { state } = store;
	const defaults = Object.fromEntries(keys.map((k) => [k, state[k]]));
	let shown = '', timer = 0;
	const show = () => {
		const found = readFragment(location.hash, fields);

		clearTimeout(timer);
		if (!found && location.hash.length > 1)
			return;
		if (found)
			settle(found);
		const wanted = { ...defaults, ...found };
		const written = (s) => writeFragment(s, fields, defaults);

		if (written(wanted) !== written(state))
			store.set(wanted);
		shown = writeFragment(state, fields, defaults);
	};
	const write = () => {
		const now = writeFragment(state, fields, defaults);

		if (now !== shown && now.length < LONGEST) {
			shown = now;
			push(now);
		}
	};

	store.on(keys, () => {
		clearTimeout(timer);
		timer = setTimeout(write, DELAY_MS);
	});
	show();
	clearTimeout(timer);
	addEventListener('popstate', () => {
		show();
		clearTimeout(timer);
	});
}
