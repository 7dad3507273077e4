/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of options: each reads `value` into *out; -1 and a sentence on stderr when it is not one. */
#ifndef PCAPDX_OPTION_VALUES_H
#define PCAPDX_OPTION_VALUES_H

#include <stdint.h>

#include "options.h"

int option_bad(const char *option, const char *value, const char *wants); /* the sentence; -1 */
int option_whole(const char *option, const char *value, uint64_t max, uint64_t *out); /* 1 to max */
int option_int(const char *option, const char *value, int max, int *out);
int option_seconds(const char *option, const char *value, double *out); /* above 0 */
int option_size(const char *option, const char *value, uint64_t *out);	/* bytes; K, M, G and T are powers of 1024 */
int option_time(const char *option, const char *value, int64_t *out);	/* RFC 3339, in ns */
int option_engine(const char *value, enum engine_kind *out);
int option_severity(const char *value, enum severity *out);

#endif
