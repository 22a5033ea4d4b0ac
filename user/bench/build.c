/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "base/regular.h"
#include "bench/shell.h"

#define STAMP ".built"
#define STAMP_SIZE 64 /* SHA-256 in hexadecimal */

static const struct launch_user nobody_else; /* tare's own */

static bool is_in_other_root(const struct workload *w)
{
	return !strcmp(w->root, "sid");
}

const struct launch_user *builder_runs_as(const struct builder *b, const struct workload *w)
{
	return is_in_other_root(w) ? &nobody_else : b->user;
}

/* Workloads that only run differently share one build: the first one's. */
static char *out_of(const struct builder *b, const struct workload *w)
{
	const char *id = w->id;

	for (unsigned i = 0; i < b->catalogue->workloads->len; i++) {
		const struct workload *other = b->catalogue->workloads->pdata[i];

		if (g_strcmp0(other->source, w->source) || strcmp(other->build, w->build) ||
		    strcmp(other->root, w->root))
			continue;
		id = other->id;
		break;
	}
	return g_build_filename(b->out, id, NULL);
}

static char *find_runtimes(const struct catalogue *c)
{
	g_autofree char *standard = catalogue_default(), *above = g_path_get_dirname(c->folder);
	char *path = g_build_filename(above, "runtimes", NULL);

	if (!access(path, X_OK) || !standard)
		return path;
	g_free(path);
	g_free(above);
	above = g_path_get_dirname(standard);
	return g_build_filename(above, "..", "runtimes", NULL);
}

/* It prints lines "ID ROOT there" or "ID ROOT missing: PACKAGES (the remedy)". */
static int ask_runtimes(struct builder *b)
{
	char *argv[] = { b->runtimes, "--catalogue", b->catalogue->path, "list", NULL };
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	int status = shell_run(argv, &nobody_else, b->interrupted, &text);

	if (status < 0)
		return status;
	if (status) {
		log_error("%s: %s", b->runtimes, shell_last_line(text));
		return -EIO;
	}
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *how = strstr(*line, " missing: ");
		size_t id = strcspn(*line, " ");

		if (how)
			g_hash_table_insert(b->missing, g_strndup(*line, id), g_strdup(how + 1));
	}
	return 0;
}

/* Make a directory that belongs to the user. The owner of an existing one is not changed. A
 * symbolic link is not followed: else a user could get any directory by a link to it. */
static int give_folder(int above, const char *name, const struct launch_user *user)
{
	int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (fchown(fd, user->who.uid, user->who.gid))
		err = -errno;
	close(fd);
	return err;
}

/* By descriptor, not by path: a parent directory may belong to the user, who can replace
 * entries. */
static int make_in(int above, const char *name, const struct launch_user *user)
{
	struct stat st;

	if (!mkdirat(above, name, 0755))
		return user->who.set ? give_folder(above, name, user) : 0;
	if (errno != EEXIST)
		return -errno;
	return !fstatat(above, name, &st, 0) && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int make_folder(const char *path, const struct launch_user *user)
{
	g_autofree char *above = g_path_get_dirname(path), *name = g_path_get_basename(path);
	int fd = -1, err = 0;

	if (g_mkdir_with_parents(above, 0755))
		err = -errno;
	if (!err)
		fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!err)
		err = fd < 0 ? -errno : make_in(fd, name, user);
	if (fd >= 0)
		close(fd);
	if (err)
		log_error("cannot make the directory %s: %s", path, g_strerror(-err));
	return err;
}

static char *default_out(const struct catalogue *c)
{
	g_autofree char *tree = g_build_filename(c->folder, "..", "..", NULL);
	g_autofree char *makefile = g_build_filename(tree, "Makefile", NULL);

	return access(makefile, F_OK) ? g_strdup("/var/cache/tare/workloads") :
					g_build_filename(tree, "build", "workloads", NULL);
}

