/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a dissector is, and what it may use. A dissector learns the facts of one conversation out of ordered bytes or
 * datagrams and puts them into records; it knows no other conversation, no rule, no output, and never prints.
 *
 * New protocol: one file in dissectors/, one row in table.c, one line in Makefile.am, a sample, a test.
 */
#ifndef PCAPDX_DISSECTORS_DISSECTOR_H
#define PCAPDX_DISSECTORS_DISSECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct session; /* one conversation as its dissector sees it; see session.h */

/* Bytes of one side. `ref.at_ns` is absolute time. In a stream, ref is the frame that carried the last of them. */
struct chunk {
	const uint8_t *data;
	size_t len;	 /* bytes at data */
	size_t on_wire;	 /* datagrams: bytes that were sent (> len in a cut frame); streams: len */
	enum side side;
	struct frame_ref ref;
};

enum dissect_verdict {
	DISSECT_OK,	  /* *used bytes are done with */
	DISSECT_MORE,	  /* *used bytes are done with; the rest is offered again with more behind it */
	DISSECT_BAD,	  /* makes no sense: the engine restarts the dissector at the next plausible boundary */
	DISSECT_NOT_MINE, /* never was this protocol: another dissector may try */
	DISSECT_DONE,	  /* nothing more to learn from this conversation */
	DISSECT_HANDOFF,  /* from here on the stream belongs to the one named with session_hand_on */
};

/* How sure a dissector is of first bytes. NO is final: of a stream that begins so it is not asked again. */
enum recognition {
	RECOGNISE_NO,
	RECOGNISE_UNLIKELY, /* no, unless more bytes say otherwise; nobody needs to wait for them */
	RECOGNISE_MORE,	 /* too few bytes to tell */
	RECOGNISE_MAYBE, /* only together with the port */
	RECOGNISE_YES,
};

struct dissector {
	const char *name; /* goes into conn.service */
	const char *spec;
	uint16_t tcp_ports[8], udp_ports[8]; /* hints; 0 ends the list */
	uint8_t ip_protos[4]; /* IP protocols beside TCP and UDP, 0 ends the list; then neither of those is for it */
	size_t state_size; /* zeroed by the engine per conversation, freed with it */
	size_t hot_size;   /* bytes at its start that most packets touch: fetched ahead */
	size_t part_size;  /* of what session_part gives; 0: nothing */

	/* MAYBE from both sides of a stream is enough on any port ("220 " and "USER "). Binary protocols: only where both
	 * messages have few possible values and an exact length. */
	bool maybe_twice_is_yes;

	/* Looks at the first bytes of one side (or a datagram). Left out: chosen by port alone. */
	enum recognition (*recognise)(const struct chunk *c);

	/*
	 * Ordered bytes of one side. Sets *used; it may be larger than c->len: the following bytes of that side are then
	 * skipped, whether they were captured or lost. At most STREAM_REST_MAX bytes can be asked for again.
	 */
	enum dissect_verdict (*stream)(void *state, struct session *s, const struct chunk *c, size_t *used);
	/* Bytes of one side that are lost and were not skipped. BAD: cannot go on in this direction without them. */
	enum dissect_verdict (*gap)(void *state, struct session *s, enum side side, uint64_t missing,
		const struct frame_ref *ref);
	/* So many bytes of those that session_quiet was called for have passed, the last of them in frame `ref`. Nothing but
	 * counting is to be done; left out by those who never call it. */
	void (*passed)(void *state, enum side side, uint32_t n, const struct frame_ref *ref);
	/*
	 * For session_skim. Whether these n bytes, which begin where a record does, belong to records of that sort: then
	 * how many begin among them, and how many bytes of the last one are still to come. Knows no conversation.
	 */
	bool (*skim)(uint8_t sort, const uint8_t *bytes, uint32_t n, uint32_t *records, uint32_t *left);
	/* So many records of the sort came, of so many bytes in all. Nothing but counting is to be done. */
	void (*skimmed)(void *state, enum side side, uint32_t records, uint64_t bytes);
	/* After BAD: how many bytes to pass over until the next plausible start; c->len when there is none in it. */
	size_t (*resync)(void *state, const struct chunk *c);
	enum dissect_verdict (*datagram)(void *state, struct session *s, const struct chunk *c);
	/* A datagram came twice: only its messages are to be counted. May be left out. */
	void (*again)(const struct session *s, const struct chunk *c);
	/* A side ended (FIN). May be left out. */
	void (*end)(void *state, struct session *s, enum side side, const struct frame_ref *ref);
	/* Both sides have ended: whether nothing is left to tell, so that the state can go. Left out: it stays. */
	bool (*is_over)(const void *state);
	/* The conversation is over: emit what is still to be told, free what the state owns. */
	void (*finish)(void *state, struct session *s);
};

