/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vendors by MAC prefix, and kinds of gateways by vendor. */
#include "diagnose/oui.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static uint64_t mac_bits(const struct mac *m)
{
	uint64_t v = 0;

	for (int i = 0; i < 6; i++)
		v = v << 8 | m->b[i];
	return v;
}

static const char *find_exact(const struct oui_table *t, uint64_t prefix, int bits)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct oui_entry *e = &t->entries[mid];

		if (e->prefix < prefix || (e->prefix == prefix && e->bits < bits))
			low = mid + 1;
		else
			high = mid;
	}
	if (low < t->count && t->entries[low].prefix == prefix && t->entries[low].bits == bits)
		return t->names + t->entries[low].name;
	return NULL;
}

static const char *find_longest(const struct oui_table *t, uint64_t mac)
{
	static const int lengths[] = {36, 28, 24};

	for (int i = 0; i < 3; i++) {
		const char *name = find_exact(t, mac & ~(uint64_t)0 << (48 - lengths[i]), lengths[i]);

		if (name && strcasecmp(name, "IEEE Registration Authority") != 0)
			return name;
	}
	return NULL;
}

/* "F5 Inc." -> "F5", "Palo Alto Networks, Inc." -> "Palo Alto Networks" */
static void drop_legal_form(char *name)
{
	static const char *const forms[] = {"inc", "inc.", "incorporated", "ltd", "ltd.", "llc", "gmbh", "ag", "corp",
		"corp.", "corporation", "co.", "co.,ltd", "co.,ltd.", "limited", "s.a.", "b.v.", "ab", "oy", "plc"};
	bool again = true;

	while (again) {
		char *word = strrchr(name, ' ');

		again = false;
		if (!word)
			return;
		for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
			if (strcasecmp(word + 1, forms[i]) == 0)
				again = true;
		if (again) {
			*word = '\0';
			name[strlen(name) - (word > name && word[-1] == ',')] = '\0';
		}
	}
}

const char *oui_vendor(const struct oui_table *t, const struct mac *m, char *out, size_t size, bool *masqueraded)
{
	uint64_t mac = mac_bits(m);
	const char *name = find_longest(t, mac);

	*masqueraded = false;
	if (!name && (m->b[0] & 2)) {
		name = find_longest(t, mac & ~((uint64_t)2 << 40));
		*masqueraded = name != NULL;
	}
	text_copy(out, size, name ? name : "");
	drop_legal_form(out);
	return out;
}

struct virtual_prefix {
	uint8_t bytes[6];
	uint8_t length;
	const char *kind;
};

/* VRRP and CARP (RFC 5798), HSRP (RFC 2281; version 2 and IPv6: Cisco), GLBP, cluster addresses, hypervisors. */
static const struct virtual_prefix virtual_prefixes[] = {
	{{0x00, 0x00, 0x5e, 0x00, 0x01}, 5, "virtual-router"},
	{{0x00, 0x00, 0x5e, 0x00, 0x02}, 5, "virtual-router"},
	{{0x00, 0x00, 0x0c, 0x07, 0xac}, 5, "virtual-router"},
	{{0x00, 0x00, 0x0c, 0x9f}, 4, "virtual-router"},
	{{0x00, 0x05, 0x73, 0xa0}, 4, "virtual-router"},
	{{0x00, 0x07, 0xb4, 0x00}, 4, "virtual-router"},
	{{0x00, 0x09, 0x0f, 0x09}, 4, "firewall"},
	{{0xe0, 0x23, 0xff, 0xfc}, 4, "firewall"},
	{{0x00, 0x1b, 0x17, 0x00}, 4, "firewall"},
	{{0x02, 0xbf}, 2, "load-balancer"},
	{{0x52, 0x54, 0x00}, 3, "hypervisor"},
};

struct vendor_kind {
	const char *word; /* in the vendor's name */
	const char *kind;
};

static const struct vendor_kind vendor_kinds[] = {
	{"F5", "load-balancer"},
	{"A10 Networks", "load-balancer"},
	{"Citrix", "load-balancer"},
	{"NetScaler", "load-balancer"},
	{"Radware", "load-balancer"},
	{"Kemp", "load-balancer"},
	{"Barracuda", "load-balancer"},
	{"Array Networks", "load-balancer"},
	{"Palo Alto", "firewall"},
	{"Fortinet", "firewall"},
	{"Check Point", "firewall"},
	{"SonicWALL", "firewall"},
	{"Sophos", "firewall"},
	{"WatchGuard", "firewall"},
	{"Stormshield", "firewall"},
	{"Forcepoint", "firewall"},
	{"Blue Coat", "firewall"},
	{"Hillstone", "firewall"},
	{"Netgate", "firewall"},
	{"Cisco", "router"},
	{"Juniper", "router"},
	{"Arista", "router"},
	{"Huawei", "router"},
	{"MikroTik", "router"},
	{"Mikrotik", "router"},
	{"Ubiquiti", "router"},
	{"AVM", "router"},
	{"Brocade", "router"},
	{"Extreme Networks", "router"},
	{"NETGEAR", "router"},
	{"Netgear", "router"},
	{"TP-LINK", "router"},
	{"Linksys", "router"},
	{"D-Link", "router"},
	{"VMware", "hypervisor"},
	{"Xensource", "hypervisor"},
	{"PCS Systemtechnik", "hypervisor"},
	{"Proxmox", "hypervisor"},
	{"Nutanix", "hypervisor"},
};

const char *oui_kind(const struct mac *m, const char *vendor)
{
	for (size_t i = 0; i < sizeof(virtual_prefixes) / sizeof(*virtual_prefixes); i++)
		if (memcmp(m->b, virtual_prefixes[i].bytes, virtual_prefixes[i].length) == 0)
			return virtual_prefixes[i].kind;
	for (size_t i = 0; i < sizeof(vendor_kinds) / sizeof(*vendor_kinds); i++)
		if (strstr(vendor, vendor_kinds[i].word))
			return vendor_kinds[i].kind;
	return "";
}

struct oui_table *oui_load(const char *path, char *error, size_t error_size)
{
	struct oui_list l = {0};
	struct oui_table *t;
	FILE *f = fopen(path, "r");

	if (!f) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return NULL;
	}
	oui_read(&l, f);
	fclose(f);
	if (!l.count) {
		snprintf(error, error_size, "%s holds no MAC prefixes (IEEE CSV, or lines of prefix and name)", path);
		return NULL;
	}
	oui_sort(&l);
	t = xcalloc(1, sizeof(*t));
	*t = (struct oui_table){l.entries, l.count, l.names};
	return t;
}

void oui_free(struct oui_table *t)
{
	if (!t)
		return;
	free((void *)(uintptr_t)t->entries);
	free((void *)(uintptr_t)t->names);
	free(t);
}
