// SPDX-License-Identifier: GPL-2.0-only
//
// The report of a run in a browser. Every figure is computed here again from the JSON in the
// page. Also tests time selection, filters, zoom, search and keyboard.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, data, opened, rendered } from './page.mjs';

const path = rendered('profile'), report = data(path), { profile } = report;
const { entries, ticks } = profile;
const near = (a, b, what) => assert.ok(Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)),
	`${what}: ${a}, not ${b}`);
const sum = (list) => list.reduce((a, b) => a + b, 0);
const rows = entries.node.map((_, i) => i);

const shown = (page) => page.locator('#summary').evaluate((n) => Number(n.dataset.bytes));
const status = (page) =>
	page.locator('#flame-status').evaluate((n) => [n.textContent, Number(n.dataset.bytes)]);
const sampleType = (page, name) =>
	page.locator(`#grown .sample-types button[data-value="${name}"]`);

async function search(page, text) {
	await page.fill('#search', text);
	return text ? page.locator('#found').evaluate((n) => Number(n.dataset.bytes)) : 0;
}

/** Names of the functions of an entry's stack. */
function stack(i, table = entries) {
	const names = [];

	for (let n = table.node[i]; n >= 0; n = profile.nodes.parent[n])
		names.push(profile.strings[profile.frames.function[profile.nodes.frame[n]]]);
	return names;
}

/** The growth in slots [from, to), and how much of it lives at their end. */
function inTime(from, to, which = rows) {
	const sampled = rows.map(() => 0), grew = rows.map(() => 0), live = rows.map(() => 0);

	ticks.slot.forEach((slot, i) => {
		const e = ticks.entry[i];

		sampled[e] += ticks.in[i];
		if (slot >= from && slot < to)
			grew[e] += ticks.in[i];
		if (slot < to)
			live[e] += ticks.in[i] - ticks.out[i];
	});
	const scaled = (bytes) =>
		sum(which.filter((e) => sampled[e] > 0).map(
		(e) => Math.max(0, bytes[e] * entries.grown[e] / sampled[e])));
	return { grew: scaled(grew), live: scaled(live) };
}

test('the page shows what ran, its weight, and that its books balance',
	() => opened(path, {}, async (page) => {
	const about = await page.locator('#about').innerText();

	assert.equal(await page.locator('h1').innerText(), './server --port 80');
	assert.match(about, new RegExp(`tare ${report.tare_version}`));
	assert.match(about, /Linux 6\.18\.0/);
	assert.match(about, /25 Nov 2025, 21:51 UTC/);
	assert.match(await page.locator('#end').innerText(), /exit 0, after 3\.20\ss/);
	assert.match(await page.locator('#trust.good').innerText(), /balanced to the page/);
	assert.equal(await page.locator('#answer-peak [data-bytes]').getAttribute('data-bytes'),
		String(report.peak.weight.total));
	assert.equal(await page.locator('#losses').count(), 0);
}));

test('the flame graph\u2019s root is the profile\u2019s total in each sample type',
	() => opened(path, {}, async (page) => {
	for (const [name, total] of [['grown', report.samples.types.grown.total],
		['live_end', report.samples.types['live-end'].total],
		['live_peak', report.samples.types['live-peak'].total],
			['virtual', sum(profile.virtual.bytes)],
			['untouched', sum(profile.virtual.untouched)]]) {
		await sampleType(page, name).click();
		near(await shown(page), total, name);
		near((await status(page))[1], total, `${name}: root`);
	}
}));

