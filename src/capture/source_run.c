/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads one source and keeps the account of it. */
#include "capture/source_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seldom.h"
#include "base/text.h"
#include "base/when.h"
#include "capture/frame_filter.h"
#include "capture/input.h"
#include "options.h"

#define NEVER INT64_MIN

static bool unreadable(struct source_run *s)
{
	source_run_close(s);
	s->info.unreadable = true;
	s->info.damaged = s->info.cut_short = false;
	return false;
}

static bool no_file(struct source_run *s, int why)
{
	text_copy(s->info.problem, sizeof(s->info.problem), why == ENOENT ? "no such file" : strerror(why));
	if (why == EACCES || why == EPERM)
		text_copy(s->info.problem, sizeof(s->info.problem), "permission denied");
	return unreadable(s);
}

/* A descriptor for it, or -1 and errno. */
static int open_source(struct source_run *s)
{
	struct stat st;
	int fd = strcmp(s->name, "-") == 0 ? STDIN_FILENO : open(s->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	s->reopens = S_ISREG(st.st_mode) && fd != STDIN_FILENO;
	s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return fd;
}

static void start_over(struct source_run *s)
{
	const char *name = s->name;

	s->info = (struct source){.name = name, .format = ""};
	s->count = s->at = 0;
	s->raw = s->ended = false;
	s->number = 0;
	s->clock_ns = NEVER;
}

bool source_run_open(struct source_run *s, const struct run_env *env)
{
	int fd, n;

	start_over(s);
	fd = open_source(s);
	if (fd < 0)
		return no_file(s, errno);
	s->reader = (struct frame_reader){.info = &s->info, .extras = env->extras};
	if (!frame_reader_open(
		    &s->reader, input_from_fd(fd, env->o->follow, env->stop), WINDOW_ROOM, env->o->max_expand_bytes))
		return unreadable(s);
	s->open = true;
	n = frame_reader_read(&s->reader, s->frames, BATCH_MAX);
	s->count = n > 0 ? n : 0;
	s->raw = n > 0;
	s->ended = n == FRAMES_END;
	s->head_ns = n > 0 ? s->frames[0].ts_ns : INT64_MAX;
	return true;
}

/* The time of the frame before this one on its interface; NEVER for the first. */
static int64_t *last_of_new_interface(struct source_run *s, uint16_t interface)
{
	uint32_t room = s->last_room;

	s->last_room = interface + 1u < 8 ? 8 : interface * 2u;
	s->last_ns = xrealloc(s->last_ns, s->last_room * sizeof(*s->last_ns));
	for (uint32_t i = room; i < s->last_room; i++)
		s->last_ns[i] = NEVER;
	return &s->last_ns[interface];
}

static inline int64_t *last_of_interface(struct source_run *s, uint16_t interface)
{
	return interface < s->last_room ? &s->last_ns[interface] : last_of_new_interface(s, interface);
}

/* What nearly every frame is: a little later than the one before it. */
static bool is_usual_step(int64_t from_ns, int64_t to_ns)
{
	return (uint64_t)to_ns - (uint64_t)from_ns <= CLOCK_SET_NS;
}

static bool is_leap(int64_t from_ns, int64_t to_ns)
{
	int64_t step;

	if (__builtin_sub_overflow(to_ns, from_ns, &step))
		return true;
	return step > CLOCK_LEAP_NS || (from_ns < CLOCK_UNSET_NS && step > CLOCK_SET_NS);
}

/* A step back counts once, though each interface of the source sees it: it must be one against the last frame, too. */
static bool is_step_back(int64_t own_ns, int64_t last_ns, int64_t now_ns)
{
	return now_ns < own_ns && now_ns < last_ns && own_ns - now_ns > CLOCK_JITTER_NS &&
	       last_ns - now_ns > CLOCK_JITTER_NS;
}

/* `before`: the time of the frame before it on its interface. */
static SELDOM void account_jump(struct source *i, const struct frame *f, int64_t before)
{
	int64_t step;

	if (before == NEVER || f->number == 1)
		return;
	if (!is_step_back(before, i->last_ts_ns, f->ts_ns) && !is_leap(before, f->ts_ns))
		return;
	if (__builtin_sub_overflow(f->ts_ns, before, &step))
		step = f->ts_ns < before ? INT64_MIN + 1 : INT64_MAX;
	if (!i->clock_jumps)
		i->jump_frame = f->number;
	if (i->clock_jumps < CLOCK_JUMPS_KEPT) {
		i->jump_frames[i->clock_jumps] = f->number;
		i->jump_ts_ns[i->clock_jumps] = f->ts_ns;
	}
	i->clock_jumps++;
	if (llabs(step) > llabs(i->clock_jump_max_ns))
		i->clock_jump_max_ns = step;
}

static void account_cut(struct source *i, const struct frame *f)
{
	if (i->cut_frames++)
		return;
	i->short_frame = f->number;
	i->short_ts_ns = f->ts_ns;
}

/* Numbers and counts n frames. */
static void account(struct source_run *s, struct frame *f, int n)
{
	struct source *i = &s->info;
	uint64_t number = s->number, bytes = 0;
	uint16_t index = s->index;

	for (const struct frame *end = f + n; f < end; f++) {
		int64_t *last = last_of_interface(s, f->interface);

		f->number = ++number;
		f->source = index;
		bytes += f->on_wire;
		if (f->captured < f->on_wire)
			account_cut(i, f);
		if (!is_usual_step(*last, f->ts_ns))
			account_jump(i, f, *last);
		*last = i->last_ts_ns = f->ts_ns;
	}
	s->number = number;
	i->bytes += bytes;
}

static bool all_pass(const struct run_env *env)
{
	return !env->filter && env->o->from_ns == INT64_MIN && env->o->to_ns == INT64_MAX;
}

static bool passes(const struct run_env *env, const struct frame *f)
{
	if (f->ts_ns < env->o->from_ns || f->ts_ns > env->o->to_ns)
		return false;
	return !env->filter || frame_filter_passes(env->filter, f);
}

/* Keeps those that pass; gives how many. */
static int account_and_filter(struct source_run *s, const struct run_env *env)
{
	int kept = 0;

	for (struct frame *f = s->frames, *end = f + s->count; f < end && (uint64_t)kept < env->left; f++) {
		account(s, f, 1);
		if (!passes(env, f))
			continue;
		if (f != &s->frames[kept])
			s->frames[kept] = *f;
		kept++;
	}
	return kept;
}

/* Numbers and counts the frames that were read, and keeps those that pass. Past the last one wanted none was seen. */
static void accept(struct source_run *s, const struct run_env *env)
{
	int wanted = (uint64_t)s->count < env->left ? s->count : (int)env->left;

	if (!s->number && wanted)
		s->info.first_ts_ns = s->frames[0].ts_ns;
	if (all_pass(env)) {
		account(s, s->frames, wanted);
		s->count = wanted;
	} else {
		s->count = account_and_filter(s, env);
	}
	s->info.frames = s->number;
	s->at = 0;
	s->raw = false;
}

int source_run_fill(struct source_run *s, const struct run_env *env)
{
	while (s->raw || s->at == s->count) {
		int n;

		if (s->raw) {
			accept(s, env);
			continue;
		}
		if (s->ended || !s->open || atomic_load_explicit(env->stop, memory_order_relaxed))
			return FRAMES_END;
		n = frame_reader_read(&s->reader, s->frames, BATCH_MAX);
		if (n == FRAMES_AGAIN)
			return FRAMES_AGAIN;
		s->ended = n == FRAMES_END;
		s->raw = n > 0;
		s->count = n;
		s->at = 0;
	}
	return 1;
}

void source_run_rewind(struct source_run *s)
{
	source_run_close(s);
	s->closed_bytes = 0;
	s->count = s->at = 0;
	s->raw = s->ended = false;
}

uint64_t source_run_bytes(const struct source_run *s)
{
	return s->closed_bytes + (s->reader.w.in ? s->reader.w.in->bytes_read : 0);
}

void source_run_close(struct source_run *s)
{
	s->closed_bytes = source_run_bytes(s);
	frame_reader_close(&s->reader);
	s->open = false;
}

void source_run_free(struct source_run *s)
{
	source_run_close(s);
	free(s->last_ns);
	free(s->name);
}
