// SPDX-License-Identifier: GPL-2.0-only
//
// The report of a run with hostile names, without a profile, with damaged data, and of the
// largest size.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { data, folder, opened, rendered, report as filled } from './page.mjs';

const shown = (page) => page.locator('#summary').evaluate((n) => Number(n.dataset.bytes));

test('hostile names are shown as they are and do nothing', async () => {
	const path = rendered('profile-hostile'), report = data(path);

	await opened(path, {}, async (page) => {
		assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
		assert.equal(await page.locator('script').count(), 2,
			'the page has its two scripts, no more');
		assert.equal(await page.locator('img, iframe, object, embed, b:has(b)').count(), 0);
		const names = await page.$$eval('table.functions tbody button',
			(b) => b.map((x) => x.textContent));
		for (const name of ['</script><script>globalThis.harmed = 1</script>',
			'right\\u202eot tfel', '@TARE_DATA@ $& $1 %s', 'line\\nfeed\\t\\e[31m'])
			assert.ok(names.includes(name), `${name} in ${names}`);
		assert.match(await page.locator('h1').innerText(),
			/<\/script><script>.* \\u202egnp\.exe/);
		assert.match(await page.locator('table.who').innerText(), /\\u202egnp\.exe/);
		await page.locator('#flame-graph').focus();
		for (const key of ['ArrowDown', 'Enter', 'ArrowDown', 'Enter', 's'])
			await page.keyboard.press(key);
		assert.match(await page.locator('#flame-status').innerText(), /ot tfel/);
		assert.ok(
			!/[\u202a-\u202e\u2028\u2029]/
				.test(await page.locator('body').innerText()));
		await page.selectOption('#grown select[name="group"]', 'mapping');
		assert.deepEqual(
			await page.evaluate(
			() => JSON.parse(document.getElementById('data').textContent).command),
			report.command);
		assert.equal(
			await page.evaluate(
			() => document.documentElement.scrollWidth <= innerWidth), true);
		assert.equal(await sampleType(page, 'virtual').isDisabled(), true);
		assert.match(await sampleType(page, 'virtual').getAttribute('title'),
			/not sampled by this version/);
	});
	assert.equal(readFileSync(path, 'utf8').match(/<script/gi).length, 2);
});

const sampleType = (page, name) =>
	page.locator(`#grown .sample-types button[data-value="${name}"]`);

test('an OOM kill comes first: victim, trigger, limit, who grew',
	() => opened(rendered('incident'), {}, async (page) => {
	assert.equal(await page.locator('main > section').first().getAttribute('id'), 'incident');
	const text = await page.locator('#incident').innerText();
	for (const words of [/The kernel killed hog \(pid 41\), which held 300/,
		/asks\\n \(pid 43, thread worker.*it is not the victim/,
		/of 512.*kubepods-pod1b2c/])
		assert.match(text, words);
	assert.match(await page.locator('#incident tbody tr').first().innerText(),
		/hog\s+process\s+\+100.*\+290.*\+290.*300.*fill_cache/);
	assert.equal(await page.locator('#incident tr[data-sort="function"]').count(), 1);
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
		true);
}));

test('without samples: all but the flame graph, and how to get it',
	() => opened(rendered('python'), {}, async (page) => {
	assert.equal(await page.locator('canvas').count(), 0);
	assert.match(await page.locator('#grown').innerText(),
		/Not measured[^]*tare run --period 64KiB -- python3 build\.py/);
	assert.equal(await page.locator('svg.weight').count(), 1);
	assert.equal(await page.locator('#time-from').count(), 0);
	assert.equal(await page.locator('table.who tbody tr[data-process]').count(), 1);
	assert.match(await page.locator('table.books').innerText(),
		/other kernel(\s+not measured){7}/);
	await page.locator('svg.weight').focus();
	await page.keyboard.press('Shift+ArrowRight');
	await page.locator('#tooltip').waitFor();
}));

test('losses and unbalanced books are explained in words', async () => {
	const path = rendered('forks'), report = data(path);

	assert.ok(report.losses.length > 0 && !report.books.balanced);
	await opened(path, {}, async (page) => {
		const text = await page.locator('#losses').innerText();
		for (const l of report.losses)
			assert.ok(text.includes(l.meaning), l.name);
		assert.match(await page.locator('#trust.amber').innerText(),
			/off by [\d,]+ pages?[^]*lost: /);
		assert.ok((await page.locator('.verdict').innerText()).includes(report.books.why));
		assert.match(await page.locator('#who').innerText(),
			/3\.00\sMiB of kernel memory left by ended tasks/);
		assert.ok(await page.locator('table.who tbody tr').count() < 100,
			'rows that cannot be seen are not there');
	});
});

