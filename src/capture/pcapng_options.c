/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of pcapng blocks. */
#include "capture/pcapng_options.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool pcapng_option_next(struct reader *r, bool big, struct pcapng_option *o)
{
	if (rd_left(r) < 4)
		return false;
	o->code = pcapng_u16(r, big);
	o->size = pcapng_u16(r, big);
	if (o->code == 0)
		return false;
	o->value = rd_bytes(r, o->size);
	if (!rd_ok(r))
		return false;
	/* The last option's padding may be missing. */
	rd_skip(r, (4 - o->size % 4u) % 4);
	return true;
}

void pcapng_option_join(char *list, size_t size, const char *between, const uint8_t *value, size_t value_size)
{
	char item[256];
	size_t have = strlen(list);
	const char *at;

	text_copy_bytes(item, sizeof(item), value, value_size);
	if (!item[0])
		return;
	at = strstr(list, item);
	if (at && (at == list || at[-1] == ' ') && strchr(";,", at[strlen(item)] ? at[strlen(item)] : ';'))
		return;
	if (have && have + strlen(between) < size) {
		text_copy(list + have, size - have, between);
		have = strlen(list);
	}
	text_copy(list + have, size - have, item);
}
