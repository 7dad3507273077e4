/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our block reader against libpcap: the same frames, times and bytes from every capture that lies around. */
#include "cmocka_all.h"

#include <ftw.h>
#include <pcap/pcap.h>

#include "base/when.h"
#include "capture/link_type.h"
#include "capture_build.h"

static int compared, refused;

/* What libpcap reads otherwise than we do, on purpose. */
static bool same_time(const struct frame *f, const struct pcap_pkthdr *h)
{
	int64_t ns = h->ts.tv_sec * NS_PER_S + h->ts.tv_usec;

	return ns == f->ts_ns || h->ts.tv_usec >= NS_PER_S || h->ts.tv_usec < 0 ||
	       f->ts_ns >= INT64_C(0x80000000) * NS_PER_S; /* its seconds are signed */
}

static void compare_frames(const char *path, pcap_t *p)
{
	struct collected c = collect(path);
	struct pcap_pkthdr *h;
	const uint8_t *data;
	size_t n = 0;
	int got;

	if (!c.stream)
		fail_msg("%s", c.error);
	while ((got = pcap_next_ex(p, &h, &data)) == 1) {
		const struct frame *f = &c.frames[n++];

		if (n > c.count)
			fail_msg("%s: libpcap has a frame %zu, we end after %zu: %s", path, n, c.count,
				capture_source(c.stream, 0)->problem);
		/* It cuts frames to the announced snap length, which some programs do not keep to. */
		if (f->captured != h->caplen && (f->captured < h->caplen || (int)h->caplen != pcap_snapshot(p)))
			fail_msg("%s: frame %zu has %u bytes, for libpcap %u", path, n, f->captured, h->caplen);
		if (!same_time(f, h) || memcmp(f->data, data, h->caplen) != 0)
			fail_msg("%s: frame %zu differs", path, n);
		assert_true(f->on_wire == h->len || h->len < h->caplen);
		assert_int_equal(f->number, n);
		assert_int_equal(f->link_type, link_from_file(link_from_dlt(pcap_datalink(p))));
	}
	if (got == PCAP_ERROR_BREAK && n != c.count)
		fail_msg("%s: libpcap ends after %zu frames, we after %zu", path, n, c.count);
	compared++;
	collected_free(&c);
}

static bool is_capture(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".pcapng") == 0 || strcmp(dot, ".cap") == 0);
}

static int compare_file(const char *path, const struct stat *st, int kind)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p;

	if (kind != FTW_F || !is_capture(path) || st->st_size > 64 * 1024 * 1024)
		return 0;
	p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!p) {
		refused++;
		return 0;
	}
	compare_frames(path, p);
	pcap_close(p);
	return 0;
}

static void test_reads_what_libpcap_reads(void **state)
{
	static const char *const folders[] = {"samples", "../shared/lab", "../shared/captures"};
	const char *top = getenv("srcdir") ? getenv("srcdir") : ".";
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", top, folders[i]);
		if (access(path, R_OK) == 0)
			ftw(path, compare_file, 16);
	}
	print_message("%d captures compared, %d refused by libpcap\n", compared, refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_what_libpcap_reads),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
