// SPDX-License-Identifier: GPL-2.0-only
//
// The state of the page (the user's choices) and the listeners for its changes.

export function createStore(state) {
	const listeners = [];

	return {
		state,
		/** Change some keys, and call the listeners of any of them with the state and
		 * the keys that changed. */
		set(patch) {
			const changed = Object.keys(patch).filter((k) => state[k] !== patch[k]);

			Object.assign(state, patch);
			for (const [keys, listener] of listeners)
				if (changed.some((k) => keys.includes(k)))
					listener(state, changed);
		},
		on(keys, listener) {
			listeners.push([keys, listener]);
		},
	};
}
