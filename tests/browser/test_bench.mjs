// SPDX-License-Identifier: GPL-2.0-only
//
// The report of `tare bench` in a browser: figures equal the data; sorting, filters, keyboard,
// themes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opened, report } from './page.mjs';
import { sample } from './sample.mjs';

const KINDS = ['anon', 'file', 'shmem', 'swap', 'pagetable', 'kstack', 'kmem'];
const full = sample('full');
const path = report('full', full);
const numbers = (list) =>
	list.map((t) => t.trim()).filter((t) => /\d/.test(t))
		.map((t) => Number(t.replace(/[^\d.]/g, '')));
const number = (text) => Number(text.replace(/,/g, ''));

const bars = (page) => page.$$eval('#bars .row', (rows) => rows.map((g) => ({
	row: Number(g.dataset.row), torn: Boolean(g.querySelector('.torn')),
		number: g.querySelector('.number').textContent,
	kinds: Object.fromEntries(
		[...g.querySelectorAll('rect[data-kind]')].map(
		(r) => [r.dataset.kind, Number(r.getAttribute('width'))])),
})));

// Pixels per byte, from the grid's lines, not from the bars' own data.
const scale = (page) => page.$$eval('#bars .grid', (lines) => {
	const first = lines[0], last = lines.at(-1);
	return (last.getAttribute('x1') - first.getAttribute('x1'))
		/ (last.dataset.value - first.dataset.value);
});

const drawn = (r) => KINDS.some((k) => r.kinds[k]);
const column = (page, name) => page.$$eval(`table.all tr.main td[data-column="${name}"]`,
	(cells) => cells.map((c) => c.textContent));
const order = (page, what) => page.$$eval(`${what} [data-row]`,
	(nodes) => nodes.map((n) => Number(n.dataset.row)));
const tableOrder = (page) => page.$$eval('tr.main',
	(nodes) => nodes.map((n) => Number(n.dataset.row)));

test('totals equal the data', () => opened(path, {}, async (page) => {
	const totals = Object.fromEntries(await page.$$eval('[data-count]',
		(b) => b.map((x) => [x.dataset.count, x.textContent])));
	const status = (s) => full.rows.filter((r) => r.status === s).length;

	assert.deepEqual(Object.fromEntries(Object.entries(totals).map(([k, v]) => [k, number(v)])),
		{
		rows: full.rows.length, runs: full.rows.reduce((n, r) => n + r.runs.length, 0),
		ok: status('ok'), stopped: status('stopped'), failed: status('failed'),
			missing: status('missing'),
	});
	assert.equal(await page.locator('tr.main').count(), full.rows.length);
	assert.match(await page.locator('.facts').innerText(),
		/24 Nov 2026, 21:14 UTC[^]*tare 0\.1\.0-c1ecf24[^]*Linux 6\.1\.0-32/);
}));

test('bars are as long as their bytes', () => opened(path, {}, async (page) => {
	for (const max of [1000, 20000, null]) {
		await page.locator(`#bars .toggle button[data-value="${max}"]`).click();
		const perByte = await scale(page), list = await bars(page);

		assert.equal(list.length, full.rows.filter(drawn).length);
		for (const b of list) {
			const r = full.rows[b.row], end = max ?? Infinity;
			const of = (k) => Math.max(0, r.kinds[k]?.slope ?? 0),
				sum = KINDS.reduce((s, k) => s + of(k), 0);
			// A bar that is too long shows its kinds in proportion.
			const unit = sum > end * 1.0005 ? perByte * end / sum : perByte;

			for (const k of KINDS)
				assert.ok(Math.abs((b.kinds[k] ?? 0) - of(k) * unit) < 0.35,
					`${r.id} ${k} of ${max}: ${b.kinds[k]}, ` +
					`not ${of(k) * unit}`);
			assert.equal(b.torn, sum > end * 1.0005, `${r.id}: cut, and marked so`);
		}
	}
}));

test('the kernel part of C threads is there at each scale', () => opened(path, {},
	async (page) => {
	const r = full.rows.find((x) => x.id === 'c-pthread');
	const share = r.kernel.slope / r.weight.slope;

	for (const max of [1000, 5000, 20000, 50000, null]) {
		await page.locator(`#bars .toggle button[data-value="${max}"]`).click();
		const b = (await bars(page)).find((x) => x.row === full.rows.indexOf(r));
		const all = KINDS.reduce((s, k) => s + (b.kinds[k] ?? 0), 0),
			kernel = all - (b.kinds.anon ?? 0) - (b.kinds.file ?? 0);

		assert.ok(Math.abs(kernel / all - share) < 0.02, `${max}: ${kernel / all}`);
	}
}));

