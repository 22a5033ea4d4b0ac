// SPDX-License-Identifier: GPL-2.0-only
//
// Opens a page that tare's own C code made, from its file, in Debian's Chromium. A network
// request, a message on the console or an uncaught error fails the test.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

const build = resolve(process.env.O ?? 'build');
const { chromium } = createRequire(join(build, 'browser', 'x.js'))('playwright-core');

export const folder = mkdtempSync(join(tmpdir(), 'tare-browser.'));
let browser;

before(async () => {
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: process.getuid() === 0 ? ['--no-sandbox'] : [],
	});
});
after(async () => {
	await browser?.close();
	rmSync(folder, { recursive: true, force: true });
});

const makePages = (args, options) => execFileSync(
	join(build, 'tests', 'browser', 'make_pages'), args,
	{ maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'], ...options });

/** Writes the report of `data` to a file and returns its path. page: "run", "diff",
 * otherwise bench. */
export function report(name, json, page) {
	const path = join(folder, `${name}.html`);

	writeFileSync(path, makePages(page ? [page] : [], { input: JSON.stringify(json) }));
	return path;
}

/** The report of a fixture of tests/golden, or the large one, as tare writes it. */
export function rendered(name) {
	const path = join(folder, `${name}.html`);

	if (!existsSync(path))
		writeFileSync(path, makePages(['report', name]));
	return path;
}

/** The JSON in a page. */
export function data(path) {
	return JSON.parse(
		/<script type="application\/json" id="data">([^]*?)<\/script>/
			.exec(readFileSync(path, 'utf8'))[1]);
}

/** Opens a file, calls use(page), and fails if the page did something forbidden. ready: wait
 * until the page says that it has drawn itself. The other options are the browser's. */
export async function opened(path, { hash = '', ready = true, ...options }, use) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 },
		colorScheme: 'light', ...options });
	const page = await context.newPage(), wrong = [];
	const own = `file://${path}`;

	page.setDefaultTimeout(20_000);
	page.on('console', (m) => wrong.push(`console.${m.type()}: ${m.text()}`));
	page.on('pageerror', (e) => wrong.push(`error: ${e.message}`));
	page.on('dialog', (d) => wrong.push(`dialog: ${d.message()}`));
	await context.route('**/*', (route) => {
		const url = route.request().url();

		if (url.split('#')[0] === own)
			return route.continue();
		wrong.push(`request: ${url}`);
		return route.abort();
	});
	try {
		await page.goto(own + hash);
		if (ready)
			await page.waitForSelector('html[data-ready]', { state: 'attached' })
				.catch((e) => wrong.push(e.message));
		assert.deepEqual(wrong, []);
		await use(page);
		assert.deepEqual(wrong, []);
	} finally {
		await context.close();
	}
}

/** Chooses the first option that has a text, in a field with a list (web/shared/combo.js). */
export async function choose(page, name, text) {
	await page.locator(`#combo-${name}`).fill(text);
	await page.locator(`#combo-${name}-list [role=option]`).first().waitFor();
	await page.keyboard.press('Enter');
}
