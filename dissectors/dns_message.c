/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/dns_message.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define NAME_BYTES_MAX 255
#define HEADER_BYTES 12
/* Records that are looked at; a zone transfer has more, a resolver's answer never. */
#define RECORDS_MAX 128

/* What of a name has been written; a label's own dots and backslashes are escaped (RFC 1035, section 5.1). */
struct name_text {
	char *out;
	size_t size, len;
	size_t wire; /* bytes of labels so far */
};

static void name_char(struct name_text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->len + n >= t->size)
		return;
	memcpy(t->out + t->len, s, n + 1);
	t->len += n;
}

static void name_label(struct name_text *t, const uint8_t *label, size_t n)
{
	char one[5];
	size_t i;

	if (t->len)
		name_char(t, ".");
	for (i = 0; i < n; i++) {
		if (label[i] == '.' || label[i] == '\\')
			snprintf(one, sizeof(one), "\\%c", label[i]);
		else if (label[i] < 0x20 || label[i] == 0x7f)
			snprintf(one, sizeof(one), "\\%03u", label[i]);
		else
			snprintf(one, sizeof(one), "%c", label[i]);
		name_char(t, one);
	}
	t->wire += n + 1;
}

/* Labels up to the root or a pointer. The offset that the pointer leads to; SIZE_MAX: the name is complete. */
static size_t read_labels(struct reader *r, struct name_text *t)
{
	for (;;) {
		uint8_t n = rd_u8(r);
		const uint8_t *label;

		if ((n & 0xc0) == 0xc0)
			return (size_t)(n & 0x3f) << 8 | rd_u8(r);
		label = rd_bytes(r, n);
		if (!n || !rd_ok(r))
			return SIZE_MAX;
		if (n & 0xc0 || t->wire + n >= NAME_BYTES_MAX) {
			r->state = READER_BAD;
			return SIZE_MAX;
		}
		name_label(t, label, n);
	}
}

void dns_name_read(struct reader *r, const struct reader *whole, char *out, size_t size)
{
	struct name_text t = {out, size, 0, 0};
	size_t limit = (size_t)(r->p - whole->p), here = (size_t)(whole->end - whole->p), to;
	struct reader at;

	out[0] = '\0';
	to = read_labels(r, &t);
	while (rd_ok(r) && to != SIZE_MAX) {
		if (to >= limit || to >= here) {
			r->state = READER_BAD;
			break;
		}
		limit = to;
		at = rd_make(whole->p + to, here - to, here - to + whole->lost);
		to = read_labels(&at, &t);
		r->state = at.state;
	}
	if (!t.len && rd_ok(r))
		text_copy(out, size, ".");
}

static void read_header(struct dns_message *m, struct reader *r)
{
	uint16_t flags;

	m->id = rd_u16(r);
	flags = rd_u16(r);
	m->response = flags & 0x8000;
	m->opcode = flags >> 11 & 15;
	m->authoritative = flags & 0x0400;
	m->truncated = flags & 0x0200;
	m->recursion_desired = flags & 0x0100;
	m->recursion_available = flags & 0x0080;
	m->reserved = flags & 0x0040;
	m->rcode = flags & 15;
	m->questions = rd_u16(r);
	m->answer_records = rd_u16(r);
	m->authority_records = rd_u16(r);
	m->additional_records = rd_u16(r);
}

/* false: not even the first can be read. */
static bool read_questions(struct dns_message *m, struct reader *r, const struct reader *whole)
{
	bool readable = rd_ok(r);
	char name[256];
	int i;

	for (i = 0; i < m->questions && i < RECORDS_MAX && rd_ok(r); i++) {
		const uint8_t *at = r->p;
		uint16_t type, class;

		dns_name_read(r, whole, name, sizeof(name));
		type = rd_u16(r);
		class = rd_u16(r) & 0x7fff; /* mDNS asks for a unicast answer with the top bit */
		if (i)
			continue;
		text_copy(m->name, sizeof(m->name), name);
		m->type = type;
		m->class = class;
		m->netbios = rd_ok(r) && *at == 32 && (type == 32 || type == 33);
		readable = rd_ok(r);
	}
	return readable;
}

static void take_address(struct dns_message *m, uint16_t type, struct reader *data, const char *owner)
{
	const uint8_t *bytes = rd_bytes(data, type == DNS_TYPE_A ? 4 : 16);

	if (!bytes || m->answer_count == DNS_ANSWERS_MAX)
		return;
	m->answers[m->answer_count++] = type == DNS_TYPE_A ? addr_v4(bytes) : addr_v6(bytes);
	if (!m->questions && !m->name[0]) {
		text_copy(m->name, sizeof(m->name), owner);
		m->type = type;
		m->class = 1;
	}
}

/* One resource record; `section` counts from 1, the answers. */
static void read_record(struct dns_message *m, struct reader *r, const struct reader *whole, int section)
{
	char owner[256];
	uint16_t type;
	uint32_t ttl;
	struct reader data;

	dns_name_read(r, whole, owner, sizeof(owner));
	type = rd_u16(r);
	rd_u16(r);
	ttl = rd_u32(r);
	data = rd_sub(r, rd_u16(r));
	if (!rd_ok(&data))
		return;
	if (type == DNS_TYPE_OPT && section == 3)
		m->rcode |= (uint16_t)(ttl >> 24 << 4);
	else if ((type == DNS_TYPE_A || type == DNS_TYPE_AAAA) && (section == 1 || !m->questions))
		take_address(m, type, &data, owner);
	else if (type == DNS_TYPE_CNAME && section == 1 && !m->cname[0])
		dns_name_read(&data, whole, m->cname, sizeof(m->cname));
}

bool dns_message_read(struct dns_message *m, const uint8_t *data, size_t here, size_t on_wire)
{
	const struct reader whole = rd_make(data, here, on_wire);
	struct reader r = whole;
	int section, i, left = RECORDS_MAX;
	bool readable;

	memset(m, 0, sizeof(*m));
	read_header(m, &r);
	readable = read_questions(m, &r, &whole);
	for (section = 1; section <= 3; section++) {
		uint16_t n = section == 1   ? m->answer_records
			     : section == 2 ? m->authority_records
					    : m->additional_records;

		for (i = 0; i < n && left > 0 && rd_ok(&r); i++, left--)
			read_record(m, &r, &whole, section);
	}
	m->state = r.state;
	return readable;
}