test('published figures are marks on the bars, where the scale has room',
	() => opened(path, {}, async (page) => {
	const last = (list) => list.reduce((a, b) => a.tasks > b.tasks ? a : b);
	const one = (list) => list.reduce((a, b) => a.tasks < b.tasks ? a : b);
	const max = 20000;

	await page.locator(`#bars .toggle button[data-value="${max}"]`).click();
	const perByte = await scale(page), left = Number(await page.locator('#bars .grid').first()
		.getAttribute('x1'));
	const marks = await page.$$eval('#bars .row', (rows) => rows.map((g) =>
		[Number(g.dataset.row), [...g.querySelectorAll('.dot')].map((n) => [n.dataset.what,
			n.getBBox().x + n.getBBox().width / 2])]));
	let seen = 0;

	for (const [index, list] of marks) {
		const { published } = full.rows[index], expected = [];

		for (const source of ['2023', '2024']) {
			const of = published.filter((p) => p.source === source);
			if (of.length < 2)
				continue;
			const slope = (last(of).rss - one(of).rss) /
				(last(of).tasks - one(of).tasks);

			if (slope <= max)
				expected.push([`p${source}`, left + slope * perByte]);
		}
		assert.deepEqual(list.map(([what]) => what), expected.map(([what]) => what));
		list.forEach(([, x], i) => assert.ok(Math.abs(x - expected[i][1]) < 1.5,
			`${full.rows[index].id}: ${x}, not ${expected[i][1]}`));
		seen += list.length;
	}
	assert.ok(seen > 10, seen);
	assert.match(await page.locator('#bars .key').innerText(),
		/published 2023[^]*published 2024/);
}));

test('no share is above 100 %', () => {
	const json = sample('full');
	const r = json.rows.find((x) => x.id === 'c-epoll');

	r.user.slope = -20; // noise around 0: the kernel's slope is above that of the weight
	r.kernel.slope = 540;
	r.weight.slope = 520;
	r.kinds.swap.worst = 16.87; // of nearly nothing
	for (const x of json.rows)
		for (const run of x.runs)
			if (run.state === 'after')
				run.weight *= 5; // more than with its tasks
	return opened(report('shares', json), {}, async (page) => {
		const after = json.rows.find((x) => x.runs.some((run) => run.state === 'after'));

		for (const x of [r, after]) {
			const row = page.locator(`tr[data-row="${json.rows.indexOf(x)}"]`);

			await row.locator('button.open').click();
		}
		const shares = (await page.locator('body').innerText()).match(/[\d,.]+\s%/g)
			.map((s) => Number(s.replace(/[^\d.]/g, '')));

		assert.ok(shares.length > 5 && shares.every((s) => s <= 100), shares.join(' '));
		assert.match(await page.locator('.cards').innerText(), /100\s%\s+C epoll/);
		assert.match(await page.locator('table.fits').first().innerText(),
			/17\s\u00d7 its size/);
		assert.match(await page.locator('body').innerText(), /more than the .* with them/);
	});
});

test('a bar shows its weight; without kernel memory it shows user memory and a question mark',
	() => opened(path, {}, async (page) => {
	for (const b of await bars(page)) {
		const r = full.rows[b.row], expected = r.weight?.slope ?? r.user.slope;

		assert.ok(Math.abs(number(b.number.replace(/ .*/, '')) - expected) <= 0.5,
			`${r.id}: ${b.number}`);
		assert.equal(/\?/.test(b.number), r.weight === null, r.id);
	}
	assert.ok(full.rows.some((r) => drawn(r) && r.weight === null));
}));

test('bars are sorted as chosen, unknown values last', () => opened(path, {}, async (page) => {
	for (const part of ['kernel', 'user', 'weight'])
		for (const down of [true, false]) {
			await page.selectOption('select[name="order"]', part);
			await page.locator(`#bars .toggle button[data-value="${down}"]`).click();
			const slopes =
				(await order(page, '#bars ' +
				'.rows')).map((i) => full.rows[i][part]?.slope ?? null);
			const known = slopes.filter((s) => s !== null);

			assert.deepEqual(known, [...known].sort((a, b) => down ? b - a : a - b),
				part);
			assert.ok(slopes.slice(known.length).every((s) => s === null),
				`${part}: unknown last`);
		}
}));

