// SPDX-License-Identifier: GPL-2.0-only
//
// Formats numbers and names like base/text.c does for terminals. null is unknown: it is shown
// as "not measured", never as 0.

export const UNKNOWN = 'not measured';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const two = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const known = (x) => typeof x === 'number' && Number.isFinite(x);

// A minus as wide as a digit, and none before a zero.
function signed(format, x) {
	return format.format(x).replace(/^-(?=[0.,]*$)/, '').replace('-', '\u2212');
}

export const count = (x) => known(x) ? signed(whole, x) : UNKNOWN;

/** Bytes of one task: "16.0", "2,631", without a unit. */
export const perTask = (x) => known(x) ? signed(Math.abs(x) < 99.95 ? one : whole, x) : UNKNOWN;

/** "2,631 B" */
export const bytes = (x) => known(x) ? `${perTask(x)}\u00a0B` : UNKNOWN;

/** Exact, without rounding to larger units: "1,234,567 B". */
export const exact = (x) => known(x) ? `${count(x)}\u00a0B` : UNKNOWN;

export const mebi = (x) => known(x) ? signed(two, x / 2 ** 20) : UNKNOWN;

/** "812 B", "12.0 KiB", "1.50 MiB": three significant digits. */
export function size(x) {
	if (!known(x))
		return UNKNOWN;
	const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
	let n = Math.abs(x), unit = 0;

	while (n >= 1023.5 && unit < units.length - 1) {
		n /= 1024;
		unit++;
	}
	const digits = unit === 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2;
	return `${x < 0 ? '\u2212' : ''}${n.toFixed(digits)}\u00a0${units[unit]}`;
}

/** A size that is a round number: "4 KiB". */
export const round = (x) => size(x).replace(/\.0+(?=\s)/, '');

export function seconds(x) {
	if (!known(x))
		return UNKNOWN;
	return x < 0.0995 ? `${(x * 1000).toFixed(1)}\u00a0ms` : `${signed(two, x)}\u00a0s`;
}

/** Numbers of tasks, short: "1", "10k", "1M". */
export function tasks(n) {
	if (!known(n))
		return UNKNOWN;
	for (const [unit, name] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']])
		if (n >= unit && n % (unit / 10) === 0)
			return `${n / unit}${name}`;
	return count(n);
}

export const percent = (x) => known(x) ? `${(100 * x).toFixed(x < 0.0995 ? 1 : 0)}\u00a0%`
	: UNKNOWN;

/** "24 Nov 2026, 21:14 UTC"; a text that is not a date stays as it is. */
export function date(iso) {
	const when = new Date(iso);

	if (typeof iso !== 'string' || Number.isNaN(when.getTime()))
		return printable(iso ?? UNKNOWN);
	return new Intl.DateTimeFormat('en-GB', {
		day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit',
		timeZone: 'UTC',
	}).format(when) + ' UTC';
}

const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu;
const short = { '\n': '\\n', '\t': '\\t', '\x1b': '\\e' };

/** Escape invisible characters and those that change the text direction: \n, \xNN, \uNNNN, as
 * text_printable() does in C. */
export function printable(text) {
	return String(text).replace(hidden, (c) => {
		const code = c.codePointAt(0);

		if (short[c])
			return short[c];
		if (code < 0x80)
			return `\\x${code.toString(16).padStart(2, '0')}`;
		return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` :
			`\\U${code.toString(16).padStart(8, '0')}`;
	});
}
