/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing an output in full or not at all. */
#ifndef PCAPDX_REPORT_REPORT_FILE_H
#define PCAPDX_REPORT_REPORT_FILE_H

#include <stddef.h>

struct text;

/*
 * Replaces the file at `path` atomically: temporary file beside it, fsync, rename. A symbolic link is followed, the
 * mode of an existing file is kept; a device or pipe is written to as it is. "-" is stdout. -1 and a sentence in
 * `error` otherwise; no temporary file stays behind.
 */
/* Whether a later report_file_write has a chance; -1 and a sentence when it has none. */
int report_file_probe(const char *path, char *error, size_t error_size);
int report_file_write(const char *path, const struct text *content, char *error, size_t error_size);

#endif
