// SPDX-License-Identifier: GPL-2.0-only
//
// The state of a page as text: what is written can be read again, and of any other text only values
// that fit are taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flag, index, oneOf, plain, readFragment, text,
	writeFragment } from '../../user/output/web/shared/fragment.js';

const fields = {
	by: oneOf(['kind', 'thread', 'function']),
	query: text(20),
	process: index(5),
	down: flag,
	rules: plain([], (v) => v.every((x) => typeof x === 'string')),
	any: plain(null)
};
const defaults = { by: 'kind', query: '', process: null, down: true, rules: [], any: null };

test('what is written is read again; defaults are not written', () => {
	assert.equal(writeFragment(defaults, fields, defaults), '');
	for (const part of [{ by: 'thread' }, { query: 'a&b=c#d%e \u00e9\u{1f600}' },
		     { process: 0 }, { down: false }, { rules: ['"a"', '/b+/'] },
		     { any: [[1, 2], 'x'] },
		     { by: 'function', query: '=', process: 4, rules: ['&'] }]) {
		const written = writeFragment({ ...defaults, ...part }, fields, defaults);

		assert.deepEqual(readFragment(`#${written}`, fields), part, written);
	}
});

test('other texts give nothing', () => {
	for (const t of ['by=other', 'by=', 'by=__proto__', `query=${'x'.repeat(21)}`, 'process=5',
		     'process=-1', 'process=1.0', 'process=0x1', 'process=', 'process=null',
		     'down=1', 'rules=[1]', 'rules={}', 'rules="x"', 'rules=[', 'rules=null0',
		     `rules=${JSON.stringify(Array(65).fill('x'))}`, 'any=[[[1]]]', 'any={}',
		     'any=1e999', '__proto__=1', 'toString=1', 'constructor=x', '=x', '%=1',
		     'query=%', '&&=&'])
		assert.deepEqual(readFragment(`#${t}`, fields) ?? {}, {}, t);
	assert.deepEqual(readFragment('#by=thread&by=bad&process=9&x=1', fields), { by: 'thread' });
	for (const t of ['', '#', '#books', `#query=${'&'.repeat(8000)}`])
		assert.equal(readFragment(t, fields), null);
});

test('no text of any kind throws', () => {
	let x = 1;
	const random = (n) => {
		x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
		return x % n;
	};
	const parts = [
		'by', 'query', 'process', 'rules', 'any', '=', '&', '%', '[', ']', '"', ',', '{',
		'1', '-', 'e9', '%22', '%5B', 'null', '#', '\u0000', '__proto__'
	];

	for (let i = 0; i < 20_000; i++) {
		const t = Array.from({ length: 1 + random(12) }, () => parts[random(parts.length)])
				  .join('');
		const found = readFragment(`#${t}`, fields);

		assert.ok(found === null || Object.keys(found).every((k) => k in fields), t);
	}
});
