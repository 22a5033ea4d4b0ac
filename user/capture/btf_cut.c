/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/btf_cut.h"

#include <bpf/btf.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

struct whole {
	const char *types, *strings;
	size_t types_len, strings_len;
	GArray *at;    /* offset in `types` of each type, by the type's number */
	GArray *ids;   /* number in the copy of each type, by its number here; 0: not copied */
	GArray *queue; /* types to be copied whose own references were not followed yet */
};

struct cut {
	const struct whole *whole;
	GByteArray *types, *strings;
};

/* The bytes that follow the head of a type; -1: its kind is not known (a newer kernel). */
static ssize_t tail_size(const struct btf_type *t)
{
	size_t n = btf_vlen(t);

	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	default:
		return btf_kind(t) <= BTF_KIND_ENUM64 ? 0 : -1;
	}
}

static struct btf_type *whole_type(const struct whole *w, uint32_t id)
{
	return (struct btf_type *)(w->types + g_array_index(w->at, uint32_t, id));
}

static void include_type(struct whole *w, uint32_t id)
{
	if (!id || id >= w->at->len || g_array_index(w->ids, uint32_t, id))
		return;
	g_array_index(w->ids, uint32_t, id) = 1; /* marked; numbered when all are known */
	g_array_append_val(w->queue, id);
}

/* Called for each reference in a type: `word` is the number of another type, or the offset of a
 * name. */
typedef void (*visit_fn)(void *ctx, __u32 *word);

static void visit_ids(struct btf_type *t, visit_fn fn, void *ctx)
{
	struct btf_member *m = btf_members(t);
	struct btf_param *p = btf_params(t);

	switch (btf_kind(t)) {
	case BTF_KIND_ARRAY:
		fn(ctx, &btf_array(t)->type);
		fn(ctx, &btf_array(t)->index_type);
		return;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (unsigned i = 0; i < btf_vlen(t); i++)
			fn(ctx, &m[i].type);
		return;
	case BTF_KIND_FUNC_PROTO:
		for (unsigned i = 0; i < btf_vlen(t); i++)
			fn(ctx, &p[i].type);
		fn(ctx, &t->type);
		return;
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
	case BTF_KIND_DATASEC:
		return; /* `type` is a size, or unused */
	default:
		fn(ctx, &t->type);
	}
}

static void visit_names(struct btf_type *t, visit_fn fn, void *ctx)
{
	size_t step;

	fn(ctx, &t->name_off);
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		step = sizeof(struct btf_member);
		break;
	case BTF_KIND_ENUM:
		step = sizeof(struct btf_enum);
		break;
	case BTF_KIND_ENUM64:
		step = sizeof(struct btf_enum64);
		break;
	case BTF_KIND_FUNC_PROTO:
		step = sizeof(struct btf_param);
		break;
	default:
		return;
	}
	for (unsigned i = 0; i < btf_vlen(t); i++) /* each begins with its name */
		fn(ctx, (__u32 *)((char *)(t + 1) + i * step));
}

static void take_id(void *ctx, __u32 *id)
{
	include_type(ctx, *id);
}

/* Are the types that this type refers to copied too? A pointer's struct is not: only if it is
 * wanted itself. */
static bool leads_on(const struct whole *w, const struct btf_type *t)
{
	const struct btf_type *to;

	if (!btf_is_ptr(t) || t->type >= w->at->len || !t->type)
		return true;
	to = whole_type(w, t->type);
	return !btf_is_composite(to) && !btf_is_mod(to) && !btf_is_typedef(to);
}

static int read_heads(struct whole *w, const void *data, size_t size)
{
	const struct btf_header *head = data;

	if (size < sizeof(*head) || head->magic != BTF_MAGIC || head->hdr_len > size ||
	    head->type_off > size - head->hdr_len || head->str_off > size - head->hdr_len ||
	    head->type_len > size - head->hdr_len - head->type_off ||
	    head->str_len > size - head->hdr_len - head->str_off || !head->str_len ||
	    (head->hdr_len + head->type_off) % sizeof(__u32))
		return -EINVAL;
	w->types = (const char *)data + head->hdr_len + head->type_off;
	w->types_len = head->type_len;
	w->strings = (const char *)data + head->hdr_len + head->str_off;
	w->strings_len = head->str_len;
	return w->strings[w->strings_len - 1] ? -EINVAL : 0;
}

