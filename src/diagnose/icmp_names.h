/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of ICMP destination unreachable codes (RFC 792, RFC 1122, RFC 1812; RFC 4443 for ICMPv6). */
#ifndef PCAPDX_DIAGNOSE_ICMP_NAMES_H
#define PCAPDX_DIAGNOSE_ICMP_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

const char *icmp_unreachable_name(bool v6, uint8_t type, uint8_t code, char out[64]);
bool icmp_is_port_unreachable(bool v6, uint8_t type, uint8_t code);
bool icmp_is_prohibited(bool v6, uint8_t type, uint8_t code); /* by policy */


/* Whether it says that the packet did not get there, and no smaller one would. */
bool icmp_is_rejection(const struct icmp_seen *i);
/* Whether it is the answer that traceroute over UDP counts on, for this conversation. */
bool icmp_ends_traceroute(const struct record *conn, const struct icmp_seen *i);

#endif
