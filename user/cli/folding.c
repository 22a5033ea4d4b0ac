/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/folding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/regular.h"

#define FILE_MOST (1 << 20)

static char *read_text(const char *path)
{
	struct stat st;
	int fd = regular_open(path, &st);
	g_autofree char *text = NULL;
	ssize_t n;

	if (fd < 0) {
		log_error("cannot read %s: %s", path, strerror(-fd));
		return NULL;
	}
	text = g_malloc(FILE_MOST + 1);
	n = st.st_size > FILE_MOST ? -1 : pread(fd, text, FILE_MOST, 0);
	close(fd);
	if (n < 0) {
		log_error("cannot read %s: larger than 1 MiB, or not readable", path);
		return NULL;
	}
	text[n] = '\0';
	return g_steal_pointer(&text);
}

int folding_read(struct folding *f)
{
	const char *path = f->file ?: getenv("TARE_FOLD");
	g_autofree char *text = NULL;
	unsigned line;

	if (!f->rules)
		f->rules = frame_rules_new();
	if (!path || !*path)
		return 0;
	text = read_text(path);
	if (!text)
		return -EINVAL;
	line = frame_rules_add(f->rules, text);
	if (!line)
		return 0;
	log_error("%s:%u: not a rule", path, line);
	log_hint("a rule is LABEL MODULE FUNCTION, for example: malloc libmine.so* my_alloc*");
	return -EINVAL;
}

void folding_apply(const struct folding *f, struct report *r)
{
	if (r->profile && f->rules)
		frame_rules_apply(f->rules, r->profile, f->none);
}
