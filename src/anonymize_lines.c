/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protocols of text lines (HTTP, FTP, mail, SSH's banner): methods, commands, status numbers and what bodies depend on
 * stay, words are mapped, the body becomes zeros. Only what begins like such a line is touched.
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "anonymize_impl.h"

static const char *const commands[] = { "ABOR", "ALLO", "APPE", "AUTH", "CDUP", "CONNECT", "CWD", "DATA", "DELE", "DELETE",
	"EHLO", "EPRT", "EPSV", "FEAT", "GET", "HEAD", "HELO", "HELP", "LIST", "MAIL", "MDTM", "MKD", "MLSD", "MLST", "MODE",
	"NLST", "NOOP", "OPTIONS", "OPTS", "PASS", "PASV", "PATCH", "PBSZ", "PORT", "POST", "PROT", "PUT", "PWD", "QUIT",
	"RCPT", "REST", "RETR", "RMD", "RNFR", "RNTO", "RSET", "SIZE", "STARTTLS", "STAT", "STOR", "STRU", "SYST", "TRACE",
	"TYPE", "USER", NULL };
/* Commands whose words say nothing of anybody. */
static const char *const plain_commands[] = { "AUTH", "EPSV", "MODE", "PBSZ", "PROT", "STRU", "TYPE", NULL };
static const char *const headers[] = { "Accept", "Allow", "Connection", "Content-Encoding", "Content-Length",
	"Content-Type", "Date", "Host", "Keep-Alive", "Location", "Proxy-Authenticate", "Proxy-Authorization",
	"Proxy-Connection", "Server", "Transfer-Encoding", "Upgrade", "User-Agent", "Via", "WWW-Authenticate", NULL };
static const char *const plain_headers[] = { "Connection", "Content-Length", "Keep-Alive", "Proxy-Connection",
	"Transfer-Encoding", "Upgrade", NULL };
static const char *const schemes[] = { "Basic", "Bearer", "Digest", "Negotiate", "NTLM", NULL };

static const char *known(const char *const *list, const uint8_t *p, size_t n)
{
	for (; *list; list++)
		if (strlen(*list) == n && strncasecmp(*list, (const char *)p, n) == 0)
			return *list;
	return NULL;
}

static bool starts(struct span s, const char *with)
{
	return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

static size_t word_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != ':' && s.p[n] != '\r' && s.p[n] != '\n')
		n++;
	return n;
}

/* Up to the end of the line, and without it. */
static struct span line_of(struct span s, size_t *with_end)
{
	const uint8_t *end = memchr(s.p, '\n', s.n);
	size_t n = end ? (size_t)(end - s.p) : s.n;

	*with_end = end ? n + 1 : n;
	return span_first(s, n && s.p[n - 1] == '\r' ? n - 1 : n);
}

static bool is_status(struct span s)
{
	return s.n >= 4 && isdigit(s.p[0]) && isdigit(s.p[1]) && isdigit(s.p[2]) && (s.p[3] == ' ' || s.p[3] == '-');
}

/* A target or an address of the web: what stands before it and the protocol's name stay, so does a port. */
static void map_target(const struct anonymizer *a, struct span s)
{
	static const char *const kept[] = { "http://", "https://", NULL };

	for (int i = 0; kept[i]; i++)
		if (starts(s, kept[i]))
			s = span_skip(s, strlen(kept[i]));
	anonymize_words(a, s.p, s.n);
}

/* "227 Entering Passive Mode (192,0,2,10,117,48)": the mapped numbers may need more room, which the words give. */
static bool map_passive(const struct anonymizer *a, struct span s)
{
	unsigned n[6];
	char line[256], made[64];
	const char *open;
	struct addr addr;
	uint8_t b[4];
	size_t length;

	if (s.n >= sizeof(line) || !starts(s, "227 "))
		return false;
	memcpy(line, s.p, s.n);
	line[s.n] = '\0';
	open = strchr(line, '(');
	if (!open || sscanf(open, "(%u,%u,%u,%u,%u,%u)", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 6)
		return false;
	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)n[i];
	addr = addr_v4(b);
	anonymize_addr(a, &addr);
	length = (size_t)snprintf(made, sizeof(made), "(%u,%u,%u,%u,%u,%u)", addr.b[12], addr.b[13], addr.b[14], addr.b[15],
		n[4], n[5]);
	if (length + 4 > s.n)
		return false;
	memset(s.p + 4, ' ', s.n - 4);
	memcpy(s.p + s.n - length, made, length);
	return true;
}

static void map_status(const struct anonymizer *a, struct span s)
{
	if (!map_passive(a, s) && !(starts(s, "229 ")))
		anonymize_words(a, s.p + 4, s.n - 4);
}

static void map_request(const struct anonymizer *a, struct span s, size_t command)
{
	struct span rest = span_skip(s, command + 1);
	size_t version = sizeof(" HTTP/1.1") - 1;

	if (known(plain_commands, s.p, command))
		return;
	if (rest.n >= version && memcmp(rest.p + rest.n - version, " HTTP/1.", version - 1) == 0)
		rest.n -= version;
	map_target(a, rest);
}

static void map_header(const struct anonymizer *a, struct span s)
{
	size_t name = word_length(s);
	struct span value = span_skip(s, name + 1);

	if (!known(headers, s.p, name)) {
		anonymize_words(a, s.p, s.n);
		return;
	}
	if (known(plain_headers, s.p, name))
		return;
	while (value.n && *value.p == ' ')
		value = span_skip(value, 1);
	if (known(schemes, value.p, word_length(value)))
		value = span_skip(value, word_length(value));
	map_target(a, value);
}

static bool map_first_line(const struct anonymizer *a, struct span s)
{
	size_t command = word_length(s);

	if (starts(s, "HTTP/1.") && s.n >= 12)
		anonymize_words(a, s.p + 12, s.n - 12);
	else if (is_status(s))
		map_status(a, s);
	else if (command && known(commands, s.p, command))
		map_request(a, s, command);
	else if (starts(s, "SSH-2.0-"))
		anonymize_words(a, s.p + 8, s.n - 8);
	else
		return false;
	return true;
}

bool map_lines(const struct anonymizer *a, struct span s)
{
	size_t used;
	struct span line = line_of(s, &used);

	if (!map_first_line(a, line))
		return false;
	for (s = span_skip(s, used); s.n; s = span_skip(s, used)) {
		line = line_of(s, &used);
		if (!line.n)
			break;
		if (!map_first_line(a, line))
			map_header(a, line);
	}
	span_wipe(s, s.n < 2 ? s.n : 2);
	return true;
}
