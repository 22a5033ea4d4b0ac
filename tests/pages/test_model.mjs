// SPDX-License-Identifier: GPL-2.0-only

import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import assert from 'node:assert/strict';
import { load } from '../../user/output/web/run/model.js';
import { KINDS } from '../../user/output/web/shared/kinds.js';

const golden = new URL('../golden/expected/', import.meta.url);
const reports = readdirSync(golden).filter((name) => name.endsWith('.json'))
	.map((name) => [name, JSON.parse(readFileSync(new URL(name, golden), 'utf8'))])
	.filter(([, report]) => report.schema?.startsWith('tare.report/'));

test('at the peak the threads of a process hold what the process holds', () => {
	let compared = 0, untaken = 0;

	for (const [name, raw] of reports) {
		const { processes, tasks } = load(raw);

		processes.forEach((p, at) => {
			const own = tasks.filter((t) => t.process === at);

			for (const k of KINDS.filter((kind) => own.length > 0 &&
				p.peak[kind] !== null && own.every((t) => t.peak[kind] !== null))) {
				assert.equal(own.reduce((n, t) => n + t.peak[k], 0), p.peak[k],
					`${name}: ${p.name} ${p.id}, ${k}`);
				compared++;
			}
			untaken += own.reduce((n, t) => n + t.untaken, 0);
		});
	}
	assert.ok(compared > 100, `${compared} sums`);
	assert.ok(untaken > 0, 'some of it was held before, or copied by fork');
});
