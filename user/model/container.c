/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/container.h"

#include <glib.h>
#include <string.h>

#include "base/text.h"

#define ID_LEAST 32 /* digits of an id: 64 of OCI containers; 32 of ECS tasks and older ones */
#define ID_SHORT 12

static const char hex[] = "0123456789abcdef";

/* Runtimes that put a prefix and a dash before the id. Their monitors (crio-conmon-…,
 * libpod-conmon-…) are no containers: what follows the prefix is no id. */
static const struct {
	const char *prefix, *runtime;
} prefixes[] = {
	{ "docker-", "docker" }, { "cri-containerd-", "containerd" }, { "crio-", "cri-o" },
	{ "libpod-", "podman" }, { "nerdctl-", "containerd" },
};

/* Names of the group above containers whose own name is their id. */
static const struct {
	const char *above, *runtime;
} parents[] = {
	{ "docker", "docker" }, { "libpod_parent", "podman" }, { "k8s.io", "containerd" },
	{ "moby", "docker" },   { "default", "containerd" },   { "actions_job", "docker" },
};

char *container_unescape(const char *name)
{
	GString *out = g_string_sized_new(strlen(name));

	for (const char *s = name; *s; s++) {
		int high = s[0] == '\\' && s[1] == 'x' ? g_ascii_xdigit_value(s[2]) : -1;
		int low = high >= 0 ? g_ascii_xdigit_value(s[3]) : -1;
		int c = low >= 0 ? high << 4 | low : 0;

		if (c >= ' ' && c < 0x7f && c != '/') {
			g_string_append_c(out, (char)c);
			s += 3;
		} else {
			g_string_append_c(out, *s);
		}
	}
	return g_string_free(out, FALSE);
}

/* Is it an id, until its end or `.scope`? Returns its digits; 0: it is none. */
static size_t id_digits(const char *word)
{
	size_t n = strspn(word, hex);

	return n >= ID_LEAST && n <= 64 && (!word[n] || !strcmp(word + n, ".scope")) ? n : 0;
}

static void replace(char **field, char *value)
{
	g_free(*field);
	*field = value;
}

static void set_id(struct container *c, const char *runtime, const char *id, size_t digits)
{
	c->runtime = runtime;
	replace(&c->id, g_strndup(id, digits));
	g_clear_pointer(&c->name, g_free);
}

static void set_name(struct container *c, const char *runtime, char *name)
{
	c->runtime = runtime;
	replace(&c->name, name);
	g_clear_pointer(&c->id, g_free);
}

/* "docker-0123….scope", "libpod-0123…", "kubepods-….slice:cri-containerd:0123…" */
static bool take_prefixed(struct container *c, const char *word)
{
	const char *colon = strrchr(word, ':');

	for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		const char *prefix = prefixes[i].prefix, *id = NULL;
		size_t n = strlen(prefix), digits;

		if (g_str_has_prefix(word, prefix))
			id = word + n;
		else if (colon && (size_t)(colon - word) >= n - 1 &&
			 !strncmp(colon - (n - 1), prefix, n - 1))
			id = colon + 1;
		digits = id ? id_digits(id) : 0;
		if (!digits)
			continue;
		set_id(c, prefixes[i].runtime, id, digits);
		return true;
	}
	return false;
}

/* A group whose whole name is an id: what is above it tells the runtime. Docker and containerd look
 * the same below the groups of kubepods, so neither is claimed there. */
static bool take_bare_id(struct container *c, const char *word, const char *above)
{
	size_t digits = id_digits(word);
	const char *runtime = "oci";

	if (!digits || word[digits])
		return false;
	for (unsigned i = 0; !c->pod && above && i < G_N_ELEMENTS(parents); i++)
		if (!strcmp(above, parents[i].above))
			runtime = parents[i].runtime;
	set_id(c, runtime, word, digits);
	return true;
}

static bool is_plain(const char *name, size_t n)
{
	return n && n <= 128 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_.") >= n;
}

static bool take_lxc(struct container *c, const char *word, const char *above)
{
	static const char payload[] = "lxc.payload.";
	const char *name = NULL;

	if (g_str_has_prefix(word, payload))
		name = word + strlen(payload);
	else if (above && (!strcmp(above, "lxc") || !strcmp(above, "lxc.payload")))
		name = word;
	if (!name || !is_plain(name, strlen(name)))
		return false;
	set_name(c, "lxc", g_strdup(name));
	return true;
}

/* systemd-machined's scopes (nspawn, libvirt), and nspawn's own services. */
static bool take_machine(struct container *c, const char *word)
{
	static const char machine[] = "machine-", nspawn[] = "systemd-nspawn@";
	const char *runtime = "nspawn", *end;
	g_autofree char *inner = NULL, *name = NULL;

	if (g_str_has_prefix(word, machine) && g_str_has_suffix(word, ".scope"))
		inner = g_strndup(word + strlen(machine), strlen(word) - strlen(machine) - 6);
	else if (g_str_has_prefix(word, nspawn) && (end = strstr(word, ".service")) && !end[8])
		inner = g_strndup(word + strlen(nspawn), end - word - strlen(nspawn));
	if (!inner || !*inner)
		return false;
	name = container_unescape(inner);
	if (g_str_has_prefix(name, "qemu-") || g_str_has_prefix(name, "lxc-"))
		runtime = "libvirt";
	set_name(c, runtime, text_printable(name)); /* an accent may follow the prefix */
	return true;
}

