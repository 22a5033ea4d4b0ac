/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/prekill.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/listen.h"
#include "agent/varlink.h"
#include "base/log.h"

#define CALLERS 4 /* at the same time; oomd makes one connection for each kill */

struct caller {
	struct prekill *of;
	int fd; /* -1: free */
	GByteArray *in;
};

struct prekill {
	struct agent *agent;
	prekill_fn fn;
	struct listen_address address;
	int fd;
	struct caller caller[CALLERS];
};

static void leave(struct caller *c)
{
	session_unwatch(c->of->agent->session, c->fd);
	close(c->fd);
	c->fd = -1;
	g_byte_array_set_size(c->in, 0);
}

static bool answer(struct caller *c, const char *text, size_t len)
{
	g_autoptr(GString) reply = g_string_new(NULL);
	g_autofree char *cgroup = NULL;

	if (varlink_call(text, len, reply, &cgroup))
		return false;
	if (cgroup)
		c->of->fn(c->of->agent, cgroup);
	/* A reply is far smaller than a socket's buffer: else the caller does not read. */
	return !reply->len || send(c->fd, reply->str, reply->len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
				      (ssize_t)reply->len;
}

static void on_readable(void *caller)
{
	struct caller *c = caller;
	unsigned char piece[4096];
	ssize_t n = recv(c->fd, piece, sizeof(piece), MSG_DONTWAIT);
	const unsigned char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || c->in->len + (size_t)n > VARLINK_MOST) {
		leave(c);
		return;
	}
	g_byte_array_append(c->in, piece, (guint)n);
	while ((end = memchr(c->in->data, '\0', c->in->len))) {
		size_t len = (size_t)(end - c->in->data);

		if (!answer(c, (const char *)c->in->data, len)) {
			leave(c);
			return;
		}
		g_byte_array_remove_range(c->in, 0, (guint)len + 1);
	}
}

/* Only root and tare's own user may ask for dumps. */
static bool may_call(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) &&
	       (!who.uid || who.uid == geteuid());
}

static void on_connect(void *prekill)
{
	struct prekill *p = prekill;
	int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (int i = 0; may_call(fd) && i < CALLERS; i++) {
		struct caller *c = &p->caller[i];

		if (c->fd >= 0)
			continue;
		c->fd = fd;
		if (session_watch(p->agent->session, fd, on_readable, c))
			break;
		return;
	}
	for (int i = 0; i < CALLERS; i++)
		if (p->caller[i].fd == fd)
			p->caller[i].fd = -1;
	close(fd);
}

int prekill_open(struct prekill **out, struct agent *a, const char *path, prekill_fn fn)
{
	g_autofree char *text = g_strdup_printf("unix:%s", path);
	struct prekill *p = g_new0(struct prekill, 1);
	int err;

	p->agent = a;
	p->fn = fn;
	for (int i = 0; i < CALLERS; i++)
		p->caller[i] = (struct caller){ p, -1, g_byte_array_new() };
	err = listen_parse(&p->address, text);
	p->fd = err ? err : listen_open(&p->address, text);
	if (!err && p->fd < 0)
		err = p->fd;
	if (!err)
		err = session_watch(a->session, p->fd, on_connect, p);
	if (err) {
		prekill_close(p);
		return err;
	}
	*out = p;
	return 0;
}

void prekill_close(struct prekill *p)
{
	if (!p)
		return;
	for (int i = 0; i < CALLERS; i++) {
		if (p->caller[i].fd >= 0)
			leave(&p->caller[i]);
		g_byte_array_unref(p->caller[i].in);
	}
	if (p->fd >= 0) {
		session_unwatch(p->agent->session, p->fd);
		close(p->fd);
		listen_remove(&p->address);
	}
	g_free(p);
}
