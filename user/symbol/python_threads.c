/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/python_threads.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#include "symbol/python.h"

#define READS_MOST 20000  /* reads of memory in one call: about 20 ms */
#define ENTRIES_MOST 4096 /* of a dict */
#define THREADS_MOST 512
#define NAME_MOST 60 /* bytes of a thread's name; the rest is cut */

/* Offsets in objects: Include/object.h, Include/cpython/dictobject.h,
 * Include/internal/pycore_dict.h. */
#define TYPE 8 /* ob_type */
#define TYPE_DICT 288
#define MA_KEYS 32
#define MA_VALUES 40
#define VERSION(minor) (0x0300u + (minor))

/* Offsets that differ between versions: PyInterpreterState.imports.modules and
 * PyHeapTypeObject.ht_cached_keys. */
static const struct {
	unsigned version;
	uint16_t modules, cached_keys;
} offsets[] = {
	{ VERSION(8), 56, 872 },   { VERSION(9), 856, 864 },  { VERSION(10), 856, 872 },
	{ VERSION(11), 888, 872 }, { VERSION(12), 944, 880 }, { VERSION(13), 7656, 880 },
};

struct reader {
	pid_t pid;
	const struct tare_python *python;
	unsigned version, reads;
	uint16_t modules, cached_keys;
};

/* The entries of a dict. */
struct table {
	uint64_t entries;
	uint64_t values; /* values of a dict that shares its keys; 0: they are in the entries */
	unsigned n, size, key; /* number of entries, size of one, offset of the key in it */
};

