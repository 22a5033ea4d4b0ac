/* SPDX-License-Identifier: GPL-2.0-only
 *
 * HTTP for the agent, by libmicrohttpd, without a thread: its descriptors are sources of the
 * session's loop. Requests are bounded (size, time, number) and checked (method, token, path)
 * before an answering function sees them. It must not know what is answered.
 */
#ifndef TARE_AGENT_HTTP_H
#define TARE_AGENT_HTTP_H

#include <glib.h>
#include <stdbool.h>

struct agent;
struct http;
struct http_request;

/* Answer a request: call http_answer() exactly once, now or later. */
typedef void (*http_fn)(struct agent *a, struct http_request *q);

struct http_route {
	const char *path;
	http_fn answer; /* of GET and HEAD; NULL: 405 */
	http_fn post;   /* of POST, on a unix socket only; NULL: 405 */
};

/* Of the query ("?seconds=10"), decoded. NULL: not given. "": without a value. */
const char *http_query(struct http_request *q, const char *name);
/* A query that is a number. False, and a 400 was answered: it is not, or is not from `least` to
 * `most`. Not given: *n is left as it is. */
bool http_query_number(struct http_request *q, const char *name, unsigned least, unsigned most,
		       unsigned *n);
/* The header Accept; "": not given. */
const char *http_accept(struct http_request *q);
/* Did it come by a unix socket? */
bool http_local(const struct http_request *q);

/* Add a header to the answer; before http_answer(). */
void http_header(struct http_request *q, const char *name, const char *value);
/* Answer; takes `body`. `q` is gone afterwards. If this is not called before the http_fn returns,
 * the client waits. */
void http_answer(struct http_request *q, unsigned status, const char *type, GString *body);
/* A short plain text. */
void http_answer_text(struct http_request *q, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* While the client waits: call `fn` when it has left, or tare ends. `q` is gone afterwards, and
 * must not be answered. */
void http_on_gone(struct http_request *q, void (*fn)(void *ctx, struct http_request *q), void *ctx);

/* Listen at all addresses of the configuration. `routes` end with a path NULL. Returns 0, or
 * negative errno, logged. */
int http_open(struct http **h, struct agent *a, const struct http_route *routes);
const struct http_route *http_routes(const struct http *h);
/* Begin to answer, when the session exists. */
int http_begin(struct http *h);
void http_tick(struct http *h);  /* each second: deadlines, clients that left */
void http_close(struct http *h); /* takes NULL */

#endif
