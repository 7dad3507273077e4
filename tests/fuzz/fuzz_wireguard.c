/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation of wireguard out of any bytes: see fuzz_tunnel.h. */
#include "fuzz_tunnel.h"

FUZZ_TUNNEL(51820)
