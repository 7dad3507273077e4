/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of the test program's own, for the files that it writes and removes: set-up and tear-down of a cmocka group. */
#ifndef PCAPDX_TESTS_TEMP_FOLDER_H
#define PCAPDX_TESTS_TEMP_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char temp_folder[] = "/tmp/pcapdx-test-XXXXXX";

static inline int temp_folder_make(void **state)
{
	(void)state;
	return mkdtemp(temp_folder) ? 0 : -1;
}

/* It must be empty again. */
static inline int temp_folder_remove(void **state)
{
	(void)state;
	return rmdir(temp_folder);
}

static inline void path_in(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/%s", temp_folder, name);
}

#endif
