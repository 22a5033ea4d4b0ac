// SPDX-License-Identifier: GPL-2.0-only
//
// Compares the page's own regular expressions with JavaScript's: thousands of made-up patterns
// on made-up texts, the same each time. Also tests which patterns are refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../user/output/web/run/regex.js';

const PATTERNS = 6000, TEXTS = 12;

/** Numbers below `n`, the same each time (xorshift32). */
function chance(seed) {
	let x = seed;

	return (n) => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return (x >>> 0) % n;
	};
}

const below = chance(2463534242);
const one = (list) => list[below(list.length)];

const LETTERS = [...'abcABC01_- :'];
const ATOMS = [...'abcABC01_', '.', '\\d', '\\w', '\\s', '\\D', '\\W', '\\.', '\\-', '[ab]',
	'[^ab]', '[a-c]', '[^0-9]', '[A-C_]', '[\\d:]', '[a-]', '[:]'];
const REPEATS = ['', '', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?'];

function sequence(depth) {
	const parts = [];

	for (let i = below(4); i >= 0; i--) {
		const atom = depth > 0 && below(4) === 0
			? `${one(['(', '(?:'])}${either(depth - 1)})` : one(ATOMS);
		parts.push(atom + one(REPEATS));
	}
	return one(['', '', '', '^']) + parts.join('') + one(['', '', '', '$']);
}

function either(depth) {
	return below(3) === 0 ? `${sequence(depth)}|${sequence(depth)}` : sequence(depth);
}

function text() {
	return Array.from({ length: below(10) }, () => one(LETTERS)).join('');
}

test('the same matches as the browser has', () => {
	for (let i = 0; i < PATTERNS; i++) {
		const source = either(2), theirs = new RegExp(source, 'is'), ours = compile(source);

		for (let j = 0; j < TEXTS; j++) {
			const s = text();
			assert.equal(ours(s), theirs.test(s), `/${source}/ on "${s}"`);
		}
	}
});

test('an unsupported pattern is refused with the reason', () => {
	const wrong = {
		'(a': 'no ) after (', 'a)': 'a ) too much', '[a': 'no ] after [',
		'*': 'nothing before *', '(?=a)': '(? is not supported',
		'\\1': '\\1 is not supported', 'a{999}': '{999} is too large',
		'\\': 'nothing after \\', '[c-a]': 'c-a is not a range',
	};

	for (const [source, message] of Object.entries(wrong))
		assert.throws(() => compile(source), { message }, source);
	assert.throws(() => compile('((a{200}){200}){200}'), { message: 'too large' });
});

test('matching time does not explode', () => {
	assert.equal(compile('(a+)+$')(`${'a'.repeat(5000)}b`), false);
	assert.equal(compile('(a|aa|aaa)*c')('a'.repeat(5000)), false);
});
