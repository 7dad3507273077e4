/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy of the process as a snapshot of all state: no rule has to be able to look at itself half-way. */
#include "refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/when.h"
#include "options.h"

#define EVERY_NS (3 * NS_PER_S)
#define REST 9 /* times as long as the last copy took: a tenth of one processor at most */

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static bool has_files(const struct options *o)
{
	for (int i = 0; i < o->output_count; i++)
		if (strcmp(o->outputs[i].path, "-") != 0)
			return true;
	return false;
}

/* True: no copy is at work. */
static bool collect(struct refresh *r, int64_t now, int options)
{
	pid_t got;

	if (!r->child)
		return true;
	do
		got = waitpid(r->child, NULL, options);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	r->child = 0;
	if (now + (now - r->begun_ns) * REST > r->next_ns)
		r->next_ns = now + (now - r->begun_ns) * REST;
	return true;
}

bool refresh_is_due(struct refresh *r, const struct options *o, uint64_t frames)
{
	int64_t now;

	if ((!o->interface && !o->follow) || !has_files(o))
		return false;
	now = now_ns();
	return collect(r, now, WNOHANG) && now >= r->next_ns && frames != r->frames;
}

/* What the copy complains about, the program itself will say at its end. */
static void be_silent(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere < 0)
		return;
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
}

bool refresh_begin(struct refresh *r, uint64_t frames)
{
	pid_t child;

	r->begun_ns = now_ns();
	r->next_ns = r->begun_ns + EVERY_NS;
	r->frames = frames;
	child = fork();
	if (child != 0) {
		r->child = child > 0 ? child : 0;
		return false;
	}
	signal(SIGINT, SIG_IGN); /* of the terminal: meant for the program */
	be_silent();
	return true;
}

void refresh_end(void)
{
	_exit(0); /* buffers of files that the program writes on are not the copy's to flush */
}

void refresh_wait(struct refresh *r)
{
	collect(r, now_ns(), 0);
}

struct options refresh_options(const struct options *o)
{
	struct options copy = *o;

	copy.output_count = 0;
	for (int i = 0; i < o->output_count; i++)
		if (strcmp(o->outputs[i].path, "-") != 0)
			copy.outputs[copy.output_count++] = o->outputs[i];
	copy.json = false;
	copy.unfinished = true;
	return copy;
}
