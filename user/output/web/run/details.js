// SPDX-License-Identifier: GPL-2.0-only
//
// The section "About this run": when, where and how it was measured, and what that cost.

import { el } from '../shared/dom.js';
import { UNKNOWN, count, date, exact, known, percent, round, seconds,
	size } from '../shared/format.js';
import { fact } from '../shared/parts.js';
import { ending } from './model.js';

const time = (ns) => seconds(ns / 1e9);

function samplingText({ samples: s }) {
	if (!s)
		return null;
	const peak = s.types['live-peak'];

	return [`one per ${exact(s.period)} of growth, ${count(s.count)} samples; `,
		s.thinned?.length > 0
			? `${count(s.thinned.reduce((n, t) => n + t.count, 0))} of them one per ` +
			`up to ${exact(s.thinned.at(-1).period)}, because samples came too ` +
			`fast; ` : '',
		known(s.complete_share)
			? `${percent(s.complete_share)} of stacks are complete`
			: 'no stacks',
		peak.total > 0
			? `; standard error of the memory held at the peak: ${size(peak.error)} ` +
			`(${percent(peak.error / peak.total)}), of a part of B bytes: ` +
			`\u221a(B \u00d7 ${round(s.period)})` : ''].join('');
}

// A number can't hold nanoseconds since 1970 exactly. Milliseconds are enough.
const when = ({ raw }) => known(raw.started_ns)
	? date(new Date(raw.started_ns / 1e6).toISOString()) : UNKNOWN;

export function detailsView(report) {
	const { raw } = report, ns = raw.self?.ns_per_update;
	const each = known(ns) ? ` at ${count(ns)}\u00a0ns` : '';

	return el('dl', { class: 'facts' },
		report.command.length > 0 &&
			fact('Command', el('code', { class: 'command' }, report.command.join(' '))),
		fact('Started', when(report)), fact('Ended', `${ending(report)}, after ` +
			`${time(report.duration)}`),
		fact('Peak RSS', `${size(raw.peak.rss)} at ${time(raw.peak.time_ns)}`),
		fact('Machine',
			[report.machine, `Linux ${report.kernel}`].filter(Boolean).join(', ')),
		fact('Measured by', `tare ${report.version}`), fact('Sampling', samplingText(raw)),
		raw.self && fact('Cost',
			`tare used ${time(raw.self.cpu_ns)} of CPU time, ` +
			`${size(raw.self.rss)} of RSS and ${size(raw.self.map_bytes)} of BPF ` +
			`maps; ${count(raw.self.updates)} counter updates${each}`));
}
