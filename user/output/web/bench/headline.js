// SPDX-License-Identifier: GPL-2.0-only
//
// The top of the page: what was measured, where, when, how, and the main results.

import { el } from '../shared/dom.js';
import { UNKNOWN, bytes, count, date, exact, known, percent, printable, round, size,
	tasks } from '../shared/format.js';
import { card, fact } from '../shared/parts.js';
import { ORDER, distinct, kernelShare, ordered, slope } from './model.js';

const number = (name, n, text) => [el('b', { 'data-count': name }, count(n)), ` ${text}`];

/** Number of rows by outcome. */
export function totals(rows) {
	const status = (s) => rows.filter((r) => r.status === s).length;

	return {
		rows: rows.length, ok: status('ok'), stopped: status('stopped'),
			failed: status('failed'),
		missing: status('missing'), runs: rows.reduce((n, r) => n + r.runs.length, 0),
	};
}

function lead(rows) {
	const t = totals(rows), languages = distinct(rows, 'language').length;
	const most = Math.max(0, ...rows.map((r) => r.most ?? 0));

	if (t.rows === 0)
		return el('p', { class: 'lead' }, 'This file has no results: nothing was run.');
	return el('p', { class: 'lead' },
		number('rows', t.rows, t.rows === 1 ? 'workload' : 'workloads'),
		languages > 1 && [' in ', el('b', null, count(languages)), ' languages'],
		most > 0 && [', up to ', el('b', null, tasks(most)), ' concurrent tasks each'],
			', ',
		number('runs', t.runs, t.runs === 1 ? 'weighing' : 'weighings'), ': ',
		number('ok', t.ok, 'weighed'),
		t.stopped > 0 && [', ', number('stopped', t.stopped, 'stopped by a limit')],
		t.failed > 0 && [', ', number('failed', t.failed, 'failed')],
		t.missing > 0 && [', ', number('missing', t.missing, 'not run')], '.');
}

function cards(rows) {
	const byWeight = ordered(rows.filter((r) => known(slope(r, 'weight'))), ORDER.weight,
		false);

	if (byWeight.length < 2)
		return null;
	const sure = byWeight.filter((r) => known(kernelShare(r)));
	const kernel = ordered(sure, kernelShare, true)[0];
	const light = byWeight[0], heavy = byWeight.at(-1),
		middle = byWeight[Math.floor(byWeight.length / 2)];

	return el('dl', { class: 'cards' },
		card('Lightest task', bytes(slope(light, 'weight')), light.title),
		card('Median task', bytes(slope(middle, 'weight')), middle.title),
		card('Heaviest task', bytes(slope(heavy, 'weight')), heavy.title),
		kernel && card('Largest kernel share', percent(kernelShare(kernel)),
			kernel.title));
}

function facts(bench) {
	const m = bench.machine ?? {}, o = bench.options ?? {};
	const shown = (s) => s ? printable(s) : null;
	const memory = [known(m.cpus) && `${count(m.cpus)} CPUs`, known(m.memory) && size(m.memory),
		known(m.page_size) && `pages of ${round(m.page_size)}`].filter(Boolean).join(', ');

	return el('dl', { class: 'facts' },
		fact('Started', date(bench.started)),
		fact('Measured by',
			`tare ${bench.tare_version ? printable(bench.tare_version) : UNKNOWN}`),
		fact('System',
			[m.distribution, m.kernel && `Linux ` +
			`${m.kernel}`].filter(Boolean).map(printable).join(', ')),
		fact('Machine', [shown(m.cpu), memory].filter(Boolean).join('; ')),
		fact('Method', shown(m.measured)),
		fact('Limits', shown(m.limits)),
		fact('Options',
			[known(o.touch) && o.touch > 0 &&
			`each task touches ${exact(o.touch)} of its stack`,
			known(o.memory_max) && o.memory_max > 0 &&
				`memory limit of a run: ` +
				`${size(o.memory_max)}`].filter(Boolean).join('; ')));
}

export function headline(bench, switches) {
	return el('header', { class: 'top' },
		el('div', { class: 'brand' }, el('span', null, el('b', null, 'tare'), ' bench'),
			switches),
		el('h1', null, bench.rows.length === 1
			? `Memory per task of ${bench.rows[0].title}`
			: 'Memory per concurrent task'),
		lead(bench.rows),
		bench.complete === false && el('p', { class: 'notice', role: 'status' },
			'Interrupted: these are the results so far. ',
				el('code', null, 'tare bench --resume'), ' continues.'),
		cards(bench.rows), facts(bench));
}
