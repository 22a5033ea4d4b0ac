// SPDX-License-Identifier: GPL-2.0-only
//
// The graphs of a run's page: flame graph, inverted, sandwich and call tree; folded frames, Python
// only, hidden and merged functions; colours and tooltips. Every figure is computed here again from
// the JSON in the page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose as pickFrom, data, opened, rendered, report } from './page.mjs';

const NOT = 0, IN = 1, BEGIN = 2;
const FOLDS = { _start: BEGIN, start_thread: BEGIN, malloc: IN, asm_exc_page_fault: IN,
	do_anonymous_page: IN };

// The fixture, of which some frames fold, and one is Python's.
function made() {
	const json = data(rendered('profile')), { profile: p } = json, { frames: f, strings } = p;
	const name = (i) => strings[f.function[i]];

	strings.push('malloc', 'py::load:/srv/app.py');
	f.via = f.function.map((_, i) => name(i) === 'malloc' ? strings.length - 2 : -1);
	f.flags = f.flags.map((flags, i) => flags | (FOLDS[name(i)] ?? NOT) << 4);
	p.modules.push({ path: '[python]', build_id: null });
	f.function.forEach((_, i) => {
		if (name(i) === 'load') {
			f.function[i] = strings.length - 1;
			f.module[i] = p.modules.length - 1;
		}
	});
	return json;
}

const json = made(), path = report('flame', json, 'run'), { profile } = json;
const { entries } = profile;
const LOAD = 'py::load:/srv/app.py';
const sum = (list) => list.reduce((a, b) => a + b, 0);
const near = (a, b, what) => assert.ok(Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)),
	`${what}: ${a}, not ${b}`);

/** The stacks, innermost function first: [{ names, folds, bytes }]. */
const stacks = entries.node.map((node, i) => {
	const names = [], folds = [];

	for (let n = node; n >= 0; n = profile.nodes.parent[n]) {
		const frame = profile.nodes.frame[n];
		names.push(profile.strings[profile.frames.function[frame]]);
		folds.push(profile.frames.flags[frame] >> 4);
	}
	return { names: names.length > 0 ? names : ['[no stack]'], folds,
		bytes: entries.live_peak[i] };
});
// As the page shows them at first.
const folded = stacks.map(({ names, folds, bytes }) =>
	({ bytes, names: names.filter((_, k) => (folds[k] ?? NOT) === NOT) }));
const total = sum(entries.live_peak);

/** Sums of bytes by the text that key(stack) gives; null is left out. */
function sums(list, key) {
	const map = {};

	for (const s of list) {
		const k = key(s);
		if (k !== null && k !== undefined && s.bytes > 0)
			map[k] = (map[k] ?? 0) + s.bytes;
	}
	return map;
}

const choose = (page, key, value) => page.click(`#graph-${key} [data-value="${value}"]`);
const shown = (page) => page.locator('#summary').evaluate((n) => Number(n.dataset.bytes));
const status = (page) => page.locator('#flame-status').evaluate(
	(n) => [n.querySelector('b').textContent.replace(/ \[fp\]$/, ''), Number(n.dataset.bytes)]);

/** The boxes of the row of the one that has the focus, as { name: bytes }. */
async function row(page) {
	const all = {};
	let before = '';

	const move = async (key) => {
		await page.keyboard.press(key);
		const now = JSON.stringify(await status(page)), moved = now !== before;
		before = now;
		return moved;
	};
	before = JSON.stringify(await status(page));
	while (await move('ArrowLeft'));
	do {
		const [name, bytes] = await status(page);
		all[name] = (all[name] ?? 0) + bytes;
	} while (await move('ArrowRight'));
	return all;
}

/** Goes to the box of this name in the row. */
async function seek(page, name) {
	const names = Object.keys(await row(page));

	assert.ok(names.includes(name), `${name} is not among ${names}`);
	for (let i = 0; i < names.length && (await status(page))[0] !== name; i++)
		await page.keyboard.press('ArrowLeft');
	assert.equal((await status(page))[0], name);
}

function same(found, expected, what) {
	assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), what);
	for (const k of Object.keys(found))
		near(found[k], expected[k], `${what}: ${k}`);
}

const focusGraph = async (page) => {
	await page.locator('#flame-graph').focus();
	await page.keyboard.press('ArrowDown');
};

/** Self and total bytes in the table of functions: { name: [self, total] }. */
const table = (page) => page.$$eval('.functions-box tbody tr', (trs) => Object.fromEntries(
	trs.map((tr) => [tr.querySelector('button').title,
		['self', 'total'].map((c) => Number(
			tr.querySelector(`td[data-column="${c}"]`).dataset.bytes))])));

