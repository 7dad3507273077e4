/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in, a result out. */
#ifndef PCAPDX_DIAGNOSE_DIAGNOSE_H
#define PCAPDX_DIAGNOSE_DIAGNOSE_H

#include <stddef.h>

struct diagnosis_run;
struct options;
struct record;
struct result;

struct oui_table;

struct diagnosis_run *diagnose_new(const struct options *o);
/* Another table of vendors than the built-in one; borrowed until the run ends. */
void diagnose_vendors(struct diagnosis_run *d, const struct oui_table *oui);
/* Before the first record: no row for each conversation in the result, as no report will show them. They are counted. */
void diagnose_without_rows(struct diagnosis_run *d);
void diagnose_record(struct diagnosis_run *d, const struct record *r); /* in order of emission */
/* The same one by one; what they need comes from memory together. */
void diagnose_records(struct diagnosis_run *d, const struct record *const *run, int count);
/* Ends the run: findings, diagnoses, summary. The result belongs to the caller; the run is freed. */
struct result *diagnose_finish(struct diagnosis_run *d);
size_t diagnose_held_bytes(const struct diagnosis_run *d);

#endif
