// SPDX-License-Identifier: GPL-2.0-only
//
// Details of a row: command, fit of each kind, runs, memory left after its tasks ended.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, known, percent, perTask, printable, seconds, size,
	tasks } from '../shared/format.js';
import { KIND_TEXT, PARTS, after, fitOf, publishedSlopes } from './model.js';

const cell = (text) => el('td', { class: text === UNKNOWN ? 'n unknown' : 'n' }, text);
const head = (...names) => el('thead', null,
	el('tr', null, names.map((n) => el('th', { scope: 'col' }, n))));

function interval(ci, format) {
	return ci ? `${format(ci[0])} \u2026 ${format(ci[1])}` : UNKNOWN;
}

// How far the runs are off the line, next to what they weigh. Far off where they weigh nothing.
const distance = (x) => x > 1 ? `${count(x)}\u00a0\u00d7 its size` : percent(x);

function fitRow(r, part) {
	const f = fitOf(r, part);
	const off = f && known(f.worst) ? `${distance(f.worst)} at ${tasks(f.worst_tasks)}`
		: UNKNOWN;

	const sum = ['user', 'kernel', 'weight'].includes(part);

	return el('tr', { class: sum && 'sum', 'data-part': part },
		el('th', { scope: 'row' }, KIND_TEXT[part]),
		cell(f ? count(f.tare) : UNKNOWN), cell(f ? perTask(f.slope) : UNKNOWN),
		cell(f ? interval(f.ci, perTask) : UNKNOWN),
			cell(f ? interval(f.tare_ci, count) : UNKNOWN),
		el('td', { class: 'n' }, off,
			sum && f?.linear === false && el('b', { class: 'flag' }, 'not linear')));
}

function fits(r) {
	return el('div', { class: 'scroll' }, el('table', { class: 'inner fits' },
		el('caption', null, r.at === null ? 'Lines fitted through its runs'
			: `Not a line: bytes per task at ${count(r.at)} tasks, less what the ` +
			'fewest take'),
		head('kind', 'tare, B', 'B per task', '95\u00a0% interval', '95\u00a0% of tare',
			'largest distance'),
		el('tbody', null, PARTS.map((part) => fitRow(r, part)))));
}

function runRow(run) {
	const at = known(run.stopped_at) ? ` at ${count(run.stopped_at)}` : '';
	const by = run.stopped_by ? printable(run.stopped_by) : 'reason unknown';
	const outcome = run.outcome === 'ok' ? 'ok' : `${printable(run.outcome)}${at}: ${by}`;

	return el('tr', null,
		cell(count(run.tasks)), cell(count(run.repeat)),
		el('td', null, run.state ? printable(run.state) : '\u2013',
			run.settled === false && el('span', { class: 'dim' }, ', still changing')),
		cell(seconds(run.time_s)), cell(seconds(run.ready_s)), cell(seconds(run.cpu_s)),
		['user', 'kernel', 'weight', 'rss', 'charged'].map((p) => cell(count(run[p]))),
		el('td', null, outcome));
}

function runs(r) {
	if (r.runs.length === 0)
		return null;
	return el('div', { class: 'scroll' }, el('table', { class: 'inner runs' },
		el('caption', null,
			`Its ${count(r.runs.length)} ` +
			`${r.runs.length === 1 ? 'weighing' : 'weighings'}, in bytes`),
		head('N', 'run', 'weighed', 'after', 'ready', 'CPU', 'user', 'kernel', 'weight',
			'RSS', 'charged', 'outcome'),
		el('tbody', null, r.runs.map(runRow))));
}

function growth(r) {
	return after(r).map((a) => el('p', null,
		`After its ${count(a.tasks)} tasks had ended, it still held ${size(a.left)}`,
		known(a.of) && (a.left <= a.of ? ` of ${size(a.of)} (${percent(a.left / a.of)})`
			: `, more than the ${size(a.of)} with them`), '.'));
}

const item = (name, value) => value && [el('dt', null, name), el('dd', null, value)];

export function details(r) {
	const published = publishedSlopes(r).map(
		(p) => `${perTask(p.slope)} B per task, ${p.version ?? UNKNOWN} (${p.source})`);

	return el('div', { class: 'details' },
		el('dl', { class: 'about' },
			item('One task', r.task),
				item('Command', r.command && el('code', null, r.command)),
			item('Runs on', r.root), item('Version', r.version),
				item('Name', el('code', null, r.id)),
			item('Published',
				published.length > 0 &&
				`${published.join('; ')}: RSS only, between the smallest and ` +
				`the largest N`),
			item('Not run', r.missing)),
		growth(r), r.status !== 'missing' && fits(r), runs(r));
}