async function expectTable(page, list, what) {
	const found = await table(page), own = sums(list, (s) => s.names[0]);

	for (const [name, [self, all]] of Object.entries(found)) {
		near(self, own[name] ?? 0, `${what}: ${name} itself`);
		near(all, sum(list.filter((s) => s.names.includes(name)).map((s) => s.bytes)),
			`${what}: ${name} with below`);
	}
	for (const name of Object.keys(own))
		assert.ok(name in found, `${what}: ${name} is missing`);
	near(await shown(page), total, `${what}: the sum`);
}

test('folded frames are their callers\u2019 memory, until they are shown',
	() => opened(path, {}, async (page) => {
	await expectTable(page, folded, 'hidden');
	assert.match(await page.locator('.functions tr', { hasText: 'app.py' }).innerText(),
		/via malloc/);
	await focusGraph(page);
	same(await row(page), sums(folded, (s) => s.names.at(-1)), 'roots');
	await choose(page, 'folded', true);
	await expectTable(page, stacks, 'shown');
	await focusGraph(page);
	same(await row(page), sums(stacks, (s) => s.names.at(-1)), 'roots, with all frames');
	await choose(page, 'folded', false);
	await expectTable(page, folded, 'hidden again');
}));

test('inverted: roots are functions by their own bytes, then callers',
	() => opened(path, {}, async (page) => {
	await choose(page, 'view', 'inverted');
	await focusGraph(page);
	const roots = await row(page);

	same(roots, sums(folded, (s) => s.names[0]), 'roots');
	near(sum(Object.values(roots)), total, 'all roots');
	for (const name of ['serve', 'grow']) {
		await page.keyboard.press('Home');
		await focusGraph(page);
		await seek(page, name);
		await page.keyboard.press('Enter');
		near((await status(page))[1], roots[name], `${name}, zoomed`);
		assert.match(await page.locator('.crumbs').innerText(), new RegExp(name));
		await page.keyboard.press('ArrowDown');
		same(await row(page), sums(folded.filter((s) => s.names[0] === name),
			(s) => s.names[1]),
			`callers of ${name}`);
		await page.keyboard.press('Escape');
		assert.equal(await page.locator('#reset-zoom').count(), 0);
	}
	await page.selectOption('#grown select[name="group"]', 'process');
	near((await status(page))[1], total, 'grouped');
	await focusGraph(page);
	near(sum(Object.values(await row(page))), total, 'groups');
}));

const of = '#sandwich-of';

async function expectSandwich(page, name) {
	const inside = folded.filter((s) => s.names.includes(name)), whole = sum(inside.map((s) =>
		s.bytes));
	const outer = (s) => s.names.lastIndexOf(name);

	near(Number(await page.locator(of).getAttribute('data-bytes')), whole, name);
	await page.locator('#flame-graph').focus();
	const by = sums(inside, (s) => s.names[outer(s) + 1]),
		called = sums(inside, (s) => s.names[outer(s) - 1]);
	if (Object.keys(by).length > 0) {
		await page.keyboard.press('ArrowUp');
		same(await row(page), by, `callers of ${name}`);
		await page.keyboard.press('ArrowDown');
	}
	near((await status(page))[1], whole, `${name} in the middle`);
	if (Object.keys(called).length > 0) {
		await page.keyboard.press('ArrowDown');
		same(await row(page), called, `callees of ${name}`);
	}
	return { by, called, whole };
}

test('sandwich: callers and callees, by click, key, table and search',
	() => opened(path, {}, async (page) => {
	await choose(page, 'view', 'sandwich');
	const most = Object.entries(sums(folded, (s) => s.names[0])).filter(([n]) => n[0] !== '[')
		.sort((a, b) => b[1] - a[1])[0][0];
	assert.match(await page.locator(of).innerText(), new RegExp(`of ${most},`));
	await page.locator('.functions-box button', { hasText: /^serve$/ }).click();
	const { by, whole } = await expectSandwich(page, 'serve');
	near(sum(Object.values(by)), whole, 'callers\u2019 sum');
	// a key on a callee, back, and a click on a caller
	await seek(page, 'grow');
	await page.keyboard.press('w');
	await expectSandwich(page, 'grow');
	await page.keyboard.press('Escape');
	await expectSandwich(page, 'serve');
	await page.locator('#flame-graph').click({ position: { x: 20, y: 8 } });
	await expectSandwich(page, 'worker');
	await page.fill('#search', 'open_tab');
	await page.keyboard.press('Enter');
	await expectSandwich(page, 'open_table');
	// from the flame graph, and back to it
	await page.fill('#search', '');
	await choose(page, 'view', 'flame');
	await focusGraph(page);
	const [name] = await status(page);
	await page.click('.frame-actions [data-action="sandwich"]');
	await expectSandwich(page, name);
	await page.locator('#flame-graph').focus();
	await page.keyboard.press('Escape');
	assert.equal(await page.getAttribute('#graph-view [data-value="flame"]', 'aria-pressed'),
		'true');
}));

