// SPDX-License-Identifier: GPL-2.0-only
//
// What a search finds: names, modules, whole names in quotes, and invalid expressions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { search } from '../../user/output/web/run/search.js';

const profile = {
	modules: [{ name: 'libgrow.so' }, { name: 'main' }],
	symbols: [{ name: 'grow', module: 1 }, { name: 'Grow::more', module: 1 },
		{ name: 'other', module: 0 }, { name: '[no sample]', module: -1 }],
};
const found = (query, regex) => [...search(profile, query, regex).matches].join('');

test('an empty search is no search', () => assert.equal(search(profile, '', false), null));

test('a part of a name or of a module, upper and lower case alike', () => {
	assert.equal(found('grow', false), '1110');
	assert.equal(found('MORE', false), '0100');
});

test('in quotes the whole name, and no module', () => {
	assert.equal(found('"grow"', false), '1000');
	assert.ok(search(profile, '"grow"', true).exact);
});

test('an invalid expression is searched as text, and the page says so', () => {
	assert.equal(found('^g.*w$', true), '1000');
	assert.equal(found('[no', true), '0001');
	assert.match(search(profile, '[no', true).note,
		/^invalid regular expression \(no \] after \[\)/);
});
