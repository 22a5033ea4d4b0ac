// SPDX-License-Identifier: GPL-2.0-only
//
// Regular expressions in linear time (Thompson: all states at once). The browser's own would
// hang the page on (a+)+$. No captures, look-around or back references. Pure.

const MOST_STEPS = 1500, MOST_REPEATS = 200;
const CLASS = {
	d: (c) => c >= '0' && c <= '9', w: (c) => /^\w$/.test(c), s: (c) => /^\s$/.test(c),
};
const CONTROL = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' };

function fail(why) {
	throw new Error(why);
}

function literal(c) {
	const low = c.toLowerCase();

	return Object.assign((x) => x === low || x === c, { literal: c });
}

class Parser {
	constructor(source) {
		this.chars = [...source];
		this.at = 0;
	}

	get peek() {
		return this.chars[this.at];
	}

	get more() {
		return this.at < this.chars.length;
	}

	next() {
		return this.chars[this.at++];
	}

	skip(c) {
		return this.peek === c && Boolean(this.next());
	}

	escaped() {
		const c = this.next() ?? fail('nothing after \\');
		const known = CLASS[c.toLowerCase()];

		if (known)
			return c === c.toLowerCase() ? known : (x) => !known(x);
		if (/[1-9bBkpPxuc]/.test(c))
			fail(`\\${c} is not supported`);
		return literal(CONTROL[c] ?? c);
	}

	range(from) {
		this.next();
		const c = this.next(), a = from.literal, b = c === '\\' ? this.escaped().literal
			: c;

		if (b === undefined || a > b)
			fail(`${a}-${c} is not a range`);
		return (x) => (x >= a && x <= b) || (x.toUpperCase() >= a && x.toUpperCase() <= b);
	}

	set() {
		const negated = this.skip('^'), tests = [];

		do {
			const c = this.next() ?? fail('no ] after [');
			const test = c === '\\' ? this.escaped() : literal(c),
				to = this.chars[this.at + 1];

			tests.push(this.peek === '-' && to !== undefined && to !== ']' &&
				test.literal ? this.range(test) : test);
		} while (this.peek !== ']');
		this.next();
		return { test: (x) => tests.some((t) => t(x)) !== negated };
	}

	group() {
		if (this.skip('?') && !this.skip(':'))
			fail('(? is not supported');
		const inside = this.either();

		return this.skip(')') ? inside : fail('no ) after (');
	}

	atom() {
		const c = this.next();

		switch (c) {
		case '(': return this.group();
		case '[': return this.set();
		case '.': return { test: () => true };
		case '^': case '$': return { edge: c };
		case '\\': return { test: this.escaped() };
		case '*': case '+': case '?': return fail(`nothing before ${c}`);
		default: return { test: literal(c) };
		}
	}

	bounds() {
		const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[this.peek];

		if (simple) {
			this.next();
			return simple;
		}
		const m =
			/^\{(\d{1,4})(,?)(\d{0,4})\}/
				.exec(this.chars.slice(this.at, this.at + 12).join(''));
		if (!m)
			return null;
		this.at += m[0].length;
		const least = Number(m[1]), most = m[2] ? m[3] ? Number(m[3]) : Infinity : least;
		return least > MOST_REPEATS || (most !== Infinity && most > MOST_REPEATS) ||
			most < least ? fail(`${m[0]} is too large`) : [least, most];
	}

	repeated() {
		let node = this.atom(), bounds;

		while (this.more && (bounds = this.bounds())) {
			this.skip('?'); // lazy: does not change whether there is a match
			node = { repeat: node, least: bounds[0], most: bounds[1] };
		}
		return node;
	}

	sequence() {
		const parts = [];

		while (this.more && this.peek !== '|' && this.peek !== ')')
			parts.push(this.repeated());
		return { parts };
	}

	either() {
		const choices = [this.sequence()];

		while (this.skip('|'))
			choices.push(this.sequence());
		return choices.length > 1 ? { choices } : choices[0];
	}
}

function parsed(source) {
	const parser = new Parser(source), tree = parser.either();

	return parser.more ? fail('a ) too much') : tree;
}

// Steps: test a character; continue at two steps; test for an edge; match.
function emit(node, steps) {
	const add = (step) => {
		if (steps.length >= MOST_STEPS)
			throw new Error('too large');
		return steps.push(step) - 1;
	};

	if (node.parts)
		node.parts.forEach((p) => emit(p, steps));
	else if (node.test)
		add({ test: node.test });
	else if (node.edge)
		add({ edge: node.edge });
	else if (node.choices)
		alternatives(node.choices, steps, add);
	else
		repetition(node, steps, add);
}

function alternatives(choices, steps, add) {
	const ends = [];

	choices.forEach((c, i) => {
		if (i === choices.length - 1)
			return emit(c, steps);
		const split = add({ to: [steps.length + 1] });
		emit(c, steps);
		ends.push(add({ to: [] }));
		steps[split].to.push(steps.length);
		return undefined;
	});
	for (const e of ends)
		steps[e].to.push(steps.length);
}

function repetition({ repeat, least, most }, steps, add) {
	for (let i = 0; i < least; i++)
		emit(repeat, steps);
	if (most === Infinity) {
		const split = add({ to: [steps.length + 1] });
		emit(repeat, steps);
		add({ to: [split] });
		steps[split].to.push(steps.length);
		return;
	}
	const splits = [];
	for (let i = least; i < most; i++) {
		splits.push(add({ to: [steps.length + 1] }));
		emit(repeat, steps);
	}
	for (const s of splits)
		steps[s].to.push(steps.length);
}

/** Returns a function that tests a text, case-insensitive. Throws an Error that names what is
 * wrong with the pattern. */
export function compile(source) {
	const steps = [];

	emit(parsed(source), steps);
	steps.push({ done: true });
	const seen = new Int32Array(steps.length);
	let mark = 0;

	return (text) => {
		const chars = [...text.toLowerCase()];
		let now = [];

		for (let i = 0; i <= chars.length; i++) {
			const todo = [...now, 0], tests = [];

			mark++;
			while (todo.length > 0) {
				const s = todo.pop(), step = steps[s];

				if (seen[s] === mark)
					continue;
				seen[s] = mark;
				if (step.done)
					return true;
				if (step.to)
					todo.push(...step.to);
				else if (step.edge) {
					if (step.edge === '^' ? i === 0 : i === chars.length)
						todo.push(s + 1);
				} else
					tests.push(s);
			}
			now = i < chars.length
				? tests.filter((s) => steps[s].test(chars[i]))
					.map((s) => s + 1) : [];
		}
		return false;
	};
}
