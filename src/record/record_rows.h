/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the rows of the field tables are written down; for record_fields*.c only. */
#ifndef PCAPDX_RECORD_RECORD_ROWS_H
#define PCAPDX_RECORD_RECORD_ROWS_H

#include "record/record_fields.h"

#define MEMBER_SIZE(S, m) ((uint32_t)sizeof(((struct S *)NULL)->m))
#define ELEMENT_SIZE(S, m) ((uint32_t)sizeof(((struct S *)NULL)->m[0]))
#define PLACE(S, m) .member = #m, .offset = offsetof(struct S, m)

/* The type of a plain member, from its C type; times and enums have rows of their own kind. */
#define TYPE_OF(x) \
	_Generic((x), bool: FIELD_BOOL, uint8_t: FIELD_UINT, uint16_t: FIELD_UINT, uint32_t: FIELD_UINT,            \
		uint64_t: FIELD_UINT, int8_t: FIELD_INT, int64_t: FIELD_INT, double: FIELD_DOUBLE,                  \
		char *: FIELD_TEXT, struct addr: FIELD_ADDR, struct mac: FIELD_MAC, struct frame_ref: FIELD_OBJECT)
#define FIELDS_OF(x) _Generic((x), struct frame_ref : frame_ref_fields, default : (const struct field *)NULL)
#define MEMBER(S, m) (((struct S *)NULL)->m)

#define ROW(S, n, m, t, d) \
	{ \
		n, PLACE(S, m), .type = t, .size = MEMBER_SIZE(S, m), .room = 1, .default_value = d \
	}
/* A member whose name and type say all. */
#define AS(S, n, m) \
	{ \
		n, PLACE(S, m), .type = TYPE_OF(MEMBER(S, m)), .size = MEMBER_SIZE(S, m), .room = 1, \
				.fields = FIELDS_OF(MEMBER(S, m)) \
	}
#define SAME(S, m) AS(S, #m, m)
#define TIME(S, n, m) ROW(S, n, m, FIELD_TIME, 0)
#define SPAN(S, n, m) ROW(S, n, m, FIELD_SPAN, 0)
#define UNSET_SPAN(S, n, m) ROW(S, n, m, FIELD_SPAN, UNSET)
#define ENUM(S, n, m, t, d) \
	{ \
		n, PLACE(S, m), .type = FIELD_ENUM, .size = 1, .room = 1, .default_value = d, .names = t \
	}
#define SIDE(S, m) ENUM(S, #m, m, side_names, SIDE_NONE)
#define OBJECT(S, n, m, f) \
	{ \
		n, PLACE(S, m), .type = FIELD_OBJECT, .size = MEMBER_SIZE(S, m), .room = 1, .fields = f \
	}

/* One value of each side. */
#define BOTH(S, n, m) AS(S, "orig_" n, m[SIDE_ORIG]), AS(S, "resp_" n, m[SIDE_RESP])
#define BOTH_SPANS(S, n, m) UNSET_SPAN(S, "orig_" n, m[SIDE_ORIG]), UNSET_SPAN(S, "resp_" n, m[SIDE_RESP])

#define LIST_ROW(S, n, m, t, how) \
	n, PLACE(S, m), .type = t, .list = how, .size = ELEMENT_SIZE(S, m), \
			.room = MEMBER_SIZE(S, m) / ELEMENT_SIZE(S, m)
#define COUNTER(S, c) .count_offset = offsetof(struct S, c), .count_member = #c
#define TRIMMED(S, n, m) \
	{ \
		LIST_ROW(S, n, m, TYPE_OF(MEMBER(S, m[0])), LIST_TRIMMED) \
	}
#define COUNTED(S, n, m, c) \
	{ \
		LIST_ROW(S, n, m, TYPE_OF(MEMBER(S, m[0])), LIST_COUNTED), COUNTER(S, c) \
	}
#define COUNTED_OBJECTS(S, n, m, c, how, f) \
	{ \
		LIST_ROW(S, n, m, FIELD_OBJECT, how), COUNTER(S, c), .fields = f \
	}

extern const struct field frame_ref_fields[];
extern const struct field conn_fields[], tls_fields[], analysis_fields[];
extern const char *const side_names[];
extern const struct field tls_alert_fields[], lost_datagram_fields[];
/* The structs of a conn record and those inside it. */
extern const struct field_table record_conn_tables[];

#endif
