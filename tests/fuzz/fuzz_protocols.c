/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smaller protocols, each with the first words that make the engine choose it: the first byte says which. */
#include "fuzz_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
		const char *opening; /* without zeros, for it is a string */
	} kinds[] = {
		{50, 0, 0}, /* ESP */
		{17, 4500, 0},
		{6, 1080, "\x05\x01\x02"}, /* SOCKS 5 with a password */
		{6, 1080, "\x04\x01\x01\xbb\xc6\x33\x64\x14" "a"},
		{6, 1080, 0},
		{6, 22, "SSH-2.0-a\r\n"},
		{6, 8022, "SSH-2.0-a\r\n"},
		{6, 3389, 0}, /* RDP begins with 03 00 */
		{6, 80, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"},
		{6, 443, "\r\n\r\n"}, /* PROXY version 2 begins so */
		{17, 3478, 0}, /* STUN */
		{17, 5060, "INVITE sip:a@b SIP/2.0\r\n"},
		{6, 5222, "<stream:stream to='a'>"},
		{6, 5900, "RFB 003.008\n"},
		{6, 6379, "*1\r\n$4\r\nPING\r\n"},
		{6, 554, "OPTIONS rtsp://a RTSP/1.0\r\n"},
		{6, 5672, "AMQP"},
		{6, 1883, "\x10"},
		{17, 161, "\x30"},
		{17, 1900, "M-SEARCH * HTTP/1.1\r\n"},
	};
	const size_t count = sizeof(kinds) / sizeof(kinds[0]);

	if (size < 2)
		return 0;
	fuzz_talk(kinds[data[0] % count].proto, kinds[data[0] % count].port, kinds[data[0] % count].opening, data + 1, size - 1);
	return 0;
}
