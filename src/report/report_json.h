/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the JSON report (doc/report.schema.json). */
#ifndef PCAPDX_REPORT_REPORT_JSON_H
#define PCAPDX_REPORT_REPORT_JSON_H

#include "base/json_out.h"

struct result;
struct text;

/* The report as one line, without the list of connections: for the page. */
void report_json_short(const struct result *r, struct text *out);

void json_capture(struct json *j, const struct result *r); /* "capture" */
void json_connections(struct json *j, const struct result *r, bool with_list);
void json_protocols(struct json *j, const struct result *r); /* "tls", "dns", "time_wait", "names" */
void json_tables(struct json *j, const struct result *r);    /* "gateways", "hosts", "services" */
void json_time(struct json *j, const char *key, int64_t ns); /* RFC 3339 */

#endif
