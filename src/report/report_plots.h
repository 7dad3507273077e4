/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plots that follow from the table of connections. */
#ifndef PCAPDX_REPORT_REPORT_PLOTS_H
#define PCAPDX_REPORT_REPORT_PLOTS_H

#include "diagnose/result.h"

/* Adds them to r->plots, once; nothing where the table of connections is too short or not whole. */
void report_plots_add(struct result *r);

#endif