test('the table is sorted by number, unknown values last, and shows the order',
	() => opened(path, {}, async (page) => {
	const keys = {
		weight: (r) => r.weight?.slope, kernel: (r) => r.kernel?.slope, most: (r) => r.most,
			tare: (r) => r.weight?.tare ?? r.user?.tare,
	};

	for (const [name, key] of Object.entries(keys))
		for (let click = 0; click < 2; click++) {
			const button = page.locator(`button[data-sort="${name}"]`);
			await (click ? button.press('Enter') : button.click());
			const direction =
				await page.locator('th', { has: button }).getAttribute('aria-sort');
			const values =
				(await tableOrder(page)).map((i) => key(full.rows[i]) ?? null),
				known = values.filter((v) => v !== null);

			assert.match(direction, /^(a|de)scending$/);
			assert.deepEqual(known,
				[...known]
					.sort((a, b) => direction === 'ascending' ? a - b : b - a),
						name);
			assert.ok(values.slice(known.length).every((v) => v === null),
				`${name}: unknown last`);
			assert.equal(
				await page.locator('[aria-sort="ascending"], ' +
				'[aria-sort="descending"]').count(), 1);
		}
	assert.equal(await page.evaluate(() => document.activeElement.dataset.sort), 'tare',
		'the focus stays');
}));

test('what is unknown is not measured, never 0', () => opened(path, {}, async (page) => {
	const rows = await tableOrder(page);

	for (const part of ['user', 'kernel', 'weight']) {
		const cells = await column(page, part);
		rows.forEach((i, at) => assert.equal(cells[at].trim() === 'not measured',
			full.rows[i][part] === null, `${full.rows[i].id} ${part}`));
	}
}));

test('search and filters show the matching rows', () => opened(path, {}, async (page) => {
	const same = async (expected) => {
		assert.deepEqual((await tableOrder(page)).sort((a, b) => a - b),
			expected.map((r) => full.rows.indexOf(r)));
		assert.equal(await page.locator('#shown').innerText(),
			`${expected.length} of ${full.rows.length}`);
		assert.equal(await page.locator('#bars .row').count(),
			expected.filter(drawn).length);
	};

	await page.fill('#search', 'ASYNCIO gather');
	await same(full.rows.filter((r) => /asyncio/i.test(r.title + r.task) &&
		/gather/i.test(r.title + r.task)));
	await page.fill('#search', '');
	await page.selectOption('select[name="language"]', 'Rust');
	await same(full.rows.filter((r) => r.language === 'Rust'));
	await page.selectOption('select[name="family"]', 'connect');
	await same(full.rows.filter((r) => r.language === 'Rust' && r.family === 'connect'));
	await page.fill('#search', 'no such thing');
	await same([]);
}));

test('a row opens and closes by keyboard, and shows its runs',
	() => opened(path, {}, async (page) => {
	const r = full.rows.find((x) => x.id === 'go'), at = full.rows.indexOf(r);
	const button = page.locator(`tr.main[data-row="${at}"] button.open`);

	await button.focus();
	await page.keyboard.press('Enter');
	await page.locator(`#details-${at}`).waitFor();
	assert.equal(await button.getAttribute('aria-expanded'), 'true');
	assert.equal(await page.locator(`#details-${at} table.runs tbody tr`).count(),
		r.runs.length);
	const weights = numbers(await page.$$eval(`#details-${at} table.runs tbody td:nth-child(9)`,
		(c) => c.map((x) => x.textContent)));
	assert.deepEqual(weights, r.runs.map((run) => run.weight));
	const kmem =
		await page.locator(`#details-${at} tr[data-part="weight"] td`).nth(1).innerText();
	assert.equal(number(kmem), Math.round(r.weight.slope));
	assert.match(await page.locator(`#details-${at}`).innerText(),
		/one goroutine in time\.Sleep/);
	await page.keyboard.press('Space');
	await page.locator(`#details-${at}`).waitFor({ state: 'detached' });
}));

