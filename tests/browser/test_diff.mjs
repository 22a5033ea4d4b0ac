// SPDX-License-Identifier: GPL-2.0-only
//
// The page of `tare diff` in a browser. Differences are those of tests/golden; every figure is
// computed here again from their JSON.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { opened, report } from './page.mjs';

const json = (name) => JSON.parse(readFileSync(
	new URL(`../golden/expected/${name}.json`, import.meta.url), 'utf8'));
const made = (name, change = (x) => x) => {
	const raw = change(json(name));

	return [report(`${name}-${made.count++}`, raw, 'diff'), raw];
};
made.count = 0;

const GROW = 'Store<int>::grow(unsigned long)';
const [path, raw] = made('diff-grown');
const sum = (list) => list.reduce((a, b) => a + b, 0);
const total = (d, when, part) => sum(Object.values(d.totals).map((k) => k[when][part])
	.filter((x) => x !== null));
const pick = (page, label, value) => page.locator(
	`[role="group"][aria-label="${label}"] button[data-value="${value}"]`).click();
const status = async (page) => {
	const node = page.locator('#flame-status');

	return [await node.locator('b').first().innerText(),
		Number(await node.getAttribute('data-bytes'))];
};
const tableRows = (page, table) => page.$$eval(`table.${table} tbody tr`, (rows) => rows.map(
	(r) => ({ name: r.querySelector('th').textContent, kind: r.dataset.kind, class: r.className,
		...Object.fromEntries([...r.querySelectorAll('td[data-column]')].map(
		(c) => [c.dataset.column, c.dataset.bytes === undefined ? c.textContent
			: Number(c.dataset.bytes)])) })));

// The change of all stacks that begin with these functions, without folded ones.
function changeOf(d, names, type = 'live-peak') {
	const folded = new Set(d.folded);

	return sum(d.stacks.filter((s) => {
		const shown = s.functions.filter((f) => !folded.has(f));
		return names.every((n, i) => shown[i] === n);
	}).map((s) => s.held[type].change));
}

// The colour in the middle of the box of the flame graph that has the focus.
async function colour(page, depth, share) {
	return page.locator('canvas.flames').evaluate((canvas, [row, at]) => {
		const scale = canvas.width / canvas.clientWidth;
		const copy = document.createElement('canvas').getContext('2d',
			{ willReadFrequently: true });

		copy.canvas.width = copy.canvas.height = 1;
		copy.drawImage(canvas, -Math.round(canvas.width * at),
			-Math.round((row * 19 + 2) * scale));
		const [r, g, b] = copy.getImageData(0, 0, 1, 1).data;
		return { r, g, b };
	}, [depth, share]);
}

const painted = (page) => page.evaluate(() => new Promise((done) => {
	requestAnimationFrame(() => requestAnimationFrame(done));
}));

test('the headline has the peak before and after, and the function and thread to look at',
	() => opened(path, {}, async (page) => {
	const before = total(raw, 'at_peak', 'before'), after = total(raw, 'at_peak', 'after');

	assert.equal(await page.locator('#peak-change').getAttribute('data-bytes'),
		String(after - before));
	assert.match(await page.locator('.lead').innerText(),
		/70\.1\sMiB \u2192 111\sMiB, \+41\.0\sMiB \+58\s%/);
	assert.equal(await page.locator('#first-function').innerText(), GROW);
	assert.match(await page.locator('#answer').innerText(),
		/Grew most: .* \+41\.0\sMiB \u00b1\s5\.44\sMiB\. Thread worker \+40\.0\sMiB/);
	assert.equal(await page.locator('h1').innerText(),
		'server --port 80 \u2192 server --port 80 -v');
	assert.match(await page.locator('#differs').innerText(),
		/one per 64\sKiB \u2192 one per 256/);
	assert.match(await page.locator('#first-touch').innerText(), /who touched them first/);
}));

