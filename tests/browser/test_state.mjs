// SPDX-License-Identifier: GPL-2.0-only
//
// The report's controls: the first screen, the curve, filters, the state in the address with back
// and forward and hostile fragments, the dialog of keys, tooltips, and threads put together by
// name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, data, opened, rendered, report as filled } from './page.mjs';

const path = rendered('profile'), report = data(path), { profile } = report;
const { entries, ticks } = profile;
const rows = entries.node.map((_, i) => i), sum = (list) => list.reduce((a, b) => a + b, 0);

const shown = (page) => page.locator('#summary').evaluate((n) => Number(n.dataset.bytes));
const hash = (page) => page.evaluate(() => location.hash);
const pressed = (page, of, value) =>
	page.locator(`${of} .toggle button[data-value="${value}"]`).getAttribute('aria-pressed');
const bands = (page) => page.$$eval('svg.weight .band-area', (b) => b.map((x) => x.dataset.band));
const key = (page) => page.$$eval('#weight-key .link', (b) => b.map((x) => x.textContent));
const stack = (page, by) => page.click(`#weight .toggle button[data-value="${by}"]`);

/** Wait until the address has a text. */
const inAddress = (page, text) => page.waitForFunction((t) => location.hash.includes(t), text);

/** The profile with 1,500 processes more, each with a sample. */
function crowded() {
	const many = data(path), at = entries.task.indexOf(1), first = many.processes.length;

	for (let i = 0; i < 1500; i++) {
		const p = structuredClone(many.processes[1]);

		p.pid = 20_000 + i;
		p.tasks.forEach((t) => { t.tid = p.pid; });
		many.processes.push(p);
		for (const column of Object.values(many.profile.entries))
			column.push(column[at]);
		many.profile.entries.process[rows.length + i] = first + i;
		many.profile.entries.task[rows.length + i] = 0;
	}
	return filled('crowded', many, 'run');
}

const screen = { viewport: { width: 1400, height: 900 } };

for (const name of ['profile', 'build'])
	test(`${name}: the first screen has the answers, the curve, the graph\u2019s beginning`,
	() => opened(rendered(name), screen, async (page) => {
	for (const id of ['#answer-peak', '#answer-when', '#answer-thread', '#answer-function',
		'#trust', 'svg.weight', '#weight-key']) {
		const box = await page.locator(id).boundingBox();

		assert.ok(box.y >= 0 && box.y + box.height <= 900, `${id}: ${JSON.stringify(box)}`);
	}
	const graph = await page.locator('#flame-graph').boundingBox();
	assert.ok(graph.y < 800, `the flame graph begins at ${graph.y}`);
	assert.equal(await page.evaluate(() => scrollY), 0);
}));

test('the answers are the largest thread and function, and when', () => opened(path, {},
	async (page) => {
	const text = (id) => page.locator(`#answer-${id}`).innerText();
	const weight = (t) => sum(['anon', 'file', 'shmem', 'swap', 'pagetable', 'kstack', 'kmem']
		.map((k) => t.at_peak[k] ?? 0));
	const names = new Map();

	for (const t of report.processes.flatMap((p) => p.tasks))
		names.set(t.comm, (names.get(t.comm) ?? 0) + weight(t));
	const [top] = [...names].sort((a, b) => b[1] - a[1])[0];
	assert.match(await text('thread'), new RegExp(`${top}`));
	const functions = new Map(); // the fixture folds nothing: a function is the innermost frame
	for (const i of rows) {
		const frame = profile.nodes.frame[entries.node[i]];
		const name = profile.strings[profile.frames.function[frame]];

		if (!(profile.frames.flags[frame] & 8))
			functions.set(name, (functions.get(name) ?? 0) + entries.live_peak[i]);
	}
	const [[most, bytes]] = [...functions].sort((a, b) => b[1] - a[1]);
	assert.ok((await text('function')).includes(`${most}\n`), most);
	assert.match(await text('function'), new RegExp(
		`${(100 * bytes / report.peak.weight.total).toFixed(0)}\\s%`));
	assert.match(await text('when'), /at \d+\.\d\d\ss/);
	const at = report.series.find((p) => p.rss + p.non_rss >= 0.95 * report.peak.weight.total);
	assert.ok(at || (await text('when')).includes('2.40'), 'the peak itself');
	await page.locator('#answer-function button').click();
	const query = await page.inputValue('#search');
	assert.ok((await text('function')).includes(query.slice(1, -1)), query);
	await page.locator('#answer-thread button').click();
	assert.match(await page.locator('#who-chosen').innerText(), new RegExp(top));
	await page.locator('#answer-when button').click();
	await page.locator('.chosen-time[visibility="visible"]').waitFor();
}));

