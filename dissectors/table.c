/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All dissectors. Where the bytes suit two of them equally well and neither port fits, the upper one gets them. */
#include "dissectors/dissector.h"

extern const struct dissector dissector_ftp;
extern const struct dissector dissector_http;
extern const struct dissector dissector_ike;
extern const struct dissector dissector_openvpn;
extern const struct dissector dissector_tinc;
extern const struct dissector dissector_tls;
extern const struct dissector dissector_wireguard;

const struct dissector *const dissector_table[] = {
	&dissector_tls,
	&dissector_http,
	&dissector_ftp,
	&dissector_tinc,
	&dissector_wireguard,
	&dissector_openvpn,
	&dissector_ike,
	NULL,
};
