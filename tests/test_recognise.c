/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recogniser's NO is final: asked about whatever segments of all samples carry, and about damaged ones. */
#include "cmocka_all.h"

#include <glob.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "capture/capture.h"
#include "decode/decode.h"
#include "decode/packet.h"
#include "recognise_final.h"

#define BYTES_MAX 1100	 /* the longest that a recogniser waits for is 1024 */
#define SEGMENTS_MAX 300 /* of a sample */

static uint32_t random_state = 1;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static void is_final(const uint8_t *bytes, size_t n)
{
	for (int side = 0; side < 2; side++) {
		const char *who = recognise_takes_back((enum side)side, bytes, n);

		if (who)
			fail_msg("%s takes a NO back", who);
	}
}

/* One byte is another, two lines are one, or a line ends here. */
static void damage(uint8_t *bytes, size_t n)
{
	static const uint8_t likely[] = { '\n', '\r', ' ', 0, '0', 0xff, 'A', '.' };

	bytes[draw((uint32_t)n)] = draw(2) ? likely[draw(sizeof(likely))] : (uint8_t)draw(256);
}

static void ask_about(const uint8_t *payload, size_t len)
{
	uint8_t bytes[BYTES_MAX];
	size_t n = len < sizeof(bytes) ? len : sizeof(bytes);

	is_final(payload, n);
	memcpy(bytes, payload, n);
	for (int i = 0; i < 3; i++) {
		damage(bytes, n < 32 || draw(2) ? n : 32);
		is_final(bytes, n);
	}
}

static unsigned ask_about_sample(const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);
	struct decoder *d = decoder_new(1 << 22);
	struct frame f = { 0 };
	struct pcap_pkthdr *h;
	const u_char *data;
	struct packet p;
	unsigned asked = 0;

	while (pcap && asked < SEGMENTS_MAX && pcap_next_ex(pcap, &h, &data) == 1) {
		f.link_type = (uint32_t)pcap_datalink(pcap);
		f.data = data;
		f.captured = h->caplen;
		f.on_wire = h->len;
		f.number++;
		decode_frame(d, &f, &p);
		if (p.kind == PACKET_TCP && p.payload_len) {
			ask_about(p.payload, p.payload_len);
			asked++;
		}
	}
	decoder_free(d);
	if (pcap)
		pcap_close(pcap);
	return asked;
}

static void test_no_is_final_about_the_samples(void **state)
{
	const char *top = getenv("srcdir");
	char pattern[4096];
	unsigned asked = 0;
	glob_t files;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/samples/*.pcap*", top ? top : ".");
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		asked += ask_about_sample(files.gl_pathv[i]);
	globfree(&files);
	assert_true(asked > 1000);
}

/* What the samples do not have: a long line that ends at last, numbers that are cut, noise. */
static void test_no_is_final_about_odd_beginnings(void **state)
{
	static const char *const begin[] = { "0 alice 17.7\n", "0 x 0017\n", "220xFTP\n", "#a LOGIN b\n", "PRI * HTTP/2.0\r\n",
		"\x04\x01\x01\xbb\xc6\x33\x64\x14" "a", "<?xml version='1.0'?>", "*12\r\n$", "\x30\x84" "ab", "\x05\x02" };
	uint8_t bytes[BYTES_MAX];

	(void)state;
	for (int round = 0; round < 4000; round++) {
		const char *first = begin[draw(sizeof(begin) / sizeof(begin[0]))];
		size_t n = draw(10) ? 64 + draw(64) : sizeof(bytes), known = strlen(first);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(draw(2) ? draw(256) : 'a' + draw(26));
		if (draw(4))
			memcpy(bytes, first, known);
		if (draw(2))
			memcpy(bytes + n - 9, "RTSP/1.0\n", 9);
		is_final(bytes, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_is_final_about_the_samples),
		cmocka_unit_test(test_no_is_final_about_odd_beginnings),
	};

	hash_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