test('the curve by thread, by name and by function follows the filters', () => opened(path, {},
	async (page) => {
	const kinds = await bands(page);

	await stack(page, 'thread');
	const threads = new Set(ticks.entry.map((e) => `${entries.process[e]}/${entries.task[e]}`));
	assert.equal((await key(page)).length, threads.size);
	assert.ok((await key(page)).includes('worker (501)'));
	assert.equal((await bands(page)).at(-1), 'unsampled', 'what has no sample is a band');
	assert.match(await page.locator('#weight-key').innerText(), /outline exact/);
	assert.match(await page.locator('svg.weight .peak').textContent(), /^peak /);
	await page.fill('#who-filter', '502');
	assert.deepEqual(await key(page), ['worker (502)']);
	assert.match(await page.locator('svg.weight .peak').textContent(), /^most /);
	await page.fill('#who-filter', '');
	await stack(page, 'name');
	assert.ok((await key(page)).includes('worker'));
	await stack(page, 'function');
	assert.ok((await key(page)).includes('serve'), await key(page));
	await page.locator('#weight-key button', { hasText: /^serve$/ }).click();
	assert.equal(await page.inputValue('#search'), '"serve"');
	await stack(page, 'kind');
	assert.deepEqual(await bands(page), kinds);
	await page.selectOption(
		'#grown select[name="kind"]', String(profile.kinds.indexOf('anon')));
	assert.deepEqual(await bands(page), ['anon'],
		'filtered by kind: that kind, by samples');
}));

test('a band keeps its colour when others go', () => opened(path, {}, async (page) => {
	const colour = () => page.locator('#weight-key li', { hasText: 'worker (502)' })
				     .locator('i')
				     .getAttribute('class');

	await stack(page, 'thread');
	const before = await colour();
	await page.fill('#who-filter', '502');
	assert.equal(await colour(), before);
}));

test('a click on the curve shows what was held then; so does Enter', () => opened(path, {},
	async (page) => {
	const live = (slot) => {
		const sampled = rows.map(() => 0), held = rows.map(() => 0);

		ticks.slot.forEach((s, i) => {
			sampled[ticks.entry[i]] += ticks.in[i];
			if (s <= slot)
				held[ticks.entry[i]] += ticks.in[i] - ticks.out[i];
		});
		return sum(rows.filter((e) => sampled[e] > 0)
			.map((e) => Math.max(0, held[e] * entries.grown[e] / sampled[e])));
	};
	const expect = async () => {
		await page.waitForFunction(() => document.getElementById('time-to').value !== '');
		const to = Number(await page.inputValue('#time-to')) * 1e9;
		const slot = Math.round((to - ticks.start_ns) / ticks.slot_ns) - 1,
		      bytes = live(slot);

		assert.ok(Math.abs(await shown(page) - bytes) <= 1e-6 * bytes, `slot ${slot}`);
		assert.equal(await pressed(page, '#grown .sample-types', 'live'), 'true');
	};

	await page.locator('svg.weight').click({ position: { x: 600, y: 90 } });
	await expect();
	await page.keyboard.press('Escape');
	assert.equal(await page.inputValue('#time-to'), '');
	await page.locator('svg.weight').focus();
	for (let i = 0; i < 40; i++)
		await page.keyboard.press('ArrowRight');
	await page.keyboard.press('Enter');
	await expect();
}));

