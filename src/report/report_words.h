/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that several outputs share. What is given here is raw text: each output escapes it in its own way. */
#ifndef PCAPDX_REPORT_REPORT_WORDS_H
#define PCAPDX_REPORT_REPORT_WORDS_H

#include <stdint.h>

#include "diagnose/result.h"

struct text;

#define ENDPOINT_TEXT_SIZE (ADDR_TEXT_SIZE + 10)

/* "192.0.2.1:443", "[2001:db8::1]:443"; without the port when it is 0. */
const char *words_endpoint(const struct addr *a, uint16_t port, char out[ENDPOINT_TEXT_SIZE]);

/* "192.0.2.10 -> 198.51.100.20:443 (www.example.com)", as far as it is known; nothing is added otherwise. */
void words_subject(struct text *t, const struct subject *s);

const char *words_source(const struct result *r, uint16_t source); /* name of a source */
bool words_failed(const struct connection_row *row);		   /* neither fine, nor open, nor undecided */
const char *words_file(const char *path);			   /* its last part */
const char *words_proto(uint8_t proto);				   /* "tcp", "udp", ...; NULL unknown */
const char *words_tls_version(uint16_t version, char out[16]);	   /* "TLS 1.2" */
const char *words_tls_stage(uint8_t stage);			   /* "ServerHello" */
const char *words_conn_end(uint8_t end_reason);

/* "24 packets in 25.2 s, 6 TCP and 2 UDP conversations" */
/* Datagrams whose rest never came. */
uint64_t words_lost_datagrams(const struct fragmented *f);
void words_capture(struct text *t, const struct result *r);

/* "1,234,567" */
#define GROUPED_TEXT_SIZE 32
const char *words_grouped(uint64_t n, char out[GROUPED_TEXT_SIZE]);

/* A fact's value for people, with the unit that its name tells: "5.0 s", "yes", "TLS 1.0, TLS 1.2", "unknown". */
void words_fact(struct text *t, const struct fact *f);

/* Frames of one source out of a finding's evidence, in order and at most `max`: "16, 18, 26 and 4 more". Gives how
 * many there are in all. */
int words_frames(struct text *t, const struct finding *f, uint16_t source, int max);

/*
 * The command in a step, for a copy button: what begins with the name of a known program, at the start of the step or
 * after its first colon, and is nothing that a shell would do more with. False: the step is prose.
 */
struct step_parts {
	const char *before, *command, *after;
	int before_len, command_len, after_len;
};
bool words_step(const char *step, struct step_parts *out);

#endif
