/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation made of fuzz input, through the whole engine around the dissectors. */
#ifndef PCAPDX_TESTS_FUZZ_TALK_H
#define PCAPDX_TESTS_FUZZ_TALK_H

#include <stddef.h>
#include <stdint.h>

/*
 * Each step of the input is a byte for what happens (side, data, gap, end, time that passes), one for how long, and
 * its data. `opening`, when not NULL, is what the client says first, so that a certain dissector is chosen. A stream is
 * played twice: with every byte told, and with those only counted of which no more is wanted. Both must say the same.
 */
void fuzz_talk(uint8_t proto, uint16_t port, const char *opening, const uint8_t *data, size_t size);

#endif
