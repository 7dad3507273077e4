/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/proxy_words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "diagnose/findings.h"
#include "dissectors/socks_names.h"

/* SOCKS 4 has one answer for what it forbids and what it cannot reach. A rule is looked up at once; a second later
 * the proxy has tried (SYNs are repeated after 1 s, resolvers after more). */
#define SOCKS4_TRIED_S 0.9
#define SILENT_CONFIDENCE 0.7 /* what it would have said is a guess */

/* An error that a web server made, and the proxy passed on. */
static bool is_passed_on(const struct http *h)
{
	static const char *const proxies[] = {"squid", "tinyproxy", "proxy", "bluecoat", "zscaler", "privoxy", "mcafee",
		"ats", "traffic", "wcg", "sophos", "forti", "barracuda", "webgateway"};

	if (strcasecmp(h->method, "CONNECT") == 0 || !h->server[0])
		return false;
	for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++)
		if (strcasestr(h->server, proxies[i]))
			return false;
	return true;
}

const char *proxy_scheme(const struct http *h)
{
	if (strncmp(h->uri, "http://", 7) == 0)
		return "http";
	return strncmp(h->uri, "ftp://", 6) == 0 ? "ftp" : "https";
}

const char *proxy_code_of_http(const struct http *h)
{
	if (h->status == 407)
		return "proxy-auth-required";
	if (!h->proxy || is_passed_on(h))
		return NULL;
	if (h->status == 403)
		return "proxy-denied";
	/* tinyproxy says 500 where others say 502. */
	if (h->status == 500 && strcasecmp(h->method, "CONNECT") == 0)
		return "proxy-unreachable";
	return h->status >= 502 && h->status <= 504 ? "proxy-unreachable" : NULL;
}

static const char *code_of_reply_4(uint8_t reply, double waited_s)
{
	if (reply == SOCKS4_REJECTED)
		return waited_s < SOCKS4_TRIED_S ? "proxy-denied" : "proxy-unreachable";
	return reply == SOCKS4_NO_IDENTD || reply == SOCKS4_OTHER_USER ? "proxy-auth-required" : NULL;
}

static const char *code_of_reply_5(uint8_t reply)
{
	switch (reply) {
	case SOCKS5_GRANTED:
		return NULL;
	case SOCKS5_RULESET:
	case SOCKS5_COMMAND:
	case SOCKS5_ADDRESS:
		return "proxy-denied";
	default:
		return "proxy-unreachable";
	}
}

/* What was owed says why it hung up: ssh -D does so for what it cannot reach. */
static const char *code_of_silence(const struct socks *k, struct proxy_answer *a)
{
	a->silent = true;
	if (!k->closed.frame)
		return "proxy-denied"; /* it had not heard anything yet */
	a->login = k->login.frame && !k->verdict.frame && !k->request.frame;
	if (a->login)
		return "proxy-auth-required";
	return k->request.frame ? "proxy-unreachable" : "proxy-denied";
}

const char *proxy_code_of_socks(const struct socks *k, struct proxy_answer *a)
{
	*a = (struct proxy_answer){.socks = k->version, .status = k->reply};
	if (k->response.frame) {
		if (k->request.frame)
			a->waited_s = (double)(k->response.at_ns - k->request.at_ns) / 1e9;
		return k->version == 4 ? code_of_reply_4(k->reply, a->waited_s) : code_of_reply_5(k->reply);
	}
	if (k->verdict.frame && k->login_status) {
		a->login = true;
		a->status = k->login_status;
		return "proxy-auth-required";
	}
	if (k->hung_up)
		return code_of_silence(k, a);
	if (!k->choice.frame || k->method != SOCKS_METHOD_NONE)
		return NULL;
	a->method = true;
	a->status = k->method;
	return "proxy-auth-required";
}

/* "SOCKS 5 reply 2: not allowed by ruleset" */
static void answer_words(const struct proxy_answer *a, char *out, size_t size)
{
	if (!a->socks)
		snprintf(out, size, "%u", a->status);
	else if (a->silent)
		snprintf(out, size, "SOCKS %u: closes without an answer", a->socks);
	else if (a->login)
		snprintf(out, size, "SOCKS login refused, status %u", a->status);
	else if (a->method)
		snprintf(out, size, "SOCKS method 0xff: no acceptable methods");
	else
		snprintf(out, size, "SOCKS %u reply %u: %s", a->socks, a->status,
			socks_reply_name(a->socks, (uint8_t)a->status));
}

static void auth_of_http(struct finding *f, const struct proxy_answer *a, const char *proxy)
{
	finding_cause(f, 0.85,
		"the client has no login for the proxy, or a wrong one, or cannot do the scheme it wants",
		"the proxy answers 407 each time and the client does not log in");
	finding_next(f,
		"curl -v -x http://USER:PASSWORD@%s %s://example.com/ ; which Proxy-Authenticate does it send?", proxy,
		a->scheme);
	finding_next(f, "Set the login in the program (%s_proxy, settings), or have its address allowed without one",
		a->scheme);
}

