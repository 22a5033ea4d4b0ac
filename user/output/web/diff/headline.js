// SPDX-License-Identifier: GPL-2.0-only
//
// The top of the page: what was compared, how much the peak changed, which function changed
// most, and what to doubt.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, date, exact, known, printable, round, seconds,
	size } from '../shared/format.js';
import { card, fact } from '../shared/parts.js';
import { beyond, changedFunctions, sumOf, totalsOf, whoRows } from './model.js';
import { change, errorText, relative, signed } from './text.js';
import { titleOf } from '../run/owner.js';

const LONG = 90;

export function commandOf(side) {
	const words = side.command.map((c) => printable(c.replace(/\s+/g, ' ').trim())).join(' ');

	return words || (side.target ? `attached to ${printable(side.target)}` : 'no command');
}

const cut = (text, most) => text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;

function title({ before, after }) {
	const a = commandOf(before), b = commandOf(after);

	return a === b ? cut(a, LONG) : `${cut(a, LONG / 2)} \u2192 ${cut(b, LONG / 2)}`;
}

// The function that changed most, if one did more than by chance.
function firstFunction(raw, type) {
	const [first] = changedFunctions(raw, type).filter((f) => beyond(f.self));

	return first && [change(first.self) > 0 ? 'Grew most: ' : 'Shrank most: ',
		el('b', { id: 'first-function', title: first.name.slice(0, 2000) },
			cut(titleOf(first), LONG)),
		first.caller && !first.caller.startsWith('[') && [', called by ',
			el('b', { title: first.caller.slice(0, 2000) },
			cut(titleOf({ name: first.caller }), LONG)), ':'],
		` ${signed(change(first.self))} ${errorText(first.self)}. `];
}

function firstWho(raw) {
	const rows = whoRows(raw), threads = rows.filter((r) => r.thread),
		[first] = (threads.length > 0 ? threads : rows)
			.sort((a, b) => Math.abs(change(b.peak)) - Math.abs(change(a.peak)));

	return first && change(first.peak) !== 0 && [first.thread ? 'Thread ' : 'Process ',
		el('b', null, cut(first.name, LONG)), ` ${signed(change(first.peak))}.`];
}

function lead(raw) {
	const peak = sumOf(totalsOf(raw, 'at_peak'), 'weight');
	const bound = raw.before.peak.bound + raw.after.peak.bound;

	return el('div', { class: 'lead' }, el('p', null, 'Peak weight: ',
		el('b', { title: exact(peak.before) }, size(peak.before)), ' \u2192 ',
		el('b', { title: exact(peak.after) }, size(peak.after)), ', ',
		el('b', { id: 'peak-change', 'data-bytes': change(peak),
			title: exact(change(peak)) }, signed(change(peak))),
		` ${[relative(peak), `\u00b1\u00a0${size(bound)}`].filter(Boolean)
			.join(', ')}`, peak.more &&
			'; only the kinds that both recordings know', '.'),
	el('p', { id: 'answer' }, firstFunction(raw, raw.sorted_by) ??
		'No function changed by more than two standard errors. ', firstWho(raw)));
}

function changeCard(label, f) {
	const node = card(label, signed(change(f)),
		`${size(f.before)} \u2192 ${size(f.after)}${f.more ? ', measured kinds' : ''}`);

	node.classList.add(change(f) > 0 ? 'grew' : change(f) < 0 ? 'shrank' : 'same');
	return node;
}

function cards(raw) {
	const peak = totalsOf(raw, 'at_peak');
	const { before, after } = raw;

	return el('dl', { class: 'cards', id: 'cards' },
		changeCard('Weight at the peak', sumOf(peak, 'weight')),
		changeCard('User memory at the peak', sumOf(peak, 'user')),
		changeCard('Kernel memory at the peak', sumOf(peak, 'kernel')),
		changeCard('Held at the end', sumOf(totalsOf(raw, 'net'), 'weight')),
		card('Duration', seconds(after.duration_ns / 1e9),
			`before: ${seconds(before.duration_ns / 1e9)}`));
}

// A number can't hold nanoseconds since 1970 exactly. Milliseconds are enough.
const when = (side) => known(side.started_ns) ? date(new Date(side.started_ns / 1e6).toISOString())
	: UNKNOWN;
const period = (side) => known(side.period) ? `one per ${round(side.period)}` : 'none';
const text = (s) => s === null ? UNKNOWN : printable(s);

function sideText(side) {
	return [cut(commandOf(side), 400), when(side), seconds(side.duration_ns / 1e9),
		`tare ${text(side.tare_version)}`, `Linux ${text(side.kernel)}`,
		known(side.samples) ? `${count(side.samples)} samples, ${period(side)}`
			: 'no samples'].join(', ');
}

// The title shows different commands.
function differences({ before, after }) {
	const two = (name, a, b) => a !== b && `${name} ${a} \u2192 ${b}`;

	return [two('tare', text(before.tare_version), text(after.tare_version)),
		two('Linux', text(before.kernel), text(after.kernel)),
		two('samples', period(before), period(after))].filter(Boolean).join('; ');
}

function doubts(name, side) {
	return [side.balanced === null && `${name}: books not checked`,
		side.balanced === false && `${name}: books not balanced`,
		(side.lost > 0 || side.samples_lost > 0) &&
			`${name}: data was lost, see its report`]
		.filter(Boolean);
}

function notices(raw) {
	const list = [...doubts('before', raw.before), ...doubts('after', raw.after)],
		other = differences(raw);

	return [list.length > 0 && el('div', { class: 'notice', id: 'doubts', role: 'status' },
		el('b', null, 'Doubtful: '), list.join('; ')),
	other && el('div', { class: 'notice', id: 'differs' },
		el('b', null, 'Also different: '), other)];
}

export function headline(raw, switches) {
	return el('header', { class: 'top' },
		el('div', { class: 'brand' }, el('span', null, el('b', null, 'tare'), ' diff'),
			switches),
		el('h1', null, title(raw)), lead(raw), notices(raw), cards(raw));
}

/** Both runs. */
export const runs = (raw) => el('dl', { class: 'facts' }, fact('Before', sideText(raw.before)),
	fact('After', sideText(raw.after)));
