/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and names of link types. */
#include "capture/link_type.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define LINKTYPE_RAW 101

/* Where the two numberings differ, in what Linux can meet; all others are equal. */
static const struct {
	uint32_t link_type;
	int dlt;
} differing[] = {
	{100, DLT_ATM_RFC1483},
	{LINKTYPE_RAW, DLT_RAW},
	{102, DLT_SLIP_BSDOS},
	{103, DLT_PPP_BSDOS},
	{106, DLT_ATM_CLIP},
};

#define DIFFERING_COUNT (sizeof(differing) / sizeof(differing[0]))

uint32_t link_from_dlt(int dlt)
{
	for (size_t i = 0; i < DIFFERING_COUNT; i++)
		if (differing[i].dlt == dlt)
			return differing[i].link_type;
	return (uint32_t)dlt;
}

int link_to_dlt(uint32_t link_type)
{
	for (size_t i = 0; i < DIFFERING_COUNT; i++)
		if (differing[i].link_type == link_type)
			return differing[i].dlt;
	return (int)link_type;
}

uint32_t link_from_file(uint32_t number)
{
	/* DLT_RAW is 12 on most systems and 14 on OpenBSD, and programs write it into files as it is. */
	return number == 12 || number == 14 ? LINKTYPE_RAW : number;
}

static const struct {
	uint32_t link_type;
	const char *name;
} usual_names[] = {
	{1, "ether"},
	{LINKTYPE_RAW, "rawip"},
	{228, "rawip4"},
	{229, "rawip6"},
	{252, "wireshark-upper-pdu"},
};

static void lower_dashed(char *s)
{
	for (; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 'a' - 'A');
		else if (*s == '_')
			*s = '-';
	}
}

const char *link_name(uint32_t link_type, char out[LINK_NAME_SIZE])
{
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(usual_names) / sizeof(usual_names[0]); i++)
		if (usual_names[i].link_type == link_type)
			name = usual_names[i].name;
	if (name) {
		text_copy(out, LINK_NAME_SIZE, name);
	} else if ((name = pcap_datalink_val_to_name(link_to_dlt(link_type))) != NULL) {
		text_copy(out, LINK_NAME_SIZE, name);
		lower_dashed(out);
	} else {
		snprintf(out, LINK_NAME_SIZE, "%u", (unsigned)link_type);
	}
	return out;
}
