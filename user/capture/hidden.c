/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/hidden.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <poll.h>

#include "bpf/abi.h"
#include "tare.skel.h"

#define STEP_MS 10

/* The one program, and no map but its globals. */
static struct tare_bpf *load(void)
{
	struct tare_bpf *skel = tare_bpf__open();
	struct bpf_program *prog;
	struct bpf_map *map;

	if (!skel)
		return NULL;
	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, prog == skel->progs.tare_switch);
	bpf_object__for_each_map(map, skel->obj)
		bpf_map__set_autocreate(map, bpf_map__is_internal(map));
	if (!tare_bpf__load(skel))
		return skel;
	tare_bpf__destroy(skel);
	return NULL;
}

static int look(struct tare_bpf *skel, char **who)
{
	const struct tare_hidden *found = &skel->bss->hidden;
	struct bpf_link *link = bpf_program__attach(skel->progs.tare_switch);

	if (!link)
		return -errno;
	for (int ms = 0; ms < HIDDEN_MS && !g_atomic_int_get((gint *)&found->tgid); ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
	bpf_link__destroy(link); /* waits for programs that still run */
	if (found->tgid)
		*who = g_strdup_printf("%.*s (%u)%s", TARE_COMM_LEN, found->comm, found->tgid,
				       found->others ? " and others" : "");
	return 0;
}

int hidden_find(char **who)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	struct tare_bpf *skel = load();
	int err = skel ? look(skel, who) : -errno;

	tare_bpf__destroy(skel);
	libbpf_set_print(print);
	return err;
}
