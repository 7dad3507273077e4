/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short conversations that are reassembled by each engine, and the text of what must be told. */
#ifndef PCAPDX_TESTS_REASSEMBLE_CASES_H
#define PCAPDX_TESTS_REASSEMBLE_CASES_H

#include "reassemble_rig.h"

#define BIG ((size_t)1 << 20)

extern enum engine_kind engine; /* all cases are run with each */

void feed(struct rig *g, enum side side, uint8_t flags, uint32_t seq, uint32_t ack, const char *text);
/* The log since the last look. */
void expect(struct rig *g, const char *want);
void begin(struct rig *g); /* by the engine in use, up to the handshake */
void end(struct rig *g);

/* Set-up of a group of tests. */
int use_native(void **state);
int use_nids(void **state);
int use_both(void **state);

#define RUN_WITH_EACH_ENGINE(tests) \
	(cmocka_run_group_tests_name("native engine", tests, use_native, NULL) + \
		cmocka_run_group_tests_name("libnids engine", tests, use_nids, NULL) + \
		cmocka_run_group_tests_name("both engines", tests, use_both, NULL))

#endif
