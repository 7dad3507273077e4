/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/ftp_data.h"

#include <string.h>

/* h1,h2,h3,h4,p1,p2 at the front of the text (RFC 959, section 4.1.2). */
static bool read_six(struct line l, struct ftp_endpoint *out)
{
	uint8_t v[6];
	int i, n;

	for (i = 0; i < 6; i++) {
		n = line_number(&l, 3);
		if (n < 0 || n > 255 || (i < 5 && (!l.len || *l.p != ',')))
			return false;
		v[i] = (uint8_t)n;
		if (i < 5) {
			l.p++;
			l.len--;
		}
	}
	out->addr = addr_v4(v);
	out->port = (uint16_t)(v[4] << 8 | v[5]);
	return out->port != 0;
}

/* The text up to the next delimiter, which is passed. */
static struct line field(struct line *l, uint8_t delimiter)
{
	struct line f = {l->p, 0};

	while (f.len < l->len && f.p[f.len] != delimiter)
		f.len++;
	l->p += f.len + (f.len < l->len);
	l->len -= f.len + (f.len < l->len);
	return f;
}

/* <d>family<d>address<d>port<d>, where family and address may be empty (RFC 2428, sections 2 and 3). */
static bool read_extended(struct line l, const struct addr *host, struct ftp_endpoint *out)
{
	struct line address, port;
	uint8_t delimiter = *l.p;
	char text[ADDR_TEXT_SIZE];
	int n;

	l.p++;
	l.len--;
	field(&l, delimiter);
	address = field(&l, delimiter);
	port = field(&l, delimiter);
	n = line_number(&port, 5);
	if (n < 1 || n > 65535 || port.len)
		return false;
	line_text(&address, text, sizeof(text));
	out->addr = *host;
	out->port = (uint16_t)n;
	return !address.len || addr_parse(text, &out->addr);
}

bool ftp_endpoint_read(const struct line *text, const struct addr *host, struct ftp_endpoint *out)
{
	struct line l = *text;

	for (; l.len; l.p++, l.len--) {
		bool digit_before = l.p > text->p && l.p[-1] >= '0' && l.p[-1] <= '9';

		if (*l.p == '|' && read_extended(l, host, out))
			return true;
		if (*l.p >= '0' && *l.p <= '9' && !digit_before && read_six(l, out))
			return true;
	}
	return false;
}
