// SPDX-License-Identifier: GPL-2.0-only
//
// How the figures came about, in a few sentences.

import { el } from '../shared/dom.js';

const paragraph = (term, text) => el('p', null, el('b', null, term), ' ', text);

export function method() {
	return el('div', { class: 'prose' },
		paragraph('Weight',
			'is all the memory that a program keeps the machine from using ' +
			'otherwise: its anonymous, file, shared ' +
			'and swapped-out pages (user), and the page tables, kernel stacks and ' +
			'other kernel objects held for it (kernel). ' +
			'A page that several processes map counts once. tare keeps books of it ' +
			'from inside the kernel, from the program\u2019s first instruction on.'),
		paragraph('Bytes per task',
			'are the slope of a straight line through the weights with different N; ' +
			'the tare is where that line meets N = 0: ' +
			'the runtime without a task. The line is fitted by weighted least ' +
			'squares, each run weighted by the inverse square of the mean at its N, ' +
			'because what scatters is a share of the size, and a million tasks must ' +
			'not drown out a thousand. Every kind is fitted with the same weights, ' +
			'so kinds add up to sums.'),
		paragraph('The interval',
			'holds the slope with 95 % confidence, by Student\u2019s t with n ' +
			'\u2212 2 degrees of freedom over the runs\u2019 residuals. ' +
			'A row is called not linear when the mean at some N lies more than 10 % ' +
			'off its line: then one number per task does not tell the whole story, ' +
			'and its runs do.'),
		paragraph('Steady or peak:',
			'a program says when all its tasks are parked; it is weighed when its ' +
			'weight has come to rest after that. ' +
			'Programs that say nothing are weighed at their peak, garbage included, ' +
			'and are marked so.'),
		paragraph('Published figures',
			'are the maximum RSS of single runs, other versions on other machines. ' +
			'Next to them stand our RSS at the peak and our whole weight then; ' +
			'the distance between those two is what RSS does not see.'),
		paragraph('Not measured',
			'means that the kernel or the program did not let it be known. It is ' +
			'never counted as 0.'));
}
