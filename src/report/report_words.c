/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that several outputs share. */
#include "report/report_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"

const char *words_endpoint(const struct addr *a, uint16_t port, char out[ENDPOINT_TEXT_SIZE])
{
	char host[ADDR_TEXT_SIZE];

	addr_text(a, host);
	if (!port)
		snprintf(out, ENDPOINT_TEXT_SIZE, "%s", host);
	else if (addr_is_v4(a))
		snprintf(out, ENDPOINT_TEXT_SIZE, "%s:%u", host, port);
	else
		snprintf(out, ENDPOINT_TEXT_SIZE, "[%s]:%u", host, port);
	return out;
}

void words_subject(struct text *t, const struct subject *s)
{
	char place[ENDPOINT_TEXT_SIZE], mac[MAC_TEXT_SIZE];
	size_t before = t->len;

	if (addr_is_set(&s->client))
		text_add(t, words_endpoint(&s->client, 0, place));
	if (addr_is_set(&s->server))
		text_printf(t, "%s%s", t->len > before ? " -> " : "", words_endpoint(&s->server, s->port, place));
	if (t->len == before && addr_is_set(&s->host))
		text_add(t, words_endpoint(&s->host, s->port, place));
	if (t->len == before && mac_is_set(&s->mac))
		text_add(t, mac_text(&s->mac, mac));
	if (s->name[0])
		text_printf(t, t->len > before ? " (%s)" : "%s", s->name);
}

const char *words_source(const struct result *r, uint16_t source)
{
	if (source < r->summary.source_count && r->summary.sources[source].name[0])
		return r->summary.sources[source].name;
	return "capture";
}

bool words_failed(const struct connection_row *row)
{
	return row->outcome != OUTCOME_OK && row->outcome != OUTCOME_OPEN && row->outcome != OUTCOME_PARTIAL;
}

