/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line asked for. Filled by options.c, read by everyone, changed by nobody. */
#ifndef PCAPDX_OPTIONS_H
#define PCAPDX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum severity {
	SEVERITY_OK,
	SEVERITY_NOTE,
	SEVERITY_WARNING,
	SEVERITY_ERROR,
};

enum engine_kind {
	ENGINE_NATIVE,
	ENGINE_NIDS,
	ENGINE_BOTH,
};

#define OUTPUTS_MAX 16

struct output_request {
	const char *path;   /* "-": stdout */
	const char *format; /* "text", "json", "html", "md", "csv" */
};

struct options {
	const char **inputs; /* files, folders, "-" */
	int input_count;
	const char *interface; /* live; NULL: files */
	char *filter;	       /* pcap-filter text; NULL: none */
	int snaplen;	       /* live; 0: default */
	int buffer_kib;	       /* live; 0: default */
	bool promiscuous;      /* live */
	bool numeric;	       /* -n is accepted and changes nothing: there are no look-ups */
	bool list_interfaces;
	bool follow;
	uint64_t count;		  /* stop after so many frames; 0: all */
	int64_t from_ns, to_ns;	  /* time window; INT64_MIN and INT64_MAX: open */
	struct output_request outputs[OUTPUTS_MAX];
	int output_count;
	bool json;		  /* to stdout */
	const char *write_path;	  /* -w: all packets */
	const char *evidence_path;
	const char *records_path;
	const char *keylog_path;
	const char *oui_path;	  /* NULL: the built-in table */
	bool anonymize;
	enum engine_kind engine;
	int threads;		  /* that follow conversations; 1: the one that reads */
	size_t memory_bytes;
	uint64_t max_expand_bytes;
	double time_wait_s;	  /* assumed length of TIME_WAIT */
	uint32_t limit;		  /* connections that a firewall allows, where none was seen to cut */
	double limit_window_s;	  /* how long such a firewall counts a connection */
	enum severity fail_on;	  /* SEVERITY_OK: never */
	bool unfinished;	  /* a report of a capture that still runs: see refresh.h */
	int verbose;		  /* -1 quiet, 0, 1 */
};

/*
 * Reads argv. 0: go on; otherwise the program ends with *status (help and version: 0; bad usage: 2, a sentence is
 * already on stderr). The strings belong to argv or live as long as the program.
 */
bool options_are_records(const struct options *o); /* all inputs are records by their names */
int options_read(struct options *o, int argc, char **argv, int *status);
/* -1 and a sentence when captures and records are mixed: only pcapdx compare can read both. */
int options_one_kind(const struct options *o);
void options_defaults(struct options *o);
void options_free(struct options *o);

#endif
