/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --anonymize: the mapping of addresses, MACs and names, and what of a record is mapped. */
#include "anonymize.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/record_fields.h"

struct anonymizer {
	unsigned char key[crypto_shorthash_KEYBYTES];
};

struct anonymizer *anonymizer_new(void)
{
	struct anonymizer *a = xcalloc(1, sizeof(*a));

	crypto_shorthash_keygen(a->key);
	return a;
}

void anonymizer_free(struct anonymizer *a)
{
	if (a)
		sodium_memzero(a->key, sizeof(a->key));
	free(a);
}

static uint64_t keyed(const struct anonymizer *a, const void *data, size_t n)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(out, data, n, a->key);
	memcpy(&h, out, sizeof(h));
	return h;
}

/* Bits from `from` on are flipped by a keyed function of all bits before them: common prefixes stay common. */
static void flip_bits(const struct anonymizer *a, uint8_t *bytes, size_t n, unsigned from)
{
	uint8_t original[16], prefix[17] = { 0 };

	memcpy(original, bytes, n);
	memcpy(prefix, bytes, from / 8);
	for (unsigned bit = from; bit < n * 8; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		prefix[16] = (uint8_t)bit;
		if (keyed(a, prefix, sizeof(prefix)) & 1)
			bytes[bit / 8] ^= mask;
		prefix[bit / 8] |= original[bit / 8] & mask;
	}
}

/* Bits that say what kind of address it is, and stay: private and link-local ranges, multicast, loopback. */
static unsigned kept_bits_v4(const uint8_t *b)
{
	if (b[0] == 10 || b[0] == 127 || b[0] == 0)
		return 8;
	if (b[0] == 172 && (b[1] & 0xf0) == 16)
		return 12;
	if ((b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254))
		return 16;
	return b[0] >= 224 ? 32 : 0;
}

static unsigned kept_bits_v6(const uint8_t *b)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (b[0] == 0xff || memcmp(b, loopback, 16) == 0)
		return 128;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return 64;
	return (b[0] & 0xfe) == 0xfc ? 8 : 3;
}

static void map_v4(const struct anonymizer *a, uint8_t *bytes)
{
	uint8_t first = bytes[0];
	unsigned kept = kept_bits_v4(bytes);

	flip_bits(a, bytes, 4, kept);
	if (!kept && (kept_bits_v4(bytes) || bytes[0] == 0)) /* a public address stays one */
		bytes[0] = first;
}

void anonymize_addr(const struct anonymizer *a, struct addr *addr)
{
	if (!addr_is_set(addr))
		return;
	if (addr_is_v4(addr))
		map_v4(a, addr->b + 12);
	else
		flip_bits(a, addr->b, 16, kept_bits_v6(addr->b));
}

static void map_mac(const struct anonymizer *a, uint8_t *bytes)
{
	uint64_t h = keyed(a, bytes, 6);

	if (bytes[0] & 1) /* multicast and broadcast name nobody */
		return;
	memcpy(bytes + 3, &h, 3);
}

void anonymize_mac(const struct anonymizer *a, struct mac *mac)
{
	if (mac_is_set(mac))
		map_mac(a, mac->b);
}

static bool is_word(uint8_t c)
{
	return isalnum(c) || c >= 0x80;
}

/* One run becomes another of as many letters; the same in small and in capital letters. */
static void map_run(const struct anonymizer *a, uint8_t *p, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	struct { uint64_t of, part; } seed = { 0 };
	struct text lower = { 0 };

	for (size_t i = 0; i < n; i++)
		text_add_char(&lower, (char)tolower(p[i]));
	seed.of = keyed(a, text_str(&lower), n);
	text_free(&lower);
	for (size_t i = 0; i < n; seed.part++) {
		uint64_t h = keyed(a, &seed, sizeof(seed));

		for (int k = 0; k < 12 && i < n; k++, i++, h /= 26)
			p[i] = (uint8_t)letters[h % 26];
	}
}

/* ":443" at the end, after the only colon: a port, no part of an address. */
static size_t without_port(const uint8_t *p, size_t n)
{
	size_t digits = 0;

	while (digits < n && digits < 6 && isdigit(p[n - 1 - digits]))
		digits++;
	if (!digits || digits == 6 || digits == n || p[n - 1 - digits] != ':' || memchr(p, ':', n - 1 - digits))
		return n;
	return n - 1 - digits;
}

void anonymize_words(const struct anonymizer *a, uint8_t *p, size_t n)
{
	n = without_port(p, n);
	for (size_t i = 0; i < n;) {
		size_t run = 0;

		while (i + run < n && is_word(p[i + run]))
			run++;
		if (run)
			map_run(a, p + i, run);
		i += run ? run : 1;
	}
}

/* Texts of ours or of a protocol, by the name of their field: they name nobody, and rules need them. */
static bool names_nobody(const char *field)
{
	static const char *const fields[] = { "service", "conn_state", "history", "method", "command", "message", "via",
		"step", "alpn", "offered_alpn", "ja3", "ja4", "ja3s", "format", "link_type", "cert_key", "malformed_kinds",
		"mode", "content_type", "bucket", "id_kind" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(field, fields[i]) == 0)
			return true;
	return false;
}

/* Beginnings that rules look for stay; what follows is mapped. */
static void map_text(const struct anonymizer *a, const char *field, char *text)
{
	static const char *const kept[] = { "https://", "http://", "SSH-2.0", "HTTP/1.1", "HTTP/1.0" };

	if (names_nobody(field) || strcmp(field, "uid") == 0 || strcmp(field, "community_id") == 0)
		return;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		size_t n = strlen(kept[i]);

		if (strncmp(text, kept[i], n) == 0) {
			anonymize_words(a, (uint8_t *)text + n, strlen(text + n));
			return;
		}
	}
	anonymize_words(a, (uint8_t *)text, strlen(text));
}

static void map_fields(const struct anonymizer *a, const struct field *table, void *base);

static void map_element(const struct anonymizer *a, const struct field *f, void *p)
{
	switch (f->type) {
	case FIELD_ADDR:
		anonymize_addr(a, p);
		break;
	case FIELD_MAC:
		anonymize_mac(a, p);
		break;
	case FIELD_TEXT:
		map_text(a, f->name, p);
		break;
	case FIELD_OBJECT:
		map_fields(a, f->fields, p);
		break;
	case FIELD_BOOL:
	case FIELD_UINT:
	case FIELD_INT:
	case FIELD_DOUBLE:
	case FIELD_TIME:
	case FIELD_SPAN:
	case FIELD_ENUM:
	case FIELD_PROTO:
	case FIELD_LETTER:
		break;
	}
}

static void map_fields(const struct anonymizer *a, const struct field *table, void *base)
{
	for (const struct field *f = table; f->name; f++)
		for (uint32_t i = 0; i < f->room; i++)
			map_element(a, f, (uint8_t *)base + f->offset + (size_t)i * f->size);
}

void anonymize_record(const struct anonymizer *a, struct record *r)
{
	record_uid(r); /* made of the addresses that were there */
	map_fields(a, record_head_fields, r);
	map_fields(a, record_kind_tables[r->kind].fields, record_body(r));
	if (r->kind == RECORD_CONN) { /* made of the addresses */
		r->conn.community_id_due = false;
		memset(r->conn.community_id, 0, sizeof(r->conn.community_id));
		memset(r->conn.tunnel, 0, sizeof(r->conn.tunnel));
	}
}
