/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All sources as one stream of batches in time order. */
#include "capture/capture.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/when.h"
#include "capture/extras.h"
#include "capture/frame_filter.h"
#include "capture/live.h"
#include "capture/source_heap.h"
#include "capture/source_list.h"
#include "capture/source_run.h"
#include "options.h"

#define OPEN_MANY 16 /* of more sources than these, as of rotated captures, each is opened when its time comes */
#define IDLE_MS 200  /* how long a call waits for frames that may still come */

struct capture_stream {
	const struct options *o;
	struct run_env env;
	struct extras extras;
	struct source_run **runs; /* in order of index */
	int count;
	struct source_heap heap;     /* runs that have a frame, or are not open and have a first time */
	struct source_run **waiting; /* runs that are to be filled at the next call */
	int waiting_count;
	struct frame merged[BATCH_MAX]; /* the batch, where it comes from several runs */
	bool live;
	atomic_bool stop;
	uint64_t order;
	int64_t clock_ns, heard_ns; /* highest time given out, and the steady clock then */
};

static int64_t now_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ---- opening ---- */

static struct source_run *add_run(struct capture_stream *c, const char *name)
{
	struct source_run *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(name);
	s->info.name = s->name;
	s->info.format = "";
	s->head_ns = INT64_MAX;
	c->runs[c->count++] = s;
	return s;
}

static void drop_last_run(struct capture_stream *c)
{
	source_run_free(c->runs[--c->count]);
	free(c->runs[c->count]);
}

/* Opens a source to learn when it begins; where there are many, it is closed again until its time comes. */
static bool open_first(struct capture_stream *c, struct source_run *s, bool many)
{
	struct run_env env = c->env;

	if (many)
		env.extras = NULL; /* it will be read from the start again */
	if (!source_run_open(s, &env))
		return false;
	if (many && s->reopens && s->head_ns != INT64_MAX)
		source_run_rewind(s);
	else
		s->reader.extras = c->env.extras;
	return true;
}

static void open_listed(struct capture_stream *c, struct source_list *l)
{
	bool many = l->count > OPEN_MANY;

	for (int i = 0; i < l->count; i++) {
		const struct listed_source *at = &l->sources[i];
		struct source_run *s = add_run(c, at->path);

		/* Whatever else lies in a folder of captures is none of our business. */
		if (!open_first(c, s, many) && at->folder >= 0 && !at->a_capture)
			drop_last_run(c);
		else if (at->folder >= 0)
			l->found[at->folder]++;
	}
}

static void note_empty_folders(struct capture_stream *c, const struct source_list *l)
{
	for (int i = 0; i < c->o->input_count; i++) {
		struct source_run *s;

		if (l->found[i] != 0)
			continue;
		s = add_run(c, c->o->inputs[i]);
		s->info.unreadable = true;
		text_copy(s->info.problem, sizeof(s->info.problem),
			access(s->name, R_OK | X_OK) == 0 ? "is a folder without captures" : "permission denied");
	}
}

static int by_rank(const void *a, const void *b)
{
	const struct source_run *x = *(struct source_run *const *)a, *y = *(struct source_run *const *)b;

	if (x->info.unreadable != y->info.unreadable)
		return x->info.unreadable ? 1 : -1;
	if (x->head_ns != y->head_ns)
		return x->head_ns < y->head_ns ? -1 : 1;
	return natural_compare(x->name, y->name);
}

/* Gives sources their final order, which that of the arguments does not touch, and lines up those with frames. */
static void line_up(struct capture_stream *c)
{
	qsort(c->runs, (size_t)c->count, sizeof(*c->runs), by_rank);
	source_heap_init(&c->heap, c->count);
	c->waiting = xcalloc((size_t)c->count, sizeof(struct source_run *));
	for (int i = 0; i < c->count; i++) {
		struct source_run *s = c->runs[i];

		s->index = (uint16_t)i;
		if (s->open)
			c->waiting[c->waiting_count++] = s;
		else if (!s->info.unreadable)
			source_heap_push(&c->heap, s, s->head_ns);
	}
}

static bool nothing_readable(struct capture_stream *c, char *error, size_t error_size)
{
	if (!c->count)
		text_copy(error, error_size, "no input was named");
	else if (!c->runs[0]->info.unreadable)
		return false;
	else if (c->count == 1)
		snprintf(error, error_size, "%s: %s", c->runs[0]->name, c->runs[0]->info.problem);
	else
		snprintf(error, error_size, "none of %d inputs can be read; the first, %s: %s", c->count,
			c->runs[0]->name, c->runs[0]->info.problem);
	return true;
}

