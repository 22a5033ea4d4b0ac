/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Texts of /proc and of control groups, which contain names that any user can choose.
 */
/* runs: 70000 */
#include "base/proc.h"
#include "base/text.h"
#include "capture/cgroup.h"
#include "capture/cgroup_path.h"
#include "capture/cgroup_tree.h"
#include "capture/mounts.h"
#include "capture/slab.h"
#include "model/report.h"
#include "symbol/kernel.h"
#include "tests/fuzz/fuzz.h"

static void maps(char *text)
{
	FILE *f = fmemopen(text, MAX(strlen(text), 1), "r");
	char line[PROC_LINE];
	struct proc_map m;

	while (f && proc_line(f, line)) {
		must(strlen(line) < PROC_LINE);
		if (!proc_map_parse(line, &m))
			continue;
		must(m.start < m.end);
		must(m.path >= line && m.path <= line + strlen(line));
	}
	if (f)
		fclose(f);
}

static void mounts(const char *text, const char *name)
{
	g_autofree char *point = mounts_find(text, "cgroup", "memory");
	g_autofree char *other = mounts_find(text, name, NULL);
	g_autofree char *root = cgroup_mount_root(text, point ? point : name);
	g_autofree char *path = cgroup_path_of(text, "memory");
	g_autofree char *unified = cgroup_path_of(text, NULL);
	g_autofree char *common = cgroup_common(text, name);
	const char *top = root ? root : name, *of = path ? path : name;
	const char *below = cgroup_below(of, top);
	g_autofree char *folder = cgroup_folder("/m", top, of);
	struct cgroup_mount mount = { 1, (char *)"/m", (char *)top, NULL };

	must(!below || !*below || *below == '/');
	/* No path leads out of the mount point: it is never below /m by ".." alone. */
	must(!folder || (g_str_has_prefix(folder, "/m") && !g_str_has_prefix(folder, "/m/../")));
	if (folder) {
		g_autofree char *back = cgroup_path(&mount, folder);

		must(back);
	}
}

static void names(const char *text)
{
	g_autofree char *safe = text_printable(text), *fit = text_fit(safe, 20);
	pid_t pid;
	uint64_t start, n;

	must(g_utf8_validate(safe, -1, NULL));
	for (const char *c = safe; *c; c++)
		must((unsigned char)*c >= ' ' && *c != 127);
	must(text_width(fit) <= 20);
	if (cgroup_name_parse(text, &pid, &start)) {
		must(pid > 0);
		must(!strchr(text, '/'));
	}
	if (!text_parse_size(text, &n))
		must(*text);
	if (!text_parse_duration(text, &n))
		must(*text);
}

static void slabs(const char *text)
{
	GHashTable *caches = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTableIter iter;
	gpointer value;

	slab_parse(text, caches);
	g_hash_table_iter_init(&iter, caches);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		g_free(((struct report_slab *)value)->name);
		g_free(value);
	}
	g_hash_table_unref(caches);
}

static void kernel(const char *text)
{
	static const uint64_t at[] = { UINT64_MAX, 0, 0x1000, 0xffffffff81000000 };
	static char *path;
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct kernel *k = kernel_new();

	if (!path)
		path = file_named("kallsyms");
	must(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	for (int times = 0; times < 2; times++) { /* also caches that are known already */
		g_array_set_size(addresses, 0);
		g_array_append_vals(addresses, at, G_N_ELEMENTS(at));
		kernel_learn(k, path, addresses);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(at); i++) {
		const char *name = kernel_name(k, at[i]);

		must(!name || *name);
	}
	kernel_free(k);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	g_autofree char *name = input_text(&in, smaller(input_number(&in, 1), 64));
	g_autofree char *text = input_text(&in, in.left);
	struct proc_stat stat;

	proc_stat_parse(text, &stat);
	maps(text); /* it cuts lines, but in its own copies */
	mounts(text, name);
	names(name);
	names(text);
	slabs(text);
	must(cgroup_stat_value(text, "sock") >= 0 ||
	     cgroup_stat_value(text, "sock") == CGROUP_UNKNOWN);
	if (size && data[0] & 1)
		kernel(text);
	return 0;
}
