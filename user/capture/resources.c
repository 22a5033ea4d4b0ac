/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/resources.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/text.h"

#define FILES_NEEDED 128 /* programs, links, maps, rings: about 80; others: files to read */
#define FILES_ENOUGH 1024

static struct rlimit files_before, files_raised;
static void (*xfsz_before)(int);
static bool prepared;

int resources_prepare(void)
{
	struct rlimit *files = &files_raised;

	if (prepared || getrlimit(RLIMIT_NOFILE, &files_before))
		return 0;
	*files = files_before;
	if (files->rlim_cur < FILES_ENOUGH)
		files->rlim_cur = MIN(files->rlim_max, FILES_ENOUGH);
	if (files->rlim_cur < FILES_NEEDED) {
		log_error("the limit of open files is %llu: tare needs %d",
			  (unsigned long long)files->rlim_cur, FILES_NEEDED);
		log_hint("ulimit -n 1024, as the user or service manager that set it lower");
		return -EMFILE;
	}
	setrlimit(RLIMIT_NOFILE, files);
	xfsz_before = signal(SIGXFSZ, SIG_IGN);
	prepared = true;
	return 0;
}

void resources_restore(void)
{
	struct rlimit files;

	if (!prepared)
		return;
	/* Not if a bench has raised it for its workloads. */
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur == files_raised.rlim_cur)
		setrlimit(RLIMIT_NOFILE, &files_before);
	signal(SIGXFSZ, xfsz_before);
}

/* "ulimit -v unlimited (it is 29.3 MiB)". */
static void hint_limit(int resource, const char *lift, bool bytes)
{
	struct rlimit limit;
	g_autofree char *now = NULL;

	if (getrlimit(resource, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return;
	now = bytes ? text_size(limit.rlim_cur) :
		      g_strdup_printf("%llu", (unsigned long long)limit.rlim_cur);
	log_hint("%s (it is %s)", lift, now);
}

void resources_hint(int err)
{
	switch (err < 0 ? -err : err) {
	case EMFILE:
		hint_limit(RLIMIT_NOFILE, "ulimit -n with more open files", false);
		break;
	case EFBIG:
		hint_limit(RLIMIT_FSIZE, "ulimit -f unlimited", true);
		break;
	case EAGAIN:
		hint_limit(RLIMIT_NPROC, "ulimit -u with more processes of this user", false);
		log_hint("fewer processes, or a higher pids.max of tare's control group");
		break;
	default: /* other errnos don't show which limit it was */
		hint_limit(RLIMIT_AS, "ulimit -v unlimited", true);
		hint_limit(RLIMIT_DATA, "ulimit -d unlimited", true);
	}
}
