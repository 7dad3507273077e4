/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One conversation for tests of the TLS dissectors: bytes in, the tls record out. */
#ifndef PCAPDX_TESTS_TLS_TALK_H
#define PCAPDX_TESTS_TLS_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "dissectors/session.h"

struct talk {
	struct dissect_engine *engine;
	struct session *session;
	struct session_owner owner;
	struct record head, got;
	uint32_t records; /* of kind tls */
	struct text marks; /* "3 ClientHello\n": frame and label of each key frame */
	uint64_t frame;
	int64_t now_ns;
};

struct keylog;

void talk_open(struct talk *t, uint8_t proto, uint16_t port, const struct keylog *keys);
/* The next frame, 1 ms later, carries these bytes. */
void talk_say(struct talk *t, enum side side, const void *bytes, size_t n);
/* A datagram of `on_wire` bytes of which the capture has the first n. */
void talk_say_cut(struct talk *t, enum side side, const void *bytes, size_t n, size_t on_wire);
void talk_hex(struct talk *t, enum side side, const char *hex);
void talk_gap(struct talk *t, enum side side, uint64_t missing);
/* Ends the conversation and gives its record. */
const struct tls *talk_close(struct talk *t);

/* Hex digits, anything else between them is passed over; gives the number of bytes. */
size_t talk_bytes(const char *hex, uint8_t *out, size_t size);

#endif
