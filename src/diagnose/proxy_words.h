/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a proxy's refusal means: code, title, causes and next steps, for HTTP and SOCKS. */
#ifndef PCAPDX_DIAGNOSE_PROXY_WORDS_H
#define PCAPDX_DIAGNOSE_PROXY_WORDS_H

#include "diagnose/rule.h"

struct proxy_answer {
	uint8_t socks;	 /* version; 0: HTTP */
	bool login;	 /* it is about a user and password that were sent */
	bool method;	 /* SOCKS 5: it accepts none of the methods offered */
	bool silent;	 /* SOCKS: it closes instead of answering */
	bool mixed;	 /* others answered otherwise, to the same effect */
	uint16_t status; /* HTTP's; of SOCKS the reply, the method 255, or the verdict on the login */
	double waited_s; /* request to answer */
	const char *scheme; /* HTTP: what the proxy was asked to speak to the target, static text */
};

/* Of an absolute URI; what CONNECT is for is https. */
const char *proxy_scheme(const struct http *h);
/* NULL: no refusal, or not the proxy's own. */
const char *proxy_code_of_http(const struct http *h);
/* Fills *a for the answer that the code stands for. */
const char *proxy_code_of_socks(const struct socks *k, struct proxy_answer *a);

/* Detail, responsible party, causes, next steps. */
void proxy_words(struct finding *f, const char *code, const struct proxy_answer *a, const char *proxy, const char *target);
void proxy_title(struct finding *f, const char *code, const struct proxy_answer *a, const char *target);

#endif
