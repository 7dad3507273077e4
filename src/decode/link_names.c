/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link types (the LINKTYPE_ numbers of capture files) that are decoded, and what reports call them. */
#include <stdio.h>

#include "base/text.h"
#include "decode/decode.h"
#include "decode/layers.h"

static const struct link_type link_types[] = {
	{ 0, "null", link_null },
	{ 1, "ether", link_ethernet },
	{ 6, "ieee802", link_token_ring },
	{ 8, "slip", link_slip },
	{ 9, "ppp", link_ppp_hdlc },
	{ 10, "fddi", link_fddi },
	{ 12, "rawip", link_raw },
	{ 14, "rawip", link_raw },
	{ 50, "ppp-hdlc", link_ppp_hdlc },
	{ 51, "ppp-ether", link_pppoe },
	{ 100, "atm-rfc1483", link_llc },
	{ 101, "rawip", link_raw },
	{ 104, "chdlc", link_ppp_hdlc },
	{ 105, "ieee-802-11", link_wifi },
	{ 107, "frelay", link_frame_relay },
	{ 108, "loop", link_null },
	{ 109, "enc", link_enc },
	{ 113, "linux-sll", link_sll },
	{ 119, "ieee-802-11-prism", link_prism },
	{ 127, "ieee-802-11-radiotap", link_radiotap },
	{ 138, "apple-ip-over-ieee1394", link_ieee1394 },
	{ 149, "pktap", link_pktap },
	{ 163, "ieee-802-11-avs", link_prism },
	{ 166, "ppp-pppd", link_ppp_direction },
	{ 178, "juniper-ethernet", link_juniper },
	{ 192, "ppi", link_ppi },
	{ 204, "ppp-with-direction", link_ppp_direction },
	{ 205, "chdlc-with-direction", link_chdlc_direction },
	{ 219, "mpls", tunnel_mpls },
	{ 226, "ipnet", link_ipnet },
	{ 228, "rawip4", link_raw4 },
	{ 229, "rawip6", link_raw6 },
	{ 239, "nflog", link_nflog },
	{ 240, "netanalyzer", link_netanalyzer },
	{ 241, "netanalyzer-transparent", link_netanalyzer_whole },
	{ 242, "ipoib", link_infiniband },
	{ 258, "pktap", link_pktap },
	{ 276, "linux-sll2", link_sll2 },
	{ 281, "dsa-tag-brcm", link_dsa },
	{ 282, "dsa-tag-brcm-prepend", link_tag_before },
	{ 284, "dsa-tag-dsa", link_dsa },
	{ 285, "dsa-tag-edsa", link_edsa },
};

const struct link_type *link_type_find(uint32_t number)
{
	for (size_t i = 0; i < sizeof(link_types) / sizeof(link_types[0]); i++)
		if (link_types[i].number == number)
			return &link_types[i];
	return NULL;
}

bool decode_knows(uint32_t link_type)
{
	return link_type_find(link_type) != NULL;
}

const char *decode_link_name(uint32_t link_type, char out[32])
{
	const struct link_type *known = link_type_find(link_type);

	if (known)
		text_copy(out, 32, known->name);
	else
		snprintf(out, 32, "%u", (unsigned)link_type);
	return out;
}
