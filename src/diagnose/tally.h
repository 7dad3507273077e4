/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule that counts records about one subject keeps: how many, when, the first frames, which conversations. */
#ifndef PCAPDX_DIAGNOSE_TALLY_H
#define PCAPDX_DIAGNOSE_TALLY_H

#include "diagnose/rule.h"

#define TALLY_SHOWN_MAX 16
#define TALLY_STREAMS_MAX 128

/* Zeroed at first. Its lists grow: most that are kept for one of many subjects hold an entry or two. */
struct tally {
	uint64_t count;
	int64_t first_ns, last_ns;
	struct evidence *shown; /* owned, as the next one */
	uint32_t *streams;
	int shown_count, stream_count;
	uint16_t source; /* of the streams */
	uint8_t proto;
};

/* Frees what it owns, and zeroes it. */
void tally_free(struct tally *t);
/* The same for the value of a table that begins with one: for struct table's `drop`. */
void tally_drop(void *owner, void *value);

/* Counts one more at that time (absolute). */
void tally_count(struct tally *t, int64_t ts_ns);
/* Keeps a frame as evidence while there is room; frame 0 is passed over. */
void tally_show(struct tally *t, const struct record *r, const struct frame_ref *ref, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with one that is there already. */
void tally_keep(struct tally *t, const struct evidence *e);
/* Keeps the conversation of a conn record for the filter. */
void tally_conversation(struct tally *t, const struct record *conn);
/* Count, times, evidence and filter into the finding: conversations where some are kept, the frames otherwise. */
void tally_tell(const struct tally *t, struct finding *f);

#endif
