/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 1928, section 6; "SOCKS: A protocol for TCP proxy across firewalls" for version 4; Tor's socks-extensions for
 * 0xf0 on. */
#include "dissectors/socks_names.h"

#include <stddef.h>

static const char *const version_5[] = {"granted", "general failure", "not allowed by ruleset", "network unreachable",
	"host unreachable", "connection refused", "TTL expired", "command not supported", "address type not supported"};

static const char *const onion[] = {"onion service not found", "onion service's descriptor is invalid",
	"introduction at the onion service failed", "rendezvous with the onion service failed",
	"onion service wants a client's key", "onion service refuses the client's key", "bad onion address",
	"introduction at the onion service timed out"};

static const char *const version_4[] = {
	"granted", "rejected or failed", "no identd on the client", "identd names another user"};

#define NAME_OF(names, i) ((size_t)(i) < sizeof(names) / sizeof(*(names)) ? (names)[i] : "unknown reply")

const char *socks_reply_name(uint8_t version, uint8_t reply)
{
	if (version == 4)
		return NAME_OF(version_4, reply - SOCKS4_GRANTED);
	return reply >= 0xf0 ? NAME_OF(onion, reply - 0xf0) : NAME_OF(version_5, reply);
}

const char *socks_command_name(uint8_t command)
{
	static const char *const names[] = {"request", "CONNECT", "BIND", "UDP ASSOCIATE"};

	return command < sizeof(names) / sizeof(*names) ? names[command] : names[0];
}
