// SPDX-License-Identifier: GPL-2.0-only
//
// Bytes of each profile row for the selected sample type, filters and time. Pure.

/** Sample types of entries, and of address space. */
export const SAMPLE_TYPES = {
	live_peak: 'Live at the peak', grown: 'All growth', live_end: 'Live at the end',
	virtual: 'Mapped', untouched: 'Untouched',
};
/** Sample types of a selected time. */
export const TIME_TYPES = { grew: 'Grew in this time', live: 'Live at the end of this time' };

const ofVirtual = (sampleType) => sampleType === 'virtual' || sampleType === 'untouched';

/** 1 for each row that passes the filters, else 0. */
export function passing(profile, rows, state, threadPasses) {
	const pass = new Uint8Array(rows.length).fill(1);
	const only = (column, value) => {
		if (column && value !== null)
			for (let i = 0; i < pass.length; i++)
				if (column[i] !== value)
					pass[i] = 0;
	};

	only(rows.process, state.process);
	only(rows.task, state.task);
	only(rows.kind, state.kind);
	only(rows.cause, state.cause);
	if (state.mapping !== null)
		only(state.mapping[0] === 'p' ? rows.mapping : rows.label,
			Number(state.mapping.slice(1)));
	if (threadPasses)
		for (let i = 0; i < pass.length; i++)
			if (pass[i] && !threadPasses(rows.process[i], rows.task[i]))
				pass[i] = 0;
	return pass;
}

// Bytes of each entry in a time. Sampled bytes are scaled like the entry's growth.
function inTime({ entries, ticks }, { from, to }, sampleType) {
	const bytes = new Float64Array(entries.length);

	for (let i = 0; i < ticks.slot.length; i++) {
		if (ticks.slot[i] >= to)
			continue;
		if (sampleType === 'live')
			bytes[ticks.entry[i]] += ticks.in[i] - ticks.out[i];
		else if (ticks.slot[i] >= from)
			bytes[ticks.entry[i]] += ticks.in[i];
	}
	for (let i = 0; i < bytes.length; i++)
		bytes[i] = ticks.sampled[i] > 0
			? Math.max(0, bytes[i] * entries.grown[i] / ticks.sampled[i]) : 0;
	return bytes;
}

function bytesOf(profile, rows, state) {
	if (state.time)
		return inTime(profile, state.time, state.timeType);
	return rows[state.sampleType === 'virtual' ? 'bytes' : state.sampleType];
}

/** The rows, their bytes (0: not shown), and which rows pass the filters. */
export function pick(profile, state, threadPasses) {
	const rows = !state.time && ofVirtual(state.sampleType) ? profile.virtual : profile.entries;
	const pass = passing(profile, rows, state, threadPasses);
	const bytes = Float64Array.from(bytesOf(profile, rows, state));

	for (let i = 0; i < bytes.length; i++)
		if (!pass[i] || bytes[i] < 0)
			bytes[i] = 0;
	return { rows, pass, bytes, ofVirtual: rows === profile.virtual };
}

/** Growth and shrinkage by slot of the passing entries, scaled the same way: { in, out }. */
export function activity({ entries, ticks }, pass) {
	const grew = new Float64Array(ticks.slots), shrank = new Float64Array(ticks.slots);

	for (let i = 0; i < ticks.slot.length; i++) {
		const e = ticks.entry[i];

		if (!pass[e] || !(ticks.sampled[e] > 0))
			continue;
		const scale = entries.grown[e] / ticks.sampled[e];
		grew[ticks.slot[i]] += ticks.in[i] * scale;
		shrank[ticks.slot[i]] += ticks.out[i] * scale;
	}
	return { in: grew, out: shrank };
}

/** Growth at an unknown time: entries without a sample. */
export function timeless({ entries, ticks }, pass) {
	let sum = 0;

	for (let i = 0; i < entries.length; i++)
		if (pass[i] && !(ticks.sampled[i] > 0))
			sum += Math.max(0, entries.grown[i]);
	return sum;
}
