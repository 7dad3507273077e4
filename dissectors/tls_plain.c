/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server says instead of TLS: the first line of a text, the greeting of MySQL, or else bytes in hex. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_state.h"

#define TEXT_MIN 3 /* less may be chance: one byte in three is printable */
#define MYSQL_HEAD 5 /* length (3), number 0, protocol version 10 (MySQL client/server protocol) */

static bool is_printable(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t';
}

/* Bytes of the first line; *text: they are printable, but for one in ten; bytes of UTF-8 and Latin-1 count half. */
static size_t first_line(const uint8_t *p, size_t n, bool *text)
{
	size_t len = 0, odd = 0;

	for (; len < n && p[len] != '\r' && p[len] != '\n'; len++)
		odd += is_printable(p[len]) ? 0 : p[len] >= 0x80 ? 1 : 10;
	*text = len >= TEXT_MIN && odd * 2 <= len;
	return len;
}

static bool is_mysql(const uint8_t *p, size_t n)
{
	return n > MYSQL_HEAD && !p[2] && !p[3] && p[4] == 10 && p[MYSQL_HEAD] >= '3' && p[MYSQL_HEAD] <= '9';
}

static void write_line(char *out, size_t room, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n && i + 1 < room; i++) {
		out[i] = p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : '?';
		out[i + 1] = '\0';
	}
}

static void write_mysql(char *out, size_t room, const uint8_t *p, size_t n)
{
	size_t len = 0;

	while (MYSQL_HEAD + len < n && is_printable(p[MYSQL_HEAD + len]))
		len++;
	text_copy(out, room, "MySQL ");
	write_line(out + strlen(out), room - strlen(out), p + MYSQL_HEAD, len);
}

static void write_hex(char *out, size_t room, const uint8_t *p, size_t n)
{
	size_t len = strlen(TLS_NO_TEXT);

	text_copy(out, room, TLS_NO_TEXT);
	for (size_t i = 0; i < n && len + 2 < room; i++)
		len += (size_t)snprintf(out + len, room - len, "%02x", p[i]);
}

void tls_plain_answer(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n)
{
	struct tls_direction *d = &st->dir[at->side];
	struct tls_told *told = tls_told(st);
	struct tls_head *head = &told->head[at->side];
	char *out = told->t.answered_with;
	const size_t room = sizeof(told->t.answered_with);
	size_t line;
	bool text;

	if (!head->len && n)
		told->t.answered_ref = session_ref(at->session, &at->absolute);
	while (n && head->len < sizeof(head->bytes) && !d->plain_told) {
		head->bytes[head->len++] = *p++;
		n--;
	}
	line = first_line(head->bytes, head->len, &text);
	if (is_mysql(head->bytes, head->len))
		write_mysql(out, room, head->bytes, head->len);
	else if (text)
		write_line(out, room, head->bytes, line);
	else
		write_hex(out, room, head->bytes, head->len);
	if (!d->plain_told && ((text && line < head->len) || head->len == sizeof(head->bytes))) {
		d->plain_told = true;
		session_mark(at->session, at->side, &at->absolute, out);
	}
}

void tls_plain_forget(struct tls_state *st, enum side side)
{
	struct tls_told *told = tls_told(st);

	told->head[side].len = 0;
	told->t.answered_with[0] = '\0';
	told->t.answered_ref = (struct frame_ref){ 0 };
}
