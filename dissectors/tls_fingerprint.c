/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints of hellos: JA3 and JA3S (MD5 over the fields in their order), and JA4 of TLS clients (sorted, so that
 * shuffled extensions do no harm; a_b_c as FoxIO publishes it under BSD-3-Clause). GREASE is left out everywhere.
 */
#include <ctype.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base/memo.h"
#include "base/text.h"
#include "dissectors/tls_names.h"
#include "dissectors/tls_state.h"

#define LIST_MAX 512
#define LISTS 4
#define TEXT_MAX (16 + LISTS * LIST_MAX * 6) /* "65535-" */
#define DIGEST_MAX 32
#define REMEMBERED_MAX 1024 /* bytes of a text: more than browsers' lists have */
#define JA3_DIGITS 32
#define JA4_DIGITS 12

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

/* Not as a whole: the lists are mostly room. */
static void clear(struct hello *h)
{
	h->ciphers.n = h->extensions.n = h->groups.n = h->formats.n = h->signatures.n = 0;
	h->has_sni = false;
	memcpy(h->alpn, "00", sizeof(h->alpn));
}

static void read_client(struct hello *h, char transport, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n), list;

	clear(h);
	h->version = rd_u16(&r);
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

/* Decimal numbers: "4865-4866". */
static char *put_list(char *out, const struct list *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (i)
			*out++ = '-';
		out = text_put_decimal(out, l->v[i]);
	}
	return out;
}

/* Four hex digits each: "1301,1302". */
static char *put_hex_list(char *out, const struct list *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		uint8_t bytes[] = { (uint8_t)(l->v[i] >> 8), (uint8_t)l->v[i] };

		if (i)
			*out++ = ',';
		out = text_put_hex(out, bytes, sizeof(bytes));
	}
	return out;
}

/* The first hex digits of a text's digest. It is remembered, as clients of one make send the same lists. */
static char *put_digest(char *out, size_t digits, const char *text, size_t n, struct session *s, enum session_memo memo)
{
	const void *known = memo_find(session_memo(s, memo), text, n);
	uint8_t raw[DIGEST_MAX] = { 0 };

	if (known) {
		memcpy(raw, known, sizeof(raw));
	} else {
		gnutls_hash_fast(memo == MEMO_MD5 ? GNUTLS_DIG_MD5 : GNUTLS_DIG_SHA256, text, n, raw);
		if (n <= REMEMBERED_MAX)
			memo_keep(session_memo(s, memo), text, n, raw, sizeof(raw));
	}
	return text_put_hex(out, raw, digits / 2);
}

static void ja3_text(const char *text, const char *end, struct session *s, char *out)
{
	*put_digest(out, JA3_DIGITS, text, (size_t)(end - text), s, MEMO_MD5) = '\0';
}

static void ja3(const struct hello *h, struct session *s, char *out)
{
	const struct list *lists[LISTS] = { &h->ciphers, &h->extensions, &h->groups, &h->formats };
	char text[TEXT_MAX], *end = text_put_decimal(text, h->version);

	for (int i = 0; i < LISTS; i++) {
		*end++ = ',';
		end = put_list(end, lists[i]);
	}
	ja3_text(text, end, s, out);
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

/* In ascending order; a list is short. */
static void sort_into(struct list *to, const struct list *from, bool without_names)
{
	to->n = 0;
	for (uint32_t i = 0; i < from->n; i++) {
		uint16_t value = from->v[i];
		uint32_t at = to->n;

		if (without_names && (value == EXT_SERVER_NAME || value == EXT_ALPN))
			continue;
		for (; at && to->v[at - 1] > value; at--)
			to->v[at] = to->v[at - 1];
		to->v[at] = value;
		to->n++;
	}
}

static char *put_ja4_part(char *out, const struct list *l, const struct list *second, struct session *s)
{
	char text[TEXT_MAX], *end = put_hex_list(text, l);

	if (l->n == 0) {
		memset(out, '0', JA4_DIGITS);
		return out + JA4_DIGITS;
	}
	if (second && second->n) {
		*end++ = '_';
		end = put_hex_list(end, second);
	}
	return put_digest(out, JA4_DIGITS, text, (size_t)(end - text), s, MEMO_SHA256);
}

static char *put_count(char *out, uint32_t n)
{
	if (n > 99)
		n = 99;
	*out++ = (char)('0' + n / 10);
	*out++ = (char)('0' + n % 10);
	return out;
}

static void ja4(const struct hello *h, char transport, struct session *s, char *out)
{
	struct list sorted;

	*out++ = transport;
	memcpy(out, ja4_version(h->highest), 2);
	out[2] = h->has_sni ? 'd' : 'i';
	out = put_count(out + 3, h->ciphers.n);
	out = put_count(out, h->extensions.n);
	memcpy(out, h->alpn, sizeof(h->alpn));
	out[2] = '_';
	sort_into(&sorted, &h->ciphers, false);
	out = put_ja4_part(out + 3, &sorted, NULL, s);
	*out++ = '_';
	sort_into(&sorted, &h->extensions, true);
	*put_ja4_part(out, &sorted, &h->signatures, s) = '\0';
}

void tls_fingerprint_client(struct tls *t, char transport, struct session *s, const uint8_t *body, size_t n)
{
	struct hello h;

	h.highest = t->offered_version;
	read_client(&h, transport, body, n);
	ja3(&h, s, t->ja3);
	ja4(&h, transport, s, t->ja4);
}

void tls_fingerprint_server(struct tls *t, struct session *s, const uint8_t *body, size_t n)
{
	struct reader r = rd_make(body, n, n), list;
	struct list extensions;
	uint16_t version = rd_u16(&r), cipher;
	bool early_draft = version >> 8 == 0x7f;
	char text[TEXT_MAX], *end;

	extensions.n = 0;
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
	end = text_put_decimal(text, version);
	*end++ = ',';
	end = text_put_decimal(end, cipher);
	*end++ = ',';
	ja3_text(text, put_list(end, &extensions), s, t->ja3s);
}
