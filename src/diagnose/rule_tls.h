/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules about TLS have in common. */
#ifndef PCAPDX_DIAGNOSE_RULE_TLS_H
#define PCAPDX_DIAGNOSE_RULE_TLS_H

#include "diagnose/rule.h"

/* The first fatal alert in clear (or decrypted) of that side that is not part of a close that the other side began;
 * NULL: none. close_notify and user_canceled are no failures. */
const struct tls_alert_seen *tls_fatal_alert(const struct conversation *c, enum side by);
/* The same of either side. */
const struct tls_alert_seen *tls_any_fatal_alert(const struct conversation *c);

/* Who speaks as the TLS client; not always who opened the connection (active FTP over TLS). */
enum side tls_client_side(const struct conversation *c);
const char *tls_side_word(const struct conversation *c, enum side s); /* "client" or "server" of the handshake */

/* When the ClientHello was complete, an offset of the conn record. */
int64_t tls_hello_at(const struct conversation *c);

/* The server said its last word before the ClientHello (in clear, before STARTTLS or as a proxy). */
bool tls_server_spoke_before(const struct conversation *c);

/* Everything that both sides said was acknowledged. Where data is neither acknowledged nor sent again the capture is
 * not whole: TCP would have repeated it. */
bool tls_all_acknowledged(const struct conversation *c);

/* A client that still waits after that long, without a probe, does not: what came later is missing from the capture. */
bool tls_seems_forgotten(const struct conversation *c, double waited_s);

/* The first RST of that side; NULL: none. */
const struct rst_seen *tls_first_rst(const struct conversation *c, enum side s);

/* Whether that side's FIN or RST came before what the other side did at that moment (an offset). */
bool tls_closed_before(const struct conversation *c, enum side s, int64_t at_ns);

/* Ports that IANA or custom reserves for TLS from the first byte on. */
bool tls_port_by_custom(uint16_t port);

/* "handshake_failure (40)" */
const char *tls_alert_text(uint8_t code, char out[64]);

/* Evidence of the usual stages: ClientHello, and the ServerHello, Certificate when there. */
void tls_claim_hello(struct claim *out, const struct conversation *c);
void tls_claim_alert(struct claim *out, const struct conversation *c, const struct tls_alert_seen *a);

/* "TLS 1.2, TLS 1.3" for a fact; appended to a list fact of the finding. */
void tls_list_offered(struct finding *f, const char *name, const struct tls *t);

/* The server answers with bytes that are neither TLS nor text nor a protocol that is known. */
bool tls_answer_is_odd(const struct conversation *c);

/* The name that the clients asked for, of the first claim that has one; "" none. */
const char *group_text(const struct claim_group *g);
/* An option of openssl s_client that asks for that name; a placeholder when a shell could take it for more than a name. */
#define SERVER_OPTION_SIZE 160
const char *tls_server_option(const char *name, char out[SERVER_OPTION_SIZE]);
const char *group_server_option(const struct claim_group *g, char out[SERVER_OPTION_SIZE]);

#endif
