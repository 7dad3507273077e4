/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the bytes of a capture come from: a descriptor, memory, or another input that is unpacked on the way. */
#ifndef PCAPDX_CAPTURE_INPUT_H
#define PCAPDX_CAPTURE_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct window;

#define INPUT_END 0
#define INPUT_AGAIN (-1)  /* nothing now, more may come: only where the input follows */
#define INPUT_FAILED (-2) /* `problem` says why */

struct input {
	/* Up to n bytes: their number, or one of the above. */
	ssize_t (*read)(struct input *in, void *to, size_t n);
	void (*close)(struct input *in); /* frees the input itself, too */
	uint64_t bytes_read;		 /* from the outside, so before unpacking */
	uint64_t size;			 /* of the file; 0: unknown */
	bool cut;			 /* the failure is that the outside ended too early */
	bool stopped;			 /* the end is one that was asked for */
	char problem[160];
};

/* Reads a descriptor, which is owned from here on. `follow`: the end is INPUT_AGAIN. `stop` (may be NULL) ends it. */
struct input *input_from_fd(int fd, bool follow, const atomic_bool *stop);

/* Reads borrowed memory. */
struct input *input_from_memory(const void *data, size_t size);

/* Whether bytes begin like one of the compressed formats that input_unpack knows; its name or NULL. */
const char *input_packed_name(const uint8_t *data, size_t size);

/*
 * Unpacks what comes from `raw`, whose content and input are taken over. Past `max_bytes` of output it fails with a
 * sentence, so that a small file cannot fill the machine's time and memory; 0: no limit.
 */
struct input *input_unpack(struct window *raw, uint64_t max_bytes);

#endif
