/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the TLS dissector share: its state per conversation, and what each file gives the others. */
#ifndef PCAPDX_DISSECTORS_TLS_STATE_H
#define PCAPDX_DISSECTORS_TLS_STATE_H

#include "base/packed.h"
#include "base/reader.h"
#include "dissectors/dissector.h"

#define TLS_RECORD_MAX (16384 + 2048) /* RFC 5246, section 6.2.3; 1.3 allows less */
#define TLS_HEADER 5
#define TLS_MESSAGE_MAX (64 * 1024) /* longer handshake messages are passed over and told as cut */
#define TLS_SESSION_ID_MAX 32
#define TLS_RANDOM 32

enum tls_content {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION = 23,
	TLS_HEARTBEAT = 24,
};

enum tls_message {
	TLS_MSG_HELLO_REQUEST = 0,
	TLS_MSG_CLIENT_HELLO = 1,
	TLS_MSG_SERVER_HELLO = 2,
	TLS_MSG_HELLO_VERIFY = 3, /* DTLS */
	TLS_MSG_NEW_SESSION_TICKET = 4,
	TLS_MSG_END_OF_EARLY_DATA = 5,
	TLS_MSG_HELLO_RETRY = 6, /* drafts before 22 only */
	TLS_MSG_ENCRYPTED_EXTENSIONS = 8,
	TLS_MSG_CERTIFICATE = 11,
	TLS_MSG_SERVER_KEY_EXCHANGE = 12,
	TLS_MSG_CERTIFICATE_REQUEST = 13,
	TLS_MSG_SERVER_HELLO_DONE = 14,
	TLS_MSG_CERTIFICATE_VERIFY = 15,
	TLS_MSG_CLIENT_KEY_EXCHANGE = 16,
	TLS_MSG_FINISHED = 20,
	TLS_MSG_CERTIFICATE_STATUS = 22,
	TLS_MSG_KEY_UPDATE = 24,
	TLS_MSG_COMPRESSED_CERTIFICATE = 25,
};

/* A handshake message, or a run of them, that is being put together; bounded by TLS_MESSAGE_MAX. */
struct tls_join {
	size_t len, room;
	uint8_t bytes[];
};

/* What one side sent, as far as the next record must know it. Both sides' share a cache line. */
struct tls_direction {
	struct tls_join *join; /* owned; NULL: nothing is being put together */
	uint32_t rest_total, rest_have; /* the record that what was offered ends in: its length, and what came of it */
	uint32_t skip;		    /* rest of a record that a gap cut into */
	uint32_t pass;		    /* rest of a message longer than TLS_MESSAGE_MAX */
	uint32_t encrypted_records; /* of type 22 or 23, since `encrypted` */
	uint8_t rest_type, rest_message;
	bool started : 1;	/* a TLS record was seen */
	bool plain : 1;		/* speaks something else: see answered_with */
	bool plain_told : 1;	/* the first line is complete */
	bool line_ended : 1;	/* what was passed over last was the end of a line */
	bool opaque : 1;	/* nothing more to learn from this side */
	bool closed : 1;	/* sent close_notify or a fatal alert: what follows need not be TLS */
	bool lost : 1;		/* record boundary unknown */
	bool message_lost : 1;	/* a gap cut into a message that spans records */
	bool encrypted : 1;	/* up to 1.2: after ChangeCipherSpec; 1.3: after the ServerHello */
	bool finished : 1;
};

/* What is inferred of TLS 1.3 without keys; see tls_infer.c. Times are absolute; 0: not seen. */
struct tls_inference {
	int64_t client_hello_ns, server_hello_ns, finished_ns;
	uint32_t client_records;	/* encrypted ones before its Finished */
	uint32_t server_after_finished; /* encrypted records of the server after it */
	uint32_t ticket_len;
	bool early_data_over;
	bool client_closing; /* something of alert size after its Finished */
	bool maybe_refusal;
};

/* The first bytes of what a side speaks instead. */
struct tls_head {
	uint8_t bytes[48], len;
};

/* Of struct tls, what records and messages of a handshake touch; tls_emit joins it with the rest. */
struct tls_talk {
	bool dtls, quic;
	uint8_t client;
	bool handshake_cut;
	uint16_t version, cipher;
	bool early_data, resumed, decrypted;
	uint32_t tickets, inferred_tickets;
	uint8_t stage;
	uint32_t hidden_records[2];
	struct frame_ref app_data[2];
	uint64_t app_bytes[2];
	bool inferred_empty_client_cert, inferred_refusal, inferred_client_alert;
	/* the rest stays as the handshake left it */
	uint16_t record_version;
	bool ends_in_record[2];
	uint32_t client_hellos, server_hellos, certificates_seen;
	struct frame_ref at[TLS_STAGES];
	struct frame_ref first_record[2];
};

/* The rest: what hellos, certificates and alerts tell. Mostly room that few fill, so it is packed between them. */
struct tls_told {
	struct tls t; /* without what is in struct tls_talk */
	struct tls_head head[2];
	uint8_t session_id[TLS_SESSION_ID_MAX], session_id_len; /* of the ClientHello */
	uint8_t client_random[TLS_RANDOM], server_random[TLS_RANDOM];
};

struct tls_crypt; /* tls_crypt.h: keys of this conversation */

