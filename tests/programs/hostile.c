/* SPDX-License-Identifier: GPL-2.0-only
 *
 * hostile: threads whose names contain escape sequences, quotes, backslashes, newlines,
 * characters that change the text's direction, and bytes that are not UTF-8.
 */
#include "prog.h"

static const char *const names[] = {
	"\033[31mred\033[0m",
	"\033]0;title\a",
	"quote\"'`$(id)",
	"back\\slash\\",
	"line\nline\rline",
	"tab\there\b\b",
	"\xff\xfe\xc3(",
	"cut\xe2\x82",
	"\xe2\x80\xaetxt.exe",
	"\x01\x02\x7f",
	") R 1 (x",
	"<b>&amp;",
	"%s%n%p",
	"{\"a\":1}",
	" ",
	"\xc2\x9b"
	"31m",
};
#define N (sizeof(names) / sizeof(names[0]))

static void grow(void *p)
{
	touch(region(256 * KIB), 256 * KIB);
	(void)p;
}

static void rename_and_grow(const struct actor *a, const char *name)
{
	char hex[64];
	size_t len = strnlen(name, 15);

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)name[i]);
	say("named tid=%d hex=%s", a->tid, hex);
	say("touched tid=%d anon=%lu", a->tid, 256 * KIB);
}

int main(void)
{
	static struct actor a[N];

	for (size_t i = 0; i < N; i++)
		actor_start(&a[i], names[i]);
	for (size_t i = 0; i < N; i++)
		actor_do(&a[i], grow, NULL);
	for (size_t i = 0; i < N; i++)
		rename_and_grow(&a[i], names[i]);
	checkpoint("named");
	for (size_t i = 0; i < N; i++)
		actor_end(&a[i]);
	return 0;
}
