// SPDX-License-Identifier: GPL-2.0-only
//
// How long names are shortened, and which colours modules have.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { places, specialOf } from '../../user/output/web/run/colour.js';
import { shortened } from '../../user/output/web/run/names.js';

const VECTOR = 'std::vector<std::pair<std::string, int>, std::allocator<std::pair<std::string, ' +
	'int> > >::_M_realloc_insert<int&>(__gnu_cxx::__normal_iterator<int*, void>, int&)';

test('arguments go first, then namespaces, then the middle', () => {
	for (const [most, expected] of [[400, VECTOR],
		[60, 'std::vector<\u2026>::_M_realloc_insert<\u2026>(\u2026)'],
		[36, 'vector<\u2026>::_M_realloc_insert<\u2026>(\u2026)'],
		[26, '_M_realloc_insert<\u2026>(\u2026)'], [18, '_M_realloc_insert'],
		[12, '_M_real\u2026sert'], [5, '_M_r\u2026']])
		assert.equal(shortened(VECTOR, most), expected);
});

test('what is part of a name stays', () => {
	for (const [name, most, expected] of [
		['std::operator<<(std::ostream&, char const*)', 30, 'std::operator<<(\u2026)'],
		['(anonymous namespace)::Foo::operator()(int) const', 30,
			'Foo::operator()(\u2026) const'],
		['a::b->c<d>::e', 12, 'b->c<\u2026>::e'],
		['<alloc::vec::Vec<T> as core::iter::FromIterator<T>>::from_iter', 30,
			'alloc::vec::Vec<T>::from_iter'],
		['github.com/owner/server/pkg.(*Server).handle', 22, 'pkg.(*Server).handle'],
		['void ns::f<char*>(char*, char*)', 15, 'ns::f<\u2026>(\u2026)'],
		['py::Thread.run:/usr/lib/python3.11/threading.py', 80, 'Thread.run:threading.py'],
		['py::<module>:/srv/app.py', 12, '<module>'],
		['py::f.<locals>.<listcomp>:/srv/app.py', 80, 'f.<listcomp>:app.py'],
		['unclosed<a(b', 9, 'unclo\u2026a(b'], ['f()', 3, 'f()']])
		assert.equal(shortened(name, most), expected);
});

test('no name is longer than asked for, and a huge one takes no time', () => {
	for (const name of [VECTOR, 'a'.repeat(1e6), '<'.repeat(1e5), '::'.repeat(1e5),
		`py::${':/'.repeat(1e5)}`, '(a, b)->'.repeat(1e4)])
		for (const most of [1, 2, 7, 8, 40])
			assert.ok(shortened(name, most).length <= most,
				`${name.slice(0, 20)} ${most}`);
});

// A profile in which each module has one frame, and the first has most bytes.
function profileOf(names) {
	const all = names.map((_, i) => i);

	return { modules: names.map((name) => ({ name })), frames: { module: all },
		nodes: { parent: all.map(() => -1), frame: all, order: all },
		entries: { raw: all, grown: all.map((i) => 1000 - i) } };
}

test('36 modules differ; more share; the kernel, Python and JIT code have their own', () => {
	const names = Array.from({ length: 50 }, (_, i) => `lib${i}.so`);
	const of = places(profileOf(['[kernel]', '[python]', '[jit]', 'constructor', ...names]));

	assert.deepEqual([...of.slice(0, 3)], [-1, -1, -1]);
	assert.equal(new Set(of.slice(3, 39)).size, 36);
	assert.ok(of.slice(3).every((x) => x >= 0 && x < 36));
	assert.equal(specialOf(profileOf(['[jit]']), 0), 'jit');
	assert.equal(specialOf(profileOf(['constructor']), 0), undefined);
});

test('a module\u2019s colour comes from its name', () => {
	const names = ['server', 'libc.so.6', 'libssl.so.3', 'libz.so.1'];
	const whole = places(profileOf(names));

	for (const [i, name] of names.entries())
		assert.equal(places(profileOf([name]))[0], whole[i], name);
	assert.deepEqual([...places(profileOf(['a.so', 'b.so', 'a.so']))].filter((x, i, all) =>
		x === all[0]).length, 2, 'of the same name, the same');
});
