/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "option_values.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

int option_bad(const char *option, const char *value, const char *wants)
{
	fprintf(stderr, "pcapdx: %s: \"%s\" is not %s\n", option, value, wants);
	return -1;
}

int option_whole(const char *option, const char *value, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	if (errno || *end || end == value || *value == '-' || !*out || *out > max)
		return option_bad(option, value, "a positive whole number in range");
	return 0;
}

int option_int(const char *option, const char *value, int max, int *out)
{
	uint64_t n;

	if (option_whole(option, value, (uint64_t)max, &n))
		return -1;
	*out = (int)n;
	return 0;
}

int option_seconds(const char *option, const char *value, double *out)
{
	char *end;

	*out = strtod(value, &end);
	if (*end || end == value || !isfinite(*out) || *out <= 0)
		return option_bad(option, value, "a positive number of seconds");
	return 0;
}

int option_size(const char *option, const char *value, uint64_t *out)
{
	static const char units[] = "kmgt";
	char *end;
	double n = strtod(value, &end);
	const char *unit = *end ? strchr(units, *end | 0x20) : NULL;

	if (end == value || !isfinite(n) || n <= 0 || (*end && (!unit || (end[1] && strcmp(end + 1, "iB") != 0))))
		return option_bad(option, value, "a size such as 512M or 2G");
	for (const char *u = units; unit && u <= unit; u++)
		n *= 1024;
	if (n > 1e18)
		return option_bad(option, value, "a size that fits");
	*out = (uint64_t)n;
	return 0;
}

int option_time(const char *option, const char *value, int64_t *out)
{
	if (!when_parse(value, out))
		return option_bad(option, value, "a time such as 2026-01-31T12:00:00Z");
	return 0;
}

int option_engine(const char *value, enum engine_kind *out)
{
	static const char *const names[] = { "native", "nids", "both" };

	for (int i = 0; i < 3; i++)
		if (strcmp(value, names[i]) == 0) {
			*out = (enum engine_kind)i;
			return 0;
		}
	return option_bad("--engine", value, "native, nids or both");
}

int option_severity(const char *value, enum severity *out)
{
	if (strcmp(value, "error") == 0)
		*out = SEVERITY_ERROR;
	else if (strcmp(value, "warning") == 0)
		*out = SEVERITY_WARNING;
	else if (strcmp(value, "note") == 0)
		*out = SEVERITY_NOTE;
	else
		return option_bad("--fail-on", value, "error, warning or note");
	return 0;
}
