/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tare agent reads: its configuration, messages by varlink, paths of control groups, files of
 * containers, headers of requests; and the
 * causes of memory, of which a workload has as many as it likes. The first character chooses.
 */
/* runs: 20000 */
#include "agent/config.h"
#include "agent/varlink.h"
#include "base/text.h"
#include "capture/container_names.h"
#include "model/container.h"
#include "model/groups_impl.h"
#include "output/metrics/metrics.h"
#include "tests/fuzz/fuzz.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const files[] = {
	"/var/lib/docker/containers/" ID "/config.v2.json",
	"/run/containers/storage/overlay-containers/" ID "/userdata/config.json",
	"/var/lib/containers/storage/overlay-containers/containers.json",
};
static char *root;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	root = file_named("root");
	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_strconcat(root, files[i], NULL);
		g_autofree char *folder = g_path_get_dirname(path);

		must(!g_mkdir_with_parents(folder, 0755));
	}
	return 0;
}

static void is_printable(const char *text)
{
	g_autofree char *same = text_printable(text);

	must(!text || !strcmp(text, same));
}

static void config(const char *text)
{
	struct agent_config *c = agent_config_parse("agent.conf", text);

	if (!c)
		return;
	must(c->listen->len <= AGENT_LISTENERS);
	must(c->groups >= 1 && c->groups <= 10000 && c->names >= 1 && c->names <= 1000);
	must(c->memory >= 64 << 20 && c->connections >= 1 && c->connections <= 1000);
	agent_config_free(c);
}

static void varlink(const char *text, size_t len)
{
	g_autoptr(GString) reply = g_string_new(NULL);
	g_autofree char *cgroup = NULL;

	if (varlink_call(text, len, reply, &cgroup))
		must(!reply->len && !cgroup);
	must(!reply->len || !reply->str[reply->len - 1]);
	must(!cgroup || (*cgroup == '/' && !strstr(cgroup, "/../")));
}

static void path(const char *text)
{
	g_autofree char *title = container_title(text);
	struct container c;

	container_of(&c, text);
	is_printable(title);
	is_printable(c.id);
	is_printable(c.name);
	is_printable(c.pod);
	is_printable(c.unit);
	is_printable(c.slice);
	is_printable(c.user);
	is_printable(c.snap);
	must(!c.id || (strlen(c.id) <= 64 && !strchr(c.id, '.') && !strchr(c.id, '/')));
	container_clear(&c);
}

static void container(unsigned which, const char *text, size_t len)
{
	g_autofree char *file = g_strconcat(root, files[which % G_N_ELEMENTS(files)], NULL);
	struct container_names n;

	must(g_file_set_contents_full(file, text, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0644,
				      NULL));
	container_names_read(&n, root, ID, NULL);
	is_printable(n.container);
	is_printable(n.pod);
	is_printable(n.namespace);
	container_names_clear(&n);
	unlink(file);
}

static void headers(const char *text)
{
	must(metrics_choose(text) < METRICS_FORMATS);
	metrics_wants_gzip(text);
}

/* Causes are bytes of the input: many, and the same again. */
static void causes(struct input in)
{
	struct groups_counts c = { .flows = 0 };
	uint64_t sum = 0;

	while (in.left) {
		uint32_t cause = (uint32_t)input_number(&in, 1);

		groups_flow_add(&c, cause, cause + 1, 0);
		sum += cause + 1;
	}
	must(c.flows <= GROUPS_CAUSES && groups_in(&c) == sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	char what = (char)input_number(&in, 1);
	unsigned which = what == 'j' ? (unsigned)input_number(&in, 1) : 0;
	struct input rest = in;
	size_t len = smaller(in.left, 16384);
	g_autofree char *text = input_text(&in, len);

	if (what == 'c')
		config(text);
	else if (what == 'v')
		varlink(text, len);
	else if (what == 'p')
		path(text);
	else if (what == 'j')
		container(which, text, len);
	else if (what == 'a')
		headers(text);
	else
		causes(rest);
	return 0;
}
