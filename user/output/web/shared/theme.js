// SPDX-License-Identifier: GPL-2.0-only
//
// Light or dark: as the system has it, or as the reader chose; light on paper.
// The page's colours hang on <html data-theme>.

import { toggle } from './dom.js';

const KEY = 'tare-theme';
const THEMES = ['auto', 'light', 'dark'];
const dark = matchMedia('(prefers-color-scheme: dark)'), paper = matchMedia('print');

// A page opened as a file may have no storage.
function stored() {
	try {
		return localStorage.getItem(KEY);
	} catch {
		return null;
	}
}

function keep(theme) {
	try {
		localStorage.setItem(KEY, theme);
	} catch {
		// Then it lasts as long as the page.
	}
}

/** The switch; what was chosen before is applied at once. */
export function themeSwitch() {
	let chosen = THEMES.includes(stored()) ? stored() : 'auto';
	const apply = () => {
		const theme = paper.matches ? 'light' : chosen === 'auto' ? dark.matches ? 'dark'
			: 'light' : chosen;

		document.documentElement.dataset.theme = theme;
	};

	apply();
	dark.addEventListener('change', apply);
	paper.addEventListener('change', apply);
	return toggle('Theme', [['auto', 'Auto'], ['light', 'Light'], ['dark', 'Dark']], chosen,
		(theme) => {
		chosen = theme;
		keep(theme);
		apply();
	});
}
