// SPDX-License-Identifier: GPL-2.0-only
//
// What the reader has chosen, and who wants to hear of changes.

export function createStore(state) {
	const listeners = [];

	return {
		state,
		/** Changes some members; listeners of any of them are called. */
		set(patch) {
			const changed = Object.keys(patch).filter((k) => state[k] !== patch[k]);

			Object.assign(state, patch);
			for (const [keys, listener] of listeners)
				if (changed.some((k) => keys.includes(k)))
					listener(state);
		},
		on(keys, listener) {
			listeners.push([keys, listener]);
		},
	};
}
