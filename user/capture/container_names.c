/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/container_names.h"

#include <dirent.h>
#include <glib.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/regular.h"
#include "base/text.h"

#define FILE_MOST (1 << 20) /* bytes of a file that is read; config.json has some 10 KiB */
#define NAME_MOST 253       /* bytes of a name: the longest of Kubernetes */
#define ENTRIES_MOST 20000  /* of a directory that are looked at */

void container_names_clear(struct container_names *n)
{
	g_free(n->container);
	g_free(n->pod);
	g_free(n->namespace);
	*n = (struct container_names){ .pod = NULL };
}

static void set(char **field, const char *value, size_t len)
{
	g_autofree char *cut = NULL;

	if (*field || !value || !len)
		return;
	cut = g_strndup(value, MIN(len, NAME_MOST));
	*field = text_printable(cut);
}

static void set_json(char **field, const json_t *in, const char *key)
{
	const char *value = json_string_value(json_object_get(in, key));

	if (value)
		set(field, value, strlen(value));
}

static json_t *read_json(const char *path)
{
	g_autofree char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t got;
	json_t *json = NULL;
	int fd = regular_open(path, &st);

	if (fd < 0)
		return NULL;
	if (st.st_size <= FILE_MOST) {
		text = g_malloc(FILE_MOST);
		while (len < FILE_MOST && (got = read(fd, text + len, FILE_MOST - len)) > 0)
			len += (size_t)got;
		json = json_loadb(text, len, 0, NULL);
	}
	close(fd);
	return json;
}

/* Labels or annotations of Kubernetes: those of docker and CRI-O, those of containerd. */
static void take_annotations(struct container_names *n, const json_t *all)
{
	set_json(&n->container, all, "io.kubernetes.container.name");
	set_json(&n->container, all, "io.kubernetes.cri.container-name");
	set_json(&n->pod, all, "io.kubernetes.pod.name");
	set_json(&n->pod, all, "io.kubernetes.cri.sandbox-name");
	set_json(&n->namespace, all, "io.kubernetes.pod.namespace");
	set_json(&n->namespace, all, "io.kubernetes.cri.sandbox-namespace");
}

/* An OCI bundle's config.json. */
static void take_bundle(struct container_names *n, const json_t *json, const char *id)
{
	(void)id;
	take_annotations(n, json_object_get(json, "annotations"));
}

/* docker's config.v2.json: names begin with a slash. */
static void take_docker(struct container_names *n, const json_t *json, const char *id)
{
	const char *name = json_string_value(json_object_get(json, "Name"));

	(void)id;
	take_annotations(n, json_object_get(json_object_get(json, "Config"), "Labels"));
	if (name && *name == '/')
		set(&n->container, name + 1, strlen(name + 1));
}

/* podman's and CRI-O's list of all containers. */
static void take_storage(struct container_names *n, const json_t *json, const char *id)
{
	const char *name, *its;
	const json_t *one;
	size_t i;

	json_array_foreach(json, i, one)
	{
		its = json_string_value(json_object_get(one, "id"));
		name = json_string_value(json_array_get(json_object_get(one, "names"), 0));
		if (its && name && !strcmp(its, id))
			set(&n->container, name, strlen(name));
	}
}

static const struct source {
	const char *before, *after; /* the path, around the id; `after` NULL: without it */
	void (*take)(struct container_names *n, const json_t *json, const char *id);
} sources[] = {
	{ "/run/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json", take_bundle },
	{ "/run/containers/storage/overlay-containers/", "/userdata/config.json", take_bundle },
	{ "/var/lib/containers/storage/overlay-containers/", "/userdata/config.json", take_bundle },
	{ "/var/lib/docker/containers/", "/config.v2.json", take_docker },
	{ "/var/lib/containers/storage/overlay-containers/containers.json", NULL, take_storage },
};

/* "NAMESPACE_POD_UID" in /var/log/pods: neither name has an underscore. */
static void take_pod_folder(struct container_names *n, const char *name, size_t uid_len)
{
	const char *end = name + strlen(name) - uid_len - 1, *pod = strchr(name, '_');

	if (!pod || pod >= end || *end != '_')
		return;
	set(&n->namespace, name, (size_t)(pod - name));
	set(&n->pod, pod + 1, (size_t)(end - pod - 1));
}

static void look_at_logs(struct container_names *n, const char *root, const char *pod)
{
	g_autofree char *folder = g_strconcat(root, "/var/log/pods", NULL);
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	for (int i = 0; dir && i < ENTRIES_MOST && (entry = readdir(dir)); i++)
		if (g_str_has_suffix(entry->d_name, pod) && strlen(entry->d_name) > strlen(pod))
			take_pod_folder(n, entry->d_name, strlen(pod));
	if (dir)
		closedir(dir);
}

void container_names_read(struct container_names *n, const char *root, const char *id,
			  const char *pod)
{
	*n = (struct container_names){ .pod = NULL };
	for (unsigned i = 0; id && i < G_N_ELEMENTS(sources) && !n->container; i++) {
		const struct source *s = &sources[i];
		g_autofree char *path =
			g_strconcat(root, s->before, s->after ? id : NULL, s->after, NULL);
		json_t *json = read_json(path);

		if (json)
			s->take(n, json, id);
		json_decref(json);
	}
	if (pod && !n->pod)
		look_at_logs(n, root, pod);
}