test('all other reports open', async () => {
	for (const name of ['empty', 'attach', 'unchecked', 'uring', 'group', 'sockets', 'oom',
		'hostile', 'server'])
		await opened(rendered(name), {}, async (page) => {
			assert.equal(await page.locator('#books table.books tbody tr').count(), 7,
				name);
			if (name === 'unchecked')
				assert.match(await page.locator('#trust.amber').innerText(),
					/not checked/);
			if (name === 'attach') {
				assert.match(await page.locator('h1').innerText(),
					/Attached to pid 4121, 4122/);
				assert.match(await page.locator('#answer-peak').innerText(),
					/47\d\sMiB held before tare came/);
			}
			if (name === 'oom')
				assert.match(await page.locator('#end').innerText(),
					/SIGKILL, after 0\.42\ss; 1 process killed by the OOM/);
			if (name === 'uring')
				assert.match(await page.locator('#slabs').innerText(), /io_kiocb/);
		});
});

test('folded rows show their count, failures and spread',
	() => opened(rendered('folded'), {}, async (page) => {
	const cells = (text) =>
		page.locator('#who tr', { hasText: text }).first().locator('td').allInnerTexts();

	await page.click('#who button[data-value="threads"]');
	assert.ok((await cells('worker-*')).includes('\u00d7199,997'));
	const row = page.locator('#who button', { hasText: 'worker-*' });
	assert.match(await row.getAttribute('title'),
		/of sh \(700\); RSS grown of each: min 32\.0\sKiB, median about 64\.0\sKiB, /);
	assert.match(await page.locator('#who .below').innerText(), /^229,0\d\d threads/);
	await page.click('#who button[data-value="processes"]');
	assert.ok((await cells('conn-*')).includes('ended, 17 failed'));
	assert.ok((await cells('conn-*')).includes('9,012'));
	assert.match(await page.locator('#who .below').innerText(), /^23,001 processes/);
}));

test('rows without a stack stand under a synthetic frame', async () => {
	const report = data(rendered('profile')), { entries } = report.profile,
		at = entries.grown.indexOf(Math.max(...entries.grown));

	entries.node[at] = -1;
	await opened(filled('no-stack', report, 'run'), {}, async (page) => {
		assert.equal(await shown(page), report.samples.types['live-peak'].total);
		await page.fill('#search', '"[no stack]"');
		const synthetic = [at,
			...entries.node.map((n, i) => [n, i]).filter(([n]) => n >= 0 &&
			report.profile.strings[
			report.profile.frames.function[report.profile.nodes.frame[n]]] === '[no ' +
			'stack]').map(([, i]) => i)];
		assert.equal(await page.locator('#found').evaluate((n) => Number(n.dataset.bytes)),
			synthetic.reduce((s, i) => s + entries.live_peak[i], 0));
	});
});

test('a stack of 3,000 frames: the page counts undrawn frames and can zoom to them', async () => {
	const report = data(rendered('profile')), { nodes, entries } = report.profile,
		at = entries.task.indexOf(1);
	const name = report.profile.strings[
		report.profile.frames.function[nodes.frame[entries.node[at]]]];

	for (let i = 0; i < 3000; i++) {
		nodes.parent.push(i === 0 ? entries.node[at] : nodes.parent.length - 1);
		nodes.frame.push(nodes.frame[entries.node[at]]);
	}
	entries.node[at] = nodes.parent.length - 1;
	await opened(filled('deep', report, 'run'), {}, async (page) => {
		await page.fill('#who-filter', '501');
		assert.match(await page.locator('.crumbs').innerText(), /Only 300 rows/);
		await page.fill('#search', `"${name}"`);
		assert.match(await page.locator('#found').innerText(), /1 function/);
		await page.locator('#flame-graph').focus();
		for (let i = 0; i < 299; i++)
			await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		await page.keyboard.press('ArrowDown');
		const status = await page.locator('#flame-status').innerText();

		assert.match(status, new RegExp(`^${name}`));
		assert.match(await page.locator('.crumbs').innerText(), /more/);
	});
});

