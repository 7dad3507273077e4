/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gnuplot is told: numbers, and labels that are constants of ours. Names out of packets stay outside. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/result.h"
#include "report/gnuplot.h"

#define FEW 6 /* ticks on an axis */

/* In single quotes gnuplot expands nothing; a label with anything but letters, digits and a few marks is left out. */
static void set_label(struct text *t, const char *what, const char *label)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:()/%-";

	if (label && strspn(label, plain) == strlen(label))
		text_printf(t, "set %s '%s'\n", what, label);
}

static void point(struct text *t, double x, double y)
{
	if (isfinite(x) && isfinite(y))
		text_printf(t, "%.9g %.9g\n", x, y);
}

/* Least and greatest of each column of points, in their order: no peak is lost. */
static void column(struct text *t, const double *x, const double *y, int n)
{
	int low = 0, high = 0;

	for (int i = 1; i < n; i++) {
		low = y[i] < y[low] ? i : low;
		high = y[i] > y[high] ? i : high;
	}
	point(t, x[low < high ? low : high], y[low < high ? low : high]);
	if (low != high)
		point(t, x[low < high ? high : low], y[low < high ? high : low]);
}

static void data_block(struct text *t, int number, const double *x, const double *y, int count)
{
	int columns = PLOT_POINTS_MAX / 2;

	text_printf(t, "$d%d << END\n", number);
	if (count <= PLOT_POINTS_MAX)
		for (int i = 0; i < count; i++)
			point(t, x[i], y[i]);
	else
		for (int i = 0; i < columns; i++) {
			int from = (int)((int64_t)count * i / columns), to = (int)((int64_t)count * (i + 1) / columns);

			column(t, x + from, y + from, to - from);
		}
	text_add(t, "END\n");
}

static int lines_of(const struct plot *p)
{
	return p->line_count < PLOT_LINES_MAX ? p->line_count : PLOT_LINES_MAX;
}

/* Bars of several lines over the same places stand on each other. */
static bool stacked(const struct plot *p)
{
	if (!p->bars || p->line_count < 2)
		return false;
	for (int i = 1; i < lines_of(p); i++)
		if (p->lines[i].count != p->lines[0].count ||
			memcmp(p->lines[i].x, p->lines[0].x, (size_t)p->lines[0].count * sizeof(double)) != 0)
			return false;
	return true;
}

/* Sums of this line and those below it. The array belongs to the caller. */
static double *stack_height(const struct plot *p, int line)
{
	int n = p->lines[0].count;
	double *sum = xcalloc((size_t)n, sizeof(*sum));

	for (int l = 0; l <= line; l++)
		for (int i = 0; i < n; i++)
			sum[i] += p->lines[l].y[i];
	return sum;
}

static void data(struct text *t, const struct plot *p)
{
	bool sums = stacked(p);

	for (int i = 0; i < lines_of(p); i++) {
		const struct plot_line *l = &p->lines[i];
		double *heights = sums ? stack_height(p, i) : NULL;

		data_block(t, i + 1, l->x, heights ? heights : l->y, l->count);
		free(heights);
	}
}

static double highest(const struct plot *p)
{
	double most = 0;
	int n = lines_of(p);

	for (int l = stacked(p) ? n - 1 : 0; l < n; l++) {
		double *heights = stacked(p) ? stack_height(p, l) : NULL;
		const double *y = heights ? heights : p->lines[l].y;

		for (int i = 0; i < p->lines[l].count; i++)
			if (isfinite(y[i]) && y[i] > most)
				most = y[i];
		free(heights);
	}
	for (int i = 0; i < p->threshold_count; i++)
		most = p->thresholds[i] > most ? p->thresholds[i] : most;
	return most;
}

static void thresholds(struct text *t, const struct plot *p)
{
	for (int i = 0; i < p->threshold_count; i++)
		if (isfinite(p->thresholds[i]))
			text_printf(t,
				"set arrow from graph 0, first %.9g to graph 1, first %.9g nohead lw 1.5 dt (6,4) lc "
				"rgb "
				"'#000100'\n",
				p->thresholds[i], p->thresholds[i]);
}

/* The least distance between two places of a line: the width of a bar. */
static double bar_width(const struct plot *p)
{
	const struct plot_line *l = &p->lines[0];
	double width = INFINITY;

	for (int i = 1; i < l->count; i++)
		if (l->x[i] > l->x[i - 1])
			width = fmin(width, l->x[i] - l->x[i - 1]);
	return isfinite(width) ? width : 1;
}

static void ranges(struct text *t, const struct plot *p)
{
	double most = highest(p), from = INFINITY, to = -INFINITY, margin = p->bars ? bar_width(p) / 2 : 0;

	text_printf(t, "set yrange [0:%.9g]\n", most > 0 ? most * 1.08 : 1.0);
	if ((p->bars || p->steps) && most <= FEW) /* they count things: no halves */
		text_add(t, "set ytics 1\n");
	for (int l = 0; l < lines_of(p); l++)
		for (int i = 0; i < p->lines[l].count; i++) {
			from = fmin(from, p->lines[l].x[i]);
			to = fmax(to, p->lines[l].x[i]);
		}
	if (p->x_is_time && from - margin > 0)
		from = margin;		  /* time begins with the capture */
	if (from + margin >= to + margin) /* one place only */
		margin = fmax(margin, 0.5);
	if (isfinite(from) && isfinite(to))
		text_printf(t, "set xrange [%.9g:%.9g]\n", from - margin, to + margin);
}

/* Seconds stay seconds for ten minutes; then minutes or hours are read more easily. */
static void time_axis(struct text *t, const struct plot *p)
{
	double last = 0;

	for (int l = 0; l < lines_of(p); l++)
		if (p->lines[l].count)
			last = fmax(last, p->lines[l].x[p->lines[l].count - 1]);
	if (p->x_is_time && last > 7200)
		text_add(t, "set xtics time format '%tH:%tM'\nset xlabel 'time since the start (h:min)'\n");
	else if (p->x_is_time && last > 600)
		text_add(t, "set xtics time format '%tM:%tS'\nset xlabel 'time since the start (min:s)'\n");
}

void gnuplot_script(const struct plot *p, struct text *t)
{
	const char *how = p->bars ? "boxes" : p->steps ? "steps" : "lines";
	int n = lines_of(p);

	text_printf(
		t, "set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,13'\n", PLOT_WIDTH, PLOT_HEIGHT);
	text_add(t,
		"set border 3 lc rgb '#010000'\nset tics nomirror out scale 0.5\nset grid ytics lt 1 lc rgb '#020000'\n"
		"unset key\nset style fill solid 1.0 noborder\nset boxwidth 0.9 relative\nset samples 2\n");
	ranges(t, p);
	set_label(t, "xlabel", p->x_label);
	set_label(t, "ylabel", p->y_label);
	time_axis(t, p);
	thresholds(t, p);
	data(t, p);
	text_add(t, "plot ");
	for (int i = 0; i < n; i++) { /* the highest of a stack first: the others cover its lower part */
		int k = stacked(p) ? n - i : i + 1;

		text_printf(t, "%s$d%d using 1:2 with %s lw 2 lc rgb '#0000%02x'", i ? ", " : "", k, how, k);
	}
	text_add_char(t, '\n');
}
