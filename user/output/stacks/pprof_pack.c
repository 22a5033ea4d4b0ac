/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/stacks/pprof_pack.h"

#include <zlib.h>

struct sink {
	ProtobufCBuffer base;
	GString *out;
};

static void append_data(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
	g_string_append_len(((struct sink *)buffer)->out, (const char *)data, (gssize)len);
}

void pprof_pack(GString *out, const Pprof__Profile *part)
{
	struct sink sink = { { append_data }, out };

	protobuf_c_message_pack_to_buffer(&part->base, &sink.base);
}

GString *pprof_gzip(const GString *plain, int level)
{
	GString *out = g_string_new(NULL);
	z_stream z = { .next_in = (Bytef *)plain->str };
	unsigned char chunk[1 << 15];
	size_t left = plain->len;
	int status;

	/* 16 selects the gzip format. Out of memory aborts, as in GLib. */
	if (deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		g_error("zlib: no memory");
	do {
		if (!z.avail_in) {
			z.avail_in = (uInt)MIN(left, 1u << 30);
			left -= z.avail_in;
		}
		z.next_out = chunk;
		z.avail_out = sizeof(chunk);
		status = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
		g_string_append_len(out, (char *)chunk, (gssize)(sizeof(chunk) - z.avail_out));
	} while (status == Z_OK || status == Z_BUF_ERROR);
	deflateEnd(&z);
	return out;
}
