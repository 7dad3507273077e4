/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing an output in full or not at all. */
#include "report/report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define TEMPORARY_TRIES 100

static int say(const char *path, char *error, size_t error_size)
{
	snprintf(error, error_size, "cannot write %s: %s", strcmp(path, "-") == 0 ? "to standard output" : path,
		strerror(errno));
	return -1;
}

static int write_all(int fd, const struct text *content)
{
	size_t done = 0;

	while (done < content->len) {
		ssize_t n = write(fd, content->s + done, content->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Closes fd; keeps the errno of an earlier failure. */
static int close_after(int fd, int result)
{
	int saved = errno;

	if (close(fd) != 0 && result == 0)
		return -1;
	errno = saved;
	return result;
}

static int write_in_place(const char *path, const struct text *content)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -1 : close_after(fd, write_all(fd, content));
}

static int open_temporary(const char *path, char *name, size_t size)
{
	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		int fd;

		if (snprintf(name, size, "%s.%ld-%d.tmp", path, (long)getpid(), i) >= (int)size) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* So that the new name is on disk too; a file system that cannot do it is no failure. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

static int replace(const char *path, const struct text *content, const struct stat *old)
{
	char temporary[PATH_MAX];
	int fd = open_temporary(path, temporary, sizeof(temporary)), result, saved;

	if (fd < 0)
		return -1;
	if (old)
		(void)fchmod(fd, old->st_mode & 0777);
	result = write_all(fd, content);
	if (result == 0)
		result = fsync(fd);
	result = close_after(fd, result);
	if (result == 0)
		result = rename(temporary, path);
	if (result == 0) {
		sync_folder(path);
		return 0;
	}
	saved = errno;
	unlink(temporary);
	errno = saved;
	return -1;
}

int report_file_write(const char *path, const struct text *content, char *error, size_t error_size)
{
	char target[PATH_MAX];
	struct stat old;
	int result;

	if (strcmp(path, "-") == 0) {
		result = fflush(stdout) != 0 ? -1 : write_all(STDOUT_FILENO, content);
	} else if (stat(path, &old) != 0) {
		result = errno == ENOENT ? replace(path, content, NULL) : -1;
	} else if (!S_ISREG(old.st_mode)) {
		result = write_in_place(path, content);
	} else {
		result = realpath(path, target) ? replace(target, content, &old) : -1;
	}
	return result == 0 ? 0 : say(path, error, error_size);
}

int report_file_probe(const char *path, char *error, size_t error_size)
{
	char folder[PATH_MAX];
	struct stat old;
	char *slash;

	if (strcmp(path, "-") == 0)
		return 0;
	if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
		return S_ISDIR(old.st_mode) ? (errno = EISDIR, say(path, error, error_size))
		       : access(path, W_OK) ? say(path, error, error_size)
					    : 0;
	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = '\0';
	return access(slash ? folder : ".", W_OK | X_OK) ? say(path, error, error_size) : 0;
}
