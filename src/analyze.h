/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop: captures or records in, reports out. */
#ifndef PCAPDX_ANALYZE_H
#define PCAPDX_ANALYZE_H

struct options;

/* Runs the whole analysis that the options ask for and gives the exit status (0, 1, 2 or 3; see pcapdx(1)). */
int analyze(const struct options *o);

#endif
