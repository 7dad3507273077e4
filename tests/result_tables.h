/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables, plots and counts of results for tests. */
#ifndef PCAPDX_TESTS_RESULT_TABLES_H
#define PCAPDX_TESTS_RESULT_TABLES_H

#include "diagnose/result.h"

/* A row; the record is the result's from now on. */
void build_connection(struct result *r, struct record *record, enum outcome outcome, const char *code, const char *sni);
void build_connections(struct result *r);
void build_hosts_and_services(struct result *r);
/* One more, to that name. */
void build_tls_session(struct result *r, const char *name);
/* Three of them; the curves have so many points. */
void build_plots(struct result *r, int points);
void build_counts(struct result *r);

#endif
