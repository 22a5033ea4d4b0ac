/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A small .gopclntab of any layout: main.first at GO_TEXT, 0x40 bytes, lines 10 and 12 of
 * /src/a.go; main.second behind it, 0x80 bytes, of which the second half is main.inner,
 * called at line 21. For tests and as a fuzzer's seed.
 */
#ifndef TARE_GO_TABLE_H
#define TARE_GO_TABLE_H

#include <glib.h>
#include <string.h>

#define GO_TEXT 0x401000u
#define GO_TREE 0x1000u /* where the tree of inlined calls stands in the file */

enum go_layout { GO_116, GO_118, GO_120, GO_LAYOUTS };

static inline void go_number(GByteArray *to, guint64 value, unsigned size)
{
	g_byte_array_append(to, (const guint8 *)&value, size);
}

static inline guint32 go_bytes(GByteArray *to, const char *bytes, size_t size)
{
	guint32 at = to->len;

	g_byte_array_append(to, (const guint8 *)bytes, size);
	return at;
}

/* A struct _func. `inlined`: offset of the table of inlined calls, the third of its pcdata tables;
 * 0: it has none. */
static inline void go_function(GByteArray *to, enum go_layout layout, guint32 start, guint32 name,
			       guint32 line, guint32 inlined)
{
	go_number(to, layout == GO_116 ? GO_TEXT + start : start, layout == GO_116 ? 8 : 4);
	for (unsigned i = 0; i < 8; i++) {
		const guint32 field[8] = { name, 0, 0, 1, 7, line, inlined ? 3 : 0, 0 };

		go_number(to, field[i], 4);
	}
	if (layout == GO_120)
		go_number(to, 9, 4);
	go_number(to, (guint32)(inlined ? 4 : 0) << 24, 4);
	for (unsigned i = 0; i < 3 && inlined; i++)
		go_number(to, i == 2 ? inlined : 0, 4);
	for (unsigned i = 0; i < 4 && inlined; i++)
		go_number(to, i == 3 ? 0 : G_MAXUINT32, 4);
}

static inline GByteArray *go_table(enum go_layout layout)
{
	static const guint32 magic[] = { 0xfffffffa, 0xfffffff0, 0xfffffff1 };
	/* Offsets: 1: stack sizes; 7: files; 11 and 16: lines of the two functions; 23: inlined
	 * calls. */
	static const char values[] = "\0"
				     "\x02\x10\x30\xf0\x01\0"
				     "\x02\xc0\x01\0"
				     "\x16\x20\x04\x20\0"
				     "\x2a\x10\x02\x30\x12\x40\0"
				     "\0\x40\x02\x40";
	GByteArray *t = g_byte_array_new(), *f = g_byte_array_new(), *names = g_byte_array_new();
	guint32 first = go_bytes(names, "main.first", 11);
	guint32 second = go_bytes(names, "main.second", 12);
	unsigned word = layout == GO_116 ? 8 : 4, table = (2 * 2 + 1) * word, head;
	guint64 at;

	go_bytes(names, "main.inner", 11);
	go_function(f, layout, 0, first, 11, 0);
	head = f->len;
	go_function(f, layout, 0x40, second, 16, 23);
	go_number(t, magic[layout], 4);
	go_number(t, 0, 2);
	go_number(t, 1, 1);
	go_number(t, 8, 1);
	go_number(t, 2, 8);
	go_number(t, 1, 8);
	if (layout != GO_116)
		go_number(t, GO_TEXT, 8);
	at = t->len + 5 * 8;
	go_number(t, at, 8);
	go_number(t, at += names->len, 8);
	go_number(t, at += 4, 8);
	go_number(t, at += 10, 8);
	go_number(t, at += sizeof(values) - 1, 8);
	g_byte_array_append(t, names->data, names->len);
	go_number(t, 0, 4);
	go_bytes(t, "/src/a.go", 10);
	go_bytes(t, values, sizeof(values) - 1);
	for (unsigned i = 0; i < 3; i++) {
		static const guint32 starts[] = { 0, 0x40, 0xc0 };

		go_number(t, starts[i] + (layout == GO_116 ? GO_TEXT : 0), word);
		if (i < 2)
			go_number(t, table + (i ? head : 0), word);
	}
	g_byte_array_append(t, f->data, f->len);
	g_byte_array_free(names, TRUE);
	g_byte_array_free(f, TRUE);
	return t;
}

/* struct inlinedCall of main.inner. */
static inline GByteArray *go_tree(enum go_layout layout)
{
	const guint32 old[] = { 0xffff, 0, 21, 23, 0x10 }, new[] = { 0, 23, 0x10, 1 };
	GByteArray *t = g_byte_array_new();

	g_byte_array_append(t, layout == GO_120 ? (const guint8 *)new : (const guint8 *)old,
			    layout == GO_120 ? sizeof(new) : sizeof(old));
	return t;
}

#endif