test('functions equal the data, own change first, and what may be chance is grey',
	() => opened(path, {}, async (page) => {
	const changed = (f, type) => f.self[type].change !== 0 || f.total[type].change !== 0;

	for (const type of ['grown', 'live-end', 'live-peak']) {
		await pick(page, 'Memory', type);
		if (await page.locator('#more-functions').count() > 0)
			await page.locator('#more-functions').click();
		const rows = await tableRows(page, 'functions');
		const expected = raw.functions.filter((f) => changed(f, type));

		assert.equal(rows.length, expected.length, type);
		for (const r of rows) {
			const f = raw.functions.find((x) => x.function === r.name);

			assert.equal(r.before, f.self[type].before, r.name);
			assert.equal(r.after, f.self[type].after, r.name);
			assert.equal(r.change, f.self[type].change, r.name);
			assert.equal(r.total, f.total[type].change, r.name);
			assert.equal(r.class === 'chance',
				!f.self[type].beyond && !f.total[type].beyond, r.name);
			assert.equal(r.error === 'exact', f.self[type].error === 0 &&
				(f.self[type].before || f.self[type].after) !== 0, r.name);
		}
	}
	const [first] = await tableRows(page, 'functions');
	assert.equal(first.caller, 'store_put');
	assert.deepEqual((await tableRows(page, 'functions')).map((r) => r.name),
		raw.functions.filter((f) => changed(f, 'live-peak')).map((f) => f.function),
		'the order of the JSON');
}));

test('a change is called real beyond two standard errors', () => {
	const [file] = made('diff-grown', (d) => {
		const change = (f, by) => ({ ...f, self: { ...f.self, 'live-peak':
			{ before: 1000, after: 1000 + by, change: by, error: 100 } },
		total: { ...f.total, 'live-peak':
			{ before: 1000, after: 1000 + by, change: by, error: 100 } } });

		d.functions = [change(d.functions[0], 201), change(d.functions[1], 199)];
		return d;
	});

	return opened(file, {}, async (page) => {
		assert.deepEqual((await tableRows(page, 'functions')).map((r) => r.class),
			['', 'chance']);
	});
});

test('a click on a column sorts by it', () => opened(path, {}, async (page) => {
	for (const [name, key] of [['total', 'total'], ['before', 'before']]) {
		await page.locator(`table.functions button[data-sort="${name}"]`).click();
		const values = (await tableRows(page, 'functions')).map((r) => r[key]);

		assert.deepEqual(values, [...values].sort((a, b) => b - a), name);
		await page.keyboard.press('Enter');
		const up = (await tableRows(page, 'functions')).map((r) => r[key]);
		assert.deepEqual(up, [...up].sort((a, b) => a - b), `${name} upwards`);
	}
}));

test('frames of the flame graph have the changes of their stacks', () => opened(path, {},
	async (page) => {
	const graph = page.locator('#flame-graph'), walked = [];

	await graph.focus();
	assert.deepEqual(await status(page), ['all', raw.sample_types['live-peak'].change]);
	for (let i = 0; i < 3; i++) {
		await page.keyboard.press('ArrowDown');
		const [name, change] = await status(page);

		walked.push(name);
		assert.equal(change, changeOf(raw, walked), walked.join(' < '));
	}
	assert.deepEqual(walked, ['worker', 'store_put', GROW]);
	await page.keyboard.press('Enter');
	assert.match(await page.locator('.crumbs').innerText(), /worker[^]*store_put[^]*grow/);
	await page.locator('.crumbs button', { hasText: 'store_put' }).click();
	assert.equal(await page.locator('.crumbs li').last().innerText(), 'store_put');
	assert.equal((await status(page))[0], 'store_put');
	await graph.focus();
	await page.keyboard.press('ArrowUp');
	assert.equal((await status(page))[0], 'worker');
	await page.keyboard.press('Home');
	assert.equal((await status(page))[0], 'all');
}));

