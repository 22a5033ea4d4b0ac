// SPDX-License-Identifier: GPL-2.0-only
//
// Made-up results of `tare bench`: the rows of the catalogue with figures of realistic size,
// the same each time. `node sample.mjs full|hostile|empty|own` prints them as JSON.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const catalogue = new URL('../../tools/workloads/catalogue.json', import.meta.url);
const KINDS = ['anon', 'file', 'shmem', 'swap', 'pagetable', 'kstack', 'kmem'];
const MiB = 2 ** 20;

export const HOSTILE = [
	'</script><script>globalThis.harmed = 1</script>',
	'<img src=x onerror="globalThis.harmed = 1">',
	'<!--<script>',
	'right\u202Eot tfel',
	'line\nfeed\ttab\x1b[31m\x07\u2028\u2029\u0085',
	`long ${'loooong '.repeat(60)}`,
	'&lt;b&gt; &amp; @TARE_DATA@ $& $1 %s',
	'\u65e5\u672c\u8a9e \ud83d\ude00 nai\u0308ve',
];

// Per task, in bytes: anon, pagetable, kstack, kmem; then tare in MiB, and the largest N.
const FIGURES = {
	'c-pthread': [8316, 8300, 16384, 5900, 0.4, 1e5],
		'c-pthread-64k': [8310, 4200, 16384, 5900, 0.4, 1e5],
	'c-io-uring': [24, 0.1, 0, 224, 0.6, 1e6], 'c-ucontext': [17460, 37, 0, 0, 0.3, 1e6],
	'c-stackless': [16, 0.03, 0, 0, 0.31, 1e7], 'c-pth': [70210, 140, 0, 192, 0.4, 1e4],
	'c-st': [8430, 4110, 0, 190, 0.5, 1e6], 'c-epoll': [0.2, 0, 0, 512, 0.3, 1e6],
		'c-fork': [110600, 41000, 16384, 11200, 0.3, 1e4],
	'cxx-coroutine': [112, 0.3, 0, 0, 3.3, 1e7],
		'cxx-boost-fiber': [8510, 4120, 0, 200, 3.6, 1e5],
		'cxx-asio': [641, 1.3, 0, 0, 3.5, 1e6],
	'c-pthread-connect': [8330, 8300, 16384, 9800, 0.5, 1e4],
		'c-epoll-connect': [0.5, 0, 0, 4210, 0.4, 1e5],
		'c-io-uring-connect': [560, 1.1, 0, 4430, 0.6, 1e5],
	'rust-threads': [8420, 8290, 16384, 5900, 0.7, 1e5],
		'rust-tokio': [211, 0.5, 0, 0, 1.8, 1e6],
		'rust-tokio-sid': [439, 0.9, 0, 0, 1.9, 1e6],
	'rust-join-all': [206, 0.4, 0, 0, 1.7, 1e6], 'rust-async-std': [502, 1, 0, 0, 1.9, 1e6],
		go: [2665, 5.2, 0, 0, 1.6, 1e6],
	csharp: [1410, 2.8, 0, 0, 31, 1e6], 'csharp-dotnet': [203, 0.4, 0, 0, 24, 1e6],
		'java-threads': [13100, 8300, 16384, 5900, 38, 1e4],
	'java-virtual': [1092, 2.2, 0, 0, 47, 1e6], 'go-connect': [4700, 9.2, 0, 4180, 4.3, 1e5],
		'rust-tokio-connect': [820, 1.7, 0, 4190, 2.1, 1e5],
	'java-virtual-connect': [6480, 13, 0, 4200, 52, 1e5], node: [547, 1.1, 0, 0, 41, 1e6],
		bun: [612, 1.2, 0, 0, 58, 1e6], deno: [574, 1.1, 0, 0, 63, 1e6],
	'py-asyncio': [2215, 4.3, 0, 0, 17, 1e6], 'py-taskgroup': [2340, 4.6, 0, 0, 17.4, 1e6],
		'py-as-completed': [2980, 5.8, 0, 0, 17.3, 1e6],
	'py-threading': [19800, 8300, 16384, 5900, 11, 1e4], 'py-gevent': [7600, 15, 0, 0, 21, 1e5],
		'py-trio': [5410, 10.6, 0, 0, 24, 1e5],
	elixir: [3952, 7.7, 0, 0, 57, 1e6], 'elixir-spawn': [2724, 5.3, 0, 0, 56, 1e6],
		erlang: [2694, 5.3, 0, 0, 43, 1e6],
	haskell: [1240, 2.4, 0, 0, 3.1, 1e6], 'ruby-fiber': [13900, 4200, 0, 400, 29, 1e5],
		'ruby-thread': [21200, 8300, 16384, 5900, 22, 1e4],
	'ocaml-lwt': [282, 0.6, 0, 0, 2.2, 1e6], 'ocaml-effects': [624, 1.2, 0, 0, 2.9, 1e6],
		lua: [1480, 2.9, 0, 0, 1.1, 1e6], luajit: [980, 1.9, 0, 0, 1, 1e6],
	'php-fiber': [9700, 4300, 0, 390, 12, 1e5], 'perl-coro': [14300, 40, 0, 0, 8.8, 1e5],
		racket: [3120, 6.1, 0, 0, 61, 1e5],
	'guile-fibers': [1890, 3.7, 0, 0, 14, 1e5], tcl: [5230, 10, 0, 0, 6.2, 1e5],
		'd-fiber': [17800, 4150, 0, 410, 2.4, 1e5],
	nim: [890, 1.7, 0, 0, 0.8, 1e6], crystal: [8620, 4130, 0, 400, 3.4, 1e5],
		sbcl: [42300, 8900, 16384, 5900, 34, 1e4], gambit: [2310, 4.5, 0, 0, 6.1, 1e5],
	kotlin: [410, 0.8, 0, 0, 41, 1e6], swift: [720, 1.4, 0, 0, 9.2, 1e6],
		'node-connect': [6120, 12, 0, 4210, 42, 1e4],
	'py-asyncio-connect': [9840, 19, 0, 4200, 18, 1e4],
		'elixir-connect': [7230, 14, 0, 4240, 58, 1e4],
};
// RSS in MiB with 1, 10k, 100k and 1M tasks.
const PUBLISHED = {
	'rust-threads': { 2023: ['Rust 1.69', 2.5, 48.3] },
		'java-threads': { 2023: ['OpenJDK 21-ea', 38.2, 244.4] },
	'rust-tokio': { 2023: ['tokio 1.28', 3, 4.6, 23.7, 213.6] },
		'rust-tokio-sid': { 2024: ['tokio 1.41', 4.7, 9, 46.2, 439.1] },
	'rust-async-std': { 2023: ['async-std 1.12', 3, 8.1, 54.6, 527.7],
		2024: ['async-std 1.13', 5.1, 8.1, 53.2, 502.3] },
	'rust-join-all': { 2024: ['futures 0.3', 3, 4.8, 22.8, 207.4] },
		go: { 2023: ['Go 1.18', 1.8, 28.6, 269, 2658],
		2024: ['Go 1.23', 3.6, 34.3, 262.7, 2585.6] },
	'java-virtual': { 2023: ['OpenJDK 21-ea', 40.1, 78.5, 223, 1154],
		2024: ['OpenJDK 23', 46.9, 108.4, 197, 1095.2] },
	'csharp-dotnet': { 2023: ['.NET 6', 131.1, 131.4, 130.9, 461],
		2024: ['.NET 9', 24.4, 28.1, 50.1, 218.4] },
	node: { 2023: ['Node 12', 36.2, 48.3, 112.5, 494],
		2024: ['Node 23', 41.9, 64.8, 125.1, 563.9] },
	'py-asyncio': { 2023: ['Python 3.10', 17.3, 40, 240.5, 2232],
		2024: ['Python 3.13', 19.5, 33.3, 146.5, 1275.7] },
	elixir: { 2023: ['Elixir 1.12', 57.4, 99.4, 445, 4009] },
};
const MISSING = { 'csharp-dotnet': 'dotnet is not on PATH; it is not in Debian',
	swift: 'no sid root: tools/runtimes root',
	deno: 'npm package deno is not installed: tools/runtimes install deno' };
