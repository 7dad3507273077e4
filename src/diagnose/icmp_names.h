/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of ICMP destination unreachable codes (RFC 792, RFC 1122, RFC 1812; RFC 4443 for ICMPv6). */
#ifndef PCAPDX_DIAGNOSE_ICMP_NAMES_H
#define PCAPDX_DIAGNOSE_ICMP_NAMES_H

#include <stdbool.h>
#include <stdint.h>

const char *icmp_unreachable_name(bool v6, uint8_t type, uint8_t code, char out[64]);
bool icmp_is_port_unreachable(bool v6, uint8_t type, uint8_t code);
bool icmp_is_prohibited(bool v6, uint8_t type, uint8_t code); /* by policy */

#endif
