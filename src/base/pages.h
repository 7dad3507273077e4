/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for large tables: from 2 MiB on in huge pages where the system has them, which saves page faults. */
#ifndef PCAPDX_BASE_PAGES_H
#define PCAPDX_BASE_PAGES_H

#include <stddef.h>

/* Not zeroed; goes back with free(). A failed allocation ends the program with a sentence. */
void *pages_take(size_t bytes);

#endif