test('series by kind are stacked by kind', async () => {
	const report = data(rendered('profile'));

	report.series.forEach((p, i) => { p.kinds = { anon: p.rss - 4096, file: 4096, shmem: 0,
		swap: 0, pagetable: p.non_rss, kstack: i, kmem: 0 }; });
	await opened(filled('kinds', report, 'run'), {}, async (page) => {
		const bands = await page.$$eval('svg.weight .band-area',
			(b) => b.map((x) => x.dataset.band));

		assert.deepEqual(bands,
			['anon', 'file', 'shmem', 'pagetable', 'kstack']
				.filter((k) => bands.includes(k)));
		assert.ok(['anon', 'file', 'pagetable', 'kstack'].every((k) => bands.includes(k)),
			bands);
	});
});

test('the saved data equal the original', async () => {
	const path = rendered('profile');

	await opened(path, { acceptDownloads: true }, async (page) => {
		const [download] = await Promise.all([page.waitForEvent('download'),
			page.locator('#save-json').click()]);
		const to = join(folder, 'saved.json');

		await download.saveAs(to);
		assert.deepEqual(JSON.parse(readFileSync(to, 'utf8')), data(path));
	});
});

// Milliseconds of work in the page until the next frame is drawn.
const timed = (page, work, argument) => page.evaluate(async ([code, arg]) => {
	const start = performance.now();

	new Function('arg', code)(arg); // eslint-disable-line no-new-func
	const worked = performance.now() - start;
	await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
	return [Math.round(worked), Math.round(performance.now() - start)];
}, [work, argument]);

test('100,000 stacks of 1,000 threads: only what is visible is drawn', async (t) => {
	const path = rendered('large'), report = data(path), start = Date.now();

	await opened(path, { bypassCSP: true }, async (page) => {
		t.diagnostic(`opened in ${Date.now() - start} ms`);
		assert.equal(await shown(page), report.samples.types['live-peak'].total);
		const key =
			'document.getElementById("flame-graph").dispatchEvent(new ' +
			'KeyboardEvent("keydown", { key: arg, bubbles: true, cancelable: true }))';
		const type =
			'const s = document.getElementById("search"); s.value = arg; ' +
			's.dispatchEvent(new Event("input"))';
		const choose =
			'const s = document.querySelector("#grown select[name=" + arg[0] + ' +
			'"]"); s.value = arg[1]; s.dispatchEvent(new Event("change"))';
		const times = {};

		await timed(page, key, 'ArrowDown');
		times.zoom = await timed(page, key, 'Enter');
		assert.equal(await page.locator('#reset-zoom').count(), 1);
		times.back = await timed(page, key, 'Escape');
		times.search = await timed(page, type, 'process_12');
		assert.match(await page.locator('#found').innerText(), /functions/);
		await page.click('#regex');
		times.regex = await timed(page, type, 'process_(12|34)+$');
		times.clear = await timed(page, type, '');
		times['all growth'] = await timed(page,
			'document.querySelector("#grown button[data-value=grown]").click()');
		assert.equal(await shown(page), report.samples.types.grown.total);
		times['by thread'] = await timed(page, choose, ['group', 'thread']);
		assert.equal(await shown(page), report.samples.types.grown.total);
		times.filter = await timed(page, choose,
			['kind', String(report.profile.kinds.indexOf('file'))]);
		times['select time'] = await timed(page,
			'const f = document.getElementById("time-to"); f.value = arg; ' +
			'f.dispatchEvent(new Event("change"))', '10');
		await page.click('#who button[data-value="threads"]');
		times['scroll threads'] = await timed(page,
			'const b = document.querySelector(".who-box"); b.scrollTop = arg; ' +
			'b.dispatchEvent(new Event("scroll"))', 20000);
		assert.ok(await page.locator('table.who tbody tr').count() < 60);
		assert.equal(await page.locator('table.who').getAttribute('aria-rowcount'), '1001');
		times['sort threads'] = await timed(page,
			'document.querySelector("table.who button[data-sort=name]").click()');
		for (const [what, [worked, drawn]] of Object.entries(times))
			t.diagnostic(`${what}: ${worked} ms, with drawing ${drawn} ms`);
		// The time depends on the machine; that it does not grow with the number of
		// stacks depends on the page.
		const elements = await page.locator('*').count();
		assert.ok(elements < 10_000, `${elements} elements`);
	});
});

test('a slow regular expression does not hang the page', async () => {
	await opened(rendered('large'), {}, async (page) => {
		await page.click('#regex');
		await page.fill('#search', '(.*)*(.*)*(.*)*(.*)*z$');
		await page.locator('#found b').waitFor(); // matching to its end would take for ever
	});
});