test('hide and merge keep the sum, are chips, and can be undone',
	() => opened(path, {}, async (page) => {
	const without = (name) => folded
		.map((s) => ({ ...s, names: s.names.filter((n) => n !== name) }));
	const chips = async () => (await page.locator('#shape-chips li').allInnerTexts())
		.map((t) => t.replace(/\s+/g, ' ').trim());

	await focusGraph(page);
	await seek(page, 'worker');
	await page.keyboard.press('h');
	assert.deepEqual(await chips(), ['hidden worker \u00d7']);
	await expectTable(page, without('worker'), 'worker hidden');
	await page.click('#shape-chips button');
	assert.deepEqual(await chips(), []);
	await expectTable(page, folded, 'shown again');
	await focusGraph(page);
	await seek(page, 'worker');
	await page.keyboard.press('ArrowDown');
	await page.click('.frame-actions [data-action="merge"]');
	assert.deepEqual(await chips(), ['merged serve \u00d7']);
	await expectTable(page, folded.map((s) =>
		({ ...s, names: s.names.slice(s.names.lastIndexOf('serve') + 1) })),
			'serve merged');
	near((await table(page)).worker[0], (await table(page)).worker[1], 'worker has it itself');
	await page.fill('#search', '^(main|load|worker|py.*)$');
	await page.click('#regex');
	await page.click('#found-hide');
	assert.equal((await chips()).length, 3, 'two, and the button for all');
	near(await shown(page), total, 'two rules');
	assert.ok((await table(page))['[hidden]'][0] > 0, 'nobody is left in worker\u2019s stacks');
	await page.click('#no-rules');
	await page.fill('#search', '');
	await expectTable(page, folded, 'all again');
}));

test('zoom stays on its function when the shape changes', () => opened(path, {}, async (page) => {
	await focusGraph(page);
	await seek(page, 'worker');
	await page.keyboard.press('Enter');
	const before = await status(page);
	await choose(page, 'folded', true);
	assert.deepEqual(await status(page), before);
	assert.match(await page.locator('.crumbs').innerText(), /start_thread/);
}));

test('Python only', () => opened(path, {}, async (page) => {
	await choose(page, 'python', true);
	await focusGraph(page);
	const keep = (s) => s.names.includes(LOAD) ? LOAD
		: /^\[(no sample|no stack|truncated)\]$/.test(s.names.at(-1)) ? s.names.at(-1)
			: '[no Python]';

	same(await row(page), sums(stacks, keep), 'roots');
	near(await shown(page), total, 'the sum');
}));

/** The rows of the call tree: [{ level, total, self, name, open }]. */
const tree = (page) => page.$$eval('.calltree tbody tr', (trs) => trs.map((tr) => ({
	level: Number(tr.getAttribute('aria-level')), open: tr.getAttribute('aria-expanded'),
	total: Number(tr.querySelector('td[data-column="total"]').dataset.bytes),
	self: Number(tr.querySelector('td[data-column="self"]').dataset.bytes),
	name: tr.querySelector('th').title, share: tr.querySelector('.share').textContent })));

test('call tree: opens and closes by keyboard; each row is its children and itself',
	() => opened(path, {}, async (page) => {
	await choose(page, 'view', 'tree');
	await page.locator('.calltree tbody tr').first().focus();
	for (let i = 0; i < (await tree(page)).length; i++) { // open all
		if ((await tree(page))[i].open === 'false')
			await page.keyboard.press('ArrowRight');
		await page.keyboard.press('ArrowDown');
	}
	const rows = await tree(page), own = {};

	near(rows[0].total, total, 'root');
	assert.ok(rows.every((r) => r.open !== 'false'));
	rows.forEach((r, i) => {
		let below = 0;

		for (let k = i + 1; k < rows.length && rows[k].level > r.level; k++)
			if (rows[k].level === r.level + 1)
				below += rows[k].total;
		near(r.self + below, r.total, r.name);
		assert.equal(parseFloat(r.share), Number((100 * r.total / total)
			.toFixed(r.total / total < 0.0995 ? 1 : 0)), r.name);
		if (i > 0)
			own[r.name.replace(' [fp]', '')] = (own[r.name.replace(' [fp]', '')] ??
				0) + r.self;
	});
	for (const [name, bytes] of Object.entries(sums(folded, (s) => s.names[0])))
		near(own[name], bytes, `${name} itself`);
	assert.ok(await page.locator('.calltree-box').isVisible());
	assert.ok(!await page.locator('#flame-graph').isVisible());
	await page.keyboard.press('Home');
	await page.keyboard.press('ArrowLeft');
	assert.equal((await tree(page)).length, 1, 'closed');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('ArrowRight');
	const [name] = await status(page), at = (await tree(page))[1];
	assert.equal(name, at.name.replace(' [fp]', ''));
	await page.keyboard.press('Enter');
	assert.equal((await tree(page))[0].name, at.name, 'zoomed');
	await page.keyboard.press('Escape');
	near((await tree(page))[0].total, total, 'back');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('w');
	assert.ok(await page.locator(of).isVisible());
}));

