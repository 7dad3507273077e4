/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation of datagrams on port 443 out of any bytes: side, length, datagram, and so on. */
#ifndef PCAPDX_TESTS_FUZZ_DATAGRAMS_H
#define PCAPDX_TESTS_FUZZ_DATAGRAMS_H

#include "../tls_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk t;

	talk_open(&t, 17, 443, NULL);
	while (size >= 3) {
		enum side side = data[0] & 1 ? SIDE_RESP : SIDE_ORIG;
		size_t n = (size_t)data[1] << 8 | data[2];

		data += 3;
		size -= 3;
		n = n < size ? n : size;
		if (n)
			talk_say(&t, side, data, n);
		data += n;
		size -= n;
	}
	talk_close(&t);
	text_free(&t.marks);
	return 0;
}

#endif
