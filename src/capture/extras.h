/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pcapng files carry beside frames: decryption secrets and names of addresses. Bounded. */
#ifndef PCAPDX_CAPTURE_EXTRAS_H
#define PCAPDX_CAPTURE_EXTRAS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/text.h"

#define SECRETS_SIZE_MAX (16u * 1024 * 1024)
#define NAMES_MAX 65536u
#define NAME_BYTES_MAX (4u * 1024 * 1024)

struct host_name {
	char address[ADDR_TEXT_SIZE];
	char *name;
};

struct extras {
	struct text secrets; /* lines of TLS key logs */
	struct host_name *names;
	size_t name_count, name_room, name_bytes;
};

void extras_add_secrets(struct extras *x, const uint8_t *bytes, size_t size);
void extras_add_name(struct extras *x, const struct addr *address, const uint8_t *name, size_t size);
void extras_free(struct extras *x);

#endif
