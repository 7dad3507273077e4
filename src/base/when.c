/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points in time and durations as text (RFC 3339). */
#include "base/when.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *when_rfc3339(int64_t ns, char out[WHEN_TEXT_SIZE])
{
	int64_t rest = ns % NS_PER_S;
	time_t seconds = (time_t)(ns / NS_PER_S);
	struct tm tm;
	char date[24];

	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, WHEN_TEXT_SIZE, "%s.%09dZ", date, (int)rest);
	return out;
}

static const char *parse_fraction(const char *p, int64_t *ns)
{
	int64_t unit = NS_PER_S / 10;

	*ns = 0;
	if (*p != '.')
		return p;
	for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
		*ns += (*p - '0') * unit;
	return p;
}

static bool parse_offset(const char *p, int64_t *seconds)
{
	int hours, minutes, used = 0;

	*seconds = 0;
	if (*p == '\0' || strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
		return true;
	if ((*p != '+' && *p != '-') || sscanf(p + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || p[1 + used])
		return false;
	*seconds = (hours * 3600 + minutes * 60) * (*p == '-' ? -1 : 1);
	return true;
}

bool when_parse(const char *text, int64_t *ns)
{
	struct tm tm = { 0 };
	int64_t fraction, offset;
	const char *p = strptime(text, "%Y-%m-%d", &tm);

	if (!p || (*p != 'T' && *p != 't' && *p != ' '))
		return false;
	p = strptime(p + 1, "%H:%M:%S", &tm);
	if (!p)
		return false;
	p = parse_fraction(p, &fraction);
	if (!parse_offset(p, &offset))
		return false;
	*ns = ((int64_t)timegm(&tm) - offset) * NS_PER_S + fraction;
	return true;
}

const char *when_duration(double s, char out[WHEN_TEXT_SIZE])
{
	double a = fabs(s);

	if (a == 0)
		snprintf(out, WHEN_TEXT_SIZE, "0 s");
	else if (a < 0.000095)
		snprintf(out, WHEN_TEXT_SIZE, "%.2f ms", s * 1e3);
	else if (a < 0.0095)
		snprintf(out, WHEN_TEXT_SIZE, "%.1f ms", s * 1e3);
	else if (a < 0.9995)
		snprintf(out, WHEN_TEXT_SIZE, "%.0f ms", s * 1e3);
	else if (a < 99.95)
		snprintf(out, WHEN_TEXT_SIZE, "%.1f s", s);
	else if (a < 599.5)
		snprintf(out, WHEN_TEXT_SIZE, "%.0f s", s);
	else if (a < 7200)
		snprintf(out, WHEN_TEXT_SIZE, "%d min %d s", (int)(s / 60), abs((int)s % 60));
	else if (a < 172800)
		snprintf(out, WHEN_TEXT_SIZE, "%d h %d min", (int)(s / 3600), abs((int)(s / 60) % 60));
	else
		snprintf(out, WHEN_TEXT_SIZE, "%.1f days", s / 86400);
	return out;
}

const char *when_seconds(int64_t ns, char out[WHEN_TEXT_SIZE])
{
	uint64_t a = ns < 0 ? (uint64_t)0 - (uint64_t)ns : (uint64_t)ns;
	int n = snprintf(out, WHEN_TEXT_SIZE, "%s%llu.%09llu", ns < 0 ? "-" : "",
		(unsigned long long)(a / (uint64_t)NS_PER_S), (unsigned long long)(a % (uint64_t)NS_PER_S));

	while (out[n - 1] == '0')
		out[--n] = '\0';
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
	return out;
}
