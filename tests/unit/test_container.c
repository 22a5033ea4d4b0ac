/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What control groups belong to: a table of paths as real systems have them, and paths that nobody
 * has but somebody could make.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "base/text.h"
#include "model/container.h"

#define ID "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define ID2 "ffff2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define POD "31dd4a9c-98a5-4a7c-9b4f-0f2f2f3d7c11"
#define POD_ "31dd4a9c_98a5_4a7c_9b4f_0f2f2f3d7c11"
#define STATIC_POD "3f8c0d21a2b94c5e8f7a6b5c4d3e2f10"

static const struct row {
	const char *path, *title;
	struct container is;
} rows[] = {
	{ "/", "", { 0 } },
	{ "", "", { 0 } },
	/* systemd */
	{ "/init.scope", "init.scope", { .unit = "init.scope" } },
	{ "/system.slice/redis-server.service",
	  "redis-server.service",
	  { .unit = "redis-server.service", .slice = "system.slice" } },
	{ "/system.slice/system-getty.slice/getty@tty1.service",
	  "getty@tty1.service",
	  { .unit = "getty@tty1.service", .slice = "system-getty.slice" } },
	{ "/system.slice/system-systemd\\x2dfsck.slice/systemd-fsck@dev-disk-by\\x2duuid-1.service",
	  "systemd-fsck@dev-disk-by-uuid-1.service",
	  { .unit = "systemd-fsck@dev-disk-by-uuid-1.service",
	    .slice = "system-systemd-fsck.slice" } },
	{ "/user.slice/user-1000.slice/session-3.scope",
	  "session-3.scope",
	  { .unit = "session-3.scope", .slice = "user-1000.slice", .user = "1000" } },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-4711.scope",
	  "app-gnome-firefox-4711.scope",
	  { .unit = "app-gnome-firefox-4711.scope", .slice = "app.slice", .user = "1000" } },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope",
	  "init.scope",
	  { .unit = "init.scope", .slice = "user-1000.slice", .user = "1000" } },
	{ "/system.slice/postgresql@15-main.service/inner",
	  "postgresql@15-main.service",
	  { .unit = "postgresql@15-main.service", .slice = "system.slice" } },
	/* snap, flatpak */
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
	  "snap.firefox.firefox-3f1f7a9e-6b2c-4e0c-9c43-9f2b9e1d1a11.scope",
	  "snap.firefox.firefox-3f1f7a9e-6b2c-4e0c-9c43-9f2b9e1d1a11.scope",
	  { .unit = "snap.firefox.firefox-3f1f7a9e-6b2c-4e0c-9c43-9f2b9e1d1a11.scope",
	    .slice = "app.slice",
	    .user = "1000",
	    .snap = "firefox" } },
	{ "/system.slice/snap.lxd.daemon.service",
	  "snap.lxd.daemon.service",
	  { .unit = "snap.lxd.daemon.service", .slice = "system.slice", .snap = "lxd" } },
	/* docker, with systemd's driver, with cgroupfs', in docker */
	{ "/system.slice/docker-" ID ".scope",
	  "docker:0a1b2c3d4e5f",
	  { .runtime = "docker", .id = ID, .slice = "system.slice" } },
	{ "/docker/" ID, "docker:0a1b2c3d4e5f", { .runtime = "docker", .id = ID } },
	{ "/docker/" ID "/docker/" ID2, "docker:ffff2c3d4e5f", { .runtime = "docker", .id = ID2 } },
	{ "/system.slice/docker-" ID ".scope/system.slice/nginx.service",
	  "nginx.service",
	  { .runtime = "docker", .id = ID, .unit = "nginx.service", .slice = "system.slice" } },
	{ "/system.slice/docker-" ID ".scope/init",
	  "docker:0a1b2c3d4e5f",
	  { .runtime = "docker", .id = ID, .slice = "system.slice" } },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
	  "docker:0a1b2c3d4e5f",
	  { .runtime = "docker", .id = ID, .slice = "user.slice", .user = "1000" } },
	/* podman */
	{ "/machine.slice/libpod-" ID ".scope/container",
	  "podman:0a1b2c3d4e5f",
	  { .runtime = "podman", .id = ID, .slice = "machine.slice" } },
	{ "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope",
	  "podman:0a1b2c3d4e5f",
	  { .runtime = "podman", .id = ID, .pod = ID2, .slice = "machine.slice" } },
	{ "/machine.slice/libpod-conmon-" ID ".scope",
	  "libpod-conmon-" ID ".scope",
	  { .unit = "libpod-conmon-" ID ".scope", .slice = "machine.slice" } },
	{ "/libpod_parent/libpod-" ID, "podman:0a1b2c3d4e5f", { .runtime = "podman", .id = ID } },
	/* Kubernetes: containerd and CRI-O, both drivers, all classes, static pods, kind */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	  ".slice/cri-containerd-" ID ".scope",
	  "containerd:0a1b2c3d4e5f",
	  { .runtime = "containerd", .id = ID, .pod = POD, .slice = "kubepods-burstable.slice" } },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope/container",
	  "cri-o:0a1b2c3d4e5f",
	  { .runtime = "cri-o", .id = ID, .pod = POD, .slice = "kubepods.slice" } },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID ".scope",
	  "crio-conmon-" ID ".scope",
	  { .unit = "crio-conmon-" ID ".scope", .pod = POD, .slice = "kubepods.slice" } },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC_POD
	  ".slice/docker-" ID ".scope",
	  "docker:0a1b2c3d4e5f",
	  { .runtime = "docker",
	    .id = ID,
	    .pod = STATIC_POD,
	    .slice = "kubepods-burstable.slice" } },
	{ "/kubepods/burstable/pod" POD "/" ID,
	  "oci:0a1b2c3d4e5f",
	  { .runtime = "oci", .id = ID, .pod = POD } },
	{ "/kubepods/pod" POD "/" ID,
	  "oci:0a1b2c3d4e5f",
	  { .runtime = "oci", .id = ID, .pod = POD } },
	{ "/system.slice/containerd.service/kubepods-burstable-pod" POD_
	  ".slice:cri-containerd:" ID,
	  "containerd:0a1b2c3d4e5f",
	  { .runtime = "containerd", .id = ID, .pod = POD, .slice = "system.slice" } },
	{ "/docker/" ID2 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
	  "kubelet-kubepods-burstable-pod" POD_ ".slice/cri-containerd-" ID ".scope",
	  "containerd:0a1b2c3d4e5f",
	  { .runtime = "containerd",
	    .id = ID,
	    .pod = POD,
	    .slice = "kubelet-kubepods-burstable.slice" } },
	{ "/ecs/0123456789abcdef0123456789abcdef/" ID,
	  "oci:0a1b2c3d4e5f",
	  { .runtime = "oci", .id = ID } },
	/* LXC, nspawn, libvirt */
	{ "/lxc.payload.web-1/system.slice/nginx.service",
	  "nginx.service",
	  { .runtime = "lxc", .name = "web-1", .unit = "nginx.service", .slice = "system.slice" } },
	{ "/lxc.payload.web-1", "lxc:web-1", { .runtime = "lxc", .name = "web-1" } },
	{ "/lxc/101/ns", "lxc:101", { .runtime = "lxc", .name = "101" } },
	{ "/lxc.monitor.web-1", "lxc.monitor.web-1", { 0 } },
	{ "/machine.slice/machine-debian\\x2d12.scope/payload",
	  "nspawn:debian-12",
	  { .runtime = "nspawn", .name = "debian-12", .slice = "machine.slice" } },
	{ "/machine.slice/systemd-nspawn@build.service/payload",
	  "nspawn:build",
	  { .runtime = "nspawn", .name = "build", .slice = "machine.slice" } },
	{ "/machine.slice/machine-qemu\\x2d1\\x2ddb.scope/libvirt/vcpu0",
	  "libvirt:qemu-1-db",
	  { .runtime = "libvirt", .name = "qemu-1-db", .slice = "machine.slice" } },
	/* v1, and groups that nobody's rules name */
	{ "/jobs/build", "build", { 0 } },
	/* Hostile: an id too short or too long, digits that are none, escapes of bad bytes */
	{ "/docker/0a1b2c3d4e5f", "0a1b2c3d4e5f", { 0 } },
	{ "/docker/" ID "0", ID "0", { 0 } },
	{ "/docker/" ID "\"}\n", ID "\"}\\n", { 0 } },
	{ "/docker-.scope", "docker-.scope", { .unit = "docker-.scope" } },
	{ "/a\\x0ab\\x2fc\\x2.service",
	  "a\\x0ab\\x2fc\\x2.service",
	  { .unit = "a\\x0ab\\x2fc\\x2.service" } },
	{ "/lxc.payload.", "lxc.payload.", { 0 } },
	{ "/lxc/a b", "a b", { 0 } },
	{ "/machine-.scope", "machine-.scope", { .unit = "machine-.scope" } },
	{ "/kubepods/pod" POD_ "x/" ID, "oci:0a1b2c3d4e5f", { .runtime = "oci", .id = ID } },
	{ "/pod" POD "/x", "x", { 0 } },
	{ "/user@12345678901.service",
	  "user@12345678901.service",
	  { .unit = "user@12345678901.service" } },
	{ "/snap./snap.a b.c.service", "snap.a b.c.service", { .unit = "snap.a b.c.service" } },
	{ "/.service/.scope/.slice", ".slice", { .slice = ".slice" } },
	{ ":::", ":::", { 0 } },
};

