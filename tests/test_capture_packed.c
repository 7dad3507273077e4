/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed captures: read by content, to where their data end, and no further than allowed. */
#include "cmocka_all.h"

#include <bzlib.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "capture_build.h"

#define PACKED_MAX ((size_t)4 << 20)
#define LEGACY_MAGIC "\x02\x21\x4c\x18"

static uint8_t packed[PACKED_MAX];

static size_t pack_gzip(const void *from, size_t n)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)from, .avail_in = (uInt)n, .next_out = packed, .avail_out = PACKED_MAX};

	deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t pack_bzip2(const void *from, size_t n)
{
	unsigned out = PACKED_MAX;

	assert_int_equal(
		BZ2_bzBuffToBuffCompress((char *)packed, &out, (char *)(uintptr_t)from, (unsigned)n, 1, 0, 0), BZ_OK);
	return out;
}

static size_t pack_xz(const void *from, size_t n)
{
	size_t out = 0;

	assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, from, n, packed, &out, PACKED_MAX), LZMA_OK);
	return out;
}

static size_t pack_zstd(const void *from, size_t n)
{
	size_t out = ZSTD_compress(packed, PACKED_MAX, from, n, 3);

	assert_false(ZSTD_isError(out));
	return out;
}

static size_t pack_lz4_with(const void *from, size_t n, LZ4F_frameInfo_t info)
{
	LZ4F_preferences_t how = {.frameInfo = info};
	size_t out = LZ4F_compressFrame(packed, PACKED_MAX, from, n, &how);

	assert_false(LZ4F_isError(out));
	return out;
}

static size_t pack_lz4(const void *from, size_t n)
{
	return pack_lz4_with(from, n, (LZ4F_frameInfo_t){.blockSizeID = LZ4F_max4MB});
}

/* Small blocks that lean on each other, with all that a frame may carry. */
static size_t pack_lz4_linked(const void *from, size_t n)
{
	return pack_lz4_with(from, n,
		(LZ4F_frameInfo_t){.blockSizeID = LZ4F_max64KB, .blockMode = LZ4F_blockLinked,
			.contentChecksumFlag = LZ4F_contentChecksumEnabled,
			.blockChecksumFlag = LZ4F_blockChecksumEnabled, .contentSize = n});
}

static size_t pack_lz4_legacy(const void *from, size_t n)
{
	int out = LZ4_compress_default(from, (char *)packed + 8, (int)n, PACKED_MAX - 8);

	memcpy(packed, LEGACY_MAGIC, 4);
	for (int i = 0; i < 4; i++)
		packed[4 + i] = (uint8_t)(out >> 8 * i);
	return (size_t)out + 8;
}

static const struct packing {
	const char *name;
	size_t (*pack)(const void *from, size_t n);
	bool whole_blocks; /* a small file is one block, of which the library gives nothing before it is whole */
} packings[] = {
	{"gzip", pack_gzip, false},
	{"bzip2", pack_bzip2, true},
	{"xz", pack_xz, false},
	{"zstd", pack_zstd, true},
	{"lz4", pack_lz4, false},
	{"lz4, linked", pack_lz4_linked, false},
	{"lz4, legacy", pack_lz4_legacy, false},
};

#define PACKINGS (sizeof(packings) / sizeof(packings[0]))

/* Frames of 4 bytes that do not pack to nothing. */
static void frames(struct text *t, uint32_t count)
{
	pcap_header(t, false, MAGIC_US, 1);
	for (uint32_t i = 0; i < count; i++)
		pcap_record(t, false, 1, i, 4, 4, (int)(i * 2654435761u >> 16));
}

static void check_frames(const struct collected *c)
{
	for (size_t i = 0; i < c->count; i++)
		assert_int_equal(c->frames[i].data[0], (uint8_t)((uint32_t)i * 2654435761u >> 16 & 0xff));
}

static void test_compressed_captures_are_read_by_content(void **state)
{
	struct text t = {0};

	(void)state;
	frames(&t, 100000); /* several windows */
	for (size_t i = 0; i < PACKINGS; i++) {
		struct collected c = collect(write_file("no-extension", packed, packings[i].pack(t.s, t.len)));

		assert_int_equal(c.count, 100000);
		check_frames(&c);
		assert_string_equal(capture_source(c.stream, 0)->problem, "");
		collected_free(&c);
	}
	text_free(&t);
}

