/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports of what is known so far, while a live capture or growing file is still read: every few seconds a copy of the
 * program (fork) ends its conversations, writes the report files and is gone; the program itself goes on as if nothing
 * had happened. So a refreshed report is what the final one would be if the capture ended now.
 */
#ifndef PCAPDX_REFRESH_H
#define PCAPDX_REFRESH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct options;

struct refresh { /* zeroed to begin with */
	int64_t next_ns, begun_ns; /* of the steady clock */
	uint64_t frames;	   /* in the last one */
	pid_t child;		   /* 0: none is at work */
};

/* Whether a report is due: there are files to write, new frames, and the last copy has done its work. */
bool refresh_is_due(struct refresh *r, const struct options *o, uint64_t frames);
/* True in the copy, which must end with refresh_end; false in the program itself, also when it cannot be copied. */
bool refresh_begin(struct refresh *r, uint64_t frames);
_Noreturn void refresh_end(void);
/* Waits for the copy, so that it does not overwrite the last report. */
void refresh_wait(struct refresh *r);

/* The options of a copy: files only, nothing on standard output. */
struct options refresh_options(const struct options *o);

#endif