/* Find the offset of each type, and mark those that are wanted. */
static int read_types(struct whole *w, btf_wanted_fn wanted)
{
	uint32_t at = 0;

	g_array_append_val(w->at, at); /* 0: void */
	while (at < w->types_len) {
		const struct btf_type *t = (const void *)(w->types + at);
		ssize_t tail;

		if (w->types_len - at < sizeof(*t))
			return -EINVAL;
		tail = tail_size(t);
		if (tail < 0 || w->types_len - at - sizeof(*t) < (size_t)tail ||
		    t->name_off >= w->strings_len)
			return -EINVAL;
		g_array_append_val(w->at, at);
		at += sizeof(*t) + tail;
	}
	g_array_set_size(w->ids, w->at->len);
	for (uint32_t id = 1; id < w->at->len; id++) {
		const struct btf_type *t = whole_type(w, id);

		if (t->name_off && wanted(w->strings + t->name_off, btf_kind(t)))
			include_type(w, id);
	}
	return 0;
}

static void take_parts(struct whole *w)
{
	for (unsigned i = 0; i < w->queue->len; i++) {
		struct btf_type *t = whole_type(w, g_array_index(w->queue, uint32_t, i));

		if (leads_on(w, t))
			visit_ids(t, take_id, w);
	}
}

static void put_id(void *ctx, __u32 *id)
{
	const struct cut *c = ctx;

	*id = *id < c->whole->ids->len ? g_array_index(c->whole->ids, uint32_t, *id) : 0;
}

static void put_name(void *ctx, __u32 *name)
{
	struct cut *c = ctx;
	const char *text = *name < c->whole->strings_len ? c->whole->strings + *name : "";

	*name = *text ? c->strings->len : 0;
	if (*text)
		g_byte_array_append(c->strings, (const guint8 *)text, strlen(text) + 1);
}

static uint32_t *number_types(struct whole *w)
{
	uint32_t *ids = g_new0(uint32_t, w->queue->len + 1), n = 0;

	for (uint32_t id = 1; id < w->ids->len; id++)
		if (g_array_index(w->ids, uint32_t, id)) {
			ids[++n] = id;
			g_array_index(w->ids, uint32_t, id) = n;
		}
	return ids;
}

static struct btf *put_all(const struct whole *w, const uint32_t *ids)
{
	g_autoptr(GByteArray) types = g_byte_array_new(), strings = g_byte_array_new();
	struct cut c = { w, types, strings };
	struct btf_header head = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(head),
	};

	g_byte_array_append(strings, (const guint8 *)"", 1);
	for (unsigned i = 1; i <= w->queue->len; i++) {
		const struct btf_type *t = whole_type(w, ids[i]);
		unsigned at = types->len;

		g_byte_array_append(types, (const guint8 *)t, sizeof(*t) + tail_size(t));
		visit_ids((void *)(types->data + at), put_id, &c);
		visit_names((void *)(types->data + at), put_name, &c);
	}
	head.type_len = types->len;
	head.str_off = types->len;
	head.str_len = strings->len;
	g_byte_array_append(types, strings->data, strings->len);
	g_byte_array_prepend(types, (const guint8 *)&head, sizeof(head));
	return btf__new(types->data, types->len);
}

int btf_cut(struct btf_cut *out, const void *data, size_t size, btf_wanted_fn wanted)
{
	g_autoptr(GArray) at = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g_autoptr(GArray) queue = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	struct whole w = { .at = at, .ids = ids, .queue = queue };
	int err = read_heads(&w, data, size);

	*out = (struct btf_cut){ 0 };
	if (!err)
		err = read_types(&w, wanted);
	if (err)
		return err;
	take_parts(&w);
	out->ids = number_types(&w);
	out->btf = put_all(&w, out->ids);
	if (out->btf)
		return 0;
	err = -errno;
	btf_cut_free(out);
	return err;
}

void btf_cut_free(struct btf_cut *cut)
{
	btf__free(cut->btf);
	g_free(cut->ids);
	*cut = (struct btf_cut){ 0 };
}
