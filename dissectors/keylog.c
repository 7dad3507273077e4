/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS secrets in SSLKEYLOGFILE format: lines of label, client random and secret, the last two in hex. */
#include "dissectors/keylog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"

#define SECRETS_MAX 200000
#define SECRET_SIZE_MAX 64
#define LABEL_SIZE 40
#define LINE_SIZE 512

struct secret_key {
	char label[LABEL_SIZE];
	uint8_t client_random[32];
};

struct secret {
	uint8_t bytes[SECRET_SIZE_MAX];
	size_t size;
};

struct keylog {
	struct table secrets; /* struct secret_key -> struct secret */
};

struct keylog *keylog_new(void)
{
	struct keylog *k = xcalloc(1, sizeof(*k));

	table_init(&k->secrets, sizeof(struct secret_key), sizeof(struct secret), SECRETS_MAX);
	return k;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of the hex word at *p, which is passed over; 0 when it is none or has more than `room` bytes. */
static size_t read_hex(const char **p, const char *end, uint8_t *out, size_t room)
{
	size_t n = 0;

	while (*p + 1 < end && hex_value((*p)[0]) >= 0 && hex_value((*p)[1]) >= 0) {
		if (n == room)
			return 0;
		out[n++] = (uint8_t)(hex_value((*p)[0]) << 4 | hex_value((*p)[1]));
		*p += 2;
	}
	return n;
}

static int add_line(struct keylog *k, const char *p, const char *end)
{
	struct secret_key key;
	struct secret secret = { 0 };
	const char *space = memchr(p, ' ', (size_t)(end - p));

	if (!space || space == p || space - p >= LABEL_SIZE || *p == '#')
		return 0;
	memset(&key, 0, sizeof(key));
	memcpy(key.label, p, (size_t)(space - p));
	p = space + 1;
	if (read_hex(&p, end, key.client_random, sizeof(key.client_random)) != sizeof(key.client_random) || p >= end ||
		*p++ != ' ')
		return 0;
	secret.size = read_hex(&p, end, secret.bytes, sizeof(secret.bytes));
	if (!secret.size)
		return 0;
	*(struct secret *)table_add(&k->secrets, &key) = secret;
	return 1;
}

size_t keylog_add(struct keylog *k, const char *text, size_t n)
{
	const char *end = text + n;
	size_t added = 0;

	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));

		if (!line_end)
			line_end = end;
		added += (size_t)add_line(k, text, line_end);
		text = line_end + 1;
	}
	return added;
}

int keylog_load(struct keylog *k, const char *path, char *error, size_t error_size)
{
	FILE *f = fopen(path, "r");
	char line[LINE_SIZE];
	size_t added = 0;
	int failed;

	if (!f) {
		snprintf(error, error_size, "cannot read the key log %s: %s", path, strerror(errno));
		return -1;
	}
	while (fgets(line, sizeof(line), f))
		added += keylog_add(k, line, strlen(line));
	failed = ferror(f) ? errno : 0;
	fclose(f);
	if (failed || !added) {
		snprintf(error, error_size, "%s holds no TLS secrets%s%s", path, failed ? ": " : "",
			failed ? strerror(failed) : "");
		return -1;
	}
	return 0;
}

const uint8_t *keylog_find(const struct keylog *k, const char *label, const uint8_t client_random[32], size_t *size)
{
	struct secret_key key;
	const struct secret *s;

	memset(&key, 0, sizeof(key));
	text_copy(key.label, sizeof(key.label), label);
	memcpy(key.client_random, client_random, sizeof(key.client_random));
	s = table_find(&k->secrets, &key);
	if (!s)
		return NULL;
	*size = s->size;
	return s->bytes;
}

bool keylog_is_empty(const struct keylog *k)
{
	return k->secrets.count == 0;
}

void keylog_free(struct keylog *k)
{
	if (!k)
		return;
	table_free(&k->secrets);
	free(k);
}