test('filters show what passes them', () => opened(path, {}, async (page) => {
	const expect = async (passes, what) => near(await shown(page),
		sum(rows.filter(passes).map((i) => entries.live_peak[i])), what);
	const kind = profile.kinds.indexOf('anon');

	await page.selectOption('#grown select[name="kind"]', String(kind));
	await expect((i) => entries.kind[i] === kind, 'kind');
	assert.match(await page.locator('#summary').innerText(), /by the ledger/);
	await page.fill('#who-filter', 'worker');
	await expect((i) => entries.kind[i] === kind && entries.process[i] === 0 &&
		[1, 2].includes(entries.task[i]), 'thread by name');
	await page.fill('#who-filter', '502');
	await expect((i) => entries.kind[i] === kind && entries.process[i] === 0 &&
		entries.task[i] === 2, 'thread by number');
	assert.doesNotMatch(await page.locator('#summary').innerText(), /by the ledger/,
		'what lives of a thread\u2019s memory is sampled');
	await page.click('#no-filters');
	await expect(() => true, 'none');
	await choose(page, 'process', String(report.processes[1].pid));
	await expect((i) => entries.process[i] === 1, 'process');
	await page.click('#no-filters');
	await page.selectOption('#grown select[name="cause"]',
		{ label: await page.locator('#grown select[name="cause"] option',
		{ hasText: 'read' }).innerText() });
	await expect((i) => profile.causes[entries.cause[i]] === 'read', 'cause');
	await page.click('#no-filters');
	const mapping = profile.mappings.indexOf('heap');
	await choose(page, 'mapping', 'any heap');
	await expect((i) => entries.mapping[i] === mapping, 'mapping');
	await page.click('#no-filters');
	const label = profile.strings.indexOf('[anon:arena]');
	await choose(page, 'mapping', '[anon:arena]');
	await expect((i) => entries.label[i] === label, 'label');
}));

test('grouping at the root does not change sums', () => opened(path, {}, async (page) => {
	const total = await shown(page);

	for (const group of ['process', 'thread', 'name', 'kind', 'cause', 'mapping']) {
		await page.selectOption('#grown select[name="group"]', group);
		near(await shown(page), total, group);
	}
	await page.selectOption('#grown select[name="group"]', 'thread');
	await page.locator('#flame-graph').focus();
	await page.keyboard.press('ArrowDown');
	assert.match((await status(page))[0], /^server \(500\)/);
	await page.keyboard.press('ArrowDown');
	const [name, bytes] = await status(page), tid = Number(/\((\d+)\)/.exec(name)[1]);
	near(bytes,
		sum(rows.filter((i) => entries.process[i] === 0 &&
		report.processes[0].tasks[entries.task[i]].tid === tid)
			.map((i) => entries.live_peak[i])), name);
}));

test('search: matched bytes, whole names, regular expressions',
	() => opened(path, {}, async (page) => {
	const bytes = (matches) =>
		sum(rows.filter((i) => stack(i).some(matches)).map((i) => entries.live_peak[i]));

	near(await search(page, 'SERVE'),
		sum(rows.filter((i) => stack(i).some((n) => n.includes('serve')) ||
		inModule(i, 'server')).map((i) => entries.live_peak[i])), 'part');
	near(await search(page, '"serve"'), bytes((n) => n === 'serve'), 'whole');
	await page.click('#regex');
	near(await search(page, '^(malloc|grow)$'), bytes((n) => /^(malloc|grow)$/.test(n)),
		'regular expression');
	near(await search(page, 'flush('), bytes((n) => n.includes('flush(')),
		'no regular expression');
	assert.match(await page.locator('#found').innerText(), /searched as text/);
	near(await search(page, '(x+x+)+y'), 0, 'a slow one');
	await page.focus('#search');
	await page.keyboard.press('Escape');
	assert.equal(await page.locator('#found').innerText(), '');
}));

function inModule(i, name) {
	for (let n = entries.node[i]; n >= 0; n = profile.nodes.parent[n]) {
		const module = profile.frames.module[profile.nodes.frame[n]];
		if (profile.modules[module]?.path.endsWith(`/${name}`))
			return true;
	}
	return false;
}

