/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation of quic out of any bytes, from seeds of its own: see fuzz_datagrams.h. */
#include "fuzz_datagrams.h"
