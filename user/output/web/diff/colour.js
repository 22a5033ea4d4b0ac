// SPDX-License-Identifier: GPL-2.0-only
//
// Colours of changes: red grew, blue shrank, grey may be chance. Red and blue are told apart with
// every common colour blindness.

const THEME = {
	light: { same: '#e3e5e1', grew: ['#f4c3b4', '#b2182b'], shrank: ['#bcd8ee', '#1f5fa8'] },
	dark: { same: '#2f363d', grew: ['#6d3a35', '#e0604f'], shrank: ['#2b4a68', '#5aa2e6'] },
};

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

function mix(from, to, share) {
	const a = channels(from), b = channels(to);

	return `#${a.map((x, i) => Math.round(x + (b[i] - x) * share).toString(16)
		.padStart(2, '0')).join('')}`;
}

/** { same, grew, shrank }: of the current theme; the last two from little to all of the bytes. */
export const changeColours = () => THEME[document.documentElement.dataset.theme] ?? THEME.light;

/** The colour of a change. `sure`: it is beyond its error. */
export function colourOf({ before, after }, sure) {
	const colours = changeColours(), change = after - before;
	const share = Math.min(1, Math.abs(change) / Math.max(before, after, 1));

	return !sure || change === 0 ? colours.same
		: mix(...change > 0 ? colours.grew : colours.shrank, share);
}