test('allocators and starts of threads are folded until asked for', () => opened(path, {},
	async (page) => {
	assert.ok(raw.folded.includes('clone3'));
	await pick(page, 'Allocators, interpreters', 'true');
	await page.locator('#flame-graph').focus();
	await page.keyboard.press('ArrowDown');
	assert.equal((await status(page))[0], 'clone3');
}));

test('red grew, blue shrank, grey may be chance; the text has a sign',
	() => opened(made('diff-other')[0], {}, async (page) => {
	const [, other] = made('diff-other'), graph = page.locator('#flame-graph');

	for (const theme of ['light', 'dark']) {
		await pick(page, 'Theme', theme);
		for (const [name, way] of [[GROW, 1], ['load', -1]]) {
			const stack = other.stacks.find((s) => s.functions.includes(name) &&
				Math.sign(s.held['live-peak'].change) === way);

			assert.ok(stack, name);
			await graph.focus();
			await page.keyboard.press('Home');
			// from the left: the boxes of the row below the root
			await page.keyboard.press('ArrowDown');
			for (let i = 0; i < 30 && Math.sign((await status(page))[1]) !== way; i++)
				await page.keyboard.press('ArrowRight');
			await page.keyboard.press('Enter');
			await painted(page);
			const { r, b } = await colour(page, 0, 0.9);
			const [, change] = await status(page);

			assert.equal(Math.sign(change), way);
			assert.ok(way > 0 ? r > b + 40 : b > r + 40, `${theme} ${name}: ${r} ${b}`);
			assert.match(await page.locator('#flame-status').innerText(),
				way > 0 ? /: \+/ : /: \u2212/);
			await page.keyboard.press('Home');
		}
	}
}));

test('what is gone is there in the widths of both, and not in those after',
	() => opened(made('diff-other')[0], {}, async (page) => {
	const names = async () => {
		await page.fill('#search', 'open_table');
		await page.locator('#flame-graph').focus();
		await page.keyboard.press('ArrowDown');
		const seen = [];

		for (let i = 0; i < 20; i++) {
			seen.push((await status(page))[0]);
			await page.keyboard.press('ArrowRight');
		}
		return new Set(seen);
	};
	const both = await names();

	await pick(page, 'Width', 'after');
	const after = await names();

	assert.ok([...both].some((n) => !after.has(n)), [...both].join());
	await pick(page, 'Width', 'before');
	assert.ok(![...await names()].every((n) => after.has(n)));
}));

test('a click on a function finds it in the flame graph', () => opened(path, {}, async (page) => {
	const button = page.locator('table.functions tbody th button').first();

	await button.click();
	assert.equal(await page.locator('#search').inputValue(), `"${GROW}"`);
	assert.match(await page.locator('#found').innerText(), /^1 found/);
	assert.match(await page.locator('table.functions tbody tr').first().getAttribute('class'),
		/found/);
	await button.click();
	assert.equal(await page.locator('#search').inputValue(), '');
}));

test('who and kinds equal the data', () => opened(path, {}, async (page) => {
	const weight = (kinds, part) => sum(Object.values(kinds).map((k) => k[part]));

	for (const r of await tableRows(page, 'who')) {
		const of = /thread/.test(r.class) ? raw.threads.find((t) => t.thread === r.name)
			: raw.processes.find((p) => p.process === r.name);

		assert.equal(r.before, weight(of.at_peak, 'before'), r.name);
		assert.equal(r.change, weight(of.at_peak, 'change'), r.name);
		assert.equal(r.grown, weight(of.grown, 'change'), r.name);
	}
	for (const r of await tableRows(page, 'kinds'))
		for (const [i, when] of ['at_peak', 'net', 'grown'].entries()) {
			const of = raw.totals[r.kind]?.[when].change ??
				(r.kind === 'weight' ? total(raw, when, 'change') : null);

			if (of !== null)
				assert.equal(r[`change-${i}`], of, `${r.name} ${when}`);
		}
}));

