/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/listen.h"
#include "base/log.h"

#define CONNECTION_BYTES (16 << 10) /* of memory: the request line and all headers fit into it */
#define PER_ADDRESS(n) (((n) + 1) / 2)
#define IDLE_S 20            /* without a byte */
#define WHOLE_NS 30000000000 /* for a whole request, and likewise for its answer */
#define ROUNDS 64            /* of MHD_run() while it has more to do at once */
#define WORK_NS 50000000     /* answers are made for so long; then they rest for as long */
#define SMALL (64 << 10)     /* bytes of an answer that is always given */
#define HELD_SHARE 4         /* of the memory limit: answers that clients read take one part */

struct listener {
	struct http *http;
	struct listen_address address;
	char *text;
	int fd; /* -1: not open */
	struct MHD_Daemon *mhd;
	int epoll;
};

struct http {
	struct agent *agent;
	const struct http_route *routes;
	struct listener listener[AGENT_LISTENERS];
	unsigned n;
	int timer;           /* runs libmicrohttpd when it wants to without a descriptor */
	GPtrArray *clients;  /* struct client: all connections */
	GPtrArray *requests; /* struct http_request that wait for an answer */
	GQueue later;        /* struct http_request of these, that nobody looked at yet */
	uint64_t worked_ns;  /* since the last rest */
	uint64_t rest_ns;    /* until then no answer is made: the session's loop has its turn */
	uint64_t held;       /* bytes of answers that clients did not read yet */
};

/* A connection. */
struct client {
	struct listener *listener;
	struct MHD_Connection *connection;
	uint64_t since_ns; /* it began to wait for a request, or to take an answer */
	bool waiting;      /* for an answer of ours */
};

struct http_request {
	struct listener *listener;
	struct MHD_Connection *connection;
	struct client *client;
	void (*on_gone)(void *ctx, struct http_request *q);
	void *gone_ctx;
	GPtrArray *headers; /* char *: name, value … */
	unsigned method;    /* enum method */
	bool begun, suspended, answered;
	struct MHD_Response *response;
	unsigned status;
	size_t held; /* bytes of the answer */
	char *path;  /* while it is in `later` */
};

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

static enum method method_of(const char *word)
{
	static const char *const words[] = { "GET", "HEAD", "POST" };

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (!strcmp(word, words[i]))
			return i;
	return METHOD_OTHER;
}

const char *http_query(struct http_request *q, const char *name)
{
	const char *value = NULL;

	if (MHD_lookup_connection_value_n(q->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, NULL) == MHD_NO)
		return NULL;
	return value ? value : "";
}

bool http_query_number(struct http_request *q, const char *name, unsigned least, unsigned most,
		       unsigned *n)
{
	const char *value = http_query(q, name);
	guint64 number;

	if (!value)
		return true;
	if (!g_ascii_string_to_unsigned(value, 10, least, most, &number, NULL)) {
		http_answer_text(q, 400, "%s: not a number from %u to %u\n", name, least, most);
		return false;
	}
	*n = (unsigned)number;
	return true;
}

static const char *header_of(struct MHD_Connection *c, const char *name)
{
	const char *value = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	return value ? value : "";
}

const char *http_given(struct http_request *q, const char *name)
{
	return header_of(q->connection, name);
}

const char *http_accept(struct http_request *q)
{
	return header_of(q->connection, MHD_HTTP_HEADER_ACCEPT);
}

bool http_local(const struct http_request *q)
{
	return q->listener->address.local;
}

void http_header(struct http_request *q, const char *name, const char *value)
{
	g_ptr_array_add(q->headers, g_strdup(name));
	g_ptr_array_add(q->headers, g_strdup(value));
}

void http_on_gone(struct http_request *q, void (*fn)(void *ctx, struct http_request *q), void *ctx)
{
	q->on_gone = fn;
	q->gone_ctx = ctx;
}

static void request_free(struct http_request *q)
{
	q->listener->http->held -= q->held;
	if (q->response)
		MHD_destroy_response(q->response);
	g_ptr_array_unref(q->headers);
	g_free(q->path);
	g_free(q);
}

static void resume(struct http_request *q)
{
	if (!q->suspended)
		return;
	q->suspended = false;
	g_ptr_array_remove_fast(q->listener->http->requests, q);
	MHD_resume_connection(q->connection);
}

