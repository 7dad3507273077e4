/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vendors by MAC prefix: IEEE's assignments of 24, 28 and 36 bits (MA-L, MA-M, MA-S), longest prefix first, compiled
 * in from the distribution's ieee-data by oui_compile; and what kind of device a vendor's gateway is.
 */
#ifndef PCAPDX_DIAGNOSE_OUI_H
#define PCAPDX_DIAGNOSE_OUI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"

/* One prefix: `prefix` holds its bits, left-aligned in 48. */
struct oui_entry {
	uint64_t prefix;
	uint32_t name; /* offset in the names */
	uint8_t bits;
};

struct oui_table {
	const struct oui_entry *entries; /* sorted by prefix, then bits */
	size_t count;
	const char *names;
};

const struct oui_table *oui_builtin(void);
/* Reads IEEE CSV ("MA-L,0001D7,F5 Inc.,...") or lines of prefix and name ("00:01:D7<tab>F5"). NULL and a sentence in
 * `error` when the file cannot be read or holds no prefix. */
struct oui_table *oui_load(const char *path, char *error, size_t error_size);
void oui_free(struct oui_table *t); /* of oui_load */

/* The vendor's name without its legal form ("F5", "Palo Alto Networks") in out; "" when unknown. A MAC with the local
 * bit set is looked up with the bit cleared: *masqueraded then says so. */
const char *oui_vendor(const struct oui_table *t, const struct mac *m, char *out, size_t size, bool *masqueraded);

/* router, firewall, load-balancer, virtual-router, hypervisor, or "" */
const char *oui_kind(const struct mac *m, const char *vendor);

/* oui_parse.c: shared with the compiler of the table */
struct oui_list {
	struct oui_entry *entries;
	size_t count, room;
	char *names;
	size_t names_len, names_room;
};
void oui_read(struct oui_list *l, FILE *f);
void oui_sort(struct oui_list *l);

#endif
