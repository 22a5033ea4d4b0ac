/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/hidden.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <poll.h>

#include "base/text.h"
#include "bpf/abi.h"
#include "capture/kernel_btf.h"
#include "capture/sections.h"
#include "tare.skel.h"

#define STEP_MS 10

/* Load only this program, and only the maps of global variables. */
static int load_program(struct tare_bpf *skel)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, prog == skel->progs.tare_switch);
	bpf_object__for_each_map(map, skel->obj)
		bpf_map__set_autocreate(map, bpf_map__is_internal(map));
	return tare_bpf__load(skel);
}

char *hidden_name(const struct tare_hidden *found)
{
	g_autofree char *raw = g_strndup(found->comm, TARE_COMM_LEN), *comm = text_printable(raw);

	return found->tgid ? g_strdup_printf("%s (%u)%s", comm, found->tgid,
					     found->others ? " and others" : "") :
			     NULL;
}

static int find_hidden(struct tare_bpf *skel, char **who)
{
	const struct tare_hidden *found = &skel->bss->hidden;
	struct bpf_link *link = bpf_program__attach(skel->progs.tare_switch);

	if (!link)
		return -errno;
	for (int ms = 0; ms < HIDDEN_MS && !g_atomic_int_get((gint *)&found->tgid); ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
	poll(NULL, 0, STEP_MS); /* the program writes its name right after its pid */
	bpf_link__destroy(link);
	*who = hidden_name(found);
	return 0;
}

int hidden_find(const struct kernel_btf *types, char **who)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = types->path);
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	int err = sections_bind(types);
	struct tare_bpf *skel = err ? NULL : tare_bpf__open_opts(&opts);

	if (!err)
		err = skel ? load_program(skel) : -errno;
	if (!err)
		err = find_hidden(skel, who);
	tare_bpf__destroy(skel);
	libbpf_set_print(print);
	return err;
}