/* Clients that do not read what they asked for must not fill the memory. */
static bool too_much(const struct http *h, size_t len)
{
	return len > SMALL && h->held && h->held + len > h->agent->config->memory / HELD_SHARE;
}

void http_answer(struct http_request *q, unsigned status, const char *type, GString *body)
{
	struct agent_self *self = &q->listener->http->agent->self;
	size_t len = body->len;

	if (too_much(q->listener->http, len)) {
		g_string_free(body, TRUE);
		http_header(q, "Retry-After", "1");
		http_answer_text(q, 503, "too many clients read their answers\n");
		return;
	}
	q->listener->http->held += q->held = len;
	self->requests++;
	self->refused += status >= 400;
	q->status = status;
	q->answered = true;
	q->response = MHD_create_response_from_buffer(len, g_string_free(body, FALSE),
						      MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(q->response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(q->response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(q->response, "Cache-Control", "no-store");
	for (unsigned i = 0; i + 1 < q->headers->len; i += 2)
		MHD_add_response_header(q->response, q->headers->pdata[i],
					q->headers->pdata[i + 1]);
	resume(q);
}

void http_answer_text(struct http_request *q, unsigned status, const char *fmt, ...)
{
	GString *body = g_string_new(NULL);
	va_list args;

	va_start(args, fmt);
	g_string_append_vprintf(body, fmt, args);
	va_end(args);
	http_answer(q, status, "text/plain; charset=utf-8", body);
}

/* In a time that does not depend on how much of the token is right. */
static bool same_secret(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	volatile unsigned char differ = n != m;

	for (size_t i = 0; i < m; i++)
		differ |= (unsigned char)(a[n ? i % n : 0] ^ b[i]);
	return !differ;
}

/* On a unix socket the file's mode decides who may ask. */
static bool permitted(struct http_request *q)
{
	const char *token = q->listener->http->agent->config->token;
	const char *given = header_of(q->connection, MHD_HTTP_HEADER_AUTHORIZATION);

	if (!token || http_local(q))
		return true;
	return !g_ascii_strncasecmp(given, "Bearer ", strlen("Bearer ")) &&
	       same_secret(given + strlen("Bearer "), token);
}

/* A request by a browser for another name than this machine's is that of a foreign page whose
 * name was made to lead here (DNS rebinding). It has no token. */
static bool host_ok(struct http_request *q)
{
	const char *host = header_of(q->connection, MHD_HTTP_HEADER_HOST);
	g_autofree char *name = NULL;

	if (!*host || http_local(q) || q->listener->http->agent->config->token)
		return true;
	if (*host == '[')
		return true;
	name = g_strndup(host, strcspn(host, ":"));
	return !g_ascii_strcasecmp(name, "localhost") || g_hostname_is_ip_address(name);
}

static bool has_body(struct http_request *q)
{
	const char *length = header_of(q->connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (*length && strcmp(length, "0")) ||
	       *header_of(q->connection, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static void refuse_method(struct http_request *q, const struct http_route *r)
{
	http_header(q, "Allow", r->answer ? "GET, HEAD" : "POST");
	http_answer_text(q, 405, "%s: only %s\n", r->path,
			 r->answer ? "GET and HEAD" : "POST, by a unix socket");
}

static void answer_route(struct http_request *q, const char *path)
{
	struct agent *a = q->listener->http->agent;
	bool post = q->method == METHOD_POST;

	for (const struct http_route *r = q->listener->http->routes; r->path; r++) {
		if (strcmp(r->path, path) != 0)
			continue;
		if (post ? !r->post || !http_local(q) : !r->answer || q->method == METHOD_OTHER)
			refuse_method(q, r);
		else
			(post ? r->post : r->answer)(a, q);
		return;
	}
	http_answer_text(q, 404, "no such page; see /\n");
}

/* Check what concerns all paths; then the path's function answers, now or later. */
static void handle(struct http_request *q, const char *path)
{
	if (!permitted(q)) {
		http_header(q, "WWW-Authenticate", "Bearer");
		http_answer_text(q, 401, "a token is needed: Authorization: Bearer TOKEN\n");
	} else if (!host_ok(q)) {
		http_answer_text(q, 421, "this is not the host that you asked for\n");
	} else if (has_body(q)) {
		http_header(q, "Connection", "close");
		http_answer_text(q, 413, "a request with a body\n");
	} else {
		answer_route(q, path);
	}
}

/* Answers cost time. Without a rest, clients that ask and ask would leave none for the events of
 * the kernel, whose rings then overflow, and for dumps. */
static void handle_in_turn(struct http_request *q, const char *path)
{
	struct http *h = q->listener->http;
	uint64_t began = agent_now_ns(), now;

	handle(q, path);
	now = agent_now_ns();
	h->worked_ns += now - began;
	if (h->worked_ns < WORK_NS)
		return;
	h->rest_ns = now + h->worked_ns;
	h->worked_ns = 0;
}

static bool rests(const struct http *h)
{
	return agent_now_ns() < h->rest_ns;
}

static uint64_t rest_ms(const struct http *h)
{
	uint64_t now = agent_now_ns();

	return now < h->rest_ns ? (h->rest_ns - now) / 1000000 + 1 : 0;
}

static void handle_later(struct http *h)
{
	struct http_request *q;

	while (!rests(h) && (q = g_queue_pop_head(&h->later))) {
		g_autofree char *path = g_steal_pointer(&q->path);

		handle_in_turn(q, path);
	}
}

static enum MHD_Result send_answer(struct http_request *q)
{
	q->client->since_ns = agent_now_ns();
	q->client->waiting = false;
	return MHD_queue_response(q->connection, q->status, q->response);
}

static struct client *client_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* libmicrohttpd calls this when the headers are there, when a part of the body is, at the end of
 * the request, and after MHD_resume_connection(). */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	struct http_request *q = *state;

	(void)version;
	(void)upload;
	if (!q) {
		q = g_new0(struct http_request, 1);
		*q = (struct http_request){ .listener = ctx,
					    .connection = c,
					    .client = client_of(c),
					    .method = method_of(method),
					    .headers = g_ptr_array_new_with_free_func(g_free) };
		*state = q;
		if (!has_body(q))
			return MHD_YES;
	}
	*upload_size = 0;
	if (q->answered)
		return send_answer(q);
	if (q->begun)
		return MHD_YES;
	q->begun = true;
	if (rests(q->listener->http) || q->listener->http->later.length) {
		q->path = g_strdup(url);
		g_queue_push_tail(&q->listener->http->later, q);
	} else {
		handle_in_turn(q, url);
	}
	if (q->answered)
		return send_answer(q);
	q->client->waiting = q->suspended = true;
	g_ptr_array_add(q->listener->http->requests, q);
	MHD_suspend_connection(c);
	return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct http_request *q = *state;
	struct client *client = client_of(c);

	(void)ctx;
	(void)why;
	if (client) {
		client->since_ns = agent_now_ns();
		client->waiting = false;
	}
	if (!q)
		return;
	*state = NULL;
	request_free(q);
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct listener *l = ctx;
	struct client *client = *socket_context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		client = g_new0(struct client, 1);
		*client = (struct client){ .listener = l,
					   .connection = c,
					   .since_ns = agent_now_ns() };
		g_ptr_array_add(l->http->clients, client);
		*socket_context = client;
	} else if (client) {
		g_ptr_array_remove_fast(l->http->clients, client);
		g_free(client);
		*socket_context = NULL;
	}
}

static int socket_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/* Run it until it waits for its descriptors, or for a time. */
static void http_run(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG wait_ms, least = G_MAXUINT32;
	struct itimerspec spec = { 0 };

	handle_later(h);
	for (unsigned i = 0; i < h->n; i++) {
		struct MHD_Daemon *d = h->listener[i].mhd;
		unsigned rounds = 0;

		do {
			MHD_run(d);
			wait_ms = G_MAXUINT32;
			if (MHD_get_timeout(d, &wait_ms) != MHD_YES)
				break;
		} while (!wait_ms && ++rounds < ROUNDS);
		least = MIN(least, wait_ms);
	}
	if (h->later.length)
		least = MIN(least, rest_ms(h));
	if (least != G_MAXUINT32) {
		least = MAX(least, 1);
		spec.it_value.tv_sec = (time_t)(least / 1000);
		spec.it_value.tv_nsec = (long)(least % 1000) * 1000000;
	}
	timerfd_settime(h->timer, 0, &spec, NULL);
}

static void on_ready(void *ctx)
{
	http_run(((struct listener *)ctx)->http);
}

static void on_timer(void *ctx)
{
	struct http *h = ctx;
	uint64_t n;

	if (read(h->timer, &n, sizeof(n)) == sizeof(n))
		http_run(h);
}

/* A client that waits and has left. libmicrohttpd does not look at suspended connections. */
static void let_go(struct http_request *q)
{
	if (q->path)
		g_queue_remove(&q->listener->http->later, q);
	if (q->on_gone)
		q->on_gone(q->gone_ctx, q);
	http_answer_text(q, 503, "tare ends\n");
}

static void look_for_gone(struct http *h)
{
	for (unsigned i = h->requests->len; i-- > 0;) {
		struct http_request *q = h->requests->pdata[i];
		struct pollfd p = { .fd = socket_of(q->connection), .events = POLLRDHUP };

		if (poll(&p, 1, 0) > 0)
			let_go(q);
	}
}

void http_tick(struct http *h)
{
	uint64_t now = agent_now_ns();

	look_for_gone(h);
	for (unsigned i = 0; i < h->clients->len; i++) {
		const struct client *c = h->clients->pdata[i];

		if (!c->waiting && now - c->since_ns > WHOLE_NS)
			shutdown(socket_of(c->connection), SHUT_RDWR);
	}
	http_run(h);
}

static void on_mhd_log(void *ctx, const char *fmt, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(fmt, args);

	(void)ctx;
	log_verbose(1, "HTTP: %s", g_strchomp(text));
}

static int start_daemon(struct listener *l, unsigned connections)
{
	l->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
				  NULL, NULL, on_request, l, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log,
				  NULL, MHD_OPTION_LISTEN_SOCKET, l->fd,
				  MHD_OPTION_CONNECTION_LIMIT, connections,
				  MHD_OPTION_PER_IP_CONNECTION_LIMIT, PER_ADDRESS(connections),
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
				  MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
				  on_completed, l, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
				  MHD_OPTION_END);
	if (!l->mhd) {
		log_error("cannot answer at %s: libmicrohttpd does not start", l->text);
		return -EIO;
	}
	l->epoll = MHD_get_daemon_info(l->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	return 0;
}

int http_open(struct http **out, struct agent *a, const struct http_route *routes)
{
	struct http *h = g_new0(struct http, 1);
	int err = 0;

	h->agent = a;
	h->routes = routes;
	h->clients = g_ptr_array_new();
	h->requests = g_ptr_array_new();
	h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	for (unsigned i = 0; i < a->config->listen->len && !err; i++) {
		struct listener *l = &h->listener[h->n];

		l->http = h;
		l->text = g_strdup(a->config->listen->pdata[i]);
		listen_parse(&l->address, l->text);
		l->fd = listen_open(&l->address, l->text);
		h->n++;
		err = l->fd < 0 ? l->fd : start_daemon(l, a->config->connections);
	}
	if (err)
		http_close(h);
	else
		*out = h;
	return err;
}

const struct http_route *http_routes(const struct http *h)
{
	return h->routes;
}

int http_begin(struct http *h)
{
	struct session *s = h->agent->session;
	int err = session_watch(s, h->timer, on_timer, h);

	for (unsigned i = 0; i < h->n && !err; i++)
		err = session_watch(s, h->listener[i].epoll, on_ready, &h->listener[i]);
	if (err)
		log_error("cannot wait for clients: %s", g_strerror(-err));
	return err;
}

static void listener_close(struct listener *l)
{
	if (l->mhd)
		MHD_stop_daemon(l->mhd); /* closes l->fd too */
	else if (l->fd >= 0)
		close(l->fd);
	if (l->fd >= 0)
		listen_remove(&l->address);
	g_free(l->text);
}

void http_close(struct http *h)
{
	if (!h)
		return;
	while (h->requests->len > 0)
		let_go(h->requests->pdata[0]);
	for (unsigned i = 0; i < h->n; i++)
		listener_close(&h->listener[i]);
	close(h->timer);
	g_ptr_array_unref(h->requests);
	g_ptr_array_unref(h->clients);
	g_free(h);
}
