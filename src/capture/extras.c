/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets and names, collected over all sources. */
#include "capture/extras.h"

#include <stdlib.h>
#include <string.h>

void extras_add_secrets(struct extras *x, const uint8_t *bytes, size_t size)
{
	if (size > SECRETS_SIZE_MAX - 1 || x->secrets.len > SECRETS_SIZE_MAX - size - 1)
		return;
	text_add_bytes(&x->secrets, bytes, size);
	text_add_char(&x->secrets, '\n');
}

void extras_add_name(struct extras *x, const struct addr *address, const uint8_t *name, size_t size)
{
	struct host_name *n;

	if (x->name_count == NAMES_MAX || !size || size > NAME_BYTES_MAX - x->name_bytes)
		return;
	x->name_bytes += size;
	if (x->name_count == x->name_room) {
		x->name_room = x->name_room ? x->name_room * 2 : 64;
		x->names = xrealloc(x->names, x->name_room * sizeof(*x->names));
	}
	n = &x->names[x->name_count++];
	addr_text(address, n->address);
	n->name = xmalloc(size + 1);
	memcpy(n->name, name, size);
	n->name[size] = '\0';
}

void extras_free(struct extras *x)
{
	for (size_t i = 0; i < x->name_count; i++)
		free(x->names[i].name);
	free(x->names);
	text_free(&x->secrets);
	*x = (struct extras){0};
}
