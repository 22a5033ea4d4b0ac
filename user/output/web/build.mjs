// SPDX-License-Identifier: GPL-2.0-only
//
// node build.mjs PAGE MODULES OUT: bundles PAGE/main.js, PAGE/main.css and the template
// PAGE/page.html into one HTML file that loads nothing from the network. MODULES is the
// node_modules folder of `npm ci`. The file contains @TARE_DATA@ once; web/page.c replaces it
// by the data. It must not know what a page shows.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const DATA = '@TARE_DATA@';

const [page, modules, out] = process.argv.slice(2);
const folder = join(dirname(fileURLToPath(import.meta.url)), page);
const esbuild = createRequire(resolve(modules, 'x.js'))('esbuild');

async function bundle(file) {
	const result = await esbuild.build({
		entryPoints: [join(folder, file)],
		bundle: true,
		minify: true,
		write: false,
		format: 'iife',
		target: ['es2022', 'chrome109', 'firefox110', 'safari16'],
		charset: 'ascii',
		legalComments: 'none',
		nodePaths: [resolve(modules)],
		logLevel: 'warning',
	});
	return result.outputFiles[0].text.trim();
}

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

// What stands in an element must not be able to end it, nor to open a comment.
function checked(text, element) {
	if (new RegExp(`</${element}|<!--|${DATA}`, 'i').test(text))
		throw new Error(`${page}: ${element} holds what HTML would take for its end`);
	return text;
}

const script = checked(await bundle('main.js'), 'script');
const style = checked(await bundle('main.css'), 'style');
const policy = [
	"default-src 'none'",
	`script-src ${hash(script)}`,
	`style-src ${hash(style)}`,
	'img-src data:',
	"base-uri 'none'",
	"form-action 'none'",
].join('; ');

const parts = { policy, style, script, data: DATA };
const html = readFileSync(join(folder, 'page.html'), 'utf8')
	.replace(/^<!-- SPDX[^>]*-->\n/m, '')
	.replace(/@(policy|style|script|data)@/g, (whole, name) => parts[name]);
if (html.split(DATA).length !== 2)
	throw new Error(`${page}/page.html: @data@ must stand there once`);
writeFileSync(out, html);
