/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip (RFC 1952), zstd (RFC 8878), xz and bzip2 by their own libraries. */
#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/text.h"
#include "capture/codec.h"

#define GZIP_ONLY (16 + MAX_WBITS)	     /* zlib's number for it */
#define STEP_MAX ((size_t)1 << 24)	     /* fits the counters of zlib and bzip2 */
#define XZ_MEMORY_MAX (UINT64_C(128) << 20)  /* the highest preset needs 65 MiB */

static unsigned bounded(size_t n)
{
	return (unsigned)(n < STEP_MAX ? n : STEP_MAX);
}

static void move_on(struct codec_span *s, size_t taken, size_t made)
{
	s->in += taken;
	s->in_left -= taken;
	s->out += made;
	s->out_left -= made;
}

static void *gzip_open(void)
{
	z_stream *z = xcalloc(1, sizeof(*z));

	if (inflateInit2(z, GZIP_ONLY) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static enum codec_status gzip_step(void *state, struct codec_span *s, const char **why)
{
	z_stream *z = state;
	unsigned in = bounded(s->in_left), out = bounded(s->out_left);
	int got;

	z->next_in = (Bytef *)(uintptr_t)s->in;
	z->avail_in = in;
	z->next_out = s->out;
	z->avail_out = out;
	got = inflate(z, Z_NO_FLUSH);
	move_on(s, in - z->avail_in, out - z->avail_out);
	if (got == Z_STREAM_END)
		return CODEC_ENDED;
	if (got == Z_OK || got == Z_BUF_ERROR)
		return CODEC_MORE;
	*why = z->msg ? z->msg : "damaged";
	return CODEC_FAILED;
}

static void gzip_close(void *state)
{
	if (state)
		inflateEnd(state);
	free(state);
}

const struct codec codec_gzip = {
	.name = "gzip",
	.magic = {0x1f, 0x8b},
	.magic_size = 2,
	.open = gzip_open,
	.step = gzip_step,
	.close = gzip_close,
};

static void *zstd_open(void)
{
	return ZSTD_createDStream();
}

static enum codec_status zstd_step(void *state, struct codec_span *s, const char **why)
{
	ZSTD_inBuffer in = {s->in, s->in_left, 0};
	ZSTD_outBuffer out = {s->out, s->out_left, 0};
	size_t got = ZSTD_decompressStream(state, &out, &in);

	move_on(s, in.pos, out.pos);
	if (!ZSTD_isError(got))
		return got ? CODEC_MORE : CODEC_ENDED;
	*why = ZSTD_getErrorName(got);
	return CODEC_FAILED;
}

static void zstd_close(void *state)
{
	ZSTD_freeDStream(state);
}

const struct codec codec_zstd = {
	.name = "zstd",
	.magic = {0x28, 0xb5, 0x2f, 0xfd},
	.magic_size = 4,
	.open = zstd_open,
	.step = zstd_step,
	.close = zstd_close,
};

static void *xz_open(void)
{
	static const lzma_stream start = LZMA_STREAM_INIT;
	lzma_stream *z = xmalloc(sizeof(*z));

	*z = start;
	if (lzma_stream_decoder(z, XZ_MEMORY_MAX, 0) == LZMA_OK)
		return z;
	free(z);
	return NULL;
}

static enum codec_status xz_step(void *state, struct codec_span *s, const char **why)
{
	lzma_stream *z = state;
	lzma_ret got;

	z->next_in = s->in;
	z->avail_in = s->in_left;
	z->next_out = s->out;
	z->avail_out = s->out_left;
	got = lzma_code(z, LZMA_RUN);
	move_on(s, s->in_left - z->avail_in, s->out_left - z->avail_out);
	if (got == LZMA_STREAM_END)
		return CODEC_ENDED;
	if (got == LZMA_OK || got == LZMA_BUF_ERROR)
		return CODEC_MORE;
	*why = got == LZMA_MEMLIMIT_ERROR ? "it needs more than 128 MiB to unpack"
	       : got == LZMA_OPTIONS_ERROR ? "packed in a way that is not known"
					   : "damaged";
	return CODEC_FAILED;
}

static void xz_close(void *state)
{
	if (state)
		lzma_end(state);
	free(state);
}

const struct codec codec_xz = {
	.name = "xz",
	.magic = {0xfd, '7', 'z', 'X', 'Z', 0},
	.magic_size = 6,
	.open = xz_open,
	.step = xz_step,
	.close = xz_close,
};

static void *bzip2_open(void)
{
	bz_stream *z = xcalloc(1, sizeof(*z));

	if (BZ2_bzDecompressInit(z, 0, 0) == BZ_OK)
		return z;
	free(z);
	return NULL;
}

static enum codec_status bzip2_step(void *state, struct codec_span *s, const char **why)
{
	bz_stream *z = state;
	unsigned in = bounded(s->in_left), out = bounded(s->out_left);
	int got;

	z->next_in = (char *)(uintptr_t)s->in;
	z->avail_in = in;
	z->next_out = (char *)s->out;
	z->avail_out = out;
	got = BZ2_bzDecompress(z);
	move_on(s, in - z->avail_in, out - z->avail_out);
	if (got == BZ_STREAM_END)
		return CODEC_ENDED;
	if (got == BZ_OK)
		return CODEC_MORE;
	*why = "damaged";
	return CODEC_FAILED;
}

static void bzip2_close(void *state)
{
	if (state)
		BZ2_bzDecompressEnd(state);
	free(state);
}

const struct codec codec_bzip2 = {
	.name = "bzip2",
	.magic = {'B', 'Z', 'h'},
	.magic_size = 3,
	.open = bzip2_open,
	.step = bzip2_step,
	.close = bzip2_close,
};