/* A filter that fits no link type at hand would let nothing pass; that is a mistake to tell, not an empty result. */
static bool filter_fits(struct capture_stream *c, char *error, size_t error_size)
{
	int asked = 0;

	for (int i = 0; i < c->count; i++) {
		char why[200] = "";

		if (!c->runs[i]->raw)
			continue;
		asked++;
		if (frame_filter_fits(c->env.filter, &c->runs[i]->frames[0], why, sizeof(why)))
			return true;
		snprintf(error, error_size, "the filter '%s' cannot be used: %s", c->o->filter, why);
	}
	return !asked;
}

static bool make_filter(struct capture_stream *c, char *error, size_t error_size)
{
	char why[256] = "";

	if (!c->o->filter || !c->o->filter[0])
		return true;
	c->env.filter = frame_filter_new(c->o->filter, why, sizeof(why));
	if (!c->env.filter)
		snprintf(error, error_size, "the filter '%s' is wrong: %s", c->o->filter, why);
	return c->env.filter != NULL;
}

/* Sources that cannot be closed and opened again stay open, so many of them need as many descriptors. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool open_files(struct capture_stream *c, char *error, size_t error_size)
{
	struct source_list l;

	if (!make_filter(c, error, error_size))
		return false;
	source_list_make(&l, c->o);
	c->runs = xcalloc((size_t)(l.count + c->o->input_count), sizeof(struct source_run *));
	if (l.count > OPEN_MANY)
		allow_descriptors();
	open_listed(c, &l);
	note_empty_folders(c, &l);
	source_list_free(&l);
	line_up(c);
	if (l.too_many) {
		snprintf(error, error_size, "more than %d files were named", SOURCES_MAX);
		return false;
	}
	return !nothing_readable(c, error, error_size) && (!c->env.filter || filter_fits(c, error, error_size));
}

static bool open_interface(struct capture_stream *c, char *error, size_t error_size)
{
	struct source_run *s;

	c->runs = xcalloc(1, sizeof(struct source_run *));
	c->live = true;
	s = add_run(c, c->o->interface);
	s->reader.info = &s->info;
	if (!live_open(&s->reader, c->o, error, error_size))
		return false;
	s->open = true;
	s->clock_ns = INT64_MIN;
	line_up(c);
	return true;
}

struct capture_stream *capture_open(const struct options *o, char *error, size_t error_size)
{
	struct capture_stream *c = xcalloc(1, sizeof(*c));

	c->o = o;
	c->clock_ns = INT64_MIN;
	c->env = (struct run_env){
		.o = o, .extras = &c->extras, .stop = &c->stop, .left = o->count ? o->count : UINT64_MAX};
	if (o->interface ? open_interface(c, error, error_size) : open_files(c, error, error_size))
		return c;
	capture_close(c);
	return NULL;
}

/* ---- reading ---- */

static inline int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Fills a source that has used up its frames, and puts it where it now belongs. False: it has nothing now. */
static bool refill(struct capture_stream *c, struct source_run *s)
{
	int64_t ns;

	switch (source_run_fill(s, &c->env)) {
	case FRAMES_AGAIN:
		return false;
	case FRAMES_END:
		source_run_close(s);
		return true;
	}
	/* A clock that was set back is not run through again: the source keeps its own order. */
	ns = s->frames[s->at].ts_ns;
	source_heap_push(&c->heap, s, later(ns, s->clock_ns));
	return true;
}

static void refill_waiting(struct capture_stream *c)
{
	int kept = 0;

	for (int i = 0; i < c->waiting_count; i++)
		if (!refill(c, c->waiting[i]))
			c->waiting[kept++] = c->waiting[i];
	c->waiting_count = kept;
}

/* The first of the heap, open. NULL: it was not, and takes its place among the others at the next call. */
static struct source_run *first_open(struct capture_stream *c)
{
	struct source_run *s = c->heap.entries[0].run;

	if (s->open)
		return s;
	source_heap_pop(&c->heap);
	if (source_run_open(s, &c->env))
		c->waiting[c->waiting_count++] = s;
	return NULL;
}

static bool count_reached(const struct capture_stream *c)
{
	return c->o->count && c->order >= c->o->count;
}

/* Gives n frames of a source their places in the capture. */
static inline void give_out(struct capture_stream *c, struct source_run *s, struct frame *f, int n)
{
	int64_t own_ns = s->clock_ns, clock_ns = c->clock_ns;
	uint64_t order = c->order;

	for (const struct frame *end = f + n; f < end; f++) {
		own_ns = later(f->ts_ns, own_ns);
		clock_ns = later(f->ts_ns, clock_ns);
		f->clock_ns = clock_ns;
		f->order = ++order;
	}
	s->clock_ns = own_ns;
	c->clock_ns = clock_ns;
	c->order = order;
	c->env.left -= (uint64_t)n;
}