#define STREAM_REST_MAX (64 * 1024)

/* All dissectors, in the order in which they are asked; NULL ends the table. */
extern const struct dissector *const dissector_table[];

/* What a dissector may ask of its conversation. */

/* Emits a record of that kind; `facts` is what is its own: a struct dns for RECORD_DNS, and so on. */
void session_tell(struct session *s, enum record_kind kind, const void *facts);
/* The same for large facts, without a copy: zeroed ones to be filled in, and then told. Nothing else is told between. */
void *session_facts(struct session *s, enum record_kind kind);
void session_tell_facts(struct session *s, enum record_kind kind);
/* In `stream`: of the next n bytes of that side only the number is wanted. A wish: they may be offered all the same. */
void session_quiet(struct session *s, enum side side, uint64_t n);
/* In `stream`, when all was used: what comes of that side is only counted, as long as `skim` knows it for records of
 * that sort (not 0). A wish. */
void session_skim(struct session *s, enum side side, uint8_t sort);
/* Memory that the dissector's state owns beside itself: so much more, or less. Counts against the bound. */
void session_charge(struct session *s, ptrdiff_t bytes);
/* A part of the state that not every conversation has, or more than once: zeroed and charged, given back one by one. */
void *session_part(struct session *s);
void session_part_free(struct session *s, void *part);
/* Marks the frame as a key frame with a label for the ladder diagram (copied; may be hostile). */
void session_mark(struct session *s, enum side side, const struct frame_ref *ref, const char *label);
/* Absolute time to an offset of this conversation's records. */
struct frame_ref session_ref(const struct session *s, const struct frame_ref *absolute);
/* Names the dissector that takes over after DISSECT_HANDOFF, and how it got there ("connect", "smtp", ...). */
void session_hand_on(struct session *s, const char *dissector, const char *via, const char *proxied_host);
const char *session_via(const struct session *s);
const char *session_proxied_host(const struct session *s);
const struct addr *session_addr(const struct session *s, enum side side);
uint16_t session_port(const struct session *s, enum side side);
bool session_is_udp(const struct session *s);
uint8_t session_proto(const struct session *s); /* of IP */
/* Announces a conversation to come (FTP data), so that it is not taken for another service: its service becomes
 * `service`. The host on side `connects` will open it. Bounded; the oldest is forgotten. */
void session_expect(
	struct session *s, enum side connects, const struct addr *listener, uint16_t port, const char *service);
/* The key log of this run (dissectors/keylog.h); NULL: none. */
struct keylog;
const struct keylog *session_keylog(const struct session *s);
/* Where messages of a source are counted. */
struct message_counts *session_counts(const struct session *s, uint16_t source);
/* What dissectors remember across conversations, so as not to work it out again. */
enum session_memo {
	MEMO_MD5, /* of a text: its digest in hex */
	MEMO_SHA256,
	MEMO_CERTIFICATE, /* see tls_certificate_message */
	SESSION_MEMOS,
};
struct memo *session_memo(const struct session *s, enum session_memo which);
/* How the conversation ends, known in finish: who closed first and when; side NONE: open. */
enum side session_first_fin(const struct session *s);
enum side session_first_rst(const struct session *s);

#endif
