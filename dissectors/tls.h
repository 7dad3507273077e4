/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dissectors that know the TLS handshake: over streams, over datagrams, and inside QUIC. */
#ifndef PCAPDX_DISSECTORS_TLS_H
#define PCAPDX_DISSECTORS_TLS_H

#include "dissectors/dissector.h"

extern const struct dissector dissector_dtls;
extern const struct dissector dissector_quic;
extern const struct dissector dissector_tls;

#endif
