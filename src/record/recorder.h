/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records into a file (--records), which appears when it is whole; "-" is stdout, where they come one by one. */
#ifndef PCAPDX_RECORD_RECORDER_H
#define PCAPDX_RECORD_RECORDER_H

#include <stddef.h>

struct record;
struct recorder;

/* NULL and a sentence in `error` when the file cannot be made. */
struct recorder *recorder_open(const char *path, char *error, size_t error_size);
void recorder_take(struct recorder *w, const struct record *r);
/* -1 and a sentence when not everything could be written (a full disk); frees the recorder in any case. */
int recorder_close(struct recorder *w, char *error, size_t error_size);
void recorder_discard(struct recorder *w); /* leaves no file; NULL is fine */

#endif
