/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network and link addresses as values. Text of IPv6 addresses follows RFC 5952 (inet_ntop). */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int addr_compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

bool addr_is_multicast(const struct addr *a)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (addr_is_v4(a))
		return (a->b[12] & 0xf0) == 0xe0 || memcmp(a->b + 12, broadcast, 4) == 0;
	return a->b[0] == 0xff;
}

const char *addr_text(const struct addr *a, char out[ADDR_TEXT_SIZE])
{
	if (!addr_is_set(a))
		out[0] = '\0';
	else if (addr_is_v4(a))
		inet_ntop(AF_INET, a->b + 12, out, ADDR_TEXT_SIZE);
	else
		inet_ntop(AF_INET6, a->b, out, ADDR_TEXT_SIZE);
	return out;
}

const char *mac_text(const struct mac *m, char out[MAC_TEXT_SIZE])
{
	snprintf(out, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3], m->b[4],
		m->b[5]);
	return out;
}

bool addr_parse(const char *text, struct addr *out)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*out = addr_v4(bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*out = addr_v6(bytes);
	else
		return false;
	return true;
}

bool mac_parse(const char *text, struct mac *out)
{
	unsigned b[6];
	int used = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &used) != 6 ||
		text[used] != '\0')
		return false;
	for (int i = 0; i < 6; i++)
		out->b[i] = (uint8_t)b[i];
	return true;
}

