// SPDX-License-Identifier: GPL-2.0-only
//
// Shortens long names of functions so that what tells them apart stays: first the arguments go,
// then the namespaces, then the middle. Pure.

const DOTS = '\u2026', MOST = 20_000;
const LONGEST = 2000; // characters of a name that are looked at
const shorter = new Map(); // name -> ever shorter ones

const OPERATOR = /operator(?:\(\)|<=>|<<=|>>=|<<|>>|<=|>=|->\*?|<|>)?/y;
const KEPT = /\((?:anonymous|inlined)[^()]*\)|\(\*?[\w$]+\)(?=\.)|->/y;

function tokenAt(regex, name, i) {
	regex.lastIndex = i;
	return regex.exec(name)?.[0];
}

// Calls visit(text, depth) for each character; names such as operator<, operator() and
// (anonymous namespace), and Go's (*T), are one text. Returns the depth of brackets at the end.
function scan(name, visit) {
	let depth = 0;

	for (let i = 0, text; i < name.length; i += text.length) {
		text = tokenAt(OPERATOR, name, i) ?? tokenAt(KEPT, name, i) ?? name[i];
		if (text === '<' || text === '(')
			visit(text, depth++);
		else if ((text === '>' || text === ')') && depth > 0)
			visit(text, --depth);
		else
			visit(text, depth);
	}
	return depth;
}

// "a<b<c>>(d)" -> "a<…>(…)"; `dots`: '' leaves the brackets out, too.
function withoutArguments(name, dots) {
	let out = '', empty = true;
	const depth = scan(name, (text, at) => {
		const opens = text === '<' || text === '(', closes = text === '>' || text === ')';

		if (at > 0)
			empty = false;
		else if (opens || closes)
			out += dots && (closes && !empty ? dots + text : text);
		else
			out += text;
		if (opens && at === 0)
			empty = true;
	});
	return depth === 0 ? out : name;
}

// "ns::Class::f" -> "Class::f", "f".
function withoutScopes(name) {
	const list = [];
	let at = 0, before = '';

	scan(name, (text, depth) => {
		at += text.length;
		if (depth === 0 && text === ':' && before === ':' && at < name.length)
			list.push(name.slice(at));
		before = depth === 0 ? text : '';
	});
	return list;
}

const PYTHON = /^(?:py::)?(.+):(?:.*\/)?([^/:]+\.pyc?|<[^:]*>)$/; // py::f:/path/file.py
const RUST = /^<(.+) as .+>(::.+)$/; // <Type as Trait>::f
const GO = /^(?:[\w.-]+\/)+(?=[\w.-]+\.)/; // github.com/owner/package.F

/** Python's qualified name without what tells nothing. */
export const withoutLocals = (name) => name.replaceAll('.<locals>', '');

function ofPython(name) {
	const [, whole, file] = PYTHON.exec(name), f = withoutLocals(whole);

	return [`${f}:${file}`, f];
}

function ofCode(name) {
	const plain = name.replace(RUST, '$1$2').replace(GO, '');
	const short = withoutArguments(plain, DOTS);
	const bare = short.replace(/^[^(<\u2026]*\s(?=[^\s(]*::)/, ''); // without a type
	const last = withoutScopes(bare).at(-1) ?? bare;

	return [...new Set([name, plain, short, bare, ...withoutScopes(bare),
		withoutArguments(last, '')])];
}

// A name and ever shorter forms of it.
function variants(name) {
	if (!shorter.has(name)) {
		if (shorter.size > MOST)
			shorter.clear();
		const seen = name.slice(0, LONGEST);
		shorter.set(name, PYTHON.test(seen) ? ofPython(seen) : ofCode(seen));
	}
	return shorter.get(name);
}

/** A name of at most `most` characters. Python's file has no folder. */
export function shortened(name, most) {
	if (name.length <= most && !name.startsWith('py::'))
		return name;
	const list = variants(name), last = list.at(-1), fits = list.find((x) => x.length <= most);

	if (fits !== undefined)
		return fits;
	if (most < 8)
		return `${last.slice(0, Math.max(0, most - 1))}${DOTS}`;
	const end = Math.floor((most - 1) * 0.4);
	return `${last.slice(0, most - 1 - end)}${DOTS}${last.slice(-end)}`;
}