test('an unknown value is not measured, and sums say that they leave it out',
	() => opened(made('diff-unknown')[0], {}, async (page) => {
	const kinds = await tableRows(page, 'kinds');

	assert.equal(kinds.find((r) => r.kind === 'kmem')['change-0'], 'not measured');
	assert.match(kinds.find((r) => r.kind === 'weight').name, /\*/);
	assert.match(await page.locator('.lead').innerText(), /only the kinds that both/);
	assert.doesNotMatch(await page.locator('body').innerText(), /NaN|undefined|Infinity/);
}));

test('without samples the page says why, and shows the rest', () => {
	const [file, d] = made('diff-unsampled');

	return opened(file, {}, async (page) => {
		assert.match(await page.locator('#where').innerText(),
			new RegExp(`Not compared: ${d.not_compared}`));
		assert.ok(await page.locator('table.who tbody tr').count() > 0);
	});
});

test('equal recordings have no change', () => opened(made('diff-same')[0], {}, async (page) => {
	assert.match(await page.locator('#no-change').innerText(), /No function changed/);
	assert.match(await page.locator('#answer').innerText(), /No function changed by more than/);
	assert.match(await page.locator('#cards').innerText(), /Weight at the peak\s+0\sB/);
	assert.match(await page.locator('#who').innerText(), /No process or thread changed/);
}));

test('names cannot become elements or scripts, nor turn the text around', () => {
	const evil = '<img src=x onerror="globalThis.harmed = 1">';
	const [file] = made('diff-hostile', (d) => {
		d.functions[0].function = evil;
		d.stacks[0].functions = [evil, '\u202Eevil', '__proto__', 'constructor'];
		d.folded = ['__proto__', evil];
		return d;
	});

	return opened(file, {}, async (page) => {
		await pick(page, 'Allocators, interpreters', 'true');
		await page.fill('#search', '<');
		assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
		assert.equal(await page.locator('img, main b b, main script, iframe').count(), 0);
		const text = await page.locator('body').innerText();

		for (const control of ['\u202E', '\x07', '\x1b'])
			assert.ok(!text.includes(control));
		assert.ok((await tableRows(page, 'functions'))
			.some((r) => r.name.includes('<img')));
	});
});

test('rows that are left out are counted', () => {
	const [file] = made('diff-grown', (d) => ({ ...d,
		left_out: { functions: 1234, stacks: 5678, processes: 0, threads: 90 } }));

	return opened(file, {}, async (page) => {
		assert.match(await page.locator('.part-functions').innerText(), /1,234 more/);
		assert.match(await page.locator('#summary').innerText(), /5,678 stacks/);
		assert.match(await page.locator('#who').innerText(), /90 more/);
	});
});

test('books that do not balance and lost data are doubts at the top', () => {
	const [file] = made('diff-grown', (d) => {
		d.before.balanced = false;
		d.after.lost = 3;
		return d;
	});

	return opened(file, {}, (page) => page.locator('#doubts').innerText().then((text) =>
		assert.match(text, /before: books not balanced; after: data was lost/)));
});

test('nothing is wider than a telephone, and the first screen has the answer', async () => {
	for (const viewport of [{ width: 390, height: 844 }, { width: 800, height: 900 },
		{ width: 1400, height: 900 }])
		await opened(path, { viewport }, async (page) => {
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <=
				viewport.width, `${viewport.width}`);
			const { y, height } = await page.locator('#answer').boundingBox();

			assert.ok(y + height < viewport.height);
			if (viewport.width < 1400)
				return;
			const row = await page.locator('table.functions tbody tr').first()
				.boundingBox(), graph = await page.locator('canvas.flames')
				.boundingBox();
			assert.ok(row.y + row.height < viewport.height, 'the first function');
			assert.ok(graph.y < viewport.height, 'the flame graph begins');
		});
});