int builder_open(struct builder *b, const struct catalogue *c, const char *out,
		 const struct launch_user *user, const volatile sig_atomic_t *interrupted)
{
	g_autofree char *path = out ? g_strdup(out) : default_out(c), *real = NULL;
	int err;

	*b = (struct builder){ .catalogue = c, .user = user, .interrupted = interrupted };
	b->missing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	err = make_folder(path, user);
	if (err)
		return err;
	real = realpath(path, NULL);
	b->out = g_strdup(real ? real : path);
	b->runtimes = find_runtimes(c);
	return ask_runtimes(b);
}

void builder_close(struct builder *b)
{
	g_free(b->out);
	g_free(b->runtimes);
	if (b->missing)
		g_hash_table_destroy(b->missing);
	*b = (struct builder){ 0 };
}

const char *builder_missing(const struct builder *b, const struct workload *w)
{
	return g_hash_table_lookup(b->missing, w->id);
}

/* The start of a command line: how to enter the other root, and environment variables. */
static GPtrArray *command_prefix(const struct builder *b, const struct workload *w)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	if (is_in_other_root(w)) {
		g_ptr_array_add(argv, g_strdup(b->runtimes));
		g_ptr_array_add(argv, g_strdup("enter"));
		if (b->user->who.set) {
			g_ptr_array_add(argv, g_strdup("--user"));
			g_ptr_array_add(argv, g_strdup_printf("%u:%u", b->user->who.uid,
							      b->user->who.gid));
		}
		g_ptr_array_add(argv, g_strdup("--bind"));
		g_ptr_array_add(argv, g_strdup(b->out));
		g_ptr_array_add(argv, g_strdup("--bind"));
		g_ptr_array_add(argv, g_strdup(b->catalogue->folder));
		g_ptr_array_add(argv, g_strdup("--"));
	}
	if (w->env && w->env[0])
		g_ptr_array_add(argv, g_strdup("env"));
	for (char **name = w->env; name && *name; name++)
		g_ptr_array_add(argv, g_strdup(*name));
	return argv;
}

/* Run `script` by sh -c, with {out} and {src} filled in. */
static int run_script(const struct builder *b, const struct workload *w, const char *script,
		      char **output)
{
	g_autofree char *out = out_of(b, w);
	const char *values[] = { "out", out, "src", w->source, NULL };
	GPtrArray *argv = command_prefix(b, w);
	int status;

	g_ptr_array_add(argv, g_strdup("sh"));
	g_ptr_array_add(argv, g_strdup("-c"));
	g_ptr_array_add(argv, catalogue_fill(script, values));
	g_ptr_array_add(argv, NULL);
	status = shell_run((char **)argv->pdata, builder_runs_as(b, w), b->interrupted, output);
	g_ptr_array_unref(argv);
	return status;
}

char *builder_version(const struct builder *b, const struct workload *w)
{
	g_autofree char *text = NULL;

	if (run_script(b, w, w->version, &text) || !text)
		return NULL;
	g_strchug(text);
	text[strcspn(text, "\n")] = '\0';
	g_strchomp(text);
	return *text ? g_steal_pointer(&text) : NULL;
}

static void add_file(GChecksum *sum, const char *path)
{
	g_autofree char *text = NULL;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, NULL))
		return;
	g_checksum_update(sum, (const guchar *)path, -1);
	g_checksum_update(sum, (const guchar *)text, len);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_folder(GChecksum *sum, const char *folder)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	g_ptr_array_sort(names, by_name);
	for (unsigned i = 0; i < names->len; i++)
		add_file(sum, names->pdata[i]);
}

/* Hash of all that a build depends on: the source, files that C and C++ workloads share, the build
 * command, the version of the runtime. */
static char *build_fingerprint(const struct builder *b, const struct workload *w)
{
	g_autofree char *version = builder_version(b, w);
	g_autofree char *shared = g_build_filename(b->catalogue->folder, "c-pthread/args.h", NULL);
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	char *text;

	add_folder(sum, w->source);
	add_file(sum, shared);
	g_checksum_update(sum, (const guchar *)w->build, -1);
	g_checksum_update(sum, (const guchar *)(version ? version : ""), -1);
	text = g_strdup(g_checksum_get_string(sum));
	g_checksum_free(sum);
	return text;
}

