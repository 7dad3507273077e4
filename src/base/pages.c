/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages by advice (Linux, Documentation/admin-guide/mm/transhuge.rst); without them everything works all the same. */
#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/text.h"

#define HUGE_PAGE ((size_t)2 << 20)

void *pages_take(size_t bytes)
{
	void *m = NULL;

	if (bytes < HUGE_PAGE)
		return xmalloc(bytes);
	if (posix_memalign(&m, HUGE_PAGE, bytes) != 0)
		out_of_memory();
	madvise(m, bytes & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
	return m;
}
