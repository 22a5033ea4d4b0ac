// SPDX-License-Identifier: GPL-2.0-only
//
// Words and table cells for changes. Each change has a sign, so that no colour is needed to read
// it.

import { el } from '../shared/dom.js';
import { UNKNOWN, exact, known, percent, size } from '../shared/format.js';

/** "+41.0 MiB"; a change of 0 is "0 B". */
export const signed = (bytes) => known(bytes) ? `${bytes > 0 ? '+' : ''}${size(bytes)}` : UNKNOWN;

/** "+58 %"; '' if there was nothing before. */
export function relative({ before, after }) {
	if (!(before > 0) || !known(after))
		return '';
	const share = (after - before) / before;

	return `${share > 0 ? '+' : share < 0 ? '\u2212' : ''}${percent(Math.abs(share))}`;
}

export const change = ({ before, after }) => known(before) && known(after) ? after - before : null;

/** "± 5.44 MiB", or that the change is exact. */
export const errorText = (f) => f.error > 0 ? `\u00b1\u00a0${size(f.error)}` : 'exact';

export const cell = (bytes, column) => el('td',
	{ class: known(bytes) ? 'n' : 'n unknown', 'data-column': column, 'data-bytes': bytes,
		title: known(bytes) ? exact(bytes) : null }, bytes === 0 ? '0' : size(bytes));

/** A cell with a change. `sure`: false if it may be chance. */
export function changeCell(f, column, sure = true) {
	const bytes = change(f), way = !known(bytes) ? 'unknown' : !sure || bytes === 0 ? 'same'
		: bytes > 0 ? 'grew' : 'shrank';

	return el('td', { class: `n change ${way}`, 'data-column': column, 'data-bytes': bytes,
		title: known(bytes) ? exact(bytes) : null }, bytes === 0 ? '0' : signed(bytes));
}
