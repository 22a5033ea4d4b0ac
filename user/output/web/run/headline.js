// SPDX-License-Identifier: GPL-2.0-only
//
// The top of the page: command, peak, when it was reached, the thread and the function to look at,
// and one line that says whether the figures can be trusted.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, exact, printable, seconds, size } from '../shared/format.js';
import { heldBefore, lostTexts, oomText, shareOf, topFunctions, topThread,
	trustOf } from './answer.js';
import { endingWhen } from './model.js';
import { shortened } from './names.js';
import { titleOf } from './owner.js';
import { moduleName } from './profile.js';

const LONG = 90, NAME = 44; // characters shown of a command, of a function
const time = (ns) => seconds(ns / 1e9);

function title(report) {
	const command =
		report.raw.command.map((c) => printable(c.replace(/\s+/g, ' ').trim())).join(' ');

	if (!command)
		return report.target ? `Attached to ${report.target}` : 'No command';
	return command.length > LONG ? `${command.slice(0, LONG)}\u2026` : command;
}

// value: text or a node. act: what a click does; hint: says so.
function answer(id, label, value, notes, { act, hint, title: whole } = {}) {
	const name = act ? el('button', { type: 'button', class: 'link', title: hint ?? whole,
		onclick: act }, value) : el('span', { class: 'value', title: whole }, value);

	return el('div', { class: 'card', id },
		el('dt', null, label), el('dd', null, el('b', null, name),
			notes.filter(Boolean).map((n) => el('span', { class: 'remark',
				title: typeof n === 'string' ? n : null }, n))));
}

function peakCard(report) {
	const { weight } = report.raw.peak, measured = report.raw.kmem.level === 'events' ? ''
		: ' (only what is measured)';
	const value = el('span', { 'data-bytes': weight.total, title: exact(weight.total) },
		size(weight.total));

	const before = report.target ? heldBefore(report) : 0;

	return answer('answer-peak', 'Peak weight', value, [
		before > 0 && `${size(before)} held before tare came`,
		`at ${time(weight.time_ns)} after ${report.target ? 'the attach' : 'the start'}, ` +
			`\u00b1 ${size(weight.bound)}`,
		`${size(weight.user)} user, ${size(weight.kernel)} kernel${measured}`]);
}

function whenCard(report, actions) {
	const { near_peak_ns: at, steepest: s } = report.raw.when, most = s?.mostly;
	const span = s && { from: s.time_ns, to: s.time_ns + s.span_ns };
	const name = most && printable(most.name), thread = most?.thread && printable(most.thread);

	if (at === null)
		return answer('answer-when', 'When', UNKNOWN, ['there is no peak']);
	return answer('answer-when', '95 % of the peak reached', at <= report.series.points[0]?.time
		? 'from the beginning' : `at ${time(at)}`, [
		s && `steepest: +${size(s.grown)} from ${time(span.from)} to ${time(span.to)}`,
		name && el('span', { title: name },
			`mostly ${shortened(name, NAME)}${thread ? ` in ${thread}` : ''}`)],
	span && actions.selectTime
		? { act: () => actions.selectTime(span), hint: 'Select the steepest time' } : {});
}

function threadCard(report, actions) {
	const top = topThread(report), { total } = report.raw.peak.weight;

	if (!top)
		return answer('answer-thread', 'Top thread', UNKNOWN, []);
	const many = top.members, first = many?.[0];
	const tag = many ? ` \u00d7${count(top.count)}` : ` ${top.tag}`;

	return answer('answer-thread', many ? 'Top threads' : 'Top thread',
		`${top.name || '(no name)'}${tag}`, [
		`${size(top.peak.weight)} at the peak, ${shareOf(top.peak.weight, total)}`,
		first && `largest: ${first.name} ${first.tag}, ${size(first.peak.weight)}`,
		!many && top.processName !== null && top.processName !== top.name &&
			`of process ${top.processName} ${top.processTag}`],
	{ act: actions.chooseThread && (() => actions.chooseThread(top)),
		title: top.name, hint: `${top.name}: show only these in the flame graph` });
}

function functionCard(report, actions) {
	const { profile } = report, { total } = report.raw.peak.weight;

	if (!profile)
		return answer('answer-function', 'Top function', UNKNOWN,
			['no samples were taken']);
	const [top, next] = topFunctions(profile, profile.entries, profile.entries.live_peak);

	if (!top)
		return answer('answer-function', 'Top function', UNKNOWN, ['no sample has a name']);
	const symbol = profile.symbols[top.symbol], name = titleOf(symbol),
		module = moduleName(profile, symbol);
	const second = next && titleOf(profile.symbols[next.symbol]);

	return answer('answer-function', 'Top function', shortened(name, NAME), [
		`${size(top.bytes)} at the peak, ${shareOf(top.bytes, total)}` +
			`${module ? `, in ${module}` : ''}`,
		second && el('span', { title: second },
			`then ${shortened(second, NAME)}, ${size(next.bytes)}`)],
	{ act: () => actions.chooseFunction(top.symbol),
		hint: `${name}: find it in the flame graph` });
}

function trustLine(report) {
	const { good, parts } = trustOf(report);

	return el('p', { class: `trust ${good ? 'good' : 'amber'}`, id: 'trust', role: 'status' },
		el('span', { class: 'dot', 'aria-hidden': 'true' }),
		el('b', null, good ? 'These figures add up: ' : 'Look out: '),
		parts.map((p, i) => [i > 0 ? '; ' : '', p.good ? p.text : el('b', null, p.text)]),
			'. ', el('a', { href: '#books' }, 'More'));
}

/** The notice of what was lost; null: nothing. */
export function lostNotice({ raw }) {
	const list = lostTexts(raw);

	return list.length > 0 ? el('div', { class: 'notice', id: 'losses' },
		el('b', null, 'Lost: '), el('ul', null, list.map((l) => el('li', null, l)))) : null;
}

/** actions: chooseThread(row), chooseFunction(symbol), selectTime({ from, to }); each may be
 * null. switches: nodes at the right of the title; nav: below it. */
export function headline(report, actions, switches, nav) {
	const oom = oomText(report), end = endingWhen(report);

	return el('header', { class: 'top' },
		el('div', { class: 'brand' },
			el('div', { class: 'what' },
			el('span', null, el('b', null, 'tare'), report.target ? ' attach' : ' run'),
			el('h1', null, title(report)),
			el('span', { class: 'end', id: 'end' }, end,
				oom && el('b', null, `; ${oom}`))),
			el('div', { class: 'switches' }, switches)),
		el('dl', { class: 'cards', id: 'cards' }, peakCard(report),
			whenCard(report, actions), threadCard(report, actions),
			functionCard(report, actions)),
		el('div', { class: 'trust-row' }, trustLine(report), nav));
}