const char *words_file(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *words_proto(uint8_t proto)
{
	switch (proto) {
	case 1:
		return "icmp";
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 47:
		return "gre";
	case 50:
		return "esp";
	case 58:
		return "icmp6";
	case 132:
		return "sctp";
	}
	return NULL;
}

const char *words_tls_version(uint16_t version, char out[16])
{
	switch (version) {
	case 0:
		return "";
	case 0x0300:
		return "SSL 3.0";
	case 0x0301:
		return "TLS 1.0";
	case 0x0302:
		return "TLS 1.1";
	case 0x0303:
		return "TLS 1.2";
	case 0x0304:
		return "TLS 1.3";
	case 0xfeff:
		return "DTLS 1.0";
	case 0xfefd:
		return "DTLS 1.2";
	case 0xfefc:
		return "DTLS 1.3";
	}
	snprintf(out, 16, "0x%04x", version);
	return out;
}

const char *words_tls_stage(uint8_t stage)
{
	static const char *const names[TLS_STAGES] = {"nothing", "ClientHello", "HelloRetryRequest", "ServerHello",
		"Certificate", "CertificateRequest", "ServerHelloDone", "client Certificate", "ClientKeyExchange",
		"client Finished", "server Finished", "established"};

	return stage < TLS_STAGES ? names[stage] : "?";
}

const char *words_conn_end(uint8_t end_reason)
{
	static const char *const names[] = {"open", "fin", "rst", "reuse", "evicted", "part"};

	return end_reason <= CONN_END_PART ? names[end_reason] : "?";
}

const char *words_grouped(uint64_t n, char out[GROUPED_TEXT_SIZE])
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

uint64_t words_lost_datagrams(const struct fragmented *f)
{
	return f->lost_first_only + f->lost_rest_only + f->lost_holes;
}

void words_capture(struct text *t, const struct result *r)
{
	const struct summary *s = &r->summary;
	char number[GROUPED_TEXT_SIZE], duration[WHEN_TEXT_SIZE];
	uint64_t lost = words_lost_datagrams(&s->fragments);

	if (!s->has_packets) {
		text_add(t, "no packets");
		return;
	}
	text_printf(t, "%s packet%s", words_grouped(s->packets, number), s->packets == 1 ? "" : "s");
	if (s->last_ts_ns >= s->first_ts_ns) /* else a clock that jumped back: a finding of its own */
		text_printf(t, " in %s", when_duration(when_s(s->last_ts_ns - s->first_ts_ns), duration));
	text_printf(t, ", %s TCP", words_grouped(s->tcp_total, number));
	text_printf(t, " and %s UDP conversation%s", words_grouped(s->udp_total, number), s->udp_total == 1 ? "" : "s");
	if (lost)
		text_printf(t, ", %s fragmented datagram%s without the rest", words_grouped(lost, number), lost == 1 ? "" : "s");
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static void number_fact(struct text *t, const struct fact *f)
{
	char duration[WHEN_TEXT_SIZE], number[GROUPED_TEXT_SIZE];

	if (ends_with(f->name, "_s") && !ends_with(f->name, "per_s"))
		text_add(t, when_duration(f->type == FACT_INTEGER ? (double)f->integer : f->number, duration));
	else if (f->type == FACT_INTEGER && f->integer >= 10000)
		text_add(t, words_grouped((uint64_t)f->integer, number));
	else if (f->type == FACT_INTEGER)
		text_printf(t, "%" PRId64, f->integer);
	else if (strcmp(f->name, "rate") == 0 || strcmp(f->name, "share") == 0)
		text_printf(t, "%.3g %%", f->number * 100);
	else if (f->number >= 10000)
		text_add(t, words_grouped((uint64_t)(f->number + 0.5), number));
	else
		text_printf(t, "%.4g", f->number);
}

void words_fact(struct text *t, const struct fact *f)
{
	switch (f->type) {
	case FACT_NULL:
		text_add(t, "unknown");
		break;
	case FACT_NUMBER:
	case FACT_INTEGER:
		number_fact(t, f);
		break;
	case FACT_BOOL:
		text_add(t, f->integer ? "yes" : "no");
		break;
	case FACT_TEXT:
		text_add(t, f->text);
		break;
	case FACT_LIST:
		for (int i = 0; i < f->list_count; i++)
			text_printf(t, "%s%s", i ? ", " : "", f->list[i]);
		break;
	}
}

int words_frames(struct text *t, const struct finding *f, uint16_t source, int max)
{
	int n = 0;

	for (int i = 0; i < f->evidence_count; i++) {
		if (f->evidence[i].source != source)
			continue;
		if (n < max)
			text_printf(t, "%s%" PRIu64, n ? ", " : "", f->evidence[i].frame);
		n++;
	}
	if (n > max)
		text_printf(t, " and %d more", n - max);
	return n;
}

static bool starts_with_one_of(const char *s, const char *const *words, size_t count)
{
	size_t n = strcspn(s, " ");

	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == n && memcmp(s, words[i], n) == 0)
			return true;
	return false;
}

static bool starts_with_program(const char *step)
{
	static const char *const programs[] = {"arping", "conntrack", "curl", "dig", "ethtool", "ip", "iperf3",
		"iptables", "journalctl", "mtr", "nc", "netstat", "nft", "nmap", "nslookup", "openssl", "pcapdx",
		"ping", "ss", "ssh", "sysctl", "systemctl", "tcpdump", "tracepath", "traceroute", "tshark", "wg"};

	return step[strcspn(step, " ")] && starts_with_one_of(step, programs, sizeof(programs) / sizeof(programs[0]));
}

/* How far a command goes: to the end, or to where prose goes on: a comma, a semicolon, a parenthesis outside quotes. */
static int command_length(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n]; n++) {
		if (s[n] == '\'')
			quoted = !quoted;
		if (!quoted && ((strchr(",;", s[n]) && s[n + 1] == ' ') || (s[n] == ' ' && s[n + 1] == '(')))
			break;
	}
	while (n && s[n - 1] == '.' && !s[n])
		n--;
	return (int)n;
}

/*
 * A name out of a packet may stand in a command, and a shell would act on what is in it. So nothing is offered for
 * copying that does more than run one program with its arguments, maybe through a harmless filter.
 */
static bool command_is_plain(const char *s, int length)
{
	static const char *const filters[] = {"grep", "head", "less", "sort", "tail", "wc"};
	bool quoted = false;

	for (int i = 0; i < length; i++) {
		if (s[i] == '\'')
			quoted = !quoted;
		if ((unsigned char)s[i] < 0x20)
			return false;
		if (quoted)
			continue;
		if (strchr("`$;&<>\\\"!", s[i]))
			return false;
		if (s[i] == '|' && !(s[i + 1] == ' ' && starts_with_one_of(s + i + 2, filters, 6)))
			return false;
	}
	return !quoted;
}

/* Only the first colon counts: later ones may belong to a name. */
bool words_step(const char *step, struct step_parts *out)
{
	const char *colon = strstr(step, ": "), *command = starts_with_program(step) ? step : colon ? colon + 2 : NULL;
	int length;

	if (!command || !starts_with_program(command))
		return false;
	length = command_length(command);
	while (length && command[length - 1] == ' ')
		length--;
	if (!command_is_plain(command, length))
		return false;
	*out = (struct step_parts){.before = step, .before_len = (int)(command - step), .command = command};
	out->command_len = length;
	out->after = command + length;
	out->after_len = (int)strlen(out->after);
	return true;
}
