/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Empty records, and what the field tables say about default values. */
#include "record/record.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/text.h"
#include "record/community_id.h"
#include "record/record_fields.h"

static bool all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static bool all_default(const struct field *table, const void *base)
{
	for (const struct field *f = table; f->name; f++)
		if (field_length(f, base) > 0)
			return false;
	return true;
}

bool field_is_default(const struct field *f, const void *p)
{
	switch (f->type) {
	case FIELD_OBJECT:
		return all_default(f->fields, p);
	case FIELD_TEXT:
		return *(const char *)p == '\0';
	default:
		/* Two's complement: the low bytes of the 64-bit default are the default of a narrower field. */
		return f->default_value ? memcmp(p, &f->default_value, f->size) == 0 : all_zero(p, f->size);
	}
}

static uint32_t trimmed_length(const struct field *f, const void *base)
{
	uint32_t n = f->room;

	while (n > 0 && field_is_default(f, field_at(f, base, n - 1)))
		n--;
	return n;
}

uint32_t field_length(const struct field *f, const void *base)
{
	uint32_t count;

	if (f->list != LIST_COUNTED && f->list != LIST_OVER)
		return trimmed_length(f, base);
	memcpy(&count, (const uint8_t *)base + f->count_offset, sizeof(count));
	return count < f->room ? count : f->room;
}

void fields_set_defaults(const struct field *table, void *base)
{
	for (const struct field *f = table; f->name; f++) {
		if (f->type != FIELD_OBJECT && !f->default_value)
			continue;
		for (uint32_t i = 0; i < f->room; i++) {
			void *p = (uint8_t *)base + f->offset + (size_t)i * f->size;

			if (f->type == FIELD_OBJECT)
				fields_set_defaults(f->fields, p);
			else
				memcpy(p, &f->default_value, f->size);
		}
	}
}

/* Walking the field tables for each record costs more than all rules that look at it. */
_Static_assert(offsetof(struct conn, key_frames) + sizeof(((struct conn *)0)->key_frames) == sizeof(struct conn),
	"record_size leaves out the key frames that are not there: they must stand last");

static struct record empty[RECORD_KINDS];
/* What record_begin copies. Unknown to the compiler, so memcpy does it: a copy word by word takes longer. */
static size_t begun_size[RECORD_KINDS];
static pthread_once_t empty_once = PTHREAD_ONCE_INIT;

static void make_empty(void)
{
	for (int kind = 0; kind < RECORD_KINDS; kind++) {
		memset(&empty[kind], 0, sizeof(empty[kind]));
		empty[kind].kind = (uint8_t)kind;
		fields_set_defaults(record_kind_tables[kind].fields, record_body(&empty[kind]));
		begun_size[kind] = record_kind_size((enum record_kind)kind);
	}
	begun_size[RECORD_CONN] = offsetof(struct record, conn.rsts);
}

size_t record_kind_size(enum record_kind kind)
{
	return offsetof(struct record, capture) + record_kind_tables[kind].size;
}

void record_begin(struct record *r, enum record_kind kind)
{
	assert(kind < RECORD_KINDS);
	pthread_once(&empty_once, make_empty);
	memcpy(r, &empty[kind], begun_size[kind]);
	if (kind != RECORD_CONN)
		return;
	r->conn.rsts[0] = empty[kind].conn.rsts[0];
	r->conn.icmps[0] = empty[kind].conn.icmps[0];
	r->conn.stalls[0] = empty[kind].conn.stalls[0];
}

void record_init(struct record *r, enum record_kind kind)
{
	assert(kind < RECORD_KINDS);
	pthread_once(&empty_once, make_empty);
	memcpy(r, &empty[kind], record_kind_size(kind));
}

size_t record_size(const struct record *r)
{
	uint32_t n = KEY_FRAMES_MAX;

	if (r->kind == RECORD_CONN && r->conn.key_frame_count < n)
		n = r->conn.key_frame_count;
	return record_kind_size(r->kind) -
	       (r->kind == RECORD_CONN ? (KEY_FRAMES_MAX - n) * sizeof(struct key_frame) : 0);
}

void record_copy(struct record *to, const struct record *from)
{
	memcpy(to, from, record_size(from));
}

struct record *record_keep(const struct record *r)
{
	size_t size = record_size(r);

	return memcpy(xmalloc(size), r, size);
}

static void make_uid(struct record *r)
{
	struct identity id = {&r->orig_h, &r->resp_h, r->orig_p, r->resp_p, r->proto, r->ts_ns, r->generation};

	uid_make(&id, r->uid);
	r->uid_due = false;
}

const char *record_uid(const struct record *r)
{
	if (r->uid_due)
		make_uid((struct record *)(uintptr_t)r);
	return r->uid;
}

static bool is_end(const struct addr *a, uint16_t a_port, const struct addr *b, uint16_t b_port)
{
	return a_port == b_port && addr_equal(a, b);
}

/* By what a uid is made of, where there is none yet. */
bool record_shares_uid(const struct record *a, const struct record *b)
{
	if (!a->uid_due || !b->uid_due)
		return memcmp(record_uid(a), record_uid(b), UID_SIZE) == 0;
	if (a->ts_ns != b->ts_ns || a->generation != b->generation || a->proto != b->proto)
		return false;
	if (is_end(&a->orig_h, a->orig_p, &b->orig_h, b->orig_p))
		return is_end(&a->resp_h, a->resp_p, &b->resp_h, b->resp_p);
	return is_end(&a->orig_h, a->orig_p, &b->resp_h, b->resp_p) &&
	       is_end(&a->resp_h, a->resp_p, &b->orig_h, b->orig_p);
}

void record_settle(struct record *r)
{
	record_uid(r);
	if (r->kind != RECORD_CONN || !r->conn.community_id_due)
		return;
	community_id(&r->orig_h, r->orig_p, &r->resp_h, r->resp_p, r->proto, r->conn.community_id);
	r->conn.community_id_due = false;
}

const char *record_kind_name(enum record_kind kind)
{
	return kind < RECORD_KINDS ? record_kind_tables[kind].struct_name : "unknown";
}
