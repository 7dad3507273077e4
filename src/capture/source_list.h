/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line's inputs as a list of files: folders opened up, files that were named twice taken once. */
#ifndef PCAPDX_CAPTURE_SOURCE_LIST_H
#define PCAPDX_CAPTURE_SOURCE_LIST_H

#include <stdbool.h>

struct options;

#define SOURCES_MAX 65535 /* frames number them in 16 bits */

struct listed_source {
	char *path;
	int folder;	/* index of the input that is its folder; -1: named itself */
	bool a_capture; /* its name says so: then it is missed when it cannot be read */
};

struct source_list {
	struct listed_source *sources;
	int count, room;
	int *found;    /* per input: -1, or for a folder how many captures were found in it; the caller counts */
	bool too_many; /* more than SOURCES_MAX: the rest is left out */
};

void source_list_make(struct source_list *l, const struct options *o);
void source_list_free(struct source_list *l);

/* Order of names as people count: "cap 9" before "cap 10". */
int natural_compare(const char *a, const char *b);

#endif
