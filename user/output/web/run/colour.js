// SPDX-License-Identifier: GPL-2.0-only
//
// Colours of frames. The hash of a module's name picks its colour; where two of a report's
// modules would have the same, the smaller takes the next free one. So a module has the same
// colour in all views, with all filters and after a reload, and nearly always in the next report.
// The kernel is orange, as in all of tare's charts; Python yellow, JIT code pink, tare itself
// grey. Modules have the other hues, which differ in lightness too, for the colour-blind.

import { KERNEL, SYNTHETIC } from './profile.js';

const THEME = {
	light: {
		ink: '#1b1f24', pale: '#ffffff', paper: '#ffffff', edge: '#5f666e',
			synthetic: '#e4e5e2',
			stripe: '#c9ccc8', root: '#eceeea', group: '#dfe4e8', kernel: '#f3b077',
		found: '#ffd54a', foundInk: '#1b1f24', focus: '#1b1f24', faded: 0.28,
		python: '#f2e08a', jit: '#f3a9c4', tare: '#c3c8cd',
		shades: [[0.85, 0.085], [0.76, 0.095], [0.91, 0.055]],
	},
	dark: {
		ink: '#f2f4f6', pale: '#f2f4f6', paper: '#171b1f', edge: '#a2aab3',
			synthetic: '#2a3036',
			stripe: '#414a53', root: '#252b31', group: '#2f3841', kernel: '#99581a',
		found: '#d9b21c', foundInk: '#14171a', focus: '#ffffff', faded: 0.3,
		python: '#7d6c12', jit: '#94436a', tare: '#56606a',
		shades: [[0.46, 0.085], [0.53, 0.095], [0.38, 0.06]],
	},
};
// Degrees; those of the kernel (60), Python (100) and JIT code (0) are left out.
const HUES = [240, 165, 300, 130, 205, 28, 275, 185, 325, 148, 222, 257];
const TINTS = [-0.03, 0, 0.03]; // added to red, green and blue
const SPECIAL = new Map([['[kernel]', 'kernel'], ['[python]', 'python'], ['[jit]', 'jit'],
	['[tare]', 'tare'], ['tare', 'tare']]);
export const SPECIAL_TEXT = { kernel: 'kernel', python: 'Python', jit: 'JIT code', tare: 'tare' };

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

// The matrices are those of CSS Color 4, whose oklch() older browsers do not have.
function oklch(light, chroma, hue) {
	const a = chroma * Math.cos(hue * Math.PI / 180),
		b = chroma * Math.sin(hue * Math.PI / 180);
	const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3,
		m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3,
		s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
	const rgb = [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
		-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
		-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s];
	const byte = (x) => Math.round(255 * Math.min(1, Math.max(0,
		x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055)));

	return `#${rgb.map((x) => byte(x).toString(16).padStart(2, '0')).join('')}`;
}

// Bytes of stacks with each module, whatever the filters: larger modules choose first.
function weights({ modules, entries, frames, nodes: { parent, frame, order } }) {
	const sums = new Float64Array(modules.length), total = new Float64Array(parent.length);
	const moduleOf = (i) => i < 0 ? -1 : frames.module[frame[i]];

	entries.raw.forEach((x, i) => { total[x] += Math.max(0, entries.grown[i]); });
	for (let k = order.length - 1; k >= 0; k--) {
		const i = order[k];

		if (parent[i] >= 0)
			total[parent[i]] += total[i];
		if (moduleOf(i) >= 0 && moduleOf(i) !== moduleOf(parent[i]))
			sums[moduleOf(i)] += total[i];
	}
	return sums;
}

/** The place of each module in the list of colours; -1: it has a special one. */
export function places(profile) {
	const { modules } = profile, all = HUES.length * THEME.light.shades.length,
		taken = new Set();
	const sums = weights(profile), of = new Int32Array(modules.length).fill(-1),
		same = new Map();
	const order = modules.map((_, i) => i)
		.sort((a, b) => sums[b] - sums[a] || (modules[a].name < modules[b].name ? -1 : 1));

	for (const i of order) {
		const { name } = modules[i];

		if (SPECIAL.has(name))
			continue;
		let place = same.get(name) ?? hash(name) % (2 * HUES.length);
		if (!same.has(name) && taken.size < all)
			while (taken.has(place))
				place = (place + 1) % all;
		taken.add(place);
		same.set(name, place);
		of[i] = place;
	}
	return of;
}

// A colour and lighter and darker ones.
function tinted(hex) {
	const byte = (i, tint) => Math.round(Math.min(255, Math.max(0,
		parseInt(hex.slice(i, i + 2), 16) + 255 * tint)));

	return TINTS.map((tint) =>
		`#${[1, 3, 5].map((i) => byte(i, tint).toString(16).padStart(2, '0')).join('')}`);
}

/** The colours of the current theme. */
export function palette(profile) {
	const style = getComputedStyle(document.documentElement);
	const theme = THEME[document.documentElement.dataset.theme] ?? THEME.light;
	profile.places ??= places(profile);
	const colours = profile.modules.map((m, i) => {
		const place = profile.places[i],
			shade = theme.shades[Math.floor(place / HUES.length)];

		return tinted(place < 0 ? theme[SPECIAL.get(m.name)]
			: oklch(...shade, HUES[place % HUES.length]));
	});
	const kernel = tinted(theme.kernel);
	const kinds = profile.kinds.map((k) => style.getPropertyValue(`--${k}`).trim());
	// A function's tint tells it from its neighbours of the same module.
	const tintOf = (s) => s.tint ??= s.name ? hash(s.name) % TINTS.length : 1;

	return {
		...theme,
		kinds,
		ofSymbol: (s) => s.flags & SYNTHETIC ? theme.synthetic
			: s.flags & KERNEL ? kernel[tintOf(s)]
			: colours[s.module]?.[tintOf(s)] ?? theme.synthetic,
		inkOn: (hex) => lightness(hex) > 0.32 ? '#14171a' : '#f6f8fa',
	};
}

/** The special colour of a module, a key of SPECIAL_TEXT, or undefined. */
export const specialOf = (profile, module) => SPECIAL.get(profile.modules[module]?.name);