const STOPPED = {
	'c-pthread': ['vm.max_map_count = 65530', 1e5, 32744],
		'c-pthread-64k': ['vm.max_map_count = 65530', 1e5, 32744],
	'rust-threads': ['kernel.pid_max = 32768', 1e5, 32698],
		'py-threading': ['kernel.pid_max = 32768', 1e5, 32701],
	'java-threads': ['kernel.pid_max = 32768', 1e5, 32650],
		'cxx-boost-fiber': ['vm.max_map_count = 65530', 1e6, 32755],
	'ruby-thread': ['time limit of 120 s', 1e5, 21004],
};

function random(seed) {
	let s = seed >>> 0;

	return () => {
		s = (s + 0x6d2b79f5) >>> 0;
		let t = Math.imul(s ^ (s >>> 15), s | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

function sums(part) {
	const add = (...k) => k.reduce((sum, x) => part[x] === null || sum === null ? null
		: sum + part[x], 0);

	part.user = add('anon', 'file', 'shmem', 'swap');
	part.kernel = add('pagetable', 'kstack', 'kmem');
	part.weight = add('user', 'kernel');
	part.rss = add('anon', 'file', 'shmem');
	part.charged = part.weight === null ? null : Math.round(part.weight * 1.01);
	return part;
}

function weighing(f, n, repeat, state, rnd, blind) {
	const noise = 1 + (rnd() - 0.5) * 0.03, more = state === 'peak' ? 1.04 : 1;
	const round = (x, to) => Math.round(x * noise * more / to) * to;
	const of = state === 'after' ? 0.35 : 1;
	const part = sums({
		anon: round(f[4] * MiB * 0.55 + f[0] * n * of, 4096),
			file: round(f[4] * MiB * 0.42, 4096), shmem: 0, swap: 0,
		pagetable: blind ? null : round(90_000 + f[1] * n * of, 4096), kstack: blind ? null
			: round(16384 + f[2] * n * of, 16384),
		kmem: blind ? null : round(60_000 + f[3] * n * of, 8),
	});

	return {
		tasks: n, repeat, outcome: 'ok', state, after: state === 'after',
			settled: state === 'peak' ? null : rnd() > 0.02,
		time_s: 0.4 + n / 4e5, ready_s: 0.02 + n / 5e5 * noise,
			cpu_s: 0.02 + n / 6e5 * noise, stopped_by: null, stopped_at: null, ...part,
	};
}

function stoppedRun([by, n, at], outcome = 'stopped') {
	const none = Object.fromEntries(
		[...KINDS, 'user', 'kernel', 'weight', 'rss', 'charged'].map((k) => [k, null]));

	return { tasks: n, repeat: 1, outcome, state: null, after: false, settled: null,
		time_s: null, ready_s: null, cpu_s: null, stopped_by: by, stopped_at: at, ...none };
}

// Weighted least squares, as in model/fit.c; t = 2.2 is near enough for a picture.
function fit(runs, part) {
	const of = runs.filter((r) => r.outcome === 'ok' && r.state === 'steady' && !r.after);
	const ns = [...new Set(of.map((r) => r.tasks))];

	if (ns.length < 2 || of.some((r) => r[part] === null))
		return null;
	const mean = (n, p) =>
		of.filter((r) => r.tasks === n).reduce((s, r) => s + (r[p] ?? r.user), 0) / of
			.filter((r) => r.tasks === n).length;
	let W = 0, X = 0, Y = 0, XX = 0, XY = 0;

	for (const r of of) {
		const w = 1 / mean(r.tasks, r.weight === null ? 'user' : 'weight') ** 2;
		W += w; X += w * r.tasks; Y += w * r[part]; XX += w * r.tasks ** 2;
		XY += w * r.tasks * r[part];
	}
	const d = W * XX - X * X, slope = (W * XY - X * Y) / d, tare = (Y - slope * X) / W;
	const chi = of.reduce((s, r) => s +
		(r[part] - tare - slope * r.tasks) ** 2
			/ mean(r.tasks, r.weight === null ? 'user' : 'weight') ** 2, 0) / (
				of.length - 2);
	const half = 2.2 * Math.sqrt(chi * W / d), tareHalf = 2.2 * Math.sqrt(chi * XX / d);
	const off =
		ns.map((n) =>
		[Math.abs(mean(n, part) - tare - slope * n) / Math.max(1, mean(n, part)),
		n]).sort((a, b) => b[0] - a[0])[0];

	return { tare, slope, ci: [slope - half, slope + half],
		tare_ci: [tare - tareHalf, tare + tareHalf], linear: off[0] <= 0.1, worst: off[0],
		worst_tasks: off[1] };
}

function published(id) {
	return Object.entries(PUBLISHED[id] ?? {}).flatMap(([source, [version, ...rss]]) =>
		rss.map((m, i) => ({ source, version, tasks: [1, 1e4, 1e5, 1e6][i],
		rss: Math.round(m * MiB) })));
}

function finish(row) {
	const ok = row.runs.some((r) => r.outcome === 'ok');

	row.status = row.missing ? 'missing' : ok ? 'ok' : row.runs[0].outcome;
	row.kinds = Object.fromEntries(KINDS.map((k) => [k, fit(row.runs, k)]));
	for (const part of ['user', 'kernel', 'weight', 'rss', 'charged'])
		row[part] = fit(row.runs, part);
	row.most = ok ? Math.max(...row.runs.filter((r) => r.outcome === 'ok').map((r) => r.tasks))
		: null;
	const last = row.runs.filter((r) => r.outcome === 'ok' && r.tasks === row.most);
	row.ready_s = last[0]?.ready_s ?? null;
	row.cpu_s = last[0]?.cpu_s ?? null;
	return row;
}

function measured(w, i) {
	const rnd = random(i + 1),
		figures = FIGURES[w.id] ?? FIGURES[w.id.replace(/-(sid|21|25|27)$/, '')] ??
		[1000, 2, 0, 0, 5, 1e5];
	const scale = w.id.endsWith('-sid') && !FIGURES[w.id] ? 0.93 : 1;
	const f = figures.map((x, k) => k === 0 || k === 4 ? x * scale : x), blind = w.id === 'tcl',
		runs = [];
	const missing = MISSING[w.id] ?? null, failed = w.id === 'racket-sid',
		refused = w.id === 'c-pth';

	if (failed)
		runs.push(stoppedRun(['exited with status 1 before it was ready', 100, null],
			'failed'));
	else if (refused)
		runs.push(stoppedRun(['memory limit of 8.0 GiB', 100, 17]));
	else if (!missing) {
		for (let n = 1; n <= f[5]; n *= 10)
			for (let repeat = 1; repeat <= 3; repeat++)
				for (const state of ['peak', 'steady'])
					runs.push(weighing(f, n, repeat, state, rnd, blind));
		if (w.after)
			runs.push(weighing(f, f[5], 1, 'after', rnd, blind));
		if (STOPPED[w.id])
			runs.push(stoppedRun(STOPPED[w.id]));
	}
	return finish({
		id: w.id, title: w.title, language: w.language, family: w.family, task: w.task,
			twin: w.twin ?? null,
			root: w.root,
		version: missing ? null
			: `${w.language.toLowerCase()} ` +
			`${(1 + rnd() * 20).toFixed(2)}-1+deb12u${i % 4}`,
		command: w.run.join(' '), missing, state: 'steady', published: published(w.id),
			runs,
	});
}

const about = (complete, rows) => ({
	schema: 'tare.bench/1', tare_version: '0.1.0-c1ecf24', started: '2026-11-24T21:14:45Z',
		complete,
	machine: {
		kernel: '6.1.0-32-amd64 x86_64', distribution: 'Debian GNU/Linux 12 (bookworm)',
			cpu: 'AMD EPYC 7B13', cpus: 2,
		memory: 25_200_000_000, page_size: 4096,
			measured: 'ledger percpu, kernel memory by events, control group v2',
		limits: 'kernel.pid_max = 32768, kernel.threads-max = 191000, vm.max_map_count ' +
			'= 65530',
	},
	options: { touch: null, memory_max: 17179869184 }, rows,
});

export function sample(what) {
	const list = JSON.parse(readFileSync(catalogue, 'utf8')).workloads;

	if (what === 'empty')
		return about(true, []);
	if (what === 'own')
		return about(true,
			[{ ...measured(list.find((w) => w.id === 'go'), 3), id: 'own',
			title: './server', language: null, family: 'own', task: null, root: null,
			command: './server --clients {n}', published: [] }]);
	const rows = list.map(measured);
	if (what === 'hostile')
		HOSTILE.forEach((name, i) => rows.push({ ...measured(list[15 + i], 200 + i),
			id: name, title: name, language: i % 2 ? name : 'C', task: name,
			version: name, command: name }));
	if (what === 'hostile')
		rows.push(finish({ ...measured(list[0], 300), id: 'hostile-stop', title: HOSTILE[0],
			missing: null, runs: [stoppedRun([HOSTILE[1], 100, 3])] }));
	return about(what !== 'hostile', rows);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	process.stdout.write(JSON.stringify(sample(process.argv[2] ?? 'full'), null, 1));