test('of 1,500 processes, none is chosen at first, and each can be found', async () => {
	await opened(crowded(), {}, async (page) => {
		const input = page.locator('#combo-process'),
			options = page.locator('#combo-process-list [role=option]');

		assert.equal(await input.inputValue(), '');
		assert.equal(await input.getAttribute('placeholder'), 'All processes');
		assert.equal(await page.locator('#no-filters').isDisabled(), true);
		await input.click();
		assert.equal(await input.getAttribute('aria-expanded'), 'true');
		assert.ok(await options.count() <= 61);
		assert.match(
			await page.locator('#combo-process-list').innerText(), /more: type a part/);
		await page.keyboard.press('Escape');
		assert.equal(await page.locator('#combo-process-list').isVisible(), false);
		await choose(page, 'process', '21499');
		assert.match(await input.inputValue(), /\(21499\)/);
		assert.match(
			await page.locator('#summary').innerText(), /of process \S+ \(21499\)/);
		await input.click();
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		assert.equal(await input.inputValue(), '', 'all processes again');
		await input.fill('no such process');
		await page.keyboard.press('Tab');
		assert.equal(await input.inputValue(), '');
		assert.equal(await page.locator('#no-filters').isDisabled(), true);
	});
});

test('a pasted link shows the same view, and back and forward work',
	() => opened(path, {}, async (page) => {
		await page.selectOption(
			'#grown select[name="kind"]', String(profile.kinds.indexOf('anon')));
		await inAddress(page, 'kind=');
		await stack(page, 'function');
		await inAddress(page, 'stack=function');
		await page.fill('#search', 'serve \u00e9&=#');
		await inAddress(page, 'query=');
		await page.click('#grown .sample-types button[data-value="grown"]');
		await inAddress(page, 'sampleType=');
		await page.fill('#time-from', '0.5');
		await page.keyboard.press('Tab');
		await inAddress(page, 'time=');
		await page.locator('#flame-graph').focus();
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		await inAddress(page, 'zoom=');
		await page.click('#who button[data-value="processes"]');
		await inAddress(page, 'whoRows=processes');
		await page.click('#graph-view button[data-value="inverted"]');
		await inAddress(page, 'view=inverted');
		const link = await hash(page), bytes = await shown(page);
		const state = (p) => p.evaluate(
			() => [...document.querySelectorAll('[aria-pressed=true]')]
				      .map((b) => b.dataset.value ?? b.textContent)
				      .concat([...document.querySelectorAll('input, select')].map(
						      (i) => i.value),
					      document.querySelector('.crumbs').textContent));
		const all = await state(page);

		await opened(path, { hash: link }, async (other) => {
			assert.deepEqual(await state(other), all);
			assert.equal(await shown(other), bytes);
			assert.equal(await hash(other), link);
		});
		await page.goBack();
		await page.waitForFunction(() => !location.hash.includes('view='));
		assert.equal(await page.locator('#graph-view button[data-value="flame"]')
				     .getAttribute('aria-pressed'),
			'true');
		await page.goBack();
		await page.waitForFunction(() => !location.hash.includes('whoRows='));
		assert.equal(await pressed(page, '#who', 'names'), 'true');
		for (let i = 0; i < 6; i++)
			await page.goBack();
		await page.waitForFunction(() => location.hash === '');
		assert.equal(await page.inputValue('#search'), '');
		assert.equal(await shown(page), report.samples.types['live-peak'].total);
		for (let i = 0; i < 8; i++)
			await page.goForward();
		await page.waitForFunction((l) => location.hash === l, link);
		assert.deepEqual(await state(page), all);
	}));

