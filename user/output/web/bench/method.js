// SPDX-License-Identifier: GPL-2.0-only
//
// How the figures are measured, in a few sentences.

import { el } from '../shared/dom.js';

const paragraph = (term, text) => el('p', null, el('b', null, term), ' ', text);

export function method() {
	return el('div', { class: 'prose' },
		paragraph('Weight',
			'is user memory plus kernel memory. User memory is anonymous, file, ' +
			'shared and swapped-out pages. Kernel memory is page tables, kernel ' +
			'stacks and other kernel objects of the program. ' +
			'tare counts it in the kernel, from the program\u2019s first page on. ' +
			'A page that several processes map counts once for each of them.'),
		paragraph('Bytes per task',
			'are the slope of a straight line through the weights at different N. ' +
			'The tare is the value of that line at N = 0: ' +
			'the runtime without a task. The line is fitted by weighted least ' +
			'squares. Each run has the inverse square of the mean at its N as its ' +
			'weight, because errors are proportional to the size, and runs with a ' +
			'million tasks must not outweigh runs with a thousand. All kinds use ' +
			'the same weights, so kinds add up to their sums.'),
		paragraph('The interval',
			'is the 95 % confidence interval of the slope: the larger one of two, by ' +
			'how far runs with one N differ, and by how far the means are off the ' +
			'line. ' +
			'A row is marked not linear if the mean at some N is more than 5 % ' +
			'off its line. Then it shows bytes per task at its largest N: the mean ' +
			'there, less the mean with the fewest tasks, over the tasks between.'),
		paragraph('Steady or peak:',
			'a program prints a line when all its tasks wait. It is weighed when its ' +
			'weight has stopped changing after that. ' +
			'Programs that print nothing are weighed at their peak, with garbage, ' +
			'and are marked.'),
		paragraph('Published figures',
			'are the maximum RSS of single runs, of other versions on other ' +
			'machines. Next to them are tare\u2019s RSS at the peak and its weight ' +
			'at the peak. The difference between these two is memory that RSS ' +
			'does not count.'),
		paragraph('Not measured',
			'means that the value is unknown on this kernel or for this program. It ' +
			'is never counted as 0.'));
}