static void auth_of_socks(struct finding *f, const struct proxy_answer *a, const char *proxy)
{
	if (a->mixed)
		finding_cause(
			f, 0.85, "the client sends no login to the proxy, or a wrong one", "the proxy refuses both");
	else if (a->silent)
		finding_cause(f, 0.7, "user or password are wrong, or that user is not allowed",
			"the proxy hangs up after the login");
	else if (a->login)
		finding_cause(f, 0.9, "user or password are wrong, or that user is not allowed",
			"the proxy refuses the login that the client sends");
	else if (a->socks == 4)
		finding_cause(f, 0.85,
			"the proxy asks the client's identd who its user is, and gets no answer or another name",
			"it answers so");
	else
		finding_cause(f, 0.85, "the client has no login for the proxy, or offers no method that it accepts",
			"the proxy accepts none of the methods that the client offers");
	finding_next(f, "curl -v --socks5-hostname %s --proxy-user USER:PASSWORD https://example.com/", proxy);
	finding_next(f, "Set the login in the program, or have its address allowed without one; the proxy's log names "
			"the rule");
}

static void write_auth(struct finding *f, const struct proxy_answer *a, const char *proxy)
{
	f->responsible = RESPONSIBLE_CLIENT;
	if (a->socks)
		auth_of_socks(f, a, proxy);
	else
		auth_of_http(f, a, proxy);
}

static void denied_by_socks(struct finding *f, const struct proxy_answer *a)
{
	if (a->silent) {
		finding_cause(f, 0.6, "the proxy's rules forbid that client",
			"it hangs up before it has heard what is wanted");
		finding_cause(f, 0.25, "it speaks another version of SOCKS, or none at all", "it would hang up, too");
	} else if (a->socks == 4) {
		finding_cause(f, 0.55, "the proxy's rules forbid that target, port or client", "it answers at once");
		finding_cause(f, 0.4, "the target refuses the proxy's connection, or its name does not resolve",
			"SOCKS 4 has one answer for all of it");
	} else if (a->status == SOCKS5_RULESET) {
		finding_cause(f, 0.85, "the proxy's rules forbid that target, port or client", "it answers so itself");
	} else {
		finding_cause(f, 0.85,
			"the proxy cannot do what the client asks for: that command, or that kind of address",
			"it answers so itself");
		finding_next(
			f, "Have the proxy resolve the name (curl --socks5-hostname), or ask with an IPv4 address");
	}
}

static void write_denied(struct finding *f, const struct proxy_answer *a, const char *target)
{
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	if (a->socks)
		denied_by_socks(f, a);
	else
		finding_cause(f, 0.85, "the proxy's policy forbids that target or port", "it answers 403 itself");
	finding_next(f, "Ask for %s to be allowed on the proxy; its log names the rule", target);
}

static void unreachable_by_socks(struct finding *f, const struct proxy_answer *a)
{
	if (a->silent)
		finding_cause(f, 0.6,
			"the proxy gets no connection to the target: refused, filtered, or a name that does not "
			"resolve",
			"it hangs up instead of answering, as ssh -D does");
	else if (a->socks == 5 && a->status == SOCKS5_REFUSED)
		finding_cause(f, 0.85,
			"nothing listens on that port of the target, or a firewall behind the proxy rejects it",
			"the proxy's connection was refused");
	else if (a->socks == 5 && (a->status == SOCKS5_NET_UNREACHABLE || a->status == SOCKS5_HOST_UNREACHABLE))
		finding_cause(f, 0.7,
			"the proxy has no way to the target: no route, host down, or a name that does not resolve",
			"it answers so");
	else
		finding_cause(f, 0.6,
			"the proxy gets no connection to the target: down, filtered, or a name that does not resolve",
			"it answers so");
}

static void write_unreachable(struct finding *f, const struct proxy_answer *a, const char *target)
{
	f->responsible = RESPONSIBLE_PATH;
	if (a->socks)
		unreachable_by_socks(f, a);
	else
		finding_cause(f, 0.6,
			"the proxy gets no connection to the target: down, filtered, or a name that does not resolve",
			"it answers 502, 503 or 504 for it");
	finding_next(f, "On the proxy: curl -v %s://%s%s (does it resolve, connect, and in what time?)",
		a->socks ? "telnet" : a->scheme, finding_word(target, "TARGET"), a->socks ? "" : "/");
}

enum refusal_kind {
	KIND_AUTH,
	KIND_DENIED,
	KIND_UNREACHABLE,
};

static enum refusal_kind kind_of(const char *code)
{
	return code[6] == 'a' ? KIND_AUTH : code[6] == 'd' ? KIND_DENIED : KIND_UNREACHABLE;
}

void proxy_words(
	struct finding *f, const char *code, const struct proxy_answer *a, const char *proxy, const char *target)
{
	char answer[80];

	answer_words(a, answer, sizeof(answer));
	if (a->silent)
		f->confidence = SILENT_CONFIDENCE;
	if (a->silent)
		finding_detail(f, "%s closes without an answer; the request does not get beyond it.", proxy);
	else
		finding_detail(f, "%s answers %s%s; the request does not get beyond it.", proxy,
			a->socks ? "with " : "", answer);
	switch (kind_of(code)) {
	case KIND_AUTH:
		write_auth(f, a, proxy);
		break;
	case KIND_DENIED:
		write_denied(f, a, target);
		break;
	case KIND_UNREACHABLE:
		write_unreachable(f, a, target);
		break;
	}
}

void proxy_title(struct finding *f, const char *code, const struct proxy_answer *a, const char *target)
{
	static const char *const verbs[] = {"wants a login", "denies requests", "cannot reach the target"};
	const char *verb = a->login ? "refuses the login" : verbs[kind_of(code)];
	char answer[80];

	answer_words(a, answer, sizeof(answer));
	finding_title(f, "The %sproxy %s (%s%s, %llu time%s%s%s)", a->socks ? "SOCKS " : "", verb, answer,
		a->mixed ? " and others" : "", (unsigned long long)f->count, f->count == 1 ? "" : "s",
		*target ? ", for example " : "", target);
}
