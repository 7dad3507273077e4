/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file of vendors: entries are sorted, their names lie inside the table and are told for their own prefix. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "diagnose/oui.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct oui_table *t, const struct oui_entry *e)
{
	struct mac m;
	char name[64];
	bool masqueraded;

	for (int i = 0; i < 6; i++)
		m.b[i] = (uint8_t)(e->prefix >> (40 - 8 * i));
	oui_vendor(t, &m, name, sizeof(name), &masqueraded);
	oui_kind(&m, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oui_list l = {0};
	struct oui_table t;
	FILE *f;

	if (!size)
		return 0;
	f = fmemopen((void *)(uintptr_t)data, size, "r");
	assert(f);
	oui_read(&l, f);
	fclose(f);
	oui_sort(&l);
	t = (struct oui_table){l.entries, l.count, l.names};
	for (size_t i = 0; i < l.count; i++) {
		assert(l.entries[i].name < l.names_len && l.entries[i].bits <= 48);
		assert(!i || l.entries[i - 1].prefix <= l.entries[i].prefix);
		look_up(&t, &l.entries[i]);
	}
	free(l.entries);
	free(l.names);
	return 0;
}