/* The user may have replaced the stamp by a pipe or a link. */
static bool has_stamp(const char *path, const char *text)
{
	char found[STAMP_SIZE + 1] = "";
	struct stat st;
	int fd = regular_open(path, &st);
	ssize_t n = fd < 0 ? -1 : read(fd, found, STAMP_SIZE);

	if (fd >= 0)
		close(fd);
	return n == STAMP_SIZE && st.st_size == STAMP_SIZE && !strcmp(found, text);
}

static void write_stamp(const char *path, const char *text)
{
	struct fileout *out;

	if (fileout_open(&out, path, NULL))
		return;
	fileout_write(out, 0, text, strlen(text));
	fileout_close(out);
}

char *builder_make(const struct builder *b, const struct workload *w)
{
	g_autofree char *out = out_of(b, w), *stamp = g_build_filename(out, STAMP, NULL);
	g_autofree char *now = NULL, *text = NULL;
	int status;

	if (!*w->build)
		return NULL;
	if (make_folder(out, b->user))
		return g_strdup("cannot make its build directory");
	now = build_fingerprint(b, w);
	if (has_stamp(stamp, now))
		return NULL;
	status = run_script(b, w, w->build, &text);
	if (status)
		return g_strdup_printf("cannot be built: %s", text ? shell_last_line(text) : "");
	write_stamp(stamp, now);
	return NULL;
}

char **builder_command(const struct builder *b, const struct workload *w, const char *const *values,
		       const char *const *more)
{
	g_autofree char *out = out_of(b, w);
	const char *places[] = { "out", out, "src", w->source, NULL };
	GPtrArray *argv = command_prefix(b, w);

	for (char **arg = w->run; *arg; arg++) {
		g_autofree char *filled = catalogue_fill(*arg, places);

		g_ptr_array_add(argv, catalogue_fill(filled, values));
	}
	for (; *more; more++)
		g_ptr_array_add(argv, g_strdup(*more));
	g_ptr_array_add(argv, NULL);
	g_ptr_array_set_free_func(argv, NULL);
	return (char **)g_ptr_array_free(argv, FALSE);
}

/* The peer prints one line (its port), and nothing more. */
static unsigned wait_for_port(int fd)
{
	FILE *out = fdopen(fd, "r");
	unsigned port = 0;
	char line[64];

	if (!out)
		return 0;
	if (fgets(line, sizeof(line), out) && sscanf(line, "listening %u", &port) != 1)
		port = 0;
	fclose(out);
	return port;
}

static const struct workload peer_workload = {
	.id = "peer",
	.root = "bookworm",
	.build = "gcc -O2 -o {out}/peer {src}/main.c",
	.version = "gcc --version",
};

int builder_peer_start(const struct builder *b, pid_t *pid, char **address)
{
	struct workload w = peer_workload;
	g_autofree char *out = out_of(b, &w), *program = g_build_filename(out, "peer", NULL);
	g_autofree char *source = g_build_filename(b->catalogue->folder, "peer", NULL), *why = NULL;
	char *argv[] = { program, NULL };
	struct launch_config config = { .argv = argv, .redirect = true, .kill_on_exit = true };
	int fd[2], null, err;
	struct launch l;
	unsigned port;

	w.source = source;
	why = builder_make(b, &w);
	if (why || pipe2(fd, O_CLOEXEC)) {
		log_error("the peer for connecting workloads: %s", why ? why : g_strerror(errno));
		return -EIO;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	config.stdio[0] = config.stdio[2] = null;
	config.stdio[1] = fd[1];
	err = launch_start(&config, b->user, &l);
	close(null);
	close(fd[1]);
	err = err ?: launch_go(&l, program);
	if (err) {
		close(fd[0]);
		return err;
	}
	port = wait_for_port(fd[0]);
	if (!port) {
		log_error("the peer for connecting workloads does not listen");
		launch_abandon(&l);
		return -EIO;
	}
	*pid = l.pid;
	launch_close(&l);
	*address = g_strdup_printf("127.0.0.1:%u", port);
	return 0;
}

void builder_peer_end(pid_t pid)
{
	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