test('arrow keys move between bars, a box describes each', () => opened(path, {}, async (page) => {
	const rows = page.locator('#bars .row');

	await rows.first().focus();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('ArrowDown');
	const third = Number(await rows.nth(2).getAttribute('data-row'));
	assert.equal(await page.evaluate(() => Number(document.activeElement.dataset.row)), third);
	await page.locator('#tooltip').waitFor();
	assert.ok((await page.locator('#tooltip strong').innerText()) === full.rows[third].title);
	assert.match(await rows.nth(2).getAttribute('aria-label'), /B per task \(/);
	await page.keyboard.press('Escape');
	await page.locator('#tooltip').waitFor({ state: 'hidden' });
	await page.keyboard.press('Enter');
	await page.locator(`#details-${third}`).waitFor();
}));

test('the growth chart has a line per workload, and the chosen ones in its legend',
	() => opened(path, {}, async (page) => {
	const good = full.rows.filter((r) => r.runs.some((x) => x.outcome === 'ok' &&
		x.state === 'steady' && x.weight !== null));
	const chosen = await page.$$eval('.chips li[data-row]',
		(chips) => chips.map((x) => Number(x.dataset.row)));
	const at = full.rows.findIndex((r, i) => good.includes(r) && !chosen.includes(i));

	assert.equal(await page.locator('.growth .series').count(), good.length);
	const before = await page.locator('.chips li[data-row]').count();
	await page.locator(`tr.main[data-row="${at}"] input`).check();
	await page.locator(`.growth .chosen[data-row="${at}"]`).waitFor({ state: 'attached' });
	assert.equal(await page.locator('.chips li[data-row]').count(), before + 1);
	await page.locator(`.chips li[data-row="${at}"] button`).click();
	assert.equal(await page.locator(`.growth .chosen[data-row="${at}"]`).count(), 0);
	assert.equal(await page.locator(`tr.main[data-row="${at}"] input`).isChecked(), false);
}));

test('published figures stand beside ours', () => opened(path, {}, async (page) => {
	for (const n of [10000, 1000000]) {
		await page.locator(`#published .toggle button[data-value="${n}"]`).click();
		for (const g of await page.$$eval('#published .row', (rows) => rows.map((x) => ({
			row: Number(x.dataset.row),
				dots: [...x.querySelectorAll('.dot')]
					.map((d) => [d.dataset.what, Number(d.dataset.value)]),
		})))) {
			const r = full.rows[g.row];
			const mean = (part) => {
				const runs = r.runs.filter((x) => x.tasks === n &&
					x.state === 'peak' && x.outcome === 'ok');
				return runs.length
					? runs.reduce((s, x) => s + x[part], 0) / runs.length
					: null;
			};
			const expected =
				[...r.published.filter((p) => p.tasks === n)
					.map((p) => [`p${p.source}`, p.rss]), ['rss', mean('rss')],
						['weight', mean('weight')]];

			assert.deepEqual(g.dots, expected.filter(([, v]) => v !== null), r.id);
		}
		assert.equal(await page.locator('#published .row').count(),
			full.rows.filter((r) => r.published.some((p) => p.tasks === n)).length);
	}
}));

const rods = (page, id) => page.$$eval(`#${id} .row`, (rows) => rows.map((g) => ({
	row: Number(g.dataset.row),
	values: Object.fromEntries([...g.querySelectorAll('.dot')]
		.map((d) => [d.dataset.what, Number(d.dataset.value)])),
	rod: Number(g.querySelector('.rod').getAttribute('x2')) -
		Number(g.querySelector('.rod').getAttribute('x1')),
})));

test('a rod joins each workload with its older twin', () => opened(path, {}, async (page) => {
	const weight = (r) => (r.bent ? r.at.at(-1).weight?.bytes : r.weight?.slope) ?? null;
	const pairs = full.rows.map((r, i) => [i, r, full.rows.find((x) => x.id === r.twin)])
		.filter(([, r, old]) => old && weight(r) !== null && weight(old) !== null);
	const list = await rods(page, 'twins');

	assert.ok(pairs.length > 0);
	assert.deepEqual(list.map((x) => x.row).sort((a, b) => a - b), pairs.map(([i]) => i));
	for (const [i, r, old] of pairs) {
		const { values, rod } = list.find((x) => x.row === i);

		assert.deepEqual(values, { first: weight(old), second: weight(r) }, r.id);
		assert.equal(rod > 0, weight(old) !== weight(r), r.id);
	}
}));

test('a rod joins a task with a connection and the same one asleep', () => opened(path, {},
	async (page) => {
		const list = await rods(page, 'connect');
		const of = (id) => full.rows.findIndex((r) => r.id === id);
		const go = list.find((x) => x.row === of('go-connect'));

		assert.equal(go.values.first, full.rows[of('go')].weight.slope);
		assert.equal(go.values.second, full.rows[of('go-connect')].weight.slope);
		// Filtered as everything on the page.
		await page.locator('#search').fill('c-epoll');
		assert.deepEqual((await rods(page, 'connect')).map((x) => x.row),
			[of('c-epoll-connect')]);
	}));

test('a rod joins the weight with all tasks and what is left after', () => opened(path, {},
	async (page) => {
		const rows = full.rows.filter((r) => r.runs.some((x) => x.state === 'after' &&
			x.weight !== null));
		const list = await rods(page, 'after');

		assert.equal(list.length, rows.length);
		for (const { row, values } of list) {
			const runs = full.rows[row].runs.filter((x) => x.state === 'after');

			assert.equal(values.second, runs.at(-1).weight, full.rows[row].id);
			assert.ok(values.first > values.second, full.rows[row].id);
		}
	}));

test('stopped workloads are shown, with the reason', () => opened(path, {}, async (page) => {
	const text = await page.locator('#stops').innerText();

	for (const r of full.rows)
		for (const run of r.runs.filter((x) => x.outcome !== 'ok'))
			assert.ok(text.includes(run.stopped_by) && text.includes(r.title), r.id);
	for (const r of full.rows.filter((x) => x.missing))
		assert.ok(text.includes(r.missing), r.id);
}));

test('light and dark follow the system and the switch', async () => {
	const background = (page) =>
		page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	let light, dark;

	await opened(path, { colorScheme: 'light' }, async (page) => {
		light = await background(page);
		await page.getByRole('button', { name: 'Dark', exact: true }).click();
		dark = await background(page);
		assert.notEqual(light, dark);
		await page.reload();
		await page.waitForSelector('html[data-ready]', { state: 'attached' });
		assert.equal(await background(page), dark, 'it is kept');
		await page.emulateMedia({ media: 'print' });
		await page.waitForSelector('html[data-theme="light"]', { state: 'attached' });
	});
	await opened(path, { colorScheme: 'dark' }, async (page) => {
		assert.equal(await background(page), dark);
		await page.getByRole('button', { name: 'Light', exact: true }).click();
		assert.equal(await background(page), light);
	});
});

test('nothing is wider than a phone', () => opened(path, { viewport: { width: 360, height: 740 } },
	async (page) => {
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
	assert.equal(await page.locator('#bars .row').count(), full.rows.filter(drawn).length);
}));

test('a row that is no line shows bytes per task at its largest N', () => {
	const copy = structuredClone(full), at = copy.rows.findIndex(drawn), r = copy.rows[at];
	const part = (bytes) => ({ tare: 5e6, bytes, half: 7, tare_half: 3 });

	r.bent = true;
	r.at = [1e5, 1e6].map((tasks, i) => ({ tasks,
		...Object.fromEntries([...KINDS, 'kernel'].map((k) => [k, part(0)])),
		...Object.fromEntries(['anon', 'user', 'weight', 'rss', 'charged']
			.map((k) => [k, part(777 + i)])) }));
	return opened(report('bent', copy), {}, async (page) => {
		const cell = page.locator(`tr.main[data-row="${at}"] td[data-column="weight"]`);

		assert.match(await cell.innerText(), /778/);
		assert.match(await cell.locator('abbr').getAttribute('title'),
			/at 1,000,000 tasks/);
	});
});

test('where one of two is no line, a rod joins them at the largest N of both', () => {
	const copy = structuredClone(full);
	const of = (id) => copy.rows.findIndex((r) => r.id === id);
	const part = (bytes) => ({ tare: 5e6, bytes, half: 7, tare_half: 3 });
	const levels = (...list) => list.map(([tasks, bytes]) => ({ tasks,
		...Object.fromEntries([...KINDS, 'kernel'].map((k) => [k, part(0)])),
		...Object.fromEntries(['anon', 'user', 'weight', 'rss', 'charged']
			.map((k) => [k, part(bytes)])) }));
	const go = copy.rows[of('go')], work = copy.rows[of('go-connect')];

	go.bent = true;
	go.at = levels([1e4, 2000], [1e5, 2500], [1e6, 3000]);
	work.at = levels([1e4, 9000], [1e5, 9100]);
	return opened(report('levels', copy), {}, async (page) => {
		const { values } = (await rods(page, 'connect'))
			.find((x) => x.row === of('go-connect'));

		assert.deepEqual(values, { first: 2500, second: 9100 });
	});
});
