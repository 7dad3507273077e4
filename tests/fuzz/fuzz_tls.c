/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TLS conversation out of any bytes: what to do (side, gap, length), bytes, and so on, with a key that may fit. */
#include "../tls_talk.h"
#include "dissectors/keylog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For client randoms that are all zeros. */
static struct keylog *zero_keys(void)
{
	static const char *const labels[] = { "CLIENT_RANDOM", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0" };
	struct keylog *k = keylog_new();
	struct text line = { 0 };

	for (int i = 0; i < 5; i++) {
		text_printf(&line, "%s %064d %0*d\n", labels[i], 0, i ? 64 : 96, 0);
	}
	keylog_add(k, text_str(&line), line.len);
	text_free(&line);
	return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keylog *keys = size && data[0] & 1 ? zero_keys() : NULL;
	struct talk t;

	talk_open(&t, 6, 443, keys);
	while (size >= 3) {
		enum side side = data[0] & 2 ? SIDE_RESP : SIDE_ORIG;
		size_t n = (size_t)data[1] << 8 | data[2];
		bool gap = (data[0] & 0x70) == 0x70;

		data += 3;
		size -= 3;
		if (gap) {
			talk_gap(&t, side, n + 1);
			continue;
		}
		n = n < size ? n : size;
		if (n)
			talk_say(&t, side, data, n);
		data += n;
		size -= n;
	}
	talk_close(&t);
	text_free(&t.marks);
	keylog_free(keys);
	return 0;
}
