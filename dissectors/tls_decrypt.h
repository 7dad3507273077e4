/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens encrypted records with secrets of a key log, so that alerts and handshake messages inside are seen.
 *
 * What is opened: every record of up to SMALL_RECORD bytes, every alert and handshake record, and of each direction the
 * first OPEN_ALL_BYTES of the rest; application data beyond that is only counted. KeyUpdates, alerts and tickets are
 * small, so nothing of the handshake is missed by that; a damaged record in bulk shows in the alert that answers it.
 */
#ifndef PCAPDX_DISSECTORS_TLS_DECRYPT_H
#define PCAPDX_DISSECTORS_TLS_DECRYPT_H

#include "dissectors/tls_state.h"

enum tls_opened {
	TLS_OPENED,
	TLS_NOT_OPENED,	  /* no key, or the body was not looked at on purpose */
	TLS_OPEN_FAILED,  /* the key does not fit, or the record is damaged */
};

struct tls_plain {
	uint8_t type; /* inner content type */
	const uint8_t *bytes;
	size_t len;
};

/* Whether the body of such a record is wanted. */
bool tls_crypt_wants(struct tls_state *st, const struct tls_place *at, uint8_t type, size_t len);

/*
 * Opens one encrypted record; body NULL: it is not here, or not wanted, and only counts. plain->bytes live until the
 * next call. The record's place in the sequence is counted in any case.
 */
enum tls_opened tls_crypt_open(struct tls_state *st, const struct tls_place *at, const uint8_t *header,
	const uint8_t *body, size_t len, struct tls_plain *plain);

/* The record that just failed was none of this key's: it does not count. */
void tls_crypt_again(struct tls_state *st, enum side side);
/* Some record of that side was opened: the keys are right, and a failure means damage. */
bool tls_crypt_worked(const struct tls_state *st, enum side side);
/* The key that applies now opened a record before, and no gap hid one since: a record that it fails on is damaged. */
bool tls_crypt_sure(const struct tls_state *st, enum side side);
/* DTLS carries the number of each record in it. */
void tls_crypt_sequence(struct tls_state *st, enum side side, uint64_t number);
/* A gap passed over an unknown number of records of that side. */
void tls_crypt_gap(struct tls_state *st, enum side side);
/* The side's Finished or KeyUpdate was seen: its next key applies from here on. */
void tls_crypt_finished(struct tls_state *st, enum side side);
void tls_crypt_key_update(struct tls_state *st, enum side side);
/* Up to 1.2, the second ChangeCipherSpec of a side: the keys of the renegotiated handshake apply, where known. */
void tls_crypt_changed(struct tls_state *st, const struct tls_place *at);
void tls_crypt_free(struct tls_state *st);

#endif