test('functions have self and total, and recursion counts once',
	() => opened(path, {}, async (page) => {
	await page.locator('table.functions button[data-sort="total"]').click();
	const list = await page.$$eval('table.functions tbody tr',
		(trs) => trs.map((tr) => [tr.querySelector('button').textContent,
		...['self', 'total'].map(
			(c) => Number(tr.querySelector(`td[data-column="${c}"]`).dataset.bytes))]));

	assert.ok(list.length > 10);
	assert.deepEqual(list.map((x) => x[2]), list.map((x) => x[2]).sort((a, b) => b - a));
	for (const [name, self, total] of list) {
		near(self,
			sum(rows.filter((i) => stack(i)[0] === name)
				.map((i) => entries.live_peak[i])), `${name}: self`);
		near(total,
			sum(rows.filter((i) => stack(i).includes(name))
				.map((i) => entries.live_peak[i])), `${name}: total`);
	}
	const button = page.locator('table.functions tbody button', { hasText: /^serve$/ });
	await button.click();
	assert.equal(await page.inputValue('#search'), '"serve"');
	assert.equal(await page.locator('table.functions tr.found').count(), 1);
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'serve',
		'the focus stays');
}));

test('who calls a function, and whom it calls', () => opened(path, {}, async (page) => {
	await search(page, '"serve"');
	const list = (n) => page.$$eval(`#neighbours > div:nth-of-type(${n}) tbody tr`,
		(trs) => trs.map((tr) => [tr.querySelector('th').textContent.split(' ')[0],
		Number(tr.querySelector('td').dataset.bytes)]));
	// Innermost function first: callers of the outermost, and callees of the innermost.
	const expected = { by: {}, calls: {} };

	for (const i of rows) {
		const names = stack(i), outer = names.lastIndexOf('serve'),
			inner = names.indexOf('serve');
		const add = (what, name) => { expected[what][name] = (expected[what][name] ?? 0) +
			entries.live_peak[i]; };

		if (outer >= 0)
			add('by', names[outer + 1]);
		if (inner > 0)
			add('calls', names[inner - 1]);
	}
	assert.deepEqual(Object.fromEntries(await list(1)), expected.by);
	assert.deepEqual(Object.fromEntries(await list(2)), expected.calls);
	await page.locator('#neighbours button', { hasText: /^worker$/ }).click();
	assert.equal(await page.inputValue('#search'), '"worker"');
	assert.match(await page.locator('#neighbours').innerText(), /start_thread/);
}));

test('keyboard: down, across, zoom, back, home', () => opened(path, {}, async (page) => {
	const graph = page.locator('#flame-graph'),
		at = async () => (await status(page))[0].split(' ')[0];

	await page.locator('h1').click();
	await page.keyboard.press('/');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'search');
	await page.keyboard.press('Enter');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'flame-graph');
	await page.keyboard.press('ArrowDown');
	const widest = await at();
	await page.keyboard.press('ArrowRight');
	assert.notEqual(await at(), widest);
	await page.keyboard.press('ArrowLeft');
	assert.equal(await at(), widest);
	await page.keyboard.press('ArrowDown');
	const second = await at(), bytes = (await status(page))[1];
	await page.keyboard.press('Enter');
	assert.match(await page.locator('.crumbs').innerText(), new RegExp(`${second}\\s*Reset$`));
	assert.match(await page.locator('#grown h3').innerText(), /below the frame/);
	near((await status(page))[1], bytes, 'zoomed');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Escape');
	assert.equal(await at(), second);
	await page.keyboard.press('ArrowUp');
	assert.equal(await at(), widest);
	await page.keyboard.press('Home');
	assert.equal(await at(), 'all,');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('s');
	assert.equal(await page.inputValue('#search'), `"${widest}"`);
	assert.ok(await graph.evaluate((n) => n === document.activeElement));
}));

