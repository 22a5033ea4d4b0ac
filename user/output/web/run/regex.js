// SPDX-License-Identifier: GPL-2.0-only
//
// Regular expressions in time that grows with text and pattern and no faster: the
// browser's own would hang the page on (a+)+$. All states are walked at once
// (Thompson). Without captures, look-around and back references. Pure.

const MOST_STEPS = 1500, MOST_REPEATS = 200;
const CLASS = {
	d: (c) => c >= '0' && c <= '9', w: (c) => /^\w$/.test(c), s: (c) => /^\s$/.test(c),
};
const CONTROL = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' };

function parser(source) {
	const chars = [...source];
	let at = 0;
	const peek = () => chars[at], next = () => chars[at++], more = () => at < chars.length;
	const fail = (why) => { throw new Error(why); };

	function escaped() {
		const c = next() ?? fail('nothing after \\');
		const known = CLASS[c.toLowerCase()];

		if (known)
			return c === c.toLowerCase() ? known : (x) => !known(x);
		if (/[1-9bBkpPxuc]/.test(c))
			fail(`\\${c} is not known here`);
		const literal = CONTROL[c] ?? c;
		return Object.assign((x) => x === literal.toLowerCase() || x === literal, { literal });
	}

	function set() {
		const negated = peek() === '^' && Boolean(next()), tests = [];

		for (let first = true; first || peek() !== ']'; first = false) {
			const c = next() ?? fail('no ] after [');
			let from = c === '\\' ? escaped() : Object.assign((x) => x === c.toLowerCase(), { literal: c });

			if (peek() === '-' && chars[at + 1] !== ']' && at + 1 < chars.length && from.literal) {
				next();
				const d = next(), to = d === '\\' ? escaped().literal : d, [a, b] = [from.literal, to ?? fail('a range without end')];
				if (a > b)
					fail(`${a}-${b} is no range`);
				from = (x) => (x >= a && x <= b) || (x.toUpperCase() >= a && x.toUpperCase() <= b);
			}
			tests.push(from);
		}
		next();
		return { test: (x) => tests.some((t) => t(x)) !== negated };
	}

	function atom() {
		const c = next();

		if (c === '(') {
			if (peek() === '?' && (next(), next()) !== ':')
				fail('(? is not known here');
			const inside = either();
			if (next() !== ')')
				fail('no ) after (');
			return inside;
		}
		if (c === '[')
			return set();
		if (c === '.')
			return { test: () => true };
		if (c === '^' || c === '$')
			return { edge: c };
		if (c === '\\')
			return { test: escaped() };
		if ('*+?)'.includes(c))
			fail(`nothing before ${c}`);
		const low = c.toLowerCase();
		return { test: (x) => x === low };
	}

	function bounds() {
		const m = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(chars.slice(at, at + 12).join(''));

		if (!m)
			return null;
		at += m[0].length;
		const least = Number(m[1]), most = m[2] ? m[3] ? Number(m[3]) : Infinity : least;
		if (least > MOST_REPEATS || (most !== Infinity && most > MOST_REPEATS) || most < least)
			fail(`${m[0]} is too much`);
		return [least, most];
	}

	function repeated() {
		let node = atom();

		while (more()) {
			const c = peek(), range = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[c];
			const found = range ? (next(), range) : c === '{' ? bounds() : null;

			if (!found)
				break;
			if (peek() === '?')
				next(); // lazy: whether there is a match does not depend on it
			node = { repeat: node, least: found[0], most: found[1] };
		}
		return node;
	}

	function sequence() {
		const parts = [];

		while (more() && peek() !== '|' && peek() !== ')')
			parts.push(repeated());
		return { parts };
	}

	function either() {
		const choices = [sequence()];

		while (peek() === '|') {
			next();
			choices.push(sequence());
		}
		return choices.length > 1 ? { choices } : choices[0];
	}

	const tree = either();
	return more() ? fail('a ) too much') : tree;
}

// Steps: test a character and go on; go on at two places; be at an edge; done.
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

/** A function that tells whether a text matches, upper and lower case alike; throws
 * an Error that says what is wrong with the pattern. */
export function compile(source) {
	const steps = [];

	emit(parser(source), steps);
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
			now = i < chars.length ? tests.filter((s) => steps[s].test(chars[i])).map((s) => s + 1) : [];
		}
		return false;
	};
}