test('links within the page keep the state; an address can name a section', async () => {
	await opened(path, { hash: '#stack=thread' }, async (page) => {
		await page.click('#trust a');
		assert.equal(await hash(page), '#stack=thread');
		await page.waitForFunction(() => scrollY > 0);
	});
	await opened(path, { hash: '#books' }, async (page) => {
		assert.equal(await pressed(page, '#weight', 'kind'), 'true');
		await stack(page, 'thread');
		await inAddress(page, 'stack=thread');
	});
});

test('a hostile address changes nothing', async () => {
	const total = report.samples.types['live-peak'].total;

	for (const part of ['stack=constructor', 'process=99999', 'process=-1', 'process=1e3',
		     'task=3', 'task=0', 'kind=toString', 'mapping=l999999', 'mapping=p',
		     'time=9-3', 'time=0-999999', 'zoom=[[],999999999]', 'zoom={"__proto__":1}',
		     'zoom=[[],-2]', 'zoom=[[[[1]]],0]', 'zoom=[["x"],3]', '__proto__=1',
		     'constructor=1', 'hasOwnProperty=1', 'sampleType=virtual%00',
		     'view=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E', 'query=%E0%A4%A',
		     `query=${'a'.repeat(700)}`, `query=${'b'.repeat(9000)}`, 'whoOpen=[1,2]',
		     'whoOpen=[', 'whoSort=<b>', 'colour=', 'group=__proto__',
		     `hide=${
			     encodeURIComponent(JSON.stringify(
				     Array.from({ length: 30 }, (_, i) => `/(a*)*${i}/`)))}`,
		     'hide={}', 'merge="x"', 'folded=1', '=&=&==&', '%', '&&&', 'time=NaN-NaN'])
		await opened(path, { hash: `#${part}&x=1` }, async (page) => {
			assert.equal(await shown(page), total, part);
			assert.equal(await page.locator('#who-chosen, #reset-zoom, ' +
				'.chosen-time[visibility=visible]').count(), 0, part);
			assert.equal(await page.inputValue('#search'), '', part);
			assert.equal(await page.locator('img').count(), 0);
		});
	await opened(path, { hash: `#query=${encodeURIComponent('<img src=x onerror=alert(1)>')}` },
		async (page) => {
		assert.equal(await page.inputValue('#search'), '<img src=x onerror=alert(1)>');
		assert.equal(await page.locator('img').count(), 0);
	});
});

test('the dialog of keys: ? and its button open it, Escape closes, the focus stays in it',
	() => opened(path, {}, async (page) => {
	const dialog = page.getByRole('dialog', { name: 'Keys' });
	const inside = () => page.evaluate(
		() => document.activeElement === document.body || document.activeElement
			.closest('dialog') !== null);

	await page.locator('#keys-open').focus();
	await page.keyboard.press('?');
	await dialog.waitFor();
	assert.match(await dialog.innerText(), /search functions/);
	for (let i = 0; i < 4; i++) {
		await page.keyboard.press('Tab');
		assert.ok(await inside());
	}
	await page.keyboard.press('Escape');
	await dialog.waitFor({ state: 'hidden' });
	assert.equal(await page.evaluate(() => document.activeElement.id), 'keys-open');
	await page.getByRole('button', { name: 'Keys' }).click();
	await dialog.waitFor();
	await dialog.getByRole('button', { name: 'Close' }).click();
	await dialog.waitFor({ state: 'hidden' });
	await page.focus('#search');
	await page.keyboard.type('a?1');
	assert.equal(await page.inputValue('#search'), 'a?1', 'keys are text where one types');
	assert.equal(await dialog.isVisible(), false);
	await page.keyboard.press('Escape');
	await page.locator('h1').click();
	for (const [k, by] of [['2', 'name'], ['3', 'thread'], ['4', 'function'], ['1', 'kind']]) {
		await page.keyboard.press(k);
		assert.equal(await pressed(page, '#weight', by), 'true');
	}
}));