test('a click zooms, the path leads back, a box describes', () => opened(path, {}, async (page) => {
	const box = await page.locator('#flame-graph').boundingBox();

	await page.locator('#flame-graph').scrollIntoViewIfNeeded();
	await page.evaluate(
		() => new Promise(
		(done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	await page.locator('#flame-graph').hover({ position: { x: 20, y: 28 } });
	await page.locator('#tooltip').waitFor();
	const tip = await page.locator('#tooltip').innerText();
	assert.match(tip, /standard error\s+\u00b1/);
	const name = await page.locator('#tooltip strong').innerText();
	await page.locator('#flame-graph').click({ position: { x: 20, y: 28 } });
	assert.equal(await page.locator('.crumbs b').innerText(), name);
	assert.ok(box.width > 900);
	await page.locator('.crumbs button').first().click();
	assert.equal(await page.locator('#reset-zoom').count(), 0);
	await page.locator('#flame-graph')
		.click({ position: { x: 20, y: 28 }, modifiers: ['Control'] });
	assert.equal(await page.inputValue('#search'), `"${name.replace(' [fp]', '')}"`);
}));

test('a selected time shows what grew in it and what lives at its end',
	() => opened(path, {}, async (page) => {
	const at = (slot) => (ticks.start_ns + slot * ticks.slot_ns) / 1e9;

	await page.fill('#time-from', String(at(3)));
	await page.keyboard.press('Tab');
	near(await shown(page), inTime(3, 16).grew, 'to the end');
	await page.fill('#time-to', String(at(10)));
	await page.keyboard.press('Tab');
	await page.locator('.chosen-time[visibility="visible"]').waitFor();
	near(await shown(page), inTime(3, 10).grew, 'grew');
	assert.match(await page.locator('#summary').innerText(), /by samples, \u00b1/);
	await sampleType(page, 'live').click();
	near(await shown(page), inTime(3, 10).live, 'live at its end');
	await choose(page, 'process', `(${report.processes[0].pid})`);
	near(await shown(page), inTime(3, 10, rows.filter((i) => entries.process[i] === 0)).live,
		'of one process');
	await page.locator('svg.weight').focus();
	await page.keyboard.press('Escape');
	assert.equal(await page.inputValue('#time-from'), '');
	await sampleType(page, 'live_peak').waitFor();
	assert.equal(await sampleType(page, 'live_peak').getAttribute('aria-pressed'), 'true');
}));

async function drag(page, from, to) {
	const box = await page.locator('svg.weight').boundingBox();

	await page.mouse.move(box.x + from, box.y + 90);
	await page.mouse.down();
	await page.mouse.move(box.x + (from + to) / 2, box.y + 90);
	await page.mouse.move(box.x + to, box.y + 92);
	await page.mouse.up();
}

test('a drag over the chart and Shift with arrows select, too',
	() => opened(path, {}, async (page) => {
	const chosen = async () => {
		const times = [await page.inputValue('#time-from'),
			await page.inputValue('#time-to')].map(Number);

		return times.map((t) => Math.round((t * 1e9 - ticks.start_ns) / ticks.slot_ns));
	};

	await page.locator('svg.weight').scrollIntoViewIfNeeded();
	await drag(page, 300, 700);
	await page.locator('.chosen-time[visibility="visible"]').waitFor();
	await page.waitForFunction(() => document.getElementById('time-to').value !== '');
	let [from, to] = await chosen();
	assert.ok(from > 0 && to > from && to <= 16, `${from} ${to}`);
	near(await shown(page), inTime(from, to).grew, 'dragged');
	await page.click('#time-clear');
	near(await shown(page), report.samples.types['live-peak'].total, 'cleared');
	await page.locator('svg.weight').focus();
	await page.keyboard.press('ArrowRight');
	for (let i = 0; i < 4; i++)
		await page.keyboard.press('Shift+ArrowRight');
	await page.locator('.chosen-time[visibility="visible"]').waitFor();
	await page.waitForFunction(() => document.getElementById('time-to').value !== '');
	[from, to] = await chosen();
	assert.ok(to > from && to <= 16, `${from} ${to}`);
	near(await shown(page), inTime(from, to).grew, 'by keyboard');
}));

test('the chart\u2019s bands and peak are the series\u2019',
	() => opened(path, {}, async (page) => {
	assert.match(await page.locator('svg.weight .peak').textContent(), /^peak .+ at 2\.40\ss$/);
	assert.ok(await page.locator('svg.weight .band-area').count() >= 2);
	await page.locator('svg.weight').hover({ position: { x: 500, y: 100 } });
	await page.locator('#tooltip').waitFor();
	assert.match(await page.locator('#tooltip').innerText(), /weight/);
}));

test('threads: figures, order, and one in the flame graph', () => opened(path, {}, async (page) => {
	const tasks = report.processes.flatMap(
		(p, process) => p.tasks.map((t, task) => ({ ...t, process, task })));
	const weight = (t) => sum(Object.values(t.at_peak).filter((x) => typeof x === 'number'));
	const ids = () => page.$$eval('table.who tbody td[data-column="id"]',
		(c) => c.map((x) => Number(x.textContent)));
	const byPeak = (a, b) => peakOf(b) - peakOf(a);
	const peakOf = (t) => ['anon', 'file', 'shmem', 'swap', 'pagetable', 'kstack',
		'kmem'].reduce((s, k) => s + (t.at_peak[k] ?? 0), 0);

	assert.ok(weight(tasks[0]) > 0);
	await page.locator('#who .toggle button[data-value="threads"]').click();
	assert.deepEqual(await ids(), [...tasks].sort(byPeak).map((t) => t.tid));
	await page.locator('table.who button[data-sort="faults"]').click();
	assert.deepEqual(await ids(),
		[...tasks].sort((a, b) => b.faults.total - a.faults.total).map((t) => t.tid));
	assert.equal(await page.evaluate(() => document.activeElement.dataset.sort), 'faults',
		'the focus stays');
	const flusher = tasks.find((t) => t.comm === 'flusher');
	await page.locator('table.who tbody button', { hasText: 'flusher' }).click();
	near(await shown(page),
		sum(rows.filter((i) => entries.process[i] === flusher.process &&
		entries.task[i] === flusher.task).map((i) => entries.live_peak[i])), 'flusher');
	assert.match(await page.locator('#who-chosen').innerText(), /flusher \(503\)/);
	assert.match(await page.locator('#summary').innerText(), /of thread flusher \(503\)/);
	await page.locator('#who-chosen button[aria-label]').click();
	near(await shown(page), report.samples.types['live-peak'].total, 'all again');
	await page.fill('#who-search', 'work');
	assert.equal((await ids()).length, 2);
	await page.fill('#who-search', '');
	await page.locator('#who .toggle button[data-value="processes"]').click();
	assert.deepEqual((await ids()).sort(), report.processes.map((p) => p.pid));
}));

test('the books by kind, and what was not measured and why', async () => {
	for (const name of ['profile', 'oom', 'forks'])
		await opened(rendered(name), {}, async (page) => {
			for (const [kind, t] of Object.entries(data(rendered(name)).totals)) {
				const cells = await page.$$eval(
					`table.books tr[data-kind="${kind}"] td`,
					(tds) => tds.map((td) => td.dataset.bytes === undefined
					? td.textContent : Number(td.dataset.bytes)));
				const expected = [t.initial, t.in, t.out, t.by_others.in,
					t.by_others.out, t.unattributed,
					t.net].map((x) => x ?? 'not measured');

				assert.deepEqual(cells, expected, `${name}: ${kind}`);
			}
			if (name !== 'profile')
				return;
			assert.match(await page.locator('#features').innerText(),
				/kmem: not measured[^]*no memory control group/);
			assert.match(await page.locator('.verdict').innerText(), /balanced/);
		});
});

test('light and dark, and a phone', async () => {
	const colour = (page) => page.locator('canvas.flames').evaluate((c) => c.toDataURL());
	const drawn = (page) =>
		page.evaluate(
		() => new Promise(
		(done) => requestAnimationFrame(
		() => requestAnimationFrame(() => requestAnimationFrame(done)))));

	await opened(path, { colorScheme: 'dark' }, async (page) => {
		await drawn(page);
		const dark = await colour(page);
		await page.getByRole('button', { name: 'Light', exact: true }).click();
		await drawn(page);
		assert.notEqual(await colour(page), dark);
	});
	await opened(path, { viewport: { width: 360, height: 740 } }, async (page) => {
		assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
	});
});
