/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SOCKS servers answer, in words. */
#ifndef PCAPDX_DISSECTORS_SOCKS_NAMES_H
#define PCAPDX_DISSECTORS_SOCKS_NAMES_H

#include <stdint.h>

#define SOCKS_METHOD_NONE 0xff /* none of those that the client offers will do (RFC 1928, section 3) */

enum socks5_reply { /* RFC 1928, section 6 */
	SOCKS5_GRANTED = 0,
	SOCKS5_FAILURE = 1,
	SOCKS5_RULESET = 2,
	SOCKS5_NET_UNREACHABLE = 3,
	SOCKS5_HOST_UNREACHABLE = 4,
	SOCKS5_REFUSED = 5,
	SOCKS5_TTL_EXPIRED = 6,
	SOCKS5_COMMAND = 7,
	SOCKS5_ADDRESS = 8,
};

enum socks4_reply { /* the memo on SOCKS 4 */
	SOCKS4_GRANTED = 90,
	SOCKS4_REJECTED = 91,
	SOCKS4_NO_IDENTD = 92,
	SOCKS4_OTHER_USER = 93,
};

/* Never NULL. */
const char *socks_reply_name(uint8_t version, uint8_t reply);
const char *socks_command_name(uint8_t command);

#endif
