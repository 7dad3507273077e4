/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A known byte stream, sent in segments that are split, resent, reordered, cut and lost as a string of operations
 * says, and a trivial model (a flag per byte) of what reassembly may make of it. A broken promise aborts.
 */
#ifndef PCAPDX_TESTS_STREAM_MODEL_H
#define PCAPDX_TESTS_STREAM_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"

/*
 * The first byte chooses initial sequence number, bounds, whether there is a SYN, and whether the stream is made of
 * records that may only be counted; the others are operations. Gives how many bytes were only counted.
 */
uint32_t stream_model_run(enum engine_kind engine, const uint8_t *ops, size_t n);

#endif
