/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints of hellos: JA3 and JA3S (MD5 over the fields in their order), and JA4 of TLS clients (sorted, so that
 * shuffled extensions do no harm; a_b_c as FoxIO publishes it under BSD-3-Clause). GREASE is left out everywhere.
 */
#include <ctype.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

#define LIST_MAX 512

enum {
	EXT_SERVER_NAME = 0,
	EXT_GROUPS = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGNATURES = 13,
	EXT_ALPN = 16,
};

struct list {
	uint16_t v[LIST_MAX];
	uint32_t n;
};

struct hello {
	uint16_t version, highest;
	struct list ciphers, extensions, groups, formats, signatures;
	bool has_sni;
	char alpn[2]; /* first and last byte of the first protocol, made printable */
};

static void add(struct list *l, uint16_t value)
{
	if (l->n < LIST_MAX && !tls_is_grease(value))
		l->v[l->n++] = value;
}

static void add_all(struct list *l, struct reader r)
{
	while (rd_left(&r) >= 2)
		add(l, rd_u16(&r));
}

/* JA4 takes the first and last character of the first protocol; in hex when either is not alphanumeric. */
static void read_first_alpn(struct hello *h, struct reader *r)
{
	static const char hex[] = "0123456789abcdef";
	struct reader list = rd_sub(r, rd_u16(r));
	uint8_t n = rd_u8(&list);
	const uint8_t *name = rd_bytes(&list, n);

	if (!name || n == 0)
		return;
	if (isalnum(name[0]) && name[0] < 0x80 && isalnum(name[n - 1]) && name[n - 1] < 0x80) {
		h->alpn[0] = (char)name[0];
		h->alpn[1] = (char)name[n - 1];
	} else {
		h->alpn[0] = hex[name[0] >> 4];
		h->alpn[1] = hex[name[n - 1] & 15];
	}
}

static void read_extension(struct hello *h, uint16_t type, struct reader *r)
{
	add(&h->extensions, type);
	if (type == EXT_SERVER_NAME) {
		h->has_sni = true;
	} else if (type == EXT_GROUPS) {
		add_all(&h->groups, rd_sub(r, rd_u16(r)));
	} else if (type == EXT_POINT_FORMATS) {
		struct reader list = rd_sub(r, rd_u8(r));

		while (rd_left(&list))
			add(&h->formats, rd_u8(&list));
	} else if (type == EXT_SIGNATURES) {
		add_all(&h->signatures, rd_sub(r, rd_u16(r)));
	} else if (type == EXT_ALPN) {
		read_first_alpn(h, r);
	}
}

static void read_client(struct hello *h, char transport, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n), list;

	h->version = rd_u16(&r);
	memcpy(h->alpn, "00", 2);
	rd_skip(&r, 32);
	rd_skip(&r, rd_u8(&r));
	if (transport == 'd')
		rd_skip(&r, rd_u8(&r));
	add_all(&h->ciphers, rd_sub(&r, rd_u16(&r)));
	rd_skip(&r, rd_u8(&r));
	list = rd_sub(&r, rd_left(&r) ? rd_u16(&r) : 0);
	while (rd_left(&list)) {
		uint16_t type = rd_u16(&list);
		struct reader ext = rd_sub(&list, rd_u16(&list));

		read_extension(h, type, &ext);
	}
}

static void list_text(struct text *out, const struct list *l, const char *format, const char *between)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (i)
			text_add(out, between);
		text_printf(out, strcmp(format, "%u") == 0 ? "%u" : "%04x", (unsigned)l->v[i]);
	}
}

/* Hex digest of a text, cut to `digits`. */
static void digest_text(gnutls_digest_algorithm_t digest, const char *text, char *out, size_t digits)
{
	uint8_t raw[32] = { 0 };

	gnutls_hash_fast(digest, text, strlen(text), raw);
	for (size_t i = 0; i < digits / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static void ja3(const struct hello *h, char *out)
{
	const struct list *lists[] = { &h->ciphers, &h->extensions, &h->groups, &h->formats };
	struct text text = { 0 };

	text_printf(&text, "%u", (unsigned)h->version);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		text_add(&text, ",");
		list_text(&text, lists[i], "%u", "-");
	}
	digest_text(GNUTLS_DIG_MD5, text_str(&text), out, 32);
	text_free(&text);
}

static int ascending(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static const char *ja4_version(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	case 0xfeff:
		return "d1";
	case 0xfefd:
		return "d2";
	case 0xfefc:
		return "d3";
	default:
		return "00";
	}
}

static struct list sorted(const struct list *from, bool without_names)
{
	struct list l = { .n = 0 };

	for (uint32_t i = 0; i < from->n; i++)
		if (!without_names || (from->v[i] != EXT_SERVER_NAME && from->v[i] != EXT_ALPN))
			l.v[l.n++] = from->v[i];
	qsort(l.v, l.n, sizeof(l.v[0]), ascending);
	return l;
}

static void ja4_part(const struct list *l, const struct list *second, char *out)
{
	struct text text = { 0 };

	list_text(&text, l, "%04x", ",");
	if (second && second->n) {
		text_add(&text, "_");
		list_text(&text, second, "%04x", ",");
	}
	if (l->n == 0)
		text_copy(out, 13, "000000000000");
	else
		digest_text(GNUTLS_DIG_SHA256, text_str(&text), out, 12);
	text_free(&text);
}

static void ja4(const struct hello *h, char transport, char *out, size_t size)
{
	struct list ciphers = sorted(&h->ciphers, false), extensions = sorted(&h->extensions, true);
	char b[13] = "", c[13] = "";

	ja4_part(&ciphers, NULL, b);
	ja4_part(&extensions, &h->signatures, c);
	snprintf(out, size, "%c%s%c%02u%02u%c%c_%s_%s", transport, ja4_version(h->highest), h->has_sni ? 'd' : 'i',
		h->ciphers.n > 99 ? 99 : h->ciphers.n, h->extensions.n > 99 ? 99 : h->extensions.n, h->alpn[0],
		h->alpn[1], b, c);
}

void tls_fingerprint_client(struct tls *t, char transport, const uint8_t *body, size_t n)
{
	struct hello *h = xcalloc(1, sizeof(*h));

	h->highest = t->offered_version;
	read_client(h, transport, body, n);
	ja3(h, t->ja3);
	ja4(h, transport, t->ja4, sizeof(t->ja4));
	free(h);
}

void tls_fingerprint_server(struct tls *t, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n), list;
	struct list extensions = { .n = 0 };
	struct text text = { 0 };
	uint16_t version = rd_u16(&r), cipher;
	bool early_draft = version >> 8 == 0x7f;

	rd_skip(&r, 32);
	if (!early_draft)
		rd_skip(&r, rd_u8(&r));
	cipher = rd_u16(&r);
	if (!early_draft)
		rd_skip(&r, 1);
	list = rd_sub(&r, rd_left(&r) ? rd_u16(&r) : 0);
	while (rd_left(&list)) {
		add(&extensions, rd_u16(&list));
		rd_skip(&list, rd_u16(&list));
	}
	text_printf(&text, "%u,%u,", (unsigned)version, (unsigned)cipher);
	list_text(&text, &extensions, "%u", "-");
	digest_text(GNUTLS_DIG_MD5, text_str(&text), t->ja3s, 32);
	text_free(&text);
}
