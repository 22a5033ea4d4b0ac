// SPDX-License-Identifier: GPL-2.0-only
/* build: -O2 */
//
// Grows by 32 MiB through functions that a compiler puts into each other: of the standard
// library, of namespaces and templates, in blocks and lambdas, with calls on several lines.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

namespace known {
namespace {

template <typename T> struct Row {
	T value;
	std::string name;

	explicit Row(T v) : value(v), name("row " + std::to_string(v)) {}
	bool operator<(const Row &other) const { return value < other.value; }
};

inline std::uint64_t mix(std::uint64_t x)
{
	x ^= x >> 31;
	return x * 0x9e3779b97f4a7c15ULL;
}

template <typename T> class Table {
	std::vector<Row<T>> rows;
	std::map<std::string, T> by_name;
	std::unordered_map<T, std::unique_ptr<std::string>> texts;

    public:
	void add(T v)
	{
		rows.emplace_back(v);
		by_name[rows.back().name] = v;
		if (v % 3 == 0)
			texts[v] = std::make_unique<std::string>(rows.back().name + "!");
	}
	void sort()
	{
		std::sort(rows.begin(), rows.end(), [](const Row<T> &a, const Row<T> &b) {
			return mix(a.value) < mix(b.value);
		});
		std::stable_sort(rows.begin(), rows.end());
	}
	T sum() const
	{
		T all = std::accumulate(rows.begin(), rows.end(), T(0),
					[](T s, const Row<T> &r) { return s + r.value; });

		for (const auto &one : by_name) {
			if (one.second & 1) {
				auto found = texts.find(one.second);

				if (found != texts.end())
					all += found->second->size();
			}
		}
		return all;
	}
};

} // namespace

// What the test knows: fill() is put into keep(), which is not put into main().
inline void fill(std::vector<char> &all, std::size_t n)
{
	all.assign(n, 1); // grows here
}

struct Store {
	std::vector<char> all;

	__attribute__((noipa)) void keep(std::size_t n)
	{
		fill(all, n); // calls fill
	}
};

} // namespace known

int main(int argc, char **)
{
	known::Table<long> table;
	known::Store store;

	for (long i = 0; i < 100 * argc; i++)
		table.add(i * 7919 % 1000);
	table.sort();
	store.keep(32 << 20);
	return table.sum() + (long)store.all.size() == 0;
}