static void same(const char *path, const char *what, const char *is, const char *wanted)
{
	if (g_strcmp0(is, wanted))
		fail_msg("%s: %s is \"%s\", not \"%s\"", path, what, is ? is : "(none)",
			 wanted ? wanted : "(none)");
}

static void paths(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		g_autofree char *title = container_title(r->path);
		struct container c;

		container_of(&c, r->path);
		same(r->path, "title", title, r->title);
		same(r->path, "runtime", c.runtime, r->is.runtime);
		same(r->path, "id", c.id, r->is.id);
		same(r->path, "name", c.name, r->is.name);
		same(r->path, "pod", c.pod, r->is.pod);
		same(r->path, "unit", c.unit, r->is.unit);
		same(r->path, "slice", c.slice, r->is.slice);
		same(r->path, "user", c.user, r->is.user);
		same(r->path, "snap", c.snap, r->is.snap);
		container_clear(&c);
	}
}

static void no_path(void **state)
{
	struct container c;
	g_autofree char *title = container_title(NULL);

	(void)state;
	container_of(&c, NULL);
	assert_null(c.unit);
	assert_string_equal(title, "");
	container_clear(&c);
	container_clear(&c);
}

/* What a path costs has an end, and the innermost names are those that count. */
static void printable(const char *text)
{
	g_autofree char *same = text_printable(text);

	assert_string_equal(text ? text : "", same);
}

