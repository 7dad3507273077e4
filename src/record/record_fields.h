/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every field of record.h, once, as a row of a table: its name in NDJSON, its type, its place, its default. The
 * writer, the reader, record_init and the schema all follow these tables, so they cannot disagree.
 *
 * Names are Zeek's where Zeek has the field; what one side sent is prefixed with orig_ or resp_; "_ns" is not part of
 * a name, because a time is written as an RFC 3339 text and a duration as seconds.
 */
#ifndef PCAPDX_RECORD_RECORD_FIELDS_H
#define PCAPDX_RECORD_RECORD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum field_type {
	FIELD_BOOL,
	FIELD_UINT, /* of 1, 2, 4 or 8 bytes */
	FIELD_INT,  /* of 1 or 8 bytes */
	FIELD_DOUBLE,
	FIELD_TEXT, /* an array of char that ends in NUL */
	FIELD_TIME, /* int64_t, absolute ns */
	FIELD_SPAN, /* int64_t, a duration or an offset in ns */
	FIELD_ADDR,
	FIELD_MAC,
	FIELD_ENUM,   /* uint8_t; `names` */
	FIELD_PROTO,  /* uint8_t, an IP protocol number */
	FIELD_LETTER, /* uint8_t, a character; 0: none */
	FIELD_OBJECT, /* a struct; `fields` */
};

/* How long a list is. */
enum field_list {
	LIST_NOT,
	LIST_TRIMMED, /* up to the last element that is not at its default */
	LIST_COUNTED, /* its counter is the list's length and has no row of its own */
	LIST_OVER,    /* its counter has a row of its own, before this one, and may be larger than the room */
	LIST_NAMED,   /* an object: elements are known by `keys` */
};

struct field {
	const char *name;   /* NULL ends a table */
	const char *member; /* as in record.h */
	enum field_type type;
	enum field_list list;
	uint32_t offset, size; /* of one element, in its struct */
	uint32_t room;	       /* elements of a list; 1 otherwise */
	uint32_t count_offset; /* of the uint32_t counter, for LIST_COUNTED and LIST_OVER */
	const char *count_member;
	int64_t default_value;	  /* numbers, spans and enums; zero for everything else */
	const char *const *names; /* FIELD_ENUM: text of each value; NULL ends the list */
	const char *const *keys;  /* LIST_NAMED */
	const struct field *fields;
};

extern const struct field record_head_fields[]; /* of struct record */

struct field_table {
	const char *struct_name; /* NULL ends a list of tables */
	const struct field *fields;
	size_t size; /* of the struct */
};
/* One table per kind, by enum record_kind; offsets count from the kind's own struct. */
extern const struct field_table record_kind_tables[];

/* Where the kind's struct is in a record. */
static inline void *record_body(struct record *r)
{
	return &r->conn; /* the members of a union start at one place */
}

static inline const void *record_body_const(const struct record *r)
{
	return &r->conn;
}

/* True: this element holds its default. `p` points at the element. */
bool field_is_default(const struct field *f, const void *p);
/* Elements that are to be told; 0: nothing to tell. `base` is the struct that holds the field. */
uint32_t field_length(const struct field *f, const void *base);
void fields_set_defaults(const struct field *table, void *base);

static inline const void *field_at(const struct field *f, const void *base, uint32_t i)
{
	return (const uint8_t *)base + f->offset + (size_t)i * f->size;
}

#endif
