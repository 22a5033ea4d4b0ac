/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/choices.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "base/owner.h"
#include "cli/complete.h"
#include "cli/optspec.h"

int choice_format(const char *value, const struct format **format)
{
	g_autofree char *names = NULL;

	*format = format_named(value);
	if (*format)
		return 0;
	names = format_names();
	return optspec_bad("format", value, names);
}

/* From the last dot of the file's name on. NULL: none; a dot at the start begins no suffix. */
static const char *suffix_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot > name && dot[1] ? dot : NULL;
}

int choice_refuse_suffix(const char *path, const char *known, const char *hint)
{
	const char *suffix = suffix_of(path);

	if (!suffix)
		return 0;
	log_error("-o %s: %s is not a known suffix: %s", path, suffix, known);
	log_hint("%s", hint);
	return -EINVAL;
}

int choice_format_of_file(const char *path, const struct format **format)
{
	g_autoptr(GString) known = g_string_new(NULL);

	*format = format_of_file(path);
	if (*format)
		return 0;
	for (const struct format *f = formats; f->name; f++)
		if (f->suffix)
			g_string_append_printf(known, "%s%s (%s)", known->len ? ", " : "",
					       f->suffix, f->name);
	return choice_refuse_suffix(path, known->str, "--format FORMAT, for any file name");
}

int choice_sample_type(const char *value, enum sample_type *sample_type)
{
	for (int i = 0; i < SAMPLE_TYPES_ALL; i++)
		if (!strcmp(value, sample_type_name[i])) {
			*sample_type = i;
			return 0;
		}
	return optspec_bad("sample-type", value,
			   "grown, live-peak, live-end, virtual or untouched");
}

int choice_threads(const char *value, bool *all)
{
	if (strcmp(value, "all") && strcmp(value, "grouped"))
		return optspec_bad("threads", value, "all or grouped");
	*all = !strcmp(value, "all");
	return 0;
}

static int section_named(const char *name)
{
	for (int i = 0; i < TABLE_SECTIONS; i++)
		if (!strcmp(name, table_section_name[i]))
			return i;
	return -1;
}

int choice_show(const char *value, unsigned *show)
{
	g_auto(GStrv) names = g_strsplit(value, ",", -1);
	g_autoptr(GString) known = g_string_new(NULL);

	for (int i = 0; i < TABLE_SECTIONS; i++)
		g_string_append_printf(known, "%s%s",
				       !i                      ? "" :
				       i + 1 == TABLE_SECTIONS ? " or " :
								 ", ",
				       table_section_name[i]);
	for (char **name = names; *name || name == names; name++) {
		int section = *name ? section_named(*name) : -1;

		if (section < 0)
			return optspec_bad("show", *name ?: value, known->str);
		*show |= 1u << section;
	}
	return 0;
}

bool choice_values(struct complete *c, const struct optspec *s)
{
	if (!s)
		return false;
	if (!strcmp(s->name, "format"))
		for (const struct format *f = formats; f->name; f++)
			complete_word(c, f->name, f->suffix);
	else if (!strcmp(s->name, "sample-type"))
		for (int i = 0; i < SAMPLE_TYPES_ALL; i++)
			complete_word(c, sample_type_name[i], NULL);
	else if (!strcmp(s->name, "show"))
		for (int i = 0; i < TABLE_SECTIONS; i++)
			complete_word(c, table_section_name[i], NULL);
	else
		return false;
	return true;
}

void choice_table(struct table_style *style, unsigned show, bool all_threads)
{
	style->all_threads = all_threads;
	style->show = !show && all_threads ? TABLE_ALL : show;
}

int choice_html(const char *other_way)
{
	if (html_built())
		return 0;
	log_error("this tare has no HTML pages: it was built without node and npm");
	log_hint("%s", other_way);
	log_hint("install node and npm and rebuild, or build from a source archive (make dist)");
	return -ENOTSUP;
}

void choice_warn(const struct report *r, const struct format *format, enum sample_type sample_type)
{
	const struct profile *p = r->profile;

	if (!p || !format->stacks)
		return;
	if (sample_type == SAMPLE_TYPE_VIRTUAL && p->virtual_why)
		log_warn("address space is not measured: %s", p->virtual_why);
	if (sample_type == SAMPLE_TYPE_UNTOUCHED && p->untouched_why)
		log_warn("untouched memory is not measured: %s", p->untouched_why);
	if (p->lost.samples)
		log_warn("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			 " samples were lost: the buffer was full; try a larger --period",
			 p->lost.samples, p->lost.samples + p->samples);
	if (p->lost.vma_changes)
		log_warn("%" G_GUINT64_FORMAT " changes of mappings were lost: the buffer was "
			 "full; names and live sample types may be wrong",
			 p->lost.vma_changes);
}

int choice_output(struct fileout **out, const char *path)
{
	struct owner caller;
	const char *wrong;

	if (!path)
		return 0;
	/* The file belongs to sudo's caller, whichever user the workload runs as. Wrong SUDO_
	 * variables are no error here: launch_user() reports them. */
	owner_by_sudo(&caller, &wrong);
	return fileout_open(out, path, &caller);
}

/* Why a report can't be written to the descriptor; NULL: it can. */
static const char *why_not_descriptor(int fd)
{
	struct pollfd ask = { .fd = fd };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return "an open descriptor";
	if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH))
		return "open for writing";
	if (poll(&ask, 1, 0) == 1 && (ask.revents & POLLERR))
		return "read by anybody";
	return NULL;
}

int choice_descriptor(struct fileout **out, const char *value)
{
	g_autofree char *path = g_strdup_printf("/dev/fd/%s", value);
	const char *why;
	guint64 fd;

	if (!g_ascii_string_to_unsigned(value, 10, 1, G_MAXINT, &fd, NULL) || fd == STDERR_FILENO)
		return optspec_bad("fd-report", value,
				   "the number of a descriptor: 1, or 3 and above");
	why = why_not_descriptor((int)fd);
	if (why)
		return optspec_bad("fd-report", value, why);
	fileout_close(*out);
	*out = NULL;
	return fileout_open(out, path, NULL) ? -EINVAL : 0;
}

int choice_deliver(const struct fileout *out, const char *text, size_t len)
{
	if (!out)
		return fwrite(text, 1, len, stdout) == len ? 0 : -EIO;
	return fileout_write(out, 0, text, len);
}
