/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All dissectors. Where the bytes suit two of them equally well and neither port fits, the upper one gets them. */
#include "dissectors/dissector.h"

#include "dissectors/tls.h"

const struct dissector *const dissector_table[] = {
	&dissector_tls,
	NULL,
};
