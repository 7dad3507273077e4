/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Style and script of the page, embedded at build time, and the hashes by which its policy allows just these. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base/text.h"
#include "report/html.h"

static const char style[] =
#include "report/html_style.inc"
	;

static const char script[] =
#include "report/html_script.inc"
	;

const char *html_style(void)
{
	return style;
}

const char *html_script(void)
{
	return script;
}

void html_csp_hash(struct text *t, const char *content)
{
	unsigned char digest[32];
	gnutls_datum_t raw = {digest, sizeof(digest)}, encoded;

	/* Both fail only without memory; the page then allows nothing, which is safe. */
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, content, strlen(content), digest) != 0 ||
		gnutls_base64_encode2(&raw, &encoded) != 0) {
		text_add(t, "'none'");
		return;
	}
	text_add(t, "'sha256-");
	text_add_bytes(t, encoded.data, encoded.size);
	text_add_char(t, '\'');
	gnutls_free(encoded.data);
}
