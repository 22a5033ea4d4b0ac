/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/owner.h"

#define BACKLOG 64
#define SOCKET_MODE 0660
#define SEND_BUFFER (128 << 10) /* bytes; the kernel charges tare for answers that nobody reads */

static int parse_unix(struct listen_address *a, const char *path)
{
	if (*path != '/' || strlen(path) >= sizeof(a->un.sun_path))
		return -EINVAL;
	a->un.sun_family = AF_UNIX;
	strcpy(a->un.sun_path, path);
	a->len = sizeof(a->un);
	a->local = a->loopback = true;
	return 0;
}

static int parse_port(const char *text, in_port_t *port)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned(text, 10, 1, UINT16_MAX, &n, NULL))
		return -EINVAL;
	*port = htons((uint16_t)n);
	return 0;
}

int listen_parse(struct listen_address *a, const char *text)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a->storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a->storage;
	const char *colon = strrchr(text, ':');
	g_autofree char *host = NULL;

	memset(a, 0, sizeof(*a));
	if (g_str_has_prefix(text, "unix:"))
		return parse_unix(a, text + strlen("unix:"));
	if (!colon)
		return -EINVAL;
	host = g_strndup(text, (gsize)(colon - text));
	if (!strcmp(host, "localhost")) {
		g_free(host);
		host = g_strdup("127.0.0.1");
	}
	if (*host == '[' && colon[-1] == ']') {
		host[strlen(host) - 1] = '\0';
		v6->sin6_family = AF_INET6;
		a->len = sizeof(*v6);
		a->loopback = inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 &&
			      IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ?
			       parse_port(colon + 1, &v6->sin6_port) :
			       -EINVAL;
	}
	v4->sin_family = AF_INET;
	a->len = sizeof(*v4);
	if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
		return -EINVAL;
	a->loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return parse_port(colon + 1, &v4->sin_port);
}

/* Does a program listen at this unix socket? */
static bool someone_listens(const struct listen_address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	if (fd < 0)
		return true;
	refused = connect(fd, &a->any, a->len) && errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

/* Remove a socket that a killed tare left. */
static int remove_stale(const struct listen_address *a)
{
	const char *path = a->un.sun_path;
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_error("%s exists, and is no socket", path);
		return -EEXIST;
	}
	if (!owner_trusts(NULL, st.st_uid)) {
		log_error("%s is another user's socket", path);
		return -EEXIST;
	}
	if (someone_listens(a)) {
		log_error("a program listens at %s already", path);
		log_hint("end that one, or choose another path with --listen unix:PATH");
		return -EADDRINUSE;
	}
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

static int bind_and_listen(int fd, const struct listen_address *a)
{
	mode_t mask = umask(~(mode_t)SOCKET_MODE & 0777);
	int one = 1, buffer = SEND_BUFFER, err = 0;

	if (!a->local)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)); /* of clients, too */
	if (a->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, &a->any, a->len) || listen(fd, BACKLOG))
		err = -errno;
	umask(mask);
	return err;
}

int listen_open(const struct listen_address *a, const char *text)
{
	int err = a->local ? remove_stale(a) : 0, fd;

	if (err == -EADDRINUSE || err == -EEXIST)
		return err;
	fd = err ? err : socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		err = bind_and_listen(fd, a);
		if (!err)
			return fd;
		close(fd);
	} else if (!err) {
		err = -errno;
	}
	log_error("cannot listen at %s: %s", text, g_strerror(-err));
	if (err == -EADDRINUSE)
		log_hint(
			"end the program that listens there, or choose another port with --listen");
	return err;
}

void listen_remove(const struct listen_address *a)
{
	if (a->local)
		unlink(a->un.sun_path);
}
