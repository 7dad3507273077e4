/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS secrets by client random, in SSLKEYLOGFILE format (from --keylog or pcapng decryption secrets blocks). */
#ifndef PCAPDX_DISSECTORS_KEYLOG_H
#define PCAPDX_DISSECTORS_KEYLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keylog;

struct keylog *keylog_new(void);
/* Adds all lines of a text; lines that are no secrets are passed over. Gives how many secrets were added. */
size_t keylog_add(struct keylog *k, const char *text, size_t n);
/* -1 and a sentence when the file cannot be read or holds no secret. */
int keylog_load(struct keylog *k, const char *path, char *error, size_t error_size);
/* The secret for a label ("CLIENT_RANDOM", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", ...); NULL: none. Borrowed. */
const uint8_t *keylog_find(const struct keylog *k, const char *label, const uint8_t client_random[32], size_t *size);
bool keylog_is_empty(const struct keylog *k);
void keylog_free(struct keylog *k);

#endif
