// SPDX-License-Identifier: GPL-2.0-only
//
// Light or dark theme: the system's, or the user's choice; light when printed. The CSS
// depends on <html data-theme>.

import { toggle } from './dom.js';

const KEY = 'tare-theme';
const THEMES = ['auto', 'light', 'dark'];
const dark = matchMedia('(prefers-color-scheme: dark)'), paper = matchMedia('print');

// A page opened from a file may have no local storage.
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
		// The choice then lasts only as long as the page.
	}
}

/** The switch. The saved choice is applied at once. */
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