/* The only run that has frames now: they are given out where they lie. */
static void give_run(struct capture_stream *c, struct source_run *s, struct batch *b)
{
	struct frame *f = &s->frames[s->at];
	uint64_t wanted = c->o->count ? c->o->count - c->order : UINT64_MAX;

	b->frames = f;
	b->count = s->count - s->at;
	if ((uint64_t)b->count > wanted)
		b->count = (int)wanted;
	give_out(c, s, f, b->count);
	s->at += b->count;
	if (s->at == s->count)
		c->waiting[c->waiting_count++] = source_heap_pop(&c->heap);
}

/* Takes frames in order of time until the batch is full or a source must be filled, which moves what it lent. False:
 * no source has a frame now. */
static bool merge(struct capture_stream *c, struct batch *b)
{
	b->frames = c->merged;
	if (c->heap.count == 1 && c->heap.entries[0].run->open) {
		give_run(c, c->heap.entries[0].run, b);
		return true;
	}
	while (b->count < BATCH_MAX && c->heap.count && !count_reached(c)) {
		struct source_run *s = first_open(c);
		int64_t ns;

		if (!s)
			return true;
		c->merged[b->count] = s->frames[s->at++];
		give_out(c, s, &c->merged[b->count++], 1);
		if (s->at == s->count) {
			c->waiting[c->waiting_count++] = source_heap_pop(&c->heap);
			return true;
		}
		ns = s->frames[s->at].ts_ns;
		source_heap_retime(&c->heap, later(ns, s->clock_ns));
	}
	return b->count > 0;
}

/* Nothing came for a while. The clock goes on as long as that took: live by the wall clock, in a file that grows from
 * its last frame on, for that may be an old one. */
static int idle(struct capture_stream *c, int64_t *clock_ns)
{
	int64_t passed = c->heard_ns ? now_ns(CLOCK_MONOTONIC) - c->heard_ns : 0;
	int64_t wall = now_ns(CLOCK_REALTIME);

	if (!c->live && c->waiting[0]->reopens)
		poll(NULL, 0, IDLE_MS); /* regular files never make anyone wait */
	if (c->live)
		*clock_ns = wall > c->clock_ns ? wall : c->clock_ns;
	else
		*clock_ns = c->clock_ns == INT64_MIN ? 0 : c->clock_ns + passed;
	return 1;
}

int capture_next(struct capture_stream *c, struct batch *b, int64_t *clock_ns)
{
	b->count = 0;
	*clock_ns = c->clock_ns == INT64_MIN ? 0 : c->clock_ns;
	while (!atomic_load_explicit(&c->stop, memory_order_relaxed) && !count_reached(c)) {
		refill_waiting(c);
		if (!merge(c, b)) {
			if (!c->waiting_count)
				return 0;
			return idle(c, clock_ns);
		}
		if (!b->count)
			continue;
		if (c->o->follow)
			c->heard_ns = now_ns(CLOCK_MONOTONIC);
		*clock_ns = c->clock_ns;
		return 1;
	}
	return 0;
}

void capture_stop(struct capture_stream *c)
{
	atomic_store_explicit(&c->stop, true, memory_order_relaxed);
}

/* ---- what is known ---- */

int capture_source_count(const struct capture_stream *c)
{
	return c->count;
}

const struct source *capture_source(const struct capture_stream *c, int i)
{
	return &c->runs[i]->info;
}

uint64_t capture_bytes_read(const struct capture_stream *c, uint64_t *total)
{
	uint64_t sum = 0;
	bool known = !c->live && !c->o->follow;

	*total = 0;
	for (int i = 0; i < c->count; i++) {
		sum += source_run_bytes(c->runs[i]);
		known = known && (c->runs[i]->size || c->runs[i]->info.unreadable);
		*total += c->runs[i]->size;
	}
	if (!known)
		*total = 0;
	return sum;
}

const char *capture_secrets(const struct capture_stream *c)
{
	return c->extras.secrets.len ? c->extras.secrets.s : NULL;
}

void capture_names(
	const struct capture_stream *c, void (*name)(void *arg, const char *address, const char *name), void *arg)
{
	for (size_t i = 0; i < c->extras.name_count; i++)
		name(arg, c->extras.names[i].address, c->extras.names[i].name);
}

void capture_close(struct capture_stream *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->count; i++) {
		source_run_free(c->runs[i]);
		free(c->runs[i]);
	}
	free(c->runs);
	free(c->waiting);
	source_heap_free(&c->heap);
	frame_filter_free(c->env.filter);
	extras_free(&c->extras);
	free(c);
}