struct tls_state {
	struct tls_direction dir[2]; /* by enum side */
	struct tls_crypt *crypt;
	struct tls_told *told; /* see tls_told; NULL: it is at rest */
	struct tls_inference infer;
	bool client_known;
	bool keyless; /* there were no keys at all when they were first wanted */
	bool encrypt_then_mac, extended_master_secret;
	struct tls_talk t;
	struct frame_ref infer_last[2]; /* last encrypted record per side before the client's Finished */
	struct frame_ref infer_refusal;
	struct packed *resting; /* what is at rest; NULL: there is nothing in it yet */
};

/* As far as records touch it once the handshake is over. */
#define TLS_HOT offsetof(struct tls_state, t.record_version)

_Static_assert(offsetof(struct tls_state, crypt) <= 64, "what records touch of both sides is in one cache line");

/* Which record a message came in. */
struct tls_place {
	struct session *session;
	enum side side;
	struct frame_ref absolute;
	bool decrypted;
};

/* tls_header.c */
enum tls_header {
	TLS_HEADER_NO,
	TLS_HEADER_MORE,
	TLS_HEADER_YES,
	TLS_HEADER_SSLV2,
};
enum tls_header tls_record_header(const uint8_t *p, size_t n);
bool tls_encrypted_change(const uint8_t *p, size_t n);
enum tls_header tls_sslv2_header(const uint8_t *p, size_t n);
enum tls_header tls_guessed_header(const struct tls_direction *d, const uint8_t *p, size_t n);
size_t tls_find_record(const struct tls_direction *d, const uint8_t *p, size_t n);

/* tls_record.c: true when the record was opened, or could not be although the key is right; otherwise its content is
 * told as far as it is in clear. */
bool tls_open_record(struct tls_state *st, const struct tls_place *at, const uint8_t *header, const uint8_t *body,
	size_t n);
void tls_record_content(struct tls_state *st, const struct tls_place *at, uint8_t type, const uint8_t *body, size_t n);
void tls_failed_to_open(struct tls_state *st, const struct tls_place *at); /* its key does not fit, or it is damaged */

/* tls_plain.c: keeps the first of these bytes, which are no TLS, and tells what they are. */
void tls_plain_answer(struct tls_state *st, const struct tls_place *at, const uint8_t *p, size_t n);
void tls_plain_forget(struct tls_state *st, enum side side); /* it was no answer */

/* tls_told.c: what is told, until tls_rest packs it. */
struct tls_told *tls_told(struct tls_state *st);
void tls_rest(struct tls_state *st, struct session *s);
/* The conversation's record. */
void tls_emit(struct tls_state *st, struct session *s);
/* Frees all that the state owns. */
void tls_forget(struct tls_state *st, struct session *s);

/* tls_handshake.c */
void tls_handshake_bytes(struct tls_state *st, const struct tls_place *at, const uint8_t *bytes, size_t n);
void tls_handshake_message(struct tls_state *st, const struct tls_place *at, uint8_t type, const uint8_t *body, size_t n);
void tls_handshake_sslv2(struct tls_state *st, const struct tls_place *at, const uint8_t *body, size_t n);
bool tls_message_known(uint8_t type);
void tls_handshake_forget(struct tls_direction *d); /* what was joined so far is void */
void tls_reached(struct tls_state *st, const struct tls_place *at, enum tls_stage stage);
void tls_cut(struct tls_state *st, const struct tls_place *at); /* part of the handshake is missing */
void tls_mark(const struct tls_place *at, const char *label);
void tls_alert(struct tls_state *st, const struct tls_place *at, uint8_t level, uint8_t code);
void tls_encrypted_alert(struct tls_state *st, const struct tls_place *at);

/* tls_hello.c: false when the body makes no sense; what could be read before that is kept. */
bool tls_client_hello(struct tls_state *st, struct session *s, const uint8_t *body, size_t n);
bool tls_server_hello(struct tls_state *st, struct session *s, const uint8_t *body, size_t n, bool *retry);
bool tls_draft_hello_retry(struct tls_state *st, const uint8_t *body, size_t n);
bool tls_sslv2_client_hello(struct tls_state *st, const uint8_t *body, size_t n);
void tls_encrypted_extensions(struct tls_state *st, const uint8_t *body, size_t n);

/* tls_fingerprint.c: from the body of a hello that was read without fault. */
void tls_fingerprint_client(struct tls *t, char transport, struct session *s, const uint8_t *body, size_t n);
void tls_fingerprint_server(struct tls *t, struct session *s, const uint8_t *body, size_t n);

/* tls_certificate.c */
struct tls_certificates { /* of a Certificate message, borrowed */
	const uint8_t *der[16];
	size_t size[16];
	uint32_t count, kept;
};
bool tls_certificate_list(const uint8_t *body, size_t n, bool tls13, struct tls_certificates *out);
void tls_certificate_facts(struct tls *t, const struct tls_certificates *list);
/* The same, remembered: servers send the same message again and again, and reading it takes a thousand times as long
 * as finding it. */
void tls_certificate_message(
	struct tls *t, struct session *s, const struct tls_certificates *list, bool tls13, const uint8_t *body, size_t n);

/* tls_infer.c: an encrypted record of TLS 1.3 whose content stays unknown. */
void tls_infer_record(struct tls_state *st, const struct tls_place *at, size_t len);
/* Whether records of that side tell nothing any more but those shorter than tls_infer_least. */
bool tls_infer_is_over(const struct tls_state *st, enum side side);
uint8_t tls_infer_least(const struct tls_talk *t);
size_t tls_infer_overhead(const struct tls_talk *t); /* of a record; 0 up to TLS 1.2, where it is not taken off */
void tls_infer_refused(struct tls_state *st); /* both Finished, yet the server refuses: not established after all */
void tls_infer_finish(struct tls_state *st, const struct session *s);

#endif
