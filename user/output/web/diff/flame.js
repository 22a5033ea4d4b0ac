// SPDX-License-Identifier: GPL-2.0-only
//
// The flame graph of a difference: the report's flame graph with other colours and figures.

import { el } from '../shared/dom.js';
import { exact, size } from '../shared/format.js';
import { Flame } from '../run/flame.js';
import { colourOf } from './colour.js';
import { beyond } from './model.js';
import { change, errorText, relative, signed } from './text.js';
import { titleOf } from '../run/owner.js';

export class DiffFlame extends Flame {
	/** figures(node): bytes before and after, and the error of the change; node -1: all. */
	constructor(actions, figures) {
		super({ root: () => 'all' }, actions);
		this.figuresOf = figures;
		this.letters = { s: 'search' };
		for (const b of [...this.bar.children])
			if (b.dataset.action !== 'search')
				b.remove();
	}

	show(view, path, px) {
		const shown = super.show(view, path, px);

		this.box.setAttribute('aria-label',
			'Flame graph of the change. Arrows go from ' +
			'frame to frame, Enter zooms, Escape goes back, Home to the root, ' +
			's finds the function.');
		return shown;
	}

	titleOf(x) {
		return titleOf(this.symbolOf(x) ?? { name: 'all' });
	}

	nameOf(x) {
		const f = this.figuresOf(x.node), name = this.titleOf(x);

		return beyond(f) ? `${signed(change(f))} ${name}` : `\u2248 ${name}`;
	}

	colourOf(x) {
		const f = this.figuresOf(x.node);

		return colourOf(f, beyond(f));
	}

	whereOf() {
		return null;
	}

	figures(x) {
		const f = this.figuresOf(x.node);

		return [['before', `${size(f.before)}, ${exact(Math.round(f.before))}`],
			['after', `${size(f.after)}, ${exact(Math.round(f.after))}`],
			['change', `${signed(change(f))} ${relative(f)}`, 'sum'],
			['standard error', errorText(f)],
			!beyond(f) && ['', 'within two standard errors: may be chance']]
			.filter(Boolean);
	}

	tell(x) {
		super.tell(x);
		if (!x)
			return;
		const f = this.figuresOf(x.node);

		this.status.replaceChildren(el('b', null, this.titleOf(x)),
			` ${size(f.before)} \u2192 ${size(f.after)}: `,
			el('b', null, signed(change(f))), ` ${errorText(f)}`,
			beyond(f) ? '' : ', may be chance');
		this.status.dataset.bytes = change(f);
	}
}
