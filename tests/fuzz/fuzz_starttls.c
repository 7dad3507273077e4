/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocols that hand their stream on to TLS, or may: the first byte chooses port and opening. */
#include "fuzz_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		uint16_t port;
		const char *opening;
	} kinds[] = {
		{25, "EHLO a\r\nSTARTTLS\r\n"},
		{110, "STLS\r\n"},
		{143, "a1 STARTTLS\r\n"},
		{21, "AUTH TLS\r\n"},
		{389, "\x30\x1d\x02\x01\x01\x77\x18\x80\x16" "1.3.6.1.4.1.1466.20037"},
		{5222, "<stream:stream to='a'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
		{22, "SSH-2.0-a\r\n"},
		{80, "CONNECT a:443 HTTP/1.1\r\n\r\n"},
		{3306, 0},
		{5432, 0},
		{389, 0},
	};

	if (size < 2)
		return 0;
	data++;
	size--;
	fuzz_talk(6, kinds[data[-1] % (sizeof(kinds) / sizeof(kinds[0]))].port,
		kinds[data[-1] % (sizeof(kinds) / sizeof(kinds[0]))].opening, data, size);
	return 0;
}