test('tooltips go away: with the pointer, by scrolling, with Escape', () => opened(path, {},
	async (page) => {
	const tip = page.locator('#tooltip'), chart = page.locator('svg.weight');
	const show = async () => {
		await page.evaluate(() => scrollTo(0, 0));
		await page.mouse.move(5, 5);
		await chart.hover({ position: { x: 500, y: 90 } });
		await tip.waitFor();
	};

	await show();
	await page.locator('h1').hover();
	await tip.waitFor({ state: 'hidden' });
	await show();
	await page.mouse.wheel(0, 300);
	await tip.waitFor({ state: 'hidden' });
	await show();
	await page.keyboard.press('Escape');
	await tip.waitFor({ state: 'hidden' });
	await show();
	await page.evaluate(() => dispatchEvent(new Event('blur')));
	await tip.waitFor({ state: 'hidden' });
	for (const move of [() => page.locator('h1').hover(), () => page.mouse.wheel(0, 100)]) {
		await chart.focus();
		await page.keyboard.press('ArrowRight');
		await tip.waitFor();
		await move();
		await tip.waitFor({ state: 'hidden' });
	}
}));

test('threads of one name are a group: it opens to its members, heaviest first', () => opened(path,
	{}, async (page) => {
	const group = page.locator('#who tr[data-group="worker"]');
	const order = () => page.$$eval('#who tbody tr[aria-rowindex]', (trs) => trs.map(
		(tr) => tr.querySelector('td[data-column="id"]').textContent));
	const members = report.processes[0].tasks.filter((t) => t.comm === 'worker');
	const weight = (t) => sum(Object.values(t.at_peak).filter((x) => typeof x === 'number'));

	assert.match(await group.innerText(), /\u00d72/);
	await group.locator('.expand').click();
	assert.equal(await group.locator('.expand').getAttribute('aria-expanded'), 'true');
	assert.ok(await page.evaluate(() => document.activeElement.matches('.expand')));
	const list = await order(), at = list.indexOf('\u00d72');
	assert.deepEqual(list.slice(at + 1, at + 3), members.sort((a, b) => weight(b) - weight(a))
		.map((t) => String(t.tid)));
	await inAddress(page, 'whoOpen=');
	await group.locator('.link').click();
	assert.equal(await page.inputValue('#who-filter'), 'worker');
	await group.locator('.link').click();
	assert.equal(await page.inputValue('#who-filter'), '');
	await group.locator('.expand').click();
	assert.equal((await order()).length, list.length - 2);
}));

test('why: sums by cause and mapping; a click filters', () => opened(path, {}, async (page) => {
	const sums = {};

	for (const c of report.processes.flatMap((p) => p.tasks).flatMap((t) => t.causes))
		sums[c.cause] = (sums[c.cause] ?? 0) + c.in;
	for (const [cause, bytes] of Object.entries(sums))
		assert.equal(await page.locator(`#why tr[data-cause="${cause}"] td`).first()
			.getAttribute('data-bytes'), String(bytes), cause);
	const heap = page.locator('#why tbody tr', { hasText: 'arena' }).first();
	await heap.getByRole('button').click();
	const label = profile.strings.indexOf('[anon:arena]');
	assert.equal(await shown(page), sum(rows.filter((i) => entries.label[i] === label)
		.map((i) => entries.live_peak[i])));
	assert.equal(await heap.getByRole('button').getAttribute('aria-pressed'), 'true');
	await heap.getByRole('button').click();
	assert.equal(await shown(page), report.samples.types['live-peak'].total);
}));

test('controls have names, and narrow screens do not scroll sideways', async () => {
	for (const width of [1400, 800, 390])
		await opened(path, { viewport: { width, height: 900 } }, async (page) => {
			assert.equal(
				await page.evaluate(() => document.documentElement.scrollWidth),
				width);
			const unnamed = await page.$$eval('button, input, select, dialog',
				(list) => list.filter((e) => !e.getAttribute('aria-label') &&
				!e.textContent.trim() && !e.labels?.length &&
				!e.getAttribute('aria-labelledby'))
					.map((e) => e.outerHTML.slice(0, 100)));
			assert.deepEqual(unnamed, []);
		});
});
