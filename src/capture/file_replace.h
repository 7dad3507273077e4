/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is written under another name and takes its own when it is whole. */
#ifndef PCAPDX_CAPTURE_FILE_REPLACE_H
#define PCAPDX_CAPTURE_FILE_REPLACE_H

#include <stdbool.h>
#include <stdio.h>

struct file_replace {
	FILE *file;
	char *path,
		*made; /* made: the name while it is written; NULL for stdout, pipes and devices, written as they are */
	int failed;    /* errno of the first failure; 0: none */
};

bool file_replace_open(struct file_replace *f, const char *path); /* false: f->failed */
void file_replace_write(struct file_replace *f, const void *bytes, size_t size);
bool file_replace_close(struct file_replace *f); /* false: f->failed, and nothing has changed */
void file_replace_discard(struct file_replace *f);

#endif
