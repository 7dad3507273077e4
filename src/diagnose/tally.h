/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule that counts records about one subject keeps: how many, when, the first frames, which conversations. */
#ifndef PCAPDX_DIAGNOSE_TALLY_H
#define PCAPDX_DIAGNOSE_TALLY_H

#include "diagnose/rule.h"

#define TALLY_SHOWN_MAX 16
#define TALLY_STREAMS_MAX 128

struct tally {
	uint64_t count;
	int64_t first_ns, last_ns;
	struct evidence shown[TALLY_SHOWN_MAX];
	int shown_count;
	uint32_t streams[TALLY_STREAMS_MAX];
	int stream_count;
	uint16_t source; /* of the streams */
	uint8_t proto;
};

/* Counts one more at that time (absolute). */
void tally_count(struct tally *t, int64_t ts_ns);
/* Keeps a frame as evidence while there is room; frame 0 is passed over. */
void tally_show(struct tally *t, const struct record *r, const struct frame_ref *ref, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Keeps the conversation of a conn record for the filter. */
void tally_conversation(struct tally *t, const struct record *conn);
/* Count, times, evidence and filter into the finding: conversations where some are kept, the frames otherwise. */
void tally_tell(const struct tally *t, struct finding *f);

#endif
