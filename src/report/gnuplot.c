/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gnuplot as a child process: its standard input is a socket, so that its early end is an error and no signal. */
#include "report/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define TIMEOUT_MS 10000
#define SVG_BYTES_MAX ((size_t)8 << 20)

struct child {
	pid_t pid;
	int in, out; /* what it reads, what it writes; -1 closed */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int spawn(struct child *c, int its_in, int its_out)
{
	static char program[] = "gnuplot", defaults[] = "-d", locale[] = "LC_ALL=C", home[] = "HOME=/nonexistent";
	char *const argv[] = {program, defaults, NULL}, *const environment[] = {locale, home, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int failed;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_adddup2(&actions, its_in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, its_out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	failed = posix_spawnp(&c->pid, program, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? -1 : 0;
}

static int start(struct child *c)
{
	int in[2], out[2], result;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	*c = (struct child){.in = in[0], .out = out[0]};
	result = spawn(c, in[1], out[1]);
	close(in[1]);
	close(out[1]);
	if (result != 0) {
		close_end(&c->in);
		close_end(&c->out);
	}
	return result;
}

static void feed(struct child *c, const struct text *script, size_t *sent)
{
	ssize_t n = send(c->in, script->s + *sent, script->len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		*sent += (size_t)n;
	else if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || *sent == script->len)
		close_end(&c->in);
}

static void collect(struct child *c, struct text *svg)
{
	char piece[16384];
	ssize_t n = read(c->out, piece, sizeof(piece));

	if (n < 0 && errno == EINTR)
		return;
	if (n > 0 && svg->len + (size_t)n <= SVG_BYTES_MAX)
		text_add_bytes(svg, piece, (size_t)n);
	else
		close_end(&c->out);
}

/* False when the time ran out. */
static bool converse(struct child *c, const struct text *script, struct text *svg)
{
	int64_t deadline = now_ms() + TIMEOUT_MS, left;
	size_t sent = 0;

	while (c->out >= 0 && (left = deadline - now_ms()) > 0) {
		struct pollfd fds[2] = {{c->out, POLLIN, 0}, {c->in, POLLOUT, 0}};

		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			collect(c, svg);
		if (c->in >= 0 && fds[1].revents)
			feed(c, script, &sent);
	}
	return c->out < 0;
}

bool gnuplot_run(const struct text *script, struct text *svg)
{
	struct child c;
	int status = -1;
	bool done;

	if (!script->len || start(&c) != 0)
		return false;
	done = converse(&c, script, svg);
	close_end(&c.in);
	close_end(&c.out);
	if (!done)
		kill(c.pid, SIGKILL);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		;
	return done && WIFEXITED(status) && WEXITSTATUS(status) == 0 && strstr(text_str(svg), "</svg>");
}
