/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as NDJSON: one object a line, {"kind":"conn","ts":"...",...}; fields at their default are left out. */
#ifndef PCAPDX_RECORD_NDJSON_H
#define PCAPDX_RECORD_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "record/record.h"

struct text;

void record_write(const struct record *r, struct text *out); /* appends one line with its newline */

/* Reads one line of `n` bytes. false and a sentence in `error`: not JSON, no kind, a value of the wrong type or beyond
 * its bounds. Unknown fields are ignored; over-long texts are cut, over-long lists are cut. */
bool record_read(const char *line, size_t n, struct record *r, char *error, size_t error_size);

/* Reads all lines of a file into the sink. 0: all read; 1: read, but some lines were bad (the first is named in
 * `error`); -1: cannot be read or not one good line. */
int records_load(const char *path, const struct record_sink *sink, char *error, size_t error_size);

/* The JSON schema of records (doc/records.schema.json is made from it). */
void record_schema(struct text *out);

#endif
