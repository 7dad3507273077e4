/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed formats, one struct each. They give out every byte as soon as the data allow it: what libarchive would
 * keep to itself when a file ends too early (up to 128 KiB, the whole of a small capture) is often all there is, for
 * captures that are packed while they are taken end so.
 */
#ifndef PCAPDX_CAPTURE_CODEC_H
#define PCAPDX_CAPTURE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes to take and room to fill; both are moved on. */
struct codec_span {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

enum codec_status {
	CODEC_MORE,   /* it wants more bytes or more room */
	CODEC_ENDED,  /* one member of the file is whole; another may follow */
	CODEC_FAILED, /* *why says how */
};

struct codec {
	const char *name;
	uint8_t magic[6], magic_size;
	void *(*open)(void); /* NULL: it cannot */
	enum codec_status (*step)(void *state, struct codec_span *s, const char **why);
	/* The input has ended inside a member: gives out what can still be told, down to nothing more. True: there is
	 * nothing more, and the member may end here. May be NULL. */
	bool (*rest)(void *state, struct codec_span *s);
	void (*close)(void *state); /* NULL is fine */
};

extern const struct codec codec_gzip, codec_zstd, codec_xz, codec_bzip2, codec_lz4, codec_lz4_legacy;

#endif