static void test_members_follow_each_other(void **state)
{
	static const uint8_t own[] = {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
	struct text t = {0}, both = {0};

	(void)state;
	frames(&t, 3000);
	for (size_t i = 0; i + 1 < PACKINGS; i++) { /* legacy frames of lz4 have no end of their own */
		bool skippable = strncmp(packings[i].name, "lz4", 3) == 0 || strcmp(packings[i].name, "zstd") == 0;
		struct collected c;

		text_add_bytes(&both, packed, packings[i].pack(t.s, t.len / 2));
		if (skippable)
			text_add_bytes(&both, own, sizeof(own));
		text_add_bytes(&both, packed, packings[i].pack(t.s + t.len / 2, t.len - t.len / 2));
		c = collect(write_text("two", &both));
		assert_int_equal(c.count, 3000);
		check_frames(&c);
		assert_string_equal(capture_source(c.stream, 0)->problem, "");
		collected_free(&c);
	}
	text_free(&t);
}

static void test_expansion_is_bounded_and_what_was_read_stays(void **state)
{
	struct text t = {0};
	struct collected c;
	struct options o;
	const char *path;

	(void)state;
	frames(&t, 100000);
	path = write_file("bomb.gz", packed, pack_gzip(t.s, t.len));
	o = file_options(&path, 1);
	o.max_expand_bytes = 24 + 20 * 1000 + 5;
	c = collect_options(&o);
	assert_int_equal(c.count, 1000);
	assert_true(capture_source(c.stream, 0)->damaged);
	assert_non_null(strstr(capture_source(c.stream, 0)->problem, "--max-expand"));
	collected_free(&c);
	o.max_expand_bytes = t.len;
	c = collect_options(&o);
	assert_int_equal(c.count, 100000);
	assert_false(capture_source(c.stream, 0)->damaged);
	collected_free(&c);
	text_free(&t);
}

/* What was packed before the cut is read, wherever that is. */
static void test_cut_files_are_read_to_where_their_data_end(void **state)
{
	struct text t = {0};

	(void)state;
	frames(&t, 5000);
	for (size_t i = 0; i < PACKINGS; i++) {
		size_t size = packings[i].pack(t.s, t.len);
		size_t least = 0;

		for (size_t keep = size / 10; keep < size; keep += size / 9) {
			struct collected c = collect(write_file("cut", packed, keep));
			size_t want = packings[i].whole_blocks ? 0 : 5000 * keep / size / 4;

			if (!c.stream && want)
				fail_msg("%s: nothing of %zu of %zu bytes: %s", packings[i].name, keep, size, c.error);
			if (c.stream)
				assert_true(capture_source(c.stream, 0)->cut_short);
			if (c.count < want || c.count < least)
				fail_msg("%s: %zu frames of %zu of %zu bytes", packings[i].name, c.count, keep, size);
			check_frames(&c);
			least = c.count;
			collected_free(&c);
		}
	}
	text_free(&t);
}

/* Of formats in blocks the whole ones are read. */
static void test_whole_blocks_of_a_cut_file_are_read(void **state)
{
	struct text t = {0};

	(void)state;
	frames(&t, 50000); /* ten blocks of bzip2 -1 */
	for (size_t i = 0; i < PACKINGS; i++) {
		struct collected c = collect(write_file("cut", packed, packings[i].pack(t.s, t.len) / 2));

		assert_non_null(c.stream);
		assert_true(capture_source(c.stream, 0)->cut_short);
		assert_in_range(c.count, 15000, 49999);
		check_frames(&c);
		collected_free(&c);
	}
	text_free(&t);
}

static void test_damage_is_told_and_what_was_before_it_stays(void **state)
{
	struct text t = {0};

	(void)state;
	frames(&t, 50000);
	for (size_t i = 0; i < PACKINGS; i++) {
		size_t size = packings[i].pack(t.s, t.len);
		struct collected c;

		memset(packed + size / 2, 0xa5, size / 4);
		c = collect(write_file("damaged", packed, size));
		if (c.stream) { /* one block of lz4: nothing of it is to be trusted */
			assert_false(capture_source(c.stream, 0)->cut_short && !capture_source(c.stream, 0)->damaged);
			assert_string_not_equal(capture_source(c.stream, 0)->problem, "");
		}
		collected_free(&c);
	}
	text_free(&t);
}

/* What was appended to a packed capture by a program that pads is no data. */
static void test_padding_behind_the_data_is_no_data(void **state)
{
	struct text t = {0};

	(void)state;
	frames(&t, 20);
	for (size_t i = 0; i + 1 < PACKINGS; i++) {
		size_t size = packings[i].pack(t.s, t.len);
		struct collected c;

		memset(packed + size, 0, 512);
		c = collect(write_file("padded", packed, size + 512));
		assert_int_equal(c.count, 20);
		assert_string_equal(capture_source(c.stream, 0)->problem, "");
		collected_free(&c);
	}
	text_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compressed_captures_are_read_by_content),
		cmocka_unit_test(test_members_follow_each_other),
		cmocka_unit_test(test_expansion_is_bounded_and_what_was_read_stays),
		cmocka_unit_test(test_cut_files_are_read_to_where_their_data_end),
		cmocka_unit_test(test_whole_blocks_of_a_cut_file_are_read),
		cmocka_unit_test(test_damage_is_told_and_what_was_before_it_stays),
		cmocka_unit_test(test_padding_behind_the_data_is_no_data),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