/* A pod's uid as Kubernetes has it: 8-4-4-4-12 digits, or 32 without dashes (static pods). */
static char *pod_uid(const char *text, size_t n)
{
	g_autofree char *uid = g_strndup(text, n);

	g_strdelimit(uid, "_", '-');
	if (n == 32 && strspn(uid, hex) == n)
		return g_steal_pointer(&uid);
	if (n != 36 || strspn(uid, "0123456789abcdef-") != n || uid[8] != '-' || uid[13] != '-' ||
	    uid[18] != '-' || uid[23] != '-')
		return NULL;
	return g_steal_pointer(&uid);
}

/* "kubepods-burstable-pod0123_….slice", with or without ":cri-containerd:…" after it; "pod0123-…"
 * below kubepods; "machine-libpod_pod_0123….slice". */
static bool take_pod(struct container *c, const char *word, bool below_kubepods)
{
	static const char podman[] = "machine-libpod_pod_";
	const char *pod = NULL, *end;
	char *uid = NULL;
	size_t n;

	if (g_str_has_prefix(word, podman)) {
		n = strspn(word + strlen(podman), hex);
		if (n >= ID_LEAST && n <= 64)
			uid = g_strndup(word + strlen(podman), n);
	} else if (g_str_has_prefix(word, "kubepods") || strstr(word, "-kubepods")) {
		for (const char *at = word; (at = strstr(at, "-pod")); at += 4)
			pod = at + 4;
		end = pod ? strstr(pod, ".slice") : NULL;
		uid = end ? pod_uid(pod, end - pod) : NULL;
	} else if (below_kubepods && g_str_has_prefix(word, "pod")) {
		uid = pod_uid(word + 3, strlen(word) - 3);
	}
	if (uid)
		replace(&c->pod, uid);
	return uid;
}

static bool is_unit(const char *word)
{
	static const char *const suffixes[] = { ".service", ".scope",  ".mount",
						".swap",    ".socket", ".session" };

	for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++)
		if (g_str_has_suffix(word, suffixes[i]) && strlen(word) > strlen(suffixes[i]))
			return true;
	return false;
}

/* "user@1000.service", "user-1000.slice" */
static void take_user(struct container *c, const char *word)
{
	const char *number = NULL;
	size_t n;

	if (g_str_has_prefix(word, "user@") || g_str_has_prefix(word, "user-"))
		number = word + 5;
	n = number ? strspn(number, "0123456789") : 0;
	if (n && n <= 10 && (!strcmp(number + n, ".service") || !strcmp(number + n, ".slice")))
		replace(&c->user, g_strndup(number, n));
}

/* "snap.firefox.firefox-0123….scope", "snap.lxd.daemon.service" */
static void take_snap(struct container *c, const char *word)
{
	const char *name = word + strlen("snap."), *dot;

	if (!g_str_has_prefix(word, "snap."))
		return;
	dot = strchr(name, '.');
	if (dot && is_plain(name, dot - name))
		replace(&c->snap, g_strndup(name, dot - name));
}

static void take_word(struct container *c, const char *word, const char *above, bool below_kubepods)
{
	bool container, pod = take_pod(c, word, below_kubepods);

	take_user(c, word);
	take_snap(c, word);
	container = take_prefixed(c, word) || take_bare_id(c, word, above) ||
		    take_lxc(c, word, above) || take_machine(c, word);
	/* Another unit inside of a container is named; the container's own scope is not. */
	if (container)
		g_clear_pointer(&c->unit, g_free);
	else if (is_unit(word))
		replace(&c->unit, container_unescape(word));
	else if (g_str_has_suffix(word, ".slice") && !pod)
		replace(&c->slice, container_unescape(word));
}

/* The names of a path, bounded, and each printable: users choose names of control groups, too. */
static char **words_of(const char *cgroup, unsigned *first, unsigned *n)
{
	g_autofree char *cut = g_strndup(cgroup ? cgroup : "", CONTAINER_PATH);
	char **words = g_strsplit(cut, "/", -1);

	*n = g_strv_length(words);
	*first = *n > CONTAINER_DEPTH ? *n - CONTAINER_DEPTH : 0;
	for (unsigned i = 0; i < *n; i++)
		replace(&words[i], text_printable(words[i]));
	return words;
}

void container_of(struct container *c, const char *cgroup)
{
	unsigned first, n;
	g_auto(GStrv) words = words_of(cgroup, &first, &n);
	bool kubepods = false;

	*c = (struct container){ .runtime = NULL };
	for (unsigned i = first; i < n; i++) {
		take_word(c, words[i], i > first ? words[i - 1] : NULL, kubepods);
		kubepods |= g_str_has_prefix(words[i], "kubepods");
	}
}

void container_clear(struct container *c)
{
	g_free(c->id);
	g_free(c->name);
	g_free(c->pod);
	g_free(c->unit);
	g_free(c->slice);
	g_free(c->user);
	g_free(c->snap);
	*c = (struct container){ .runtime = NULL };
}

char *container_title(const char *cgroup)
{
	struct container c;
	unsigned first, n;
	g_auto(GStrv) words = words_of(cgroup, &first, &n);
	char *title;

	container_of(&c, cgroup);
	if (c.unit) /* inside of a container, if there is one */
		title = g_strdup(c.unit);
	else if (c.id)
		title = g_strdup_printf("%s:%.*s", c.runtime, ID_SHORT, c.id);
	else if (c.name)
		title = g_strdup_printf("%s:%s", c.runtime, c.name);
	else
		title = g_strdup(n ? words[n - 1] : "");
	container_clear(&c);
	return title;
}