/** The legend: { text: colour }. */
const legend = (page) => page.$$eval('.legend li', (items) => Object.fromEntries(items
	.filter((li) => li.querySelector('.swatch')?.style.background)
	.map((li) => [li.textContent, li.querySelector('.swatch').style.background])));

test('a module has one colour, in all views, with filters, and after a reload', async () => {
	let first;

	for (const colorScheme of ['light', 'dark'])
		await opened(path, { colorScheme }, async (page) => {
			await choose(page, 'folded', true);
			const all = await legend(page);

			assert.deepEqual(Object.keys(all).sort(),
				['JIT code', 'Python', 'helper', 'kernel', 'libc.so.6', 'server']);
			assert.equal(new Set(Object.values(all)).size, 6, 'all differ');
			assert.notDeepEqual(all, first, 'each theme has its own');
			first = all;
			for (const change of [() => choose(page, 'view', 'inverted'),
				() => pickFrom(page, 'process', '(500)'),
				() => choose(page, 'folded', false),
					() => choose(page, 'view', 'tree'),
				() => page.reload()]) {
				await change();
				await page.waitForSelector('html[data-ready]',
					{ state: 'attached' });
				for (const [text, colour] of Object.entries(await legend(page)))
					assert.equal(colour, all[text], `${text} after ${change}`);
			}
		});
});

test('a tooltip goes away: Escape, scroll, leave, click, touch', () => opened(path,
	{ viewport: { width: 1280, height: 500 } }, async (page) => {
	const tip = page.locator('#tooltip'), graph = page.locator('#flame-graph');
	const hover = async () => {
		await page.mouse.move(5, 5);
		await graph.scrollIntoViewIfNeeded();
		await graph.hover({ position: { x: 20, y: 28 } });
		await tip.waitFor();
	};
	const gone = () => tip.waitFor({ state: 'hidden' });

	await hover();
	await page.keyboard.press('Escape');
	await gone();
	await hover();
	await page.mouse.wheel(0, 200);
	await gone();
	await hover();
	await page.mouse.move(5, 5);
	await gone();
	await hover();
	await graph.click({ position: { x: 20, y: 28 } });
	await gone();
	await hover();
	await page.evaluate(() => dispatchEvent(new Event('blur')));
	await gone();
	await graph.dispatchEvent('pointermove',
		{ pointerType: 'touch', clientX: 60, clientY: 300 });
	assert.ok(await tip.isHidden(), 'a finger leaves none behind');
}));

test('the line on first touch stands under the graph, once', () => opened(path, {},
	async (page) => {
	assert.equal((await page.locator('main').innerText()).split('touched it first').length, 2);
	const graph = await page.locator('#flame-graph').boundingBox(),
		line = await page.locator('#first-touch').boundingBox(),
		functions = await page.locator('.functions-box').boundingBox();
	assert.ok(line.y > graph.y + graph.height && line.y < functions.y);
}));

test('a phone has all controls, none wider than it', async () => {
	for (const width of [360, 800])
		await opened(path, { viewport: { width, height: 740 } }, async (page) => {
			for (const view of ['inverted', 'sandwich', 'tree', 'flame']) {
				await choose(page, 'view', view);
				assert.equal(await page.evaluate(() =>
					document.documentElement.scrollWidth),
					width, view);
			}
		});
});

test('100,000 stacks of 1,000 processes in all graphs', () => opened(rendered('build'), {},
	async (page) => {
	const all = sum(data(rendered('build')).profile.entries.live_peak);

	for (const view of ['inverted', 'tree', 'flame']) {
		await choose(page, 'view', view);
		near(await shown(page), all, view);
		if (view !== 'tree')
			near((await status(page))[1], all, `${view}: root`);
	}
	await choose(page, 'view', 'tree');
	near((await tree(page))[0].total, all, 'tree');
	await choose(page, 'folded', true);
	near(await shown(page), all, 'all frames');
	await choose(page, 'view', 'sandwich');
	assert.ok(Number(await page.locator(of).getAttribute('data-bytes')) > 0);
}));
