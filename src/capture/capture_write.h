/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames into a capture file: classic pcap in nanoseconds, or pcapng when the name ends in .pcapng or when the frames
 * need it (several link types, times that do not fit). A regular file appears under its name only when it is whole.
 */
#ifndef PCAPDX_CAPTURE_CAPTURE_WRITE_H
#define PCAPDX_CAPTURE_CAPTURE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

struct capture_writer;
struct frame;

/* `path` may be "-" for stdout. `pcapng`: in that format whatever the name, as comments need it. NULL and a sentence
 * when the file cannot be made. */
struct capture_writer *capture_write_open(const char *path, bool pcapng, char *error, size_t error_size);

/* TLS key log text, for what follows; pcapng only, left out elsewhere. */
void capture_write_secrets(struct capture_writer *w, const char *key_log);

/*
 * One frame. `interface` (may be NULL) names where it comes from; `comment` (may be NULL) is shown beside it; both in
 * pcapng only. False after a failure, which capture_write_close tells; going on does no harm.
 */
bool capture_write_frame(struct capture_writer *w, const struct frame *f, const char *interface, const char *comment);

/* Ends the file, brings it to the disk and under its name, and frees the writer. False and a sentence when anything
 * failed since it was opened; then there is no new file and an old one is as it was. */
bool capture_write_close(struct capture_writer *w, char *error, size_t error_size);

/* Gives the file up and frees the writer; NULL is fine. */
void capture_write_discard(struct capture_writer *w);

#endif
