/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names of containers and pods from the files of each runtime, and from files that are no such.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/container_names.h"

#define ID "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define POD "31dd4a9c-98a5-4a7c-9b4f-0f2f2f3d7c11"

static char *root;

static int setup(void **state)
{
	(void)state;
	root = g_dir_make_tmp("tare-names-XXXXXX", NULL);
	return root ? 0 : -1;
}

static int teardown(void **state)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", root);

	(void)state;
	g_free(root);
	return system(command);
}

static char *make(const char *path)
{
	char *whole = g_strconcat(root, path, NULL);
	g_autofree char *folder = g_path_get_dirname(whole);

	assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
	return whole;
}

static void file(const char *path, const char *text)
{
	g_autofree char *whole = make(path);

	assert_true(g_file_set_contents(whole, text, -1, NULL));
}

static void is(const char *pod_uid, const char *container, const char *pod, const char *namespace)
{
	struct container_names n;

	container_names_read(&n, root, ID, pod_uid);
	assert_int_equal(g_strcmp0(n.container, container), 0);
	assert_int_equal(g_strcmp0(n.pod, pod), 0);
	assert_int_equal(g_strcmp0(n.namespace, namespace), 0);
	container_names_clear(&n);
}

static void docker(void **state)
{
	(void)state;
	file("/var/lib/docker/containers/" ID "/config.v2.json",
	     "{\"ID\": \"" ID "\", \"Name\": \"/web\", \"Config\": {\"Labels\": {}}}");
	is(NULL, "web", NULL, NULL);
}

static void containerd(void **state)
{
	(void)state;
	file("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
	     "{\"annotations\": {\"io.kubernetes.cri.container-name\": \"nginx\","
	     "\"io.kubernetes.cri.sandbox-name\": \"web-7f9c\","
	     "\"io.kubernetes.cri.sandbox-namespace\": \"shop\"}}");
	is(POD, "nginx", "web-7f9c", "shop");
}

static void crio(void **state)
{
	(void)state;
	file("/run/containers/storage/overlay-containers/" ID "/userdata/config.json",
	     "{\"annotations\": {\"io.kubernetes.container.name\": \"db\","
	     "\"io.kubernetes.pod.name\": \"db-0\", \"io.kubernetes.pod.namespace\": \"data\"}}");
	is(POD, "db", "db-0", "data");
}

static void podman(void **state)
{
	(void)state;
	file("/var/lib/containers/storage/overlay-containers/containers.json",
	     "[{\"id\": \"ffff\", \"names\": [\"no\"]}, {\"id\": \"" ID
	     "\", \"names\": [\"cache\"]}]");
	is(NULL, "cache", NULL, NULL);
}

static void logs(void **state)
{
	(void)state;
	file("/var/log/pods/kube-system_etcd-node1_" POD "/etcd/0.log", "");
	file("/var/log/pods/" POD "/x", "");
	file("/var/log/pods/_" POD "/x", "");
	is(POD, NULL, "etcd-node1", "kube-system");
}

static void hostile(void **state)
{
	g_autofree char *path = NULL, *deep = g_strnfill(100000, '[');
	g_autofree char *large = g_strnfill((1 << 20) + 1, ' ');
	static const char config[] = "/var/lib/docker/containers/" ID "/config.v2.json";

	(void)state;
	is(NULL, NULL, NULL, NULL); /* nothing there */
	file(config, "{\"Name\": [\"/web\"], \"Config\": 5}");
	is(NULL, NULL, NULL, NULL);
	file(config, "{\"Name\": \"/a\\u001b[2Jb\"}");
	is(NULL, "a\\e[2Jb", NULL, NULL);
	file(config, deep);
	is(NULL, NULL, NULL, NULL);
	memcpy(large, "{\"Name\": \"/web\"}", 16);
	file(config, large);
	is(NULL, NULL, NULL, NULL);
	path = make(config);
	g_unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0); /* to open it would wait for a writer */
	is(NULL, NULL, NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(docker), TEST(containerd), TEST(crio), TEST(podman), TEST(logs), TEST(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
