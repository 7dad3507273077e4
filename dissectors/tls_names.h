/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the numbers of TLS as the IANA registries have them. All give NULL for a number without a name. */
#ifndef PCAPDX_DISSECTORS_TLS_NAMES_H
#define PCAPDX_DISSECTORS_TLS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

const char *tls_alert_name(uint8_t code);	  /* 40: "handshake_failure" */
const char *tls_version_name(uint16_t version);	  /* 0x0304: "TLS 1.3"; DTLS, SSL 2.0 and drafts too */
const char *tls_cipher_name(uint16_t cipher);	  /* 0x1301: "TLS_AES_128_GCM_SHA256" */
const char *tls_group_name(uint16_t group);	  /* 0x001d: "x25519" */
const char *tls_stage_name(uint8_t stage);	  /* enum tls_stage: "ClientHello", ... */
const char *tls_signature_name(uint16_t scheme);  /* 0x0403: "ecdsa_secp256r1_sha256" */

/* Values reserved so that servers learn to ignore unknown ones (RFC 8701, section 2). */
bool tls_is_grease(uint16_t value);
/* TLS or DTLS 1.3, drafts included: everything after the ServerHello is encrypted. */
bool tls_version_is_13(uint16_t version);
/* SSL, TLS or DTLS before 1.2 (RFC 8996). */
bool tls_version_is_old(uint16_t version);

#endif
