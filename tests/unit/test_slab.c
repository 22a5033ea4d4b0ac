/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reading /proc/slabinfo.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <unistd.h>

#include "capture/slab.h"
#include "model/report.h"

static const char text[] =
	"slabinfo - version: 2.1\n"
	"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n"
	"io_kiocb          999990 1000000    256   16    1 : tunables    0    0    0 : slabdata  "
	"62500  62500      0\n"
	"kmalloc-cg-4k         12     16   4096    8    8 : tunables    0    0    0 : slabdata"
	"      2      2      0\n"
	"half               1 2 3\n"
	"a-name-that-is-far-too-long-for-any-cache-of-the-kernel-and-goes-on-and-on 1 1 1 1 1 : "
	"tunables 0 0 0 : slabdata 1 1 0\n"
	"\n";

static void cache_free(gpointer p)
{
	g_free(((struct report_slab *)p)->name);
	g_free(p);
}

static void slabinfo_is_parsed(void **state)
{
	g_autoptr(GHashTable)
		caches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, cache_free);
	const struct report_slab *s;

	(void)state;
	slab_parse(text, caches);
	assert_int_equal(g_hash_table_size(caches), 2);
	s = g_hash_table_lookup(caches, "io_kiocb");
	assert_non_null(s);
	assert_int_equal(s->object_size, 256);
	assert_int_equal(s->objects, 999990);
	assert_int_equal(s->bytes, 62500LL * sysconf(_SC_PAGESIZE));
	s = g_hash_table_lookup(caches, "kmalloc-cg-4k");
	assert_int_equal(s->bytes, 16LL * sysconf(_SC_PAGESIZE));
}

static void empty_slabinfo_is_harmless(void **state)
{
	g_autoptr(GHashTable)
		caches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, cache_free);

	(void)state;
	slab_parse("", caches);
	slab_parse("slabinfo - version: 2.1", caches);
	assert_int_equal(g_hash_table_size(caches), 0);
	slab_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slabinfo_is_parsed),
		cmocka_unit_test(empty_slabinfo_is_harmless),
	};

	return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
