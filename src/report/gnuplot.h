/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gnuplot as a child process, without a shell between: a script in, SVG out. It is given numbers and constants of ours
 * only (its strings and data blocks can run commands), and what it gives back is not trusted either: svg_plain copies
 * the few elements that a plot is made of and drops everything else.
 */
#ifndef PCAPDX_REPORT_GNUPLOT_H
#define PCAPDX_REPORT_GNUPLOT_H

#include <stdbool.h>

struct plot;
struct text;

#define PLOT_WIDTH 600
#define PLOT_HEIGHT 250
#define PLOT_POINTS_MAX 2000
#define PLOT_LINES_MAX 8

/* Runs gnuplot on the script. False when it is not there, fails, or takes too long. */
bool gnuplot_run(const struct text *script, struct text *svg);

/* The script that draws one plot; colours in it are numbers that svg_plain turns into classes. */
void gnuplot_script(const struct plot *p, struct text *script);

/*
 * Appends paths, polygons and texts of gnuplot's SVG: without ids, styles and colours, with the classes axis, grid,
 * limit, and s1, s2, ... for the lines.
 */
void svg_plain(struct text *out, const char *svg);

#endif
