// SPDX-License-Identifier: GPL-2.0-only
//
// The eslint rules for the pages, their tests and their build script. MODULES is the
// node_modules folder that `npm ci` filled.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.MODULES, 'x.js'));
const js = require('@eslint/js'), globals = require('globals');

export default [
	js.configs.recommended,
	{
		files: ['user/output/web/*/*.js'],
		languageOptions: { globals: globals.browser },
	},
	{
		files: ['**/*.mjs'],
		languageOptions: { globals: globals.node },
	},
	{	// some of it runs in the page
		files: ['tests/browser/*.mjs'],
		languageOptions: { globals: globals.browser },
	},
	{
		rules: {
			eqeqeq: 'error',
			'no-var': 'error',
			'prefer-const': 'error',
			'no-shadow': 'error',
			'no-implicit-globals': 'error',
			'no-eval': 'error',
			'no-new-func': 'error',
			'no-unused-vars': 'error',
		},
	},
];
