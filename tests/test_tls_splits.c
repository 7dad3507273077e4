/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a stream is cut into segments must not change what is learned from it: real captures, where there are any beside
 * the source tree, are given as they are, byte by byte, and in random pieces.
 */
#include "cmocka_all.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "dissectors/keylog.h"
#include "record/ndjson.h"
#include "tls_rig.h"

static void take(void *arg, const struct record *r)
{
	if (r->kind == RECORD_TLS)
		record_write(r, arg);
}

static char *records_of(const char *path, uint32_t split, uint32_t seed, struct keylog *keys)
{
	struct text out = { 0 };
	struct record_sink sink = { take, &out };
	struct rig_options o = { .split = split, .seed = seed, .keys = keys, .secrets = keys };

	assert_int_equal(rig_file(path, &o, &sink), 0);
	text_add(&out, "");
	return out.s ? out.s : xstrdup("");
}

static struct keylog *keys_beside(const char *path)
{
	struct keylog *keys = keylog_new();
	char *name = xprintf("%.*s.keys", (int)(strlen(path) - strlen(strrchr(path, '.'))), path), error[256];

	keylog_load(keys, name, error, sizeof(error)); /* not all captures have one */
	free(name);
	return keys;
}

static size_t first_difference(const char *a, const char *b)
{
	size_t at = 0;

	while (a[at] && a[at] == b[at])
		at++;
	return at > 60 ? at - 60 : 0;
}

static void check_file(const char *path)
{
	static const uint32_t splits[] = { 1, 7, 200, 1 };
	struct keylog *none = keylog_new(), *keys = keys_beside(path);

	for (size_t i = 0; i < 4; i++) {
		struct keylog *use = i < 3 ? none : keys;
		char *whole = records_of(path, 0, 0, use), *parts = records_of(path, splits[i], (uint32_t)i, use);

		if (strcmp(whole, parts) != 0) {
			size_t at = first_difference(whole, parts);

			fail_msg("%s in pieces of up to %u bytes:\n%.300s\n%.300s", path, splits[i], whole + at,
				parts + at);
		}
		free(whole);
		free(parts);
	}
	keylog_free(none);
	keylog_free(keys);
}

static void check_all(const char *pattern)
{
	const char *srcdir = getenv("srcdir");
	char *full = xprintf("%s/../shared/%s", srcdir ? srcdir : ".", pattern);
	glob_t found;

	if (glob(full, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			check_file(found.gl_pathv[i]);
		globfree(&found);
	}
	free(full);
}

static void test_segments_of_any_size_give_the_same_records(void **state)
{
	(void)state;
	hash_init();
	check_all("lab/tls*.pcap");
	check_all("lab/l[bi]*.pcap");
	check_all("captures/tls/[!psw]*.pcap");
	check_all("captures/tls/ssl*.pcap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments_of_any_size_give_the_same_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
