// SPDX-License-Identifier: GPL-2.0-only
//
// Colours of frames. A module's colour depends only on its name, so that it is the same in
// every report. The kernel is orange, as in all of tare's charts. The hues differ for the
// common types of colour blindness, each in two shades.

import { KERNEL, SYNTHETIC } from './profile.js';

const THEME = {
	light: {
		ink: '#1b1f24', pale: '#ffffff', paper: '#ffffff', edge: '#5f666e',
			synthetic: '#e4e5e2',
			stripe: '#c9ccc8', root: '#eceeea', group: '#dfe4e8', kernel: '#f3b077',
		found: '#ffd54a', foundInk: '#1b1f24', focus: '#1b1f24', faded: 0.28,
		modules: ['#a9cdf0', '#9fdac8', '#c8e2a4', '#efe39d', '#efc0d8', '#cdc3f2',
			'#a8e1ee', '#ddd0b8',
			'#86b6e6', '#7fc7b1', '#add07f', '#e6d67c', '#e3a0c3', '#b3a4e8', '#80cfe2',
				'#c9b894'],
	},
	dark: {
		ink: '#f2f4f6', pale: '#f2f4f6', paper: '#171b1f', edge: '#a2aab3',
			synthetic: '#2a3036',
			stripe: '#414a53', root: '#252b31', group: '#2f3841', kernel: '#99581a',
		found: '#d9b21c', foundInk: '#14171a', focus: '#ffffff', faded: 0.3,
		modules: ['#2d5f94', '#1f6e5c', '#4c6b2a', '#75661c', '#7d3f62', '#51458c',
			'#1f6679', '#655a42',
			'#3a73ae', '#2a8570', '#5f8436', '#7f7034', '#984f79', '#6455a8', '#2a7d93',
				'#7b6e52'],
	},
};

// FNV-1a
function hash(text) {
	let h = 0x811c9dc5;

	for (let i = 0; i < text.length; i++)
		h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
	return (h ^ (h >>> 15)) >>> 0;
}

function lightness(hex) {
	const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);

	return 0.2126 * r ** 2.2 + 0.7152 * g ** 2.2 + 0.0722 * b ** 2.2;
}

/** The colours of the current theme. */
export function palette(profile) {
	const style = getComputedStyle(document.documentElement);
	const theme = THEME[document.documentElement.dataset.theme] ?? THEME.light;
	const modules = profile.modules.map(
		(m) => theme.modules[hash(m.name) % theme.modules.length]);
	const kinds = profile.kinds.map((k) => style.getPropertyValue(`--${k}`).trim());

	return {
		...theme,
		kinds,
		ofSymbol: (s) => s.flags & SYNTHETIC ? theme.synthetic
			: s.flags & KERNEL ? theme.kernel
			: modules[s.module] ?? theme.synthetic,
		inkOn: (hex) => lightness(hex) > 0.32 ? '#14171a' : '#f6f8fa',
	};
}
