/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TLS handshake, over TCP, UDP or QUIC. */
#ifndef PCAPDX_RECORD_RECORD_TLS_H
#define PCAPDX_RECORD_RECORD_TLS_H

#include "record/record_parts.h"

/* One message or event of a TLS handshake; frame 0: not seen. */
enum tls_stage {
	TLS_NOTHING,
	TLS_CLIENT_HELLO,
	TLS_HELLO_RETRY,
	TLS_SERVER_HELLO,
	TLS_CERTIFICATE,
	TLS_CERTIFICATE_REQUEST,
	TLS_SERVER_HELLO_DONE,
	TLS_CLIENT_CERTIFICATE,
	TLS_CLIENT_KEY_EXCHANGE,
	TLS_CLIENT_FINISHED,
	TLS_SERVER_FINISHED,
	TLS_ESTABLISHED, /* application data, or both Finished */
	TLS_STAGES,
};

struct tls_alert_seen {
	struct frame_ref ref;
	uint8_t side, level, code;
	uint8_t stage;	/* enum tls_stage reached by then */
	bool encrypted; /* code unknown unless decrypted */
	bool decrypted;
};

#define TLS_ALERTS_MAX 4
#define TLS_LIST_MAX 48
#define TLS_NO_TEXT "0x "

struct tls {
	bool dtls, quic;
	uint8_t client;		   /* enum side: who sent the ClientHello; not always orig (active FTP over TLS) */
	bool handshake_cut;	   /* part of the handshake is not in the capture: what was not seen may have been sent */
	/* what each record touches stands together */
	uint16_t version, cipher, group; /* negotiated; 0: none */
	bool ech, early_data, resumed, psk_offered; /* early_data: offered by the client */
	bool early_data_accepted;  /* by the server's (decrypted) EncryptedExtensions */
	bool session_ticket;	   /* the client offered a ticket (TLS 1.2) */
	uint32_t tickets;	   /* NewSessionTicket messages in clear or decrypted */
	uint32_t inferred_tickets; /* 1.3: records taken for tickets (after the client's Finished, within its round trip) */
	uint8_t stage;		   /* enum tls_stage: furthest reached */
	uint32_t hidden_records[2];	  /* 1.3: encrypted records before the client's Finished whose content stays unknown */
	struct frame_ref app_data[2];	  /* first record of type 23 per side that is not handshake */
	uint64_t app_bytes[2];
	bool inferred_empty_client_cert; /* 1.3: record of 25 before the client's Finished */
	bool inferred_refusal;		 /* 1.3: alert-sized first record after the client's Finished, then close */
	bool inferred_client_alert;	 /* 1.3: alert-sized record where the client's Finished belongs */
	/* the rest stays as the handshake left it */
	struct frame_ref handshake_cut_ref;
	char via[16];		   /* "", "smtp", "imap", "pop3", "ftp", "postgresql", "ldap", "mysql", "xmpp", "connect", "socks" */
	char proxied_host[PROXIED_HOST_SIZE]; /* CONNECT host:port */
	uint16_t record_version;   /* of the first record */
	uint16_t offered_version;  /* highest offered */
	uint16_t offered_versions[12];
	uint32_t offered_version_count;
	uint16_t offered_ciphers[TLS_LIST_MAX];
	uint32_t offered_cipher_count;
	uint16_t offered_groups[24];
	uint32_t offered_group_count;
	char sni[256], offered_alpn[128], alpn[32];
	char ja3[33], ja4[40], ja3s[33];
	struct frame_ref at[TLS_STAGES]; /* when each was complete; TLS_CLIENT_HELLO is the first one */
	struct frame_ref first_record[2]; /* first TLS record per side */
	uint32_t client_hellos, server_hellos; /* messages of type 1 and 2; a HelloRetryRequest is of type 2 */
	uint32_t certificates_seen;	  /* Certificate messages of either side */
	bool ends_in_record[2];		  /* what was seen of that side ends inside a record */
	uint32_t client_cert_len;  /* TLS 1.2 Certificate message of the client, body length; 3: empty */
	bool client_cert_seen, client_cert_empty, cert_requested;
	struct frame_ref inferred_ref;
	bool decrypted;
	uint32_t decrypt_failures; /* records that the key log's key does not open */
	struct frame_ref decrypt_failure;
	uint32_t bad_records; /* of them, after others that the same key opened: damaged on the way */
	struct frame_ref bad_record;
	uint32_t alert_count;
	struct tls_alert_seen alerts[TLS_ALERTS_MAX];
	/* the server's leaf certificate; "" and 0 when not seen */
	bool cert_seen;
	char cert_subject[192], cert_issuer[192], cert_names[512], cert_serial[48], cert_fingerprint[65];
	char cert_key[32];	   /* "RSA 2048", "ECDSA P-256" */
	char cert_signature[32];   /* "RSA-SHA256"; with cert_key it says why cert_weak is set */
	char cert_root[192];	   /* issuer of the last certificate in the chain */
	int64_t cert_not_before_ns, cert_not_after_ns;
	uint32_t cert_count;
	bool cert_self_signed, cert_chain_includes_root, cert_chain_disordered, cert_name_matches, cert_weak; /* name: true too when there is no SNI to compare with */
	/* QUIC: the version of the last Initial; negotiation and Retry packets of the server; CONNECTION_CLOSE in Initials
	 * (a code of 0x100 and more is a TLS alert and among the alerts too) */
	uint32_t quic_version;
	bool quic_version_negotiation, quic_retry, quic_closed;
	uint8_t quic_close_side;
	uint64_t quic_close_code;
	struct frame_ref quic_close_ref;
	/* what came instead of TLS */
	/* server's answer to a ClientHello that is no TLS: "SSH-2.0-...", "HTTP/1.1 400 ...", "MySQL 8.0.36"; the first
	 * bytes in hex after TLS_NO_TEXT when they are neither text nor a protocol that is known */
	char answered_with[48];
	struct frame_ref answered_ref;
};

#endif
