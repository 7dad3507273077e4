/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ports, lower end first, so both directions have one key. Tunnels and VLANs are left out: so does
 * Wireshark, whose stream numbers we share. Compared as bytes. */
#ifndef PCAPDX_TRACK_FLOW_KEY_H
#define PCAPDX_TRACK_FLOW_KEY_H

#include <stdint.h>

#include "base/addr.h"

struct flow_key {
	struct addr low, high;
	uint16_t low_port, high_port;
	uint8_t proto, zero[3];
};

#endif
