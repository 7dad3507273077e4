/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What results for tests are made of. Addresses are of the ranges for documentation. */
#ifndef PCAPDX_TESTS_RESULT_PARTS_H
#define PCAPDX_TESTS_RESULT_PARTS_H

#include "diagnose/result.h"

#define BUILD_START_NS INT64_C(1790000000123456789)

/* The text must be an address. */
struct addr build_ip(const char *text);
struct mac build_mac(const char *text);
struct result *build_result(enum severity severity, const char *headline);
/* Each of these is the result's. */
struct capture *build_source(struct result *r, const char *name, uint64_t packets, double seconds);
struct finding *build_finding(struct result *r, const char *code, enum severity severity, uint64_t count, uint64_t of);
struct diagnosis *build_diagnosis(struct result *r, struct finding *lead, enum responsible who, const char *title,
	const char *summary);
void build_join(struct diagnosis *d, struct finding *f);
void build_cause(struct diagnosis *d, double likelihood, const char *cause, const char *because);
/* Of what is against a diagnosis, or to be done next. */
void build_line(char ***lines, int *count, const char *line);
/* A TCP conversation that begins so many seconds after the start; the caller's. */
struct record *build_conn(const char *client, uint16_t port, const char *server, uint16_t server_port,
	uint64_t frame, double at);
/* Its next key frame, `at` seconds after its begin. */
void build_key(struct record *r, double at, uint64_t frame, enum side side, uint8_t flags, uint32_t len,
	const char *label);

#endif
