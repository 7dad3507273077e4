/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Certificate message out of any bytes; the first byte says of which version of TLS. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_certificates list;
	struct tls *t;

	if (!size)
		return 0;
	t = xcalloc(1, sizeof(*t));
	strcpy(t->sni, "www.example.com");
	if (data[0] & 2)
		list = (struct tls_certificates){ { data + 1 }, { size - 1 }, 1, 1 };
	else
		tls_certificate_list(data + 1, size - 1, data[0] & 1, &list);
	if (list.kept)
		tls_certificate_facts(t, &list);
	free(t);
	return 0;
}
