/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The program that `make seeds` compiles for the module fuzzer. It has symbols, lines, an
 * inlined function, and three kinds of unwinding rules.
 */
int table[16];

static inline __attribute__((always_inline)) int inner(int a)
{
	return table[a & 15] * 3;
}

__attribute__((visibility("default"))) int outer(int a)
{
	volatile int room[a & 63];

	room[0] = inner(a);
	return room[0];
}

__attribute__((visibility("default"), noinline)) int leaf(int a)
{
	return a + table[1];
}

void _init(void);
void _init(void)
{
	table[0] = leaf(outer(7));
}
