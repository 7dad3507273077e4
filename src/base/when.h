/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points in time (ns since 1970, UTC) and durations (ns) as text. */
#ifndef PCAPDX_BASE_WHEN_H
#define PCAPDX_BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)
#define WHEN_TEXT_SIZE 40

const char *when_rfc3339(int64_t ns, char out[WHEN_TEXT_SIZE]); /* 2026-01-31T12:00:00.000000001Z */
bool when_parse(const char *text, int64_t *ns);			/* RFC 3339, with or without fraction and offset */
/* For people: "0.4 ms", "16 ms", "5.0 s", "4 min 10 s", "2 h 5 min". */
const char *when_duration(double seconds, char out[WHEN_TEXT_SIZE]);
/* Exact seconds with nine decimals, trailing zeros cut: "5.01", "0", "-1.5". */
const char *when_seconds(int64_t ns, char out[WHEN_TEXT_SIZE]);

/* So much later, as far as there is such a time. by: not negative. */
static inline int64_t when_later(int64_t ns, int64_t by)
{
	return ns > INT64_MAX - by ? INT64_MAX : ns + by;
}

static inline double when_s(int64_t ns)
{
	return (double)ns / 1e9;
}

#endif