/* An unprivileged user who has a control group of his own makes these below it. One that is no
 * UTF-8 would make a scraper refuse all metrics of the machine. */
static void hostile_names(void **state)
{
	static const char *const names[] = {
		"\xff\xfe.service",
		"\x1b[31m.slice",
		"a\xc3/b.scope",
		"machine-\xff.scope",
		"lxc.payload.\x80",
		"snap.\xff.x.service",
		"kubepods-\xff.slice",
		"\xff",
		"systemd-nspawn@\x9b\\x0a.service",
		"\xe2\x80\xae.service",
		"x\r\n.slice",
		"a.slice/\xcc\x9c.service", /* an accent that starts a name */
		"machine-\xcc\x9c.scope",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_strconcat("/user.slice/", names[i], NULL);
		g_autofree char *title = container_title(path);
		struct container c;

		container_of(&c, path);
		printable(title);
		printable(c.id);
		printable(c.name);
		printable(c.pod);
		printable(c.unit);
		printable(c.slice);
		printable(c.snap);
		container_clear(&c);
	}
}

static void long_paths(void **state)
{
	g_autoptr(GString) deep = g_string_new(NULL), wide = g_string_new("/");
	g_autofree char *title = NULL;
	struct container c;

	(void)state;
	for (int i = 0; i < 1000; i++)
		g_string_append(deep, "/a");
	g_string_append(deep, "/x.service");
	container_of(&c, deep->str);
	assert_string_equal(c.unit, "x.service");
	container_clear(&c);
	while (wide->len < 1 << 20)
		g_string_append(wide, "0a1b2c3d");
	g_string_append(wide, ".service");
	container_of(&c, wide->str);
	assert_null(c.unit);
	assert_null(c.id);
	container_clear(&c);
	title = container_title(wide->str);
	assert_true(strlen(title) <= CONTAINER_PATH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(no_path),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(long_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
