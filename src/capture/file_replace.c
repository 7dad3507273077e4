/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Written aside, brought to the disk, renamed. */
#include "capture/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define NAMES_TRIED 100

/* A new file beside the one it will replace, with the rights that a new file gets here. */
static int make_aside(struct file_replace *f)
{
	int fd = -1;

	for (int i = 0; i < NAMES_TRIED && fd < 0; i++) {
		free(f->made);
		f->made = xprintf("%s.%ld-%d.tmp", f->path, (long)getpid(), i);
		fd = open(f->made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		free(f->made);
		f->made = NULL;
	}
	return fd;
}

/* Beside what a link points to, with the rights of the file that is there. */
static int make_successor(struct file_replace *f, mode_t mode)
{
	char *target = realpath(f->path, NULL);
	int fd;

	if (target) {
		free(f->path);
		f->path = target;
	}
	fd = make_aside(f);
	if (fd >= 0)
		(void)fchmod(fd, mode);
	return fd;
}

static int open_for(struct file_replace *f)
{
	struct stat st;

	if (strcmp(f->path, "-") == 0)
		return dup(STDOUT_FILENO);
	if (stat(f->path, &st) != 0)
		return make_aside(f);
	if (!S_ISREG(st.st_mode))
		return open(f->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return make_successor(f, st.st_mode & 0777);
}

bool file_replace_open(struct file_replace *f, const char *path)
{
	int fd;

	*f = (struct file_replace){.path = xstrdup(path)};
	fd = open_for(f);
	if (fd >= 0)
		f->file = fdopen(fd, f->made ? "w+" : "w");
	if (f->file) {
		setvbuf(f->file, NULL, _IOFBF, 256 * 1024);
		return true;
	}
	f->failed = errno;
	if (fd >= 0)
		close(fd);
	return false;
}

void file_replace_write(struct file_replace *f, const void *bytes, size_t size)
{
	if (!f->failed && size && fwrite(bytes, 1, size, f->file) != size)
		f->failed = errno ? errno : EIO;
}

bool file_replace_close(struct file_replace *f)
{
	int failed = f->failed;

	if (!failed && fflush(f->file) != 0)
		failed = errno;
	if (!failed && f->made && fsync(fileno(f->file)) != 0 && errno != EINVAL)
		failed = errno;
	if (f->file && fclose(f->file) != 0 && !failed)
		failed = errno;
	f->file = NULL;
	if (!failed && f->made && rename(f->made, f->path) != 0)
		failed = errno;
	if (!failed) {
		free(f->made);
		f->made = NULL;
	}
	file_replace_discard(f);
	f->failed = failed;
	return !failed;
}

void file_replace_discard(struct file_replace *f)
{
	if (f->file)
		fclose(f->file);
	if (f->made)
		unlink(f->made);
	free(f->made);
	free(f->path);
	*f = (struct file_replace){0};
}
