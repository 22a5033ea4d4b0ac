// SPDX-License-Identifier: GPL-2.0-only
//
// Grows by 32 MiB in a method of a template, below a lambda.
#include <functional>
#include <vector>

namespace known {
template <typename T> struct Store {
	std::vector<T> all;
	__attribute__((noipa)) void grow(size_t n)
	{
		all.assign(n, T(1));
	}
};
} // namespace known

int main()
{
	known::Store<char> store;
	std::function<void()> call = [&store] { store.grow(32 << 20); };

	call();
	return store.all.size() ? 0 : 1;
}