static bool get(struct reader *r, uint64_t at, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { (void *)(uintptr_t)at, size };

	return at && ++r->reads <= READS_MOST &&
	       process_vm_readv(r->pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* A word of the process's memory; 0: not readable. */
static uint64_t word(struct reader *r, uint64_t at)
{
	uint64_t value;

	return get(r, at, &value, sizeof(value)) ? value : 0;
}

/* Read a str object that is compact ASCII. False: it is not one, or longer than NAME_MOST. */
static bool get_text(struct reader *r, uint64_t object, char text[NAME_MOST + 1])
{
	uint64_t head[5];

	if (!get(r, object, head, sizeof(head)) || (head[4] & 0x7c) != 0x64 || head[2] > NAME_MOST)
		return false;
	memset(text, 0, NAME_MOST + 1);
	return get(r, object + r->python->at.ascii, text, head[2]);
}

/* Read any compact str object as UTF-8, cut to NAME_MOST bytes. NULL: it is not one, or empty. */
static char *get_name(struct reader *r, uint64_t object)
{
	uint64_t head[5];
	struct tare_python_text t;
	uint32_t size;

	if (!get(r, object, head, sizeof(head)) || !(head[4] & 0x20) || head[2] > 1 << 20)
		return NULL;
	t = (struct tare_python_text){ .length = (uint32_t)head[2], .kind = head[4] >> 2 & 7 };
	size = MIN(t.length, NAME_MOST / MAX(t.kind, 1)) * t.kind;
	if (!get(r, object + (head[4] & 0x40 ? r->python->at.ascii : r->python->at.compact),
		 t.bytes, size))
		return NULL;
	t.length = t.kind ? size / t.kind : 0;
	return t.length ? python_text(&t, false) : NULL;
}

/* Read a struct _dictkeysobject. False: not readable, or malformed. */
static bool open_keys(struct reader *r, uint64_t keys, struct table *t)
{
	unsigned char head[40];
	uint64_t size, n;

	if (!get(r, keys, head, sizeof(head)))
		return false;
	if (r->version >= VERSION(11)) {
		memcpy(&n, head + 24, sizeof(n));
		if (head[9] > 40 || head[10] > 2)
			return false;
		t->entries = keys + 32 + (UINT64_C(1) << head[9]);
		t->size = head[10] ? 16 : 24;
		t->key = head[10] ? 0 : 8;
	} else {
		memcpy(&size, head + 8, sizeof(size));
		memcpy(&n, head + 32, sizeof(n));
		if (size > UINT32_MAX)
			return false;
		t->entries = keys + 40 + size * (size <= 0x80 ? 1 : size <= 0x8000 ? 2 : 4);
		t->size = 24;
		t->key = 8;
	}
	t->n = (unsigned)MIN(n, ENTRIES_MOST);
	return true;
}

static bool open_dict(struct reader *r, uint64_t dict, struct table *t)
{
	uint64_t parts[2]; /* ma_keys, ma_values */

	if (!get(r, dict + MA_KEYS, parts, sizeof(parts)) || !open_keys(r, parts[0], t))
		return false;
	t->values = parts[1];
	if (t->values && r->version >= VERSION(13))
		t->values += 8; /* PyDictValues begins with sizes */
	return true;
}

/* The key and the value of entry i; false: the entry was removed, or is not readable. */
static bool entry_at(struct reader *r, const struct table *t, unsigned i, uint64_t *key,
		     uint64_t *value)
{
	uint64_t pair[2];

	if (!get(r, t->entries + (uint64_t)i * t->size + t->key, pair, sizeof(pair)))
		return false;
	*key = pair[0];
	*value = t->values ? word(r, t->values + 8 * (uint64_t)i) : pair[1];
	return *key && *value;
}

/* The value of a key; 0: there is no such key. */
static uint64_t find(struct reader *r, const struct table *t, const char *name)
{
	uint64_t key, value;
	char text[NAME_MOST + 1];

	for (unsigned i = 0; i < t->n && r->reads < READS_MOST; i++)
		if (entry_at(r, t, i, &key, &value) && get_text(r, key, text) &&
		    !strcmp(text, name))
			return value;
	return 0;
}

/* The attributes of an instance of a Python class: its __dict__, or inline values from 3.11 on. */
static bool open_instance(struct reader *r, uint64_t object, struct table *t)
{
	uint64_t type = word(r, object + TYPE), before[2], values = 0, dict;

	if (r->version < VERSION(11)) {
		uint64_t offset = word(r, type + TYPE_DICT);

		return offset && offset < 4096 && open_dict(r, word(r, object + offset), t);
	}
	if (!get(r, object - 32, before, sizeof(before)))
		return false;
	dict = before[1];
	if (r->version == VERSION(11))
		values = before[0];
	else if (r->version == VERSION(12) && dict & 1)
		values = dict + 1;
	else if (r->version == VERSION(13) && !dict)
		values = object + 16 + 8;
	if (!values)
		return open_dict(r, dict, t);
	t->values = values;
	return open_keys(r, word(r, type + r->cached_keys), t);
}

/* The value of a positive int object of up to 60 bits; 0: it is another object. */
static uint64_t get_int(struct reader *r, uint64_t object)
{
	uint64_t head[2] = { 0 }, digits;

	if (!get(r, object + 16, head, sizeof(head)))
		return 0;
	digits = r->version >= VERSION(12) ? head[0] >> 3 : head[0];
	if (r->version >= VERSION(12) && head[0] & 3)
		return 0;
	if (digits == 1)
		return (uint32_t)head[1];
	return digits == 2 ? (uint32_t)head[1] | head[1] >> 32 << 30 : 0;
}

static uint64_t find_active(struct reader *r)
{
	uint64_t interpreter = word(r, r->python->runtime + r->python->at.head), module;
	struct table t;

	if (!open_dict(r, word(r, interpreter + r->modules), &t))
		return 0;
	module = find(r, &t, "threading");
	/* PyModuleObject.md_dict */
	return module && open_dict(r, word(r, module + 16), &t) ? find(r, &t, "_active") : 0;
}

static bool begin(struct reader *r)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++)
		if (offsets[i].version == r->python->at.version) {
			r->version = offsets[i].version;
			r->modules = offsets[i].modules;
			r->cached_keys = offsets[i].cached_keys;
			return true;
		}
	return false;
}

unsigned python_threads(pid_t pid, const struct tare_python *python, uint64_t *active,
			python_thread_fn fn, void *ctx)
{
	struct reader r = { .pid = pid, .python = python };
	struct table all, one;
	unsigned n = 0;

	if (!begin(&r))
		return 0;
	if (!*active)
		*active = find_active(&r);
	if (!*active || !open_dict(&r, *active, &all))
		return 0;
	for (unsigned i = 0; i < all.n && n < THREADS_MOST; i++) {
		uint64_t ident, thread, tid;
		g_autofree char *name = NULL;

		if (!entry_at(&r, &all, i, &ident, &thread) || !open_instance(&r, thread, &one))
			continue;
		tid = get_int(&r, find(&r, &one, "_native_id"));
		name = tid && tid <= INT32_MAX ? get_name(&r, find(&r, &one, "_name")) : NULL;
		if (!name)
			continue;
		fn(ctx, (uint32_t)tid, name);
		n++;
	}
	return n;
}
