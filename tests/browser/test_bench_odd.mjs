// SPDX-License-Identifier: GPL-2.0-only
//
// The report of `tare bench` with hostile data, without rows, and with one row; and the files
// that the page saves.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, opened, report } from './page.mjs';
import { HOSTILE, sample } from './sample.mjs';

// As the page shows it: invisible characters, and those that change the text's direction, are
// spelled out.
const SHOWN =
	HOSTILE.map(
	(s) => s.replace('\u202E', '\\u202e').replace('\n', '\\n').replace('\t', '\\t')
		.replace('\x1b', '\\e')
	.replace('\x07', '\\x07').replace('\u2028', '\\u2028').replace('\u2029', '\\u2029')
		.replace('\u0085', '\\u0085'));

test('hostile names are shown as they are and do nothing', async () => {
	const data = sample('hostile'), path = report('hostile', data);

	await opened(path, {}, async (page) => {
		const titles = await page.$$eval('tr.main .title',
			(nodes) => nodes.map((n) => n.textContent));

		for (const [i, name] of SHOWN.entries())
			assert.ok(titles.includes(name), HOSTILE[i]);
		const at = data.rows.findIndex((r) => r.title === HOSTILE[0]);
		await page.locator(`tr.main[data-row="${at}"] button.open`).click();
		const bar = page.locator(`#bars .row[data-row="${at}"]`);

		// The scroll event comes with the next frame, and closes the box that the
		// pointer opened.
		await bar.scrollIntoViewIfNeeded();
		await page.evaluate(
			() => new Promise(
			(done) => requestAnimationFrame(() => requestAnimationFrame(done))));
		await bar.hover();
		await page.locator('#tooltip').waitFor();
		assert.equal(await page.locator('#tooltip strong').innerText(), SHOWN[0]);
		assert.equal(await page.locator(`#details-${at} code`).first().innerText(),
			SHOWN[0]);
		assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
		assert.equal(await page.locator('script').count(), 2,
			'the page has its two scripts, no more');
		assert.equal(await page.locator('img, iframe, object, embed, b:has(b)').count(), 0);
		assert.deepEqual(
			await page.evaluate(
			() => JSON.parse(document.getElementById('data').textContent)), data);
	});
});

test('an interrupted run says so', () => opened(report('incomplete', sample('hostile')), {},
	async (page) => {
	assert.match(await page.locator('.notice').innerText(), /Interrupted/);
}));

test('no markup of the data survives in the file', () => {
	const html = readFileSync(report('raw', sample('hostile')), 'utf8');

	assert.equal(html.match(/<script/gi).length, 2);
	assert.equal(html.match(/<\/script/gi).length, 2);
	assert.ok(!html.includes('<img') && !html.includes('\u2028'));
});

test('no rows', () => opened(report('empty', sample('empty')), {}, async (page) => {
	assert.match(await page.locator('.lead').innerText(), /no results/);
	assert.equal(await page.locator('tr.main').count(), 0);
	assert.equal(await page.locator('#published').count(), 0);
}));

test('one row of the user\u2019s own command', async () => {
	const data = sample('own');

	await opened(report('own', data), {}, async (page) => {
		assert.match(await page.locator('h1').innerText(), /\.\/server/);
		assert.equal(await page.locator('tr.main').count(), 1);
		assert.equal(await page.locator('#bars .row').count(), 1);
		assert.equal(await page.locator('.growth .chosen').count(), 1);
		assert.match(await page.locator('tr.main').innerText(), /own command/);
	});
});

test('results with peaks only and without fits', async () => {
	const data = sample('own'), [r] = data.rows;

	r.runs = r.runs.filter((x) => x.state === 'peak').slice(0, 1);
	r.state = 'peak';
	for (const part of ['user', 'kernel', 'weight', 'rss', 'charged'])
		r[part] = null;
	for (const kind of Object.keys(r.kinds))
		r.kinds[kind] = null;
	r.ready_s = r.cpu_s = null;
	await opened(report('peak', data), {}, async (page) => {
		assert.match(await page.locator('tr.main').innerText(),
			/not measured[^]*at its peak/);
		assert.equal(await page.locator('#bars .row').count(), 0);
	});
});

test('the saved data equal the original', async () => {
	const data = sample('full');

	await opened(report('save', data), { acceptDownloads: true }, async (page) => {
		const [download] = await Promise.all([page.waitForEvent('download'),
			page.locator('#save-json').click()]);
		const path = join(folder, 'saved.json');

		await download.saveAs(path);
		assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), data);
	});
});

test('tools/bench-chart makes a self-contained picture', async () => {
	const data = sample('full'), json = join(folder, 'results.json'),
		out = join(folder, 'chart.svg');

	writeFileSync(json, JSON.stringify(data));
	execFileSync('tools/bench-chart', [json, out, 'family=sleep', 'max=5000']);
	const text = readFileSync(out, 'utf8');
	const rows = data.rows.filter((r) => r.family === 'sleep' &&
		Object.values(r.kinds).some(Boolean));

	assert.ok(statSync(out).size < 150_000, `${statSync(out).size} bytes`);
	assert.ok(!/https?:(?!\/\/www\.w3\.org\/)|<script|url\(/.test(text));
	assert.match(text, /prefers-color-scheme:dark/);
	for (const r of rows)
		assert.ok(text.includes(`>${r.title.slice(0, 12)}`), r.title);
	await opened(out, { ready: false }, async (page) => {
		assert.equal(await page.locator('g.row').count(), rows.length);
		assert.notEqual(
			await page.locator('rect.anon').first()
				.evaluate((n) => getComputedStyle(n).fill), 'rgb(0, 0, 0)');
	});
});
