/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from a descriptor or from memory. */
#include "capture/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define WAIT_MS 200 /* how long a wait on a pipe lasts before the wish to stop is looked at */

struct fd_input {
	struct input in;
	int fd;
	bool regular, follow;
	const atomic_bool *stop;
};

static bool stopped(const struct fd_input *f)
{
	return f->stop && atomic_load_explicit(f->stop, memory_order_relaxed);
}

/* Waits until a pipe has bytes or an end. False: it is to stop, or it follows and has nothing now. */
static bool wait_readable(struct fd_input *f)
{
	struct pollfd p = {f->fd, POLLIN, 0};

	while (!stopped(f)) {
		int ready = poll(&p, 1, WAIT_MS);

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true;
		if (ready == 0 && f->follow)
			return false;
	}
	return false;
}

static ssize_t fd_read(struct input *in, void *to, size_t n)
{
	struct fd_input *f = (struct fd_input *)in;
	ssize_t got;

	if (!f->regular && !wait_readable(f) && !stopped(f))
		return INPUT_AGAIN;
	do {
		in->stopped = stopped(f);
		if (in->stopped)
			return INPUT_END;
		got = read(f->fd, to, n);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		text_copy(in->problem, sizeof(in->problem), strerror(errno));
		return INPUT_FAILED;
	}
	if (got == 0)
		return f->regular && f->follow ? INPUT_AGAIN : INPUT_END;
	in->bytes_read += (uint64_t)got;
	return got;
}

static void fd_close(struct input *in)
{
	struct fd_input *f = (struct fd_input *)in;

	if (f->fd != STDIN_FILENO)
		close(f->fd);
	free(f);
}

struct input *input_from_fd(int fd, bool follow, const atomic_bool *stop)
{
	struct fd_input *f = xcalloc(1, sizeof(*f));
	struct stat st;

	f->in.read = fd_read;
	f->in.close = fd_close;
	f->fd = fd;
	f->follow = follow;
	f->stop = stop;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		f->regular = true;
		f->in.size = (uint64_t)st.st_size;
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return &f->in;
}

struct memory_input {
	struct input in;
	const uint8_t *data;
	size_t size, at;
};

static ssize_t memory_read(struct input *in, void *to, size_t n)
{
	struct memory_input *m = (struct memory_input *)in;
	size_t left = m->size - m->at;

	n = n < left ? n : left;
	if (n)
		memcpy(to, m->data + m->at, n);
	m->at += n;
	in->bytes_read += n;
	return (ssize_t)n;
}

static void memory_close(struct input *in)
{
	free(in);
}

struct input *input_from_memory(const void *data, size_t size)
{
	struct memory_input *m = xcalloc(1, sizeof(*m));

	m->in.read = memory_read;
	m->in.close = memory_close;
	m->in.size = size;
	m->data = data;
	m->size = size;
	return &m->in;
}
