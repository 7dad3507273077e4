/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inputs into files. */
#include "capture/source_list.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "options.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Compares the numbers that both begin with, of any length, and steps over them. */
static int compare_numbers(const char **a, const char **b)
{
	size_t x = 0, y = 0;
	int by_digits;

	while (**a == '0')
		++*a;
	while (**b == '0')
		++*b;
	while (is_digit((*a)[x]))
		x++;
	while (is_digit((*b)[y]))
		y++;
	if (x != y)
		return x < y ? -1 : 1;
	by_digits = memcmp(*a, *b, x);
	*a += x;
	*b += y;
	return by_digits;
}

int natural_compare(const char *a, const char *b)
{
	const char *whole_a = a, *whole_b = b;

	while (*a && *b) {
		if (is_digit(*a) && is_digit(*b)) {
			int by_number = compare_numbers(&a, &b);

			if (by_number)
				return by_number;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	if (*a || *b)
		return *a ? 1 : -1;
	return strcmp(whole_a, whole_b);
}

static bool named_like_capture(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strcasestr(name, ".pcap") || strcasestr(name, ".cap") || strcasestr(name, ".ntar");
}

static void add(struct source_list *l, char *path, int folder)
{
	if (l->count == SOURCES_MAX) {
		l->too_many = true;
		free(path);
		return;
	}
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 8;
		l->sources = xrealloc(l->sources, (size_t)l->room * sizeof(*l->sources));
	}
	l->sources[l->count++] = (struct listed_source){path, folder, folder < 0 || named_like_capture(path)};
}

/* Regular files of a folder whose names are not hidden; folders in it are left alone. */
static void add_folder(struct source_list *l, const char *folder, int index)
{
	const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir)) != NULL) {
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = xprintf("%s%s%s", folder, slash, entry->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			add(l, path, index);
		else
			free(path);
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	const struct listed_source *x = a, *y = b;

	int by_path = natural_compare(x->path, y->path);

	return by_path ? by_path : x->folder - y->folder;
}

struct file_identity {
	dev_t device;
	ino_t inode;
	int at;
};

static int by_identity(const void *a, const void *b)
{
	const struct file_identity *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->at - y->at;
}

static void drop(struct source_list *l, struct listed_source *s)
{
	if (s->folder >= 0)
		l->found[s->folder]++;
	free(s->path);
	s->path = NULL;
}

/* Takes each file once, by the first of its names: its packets would look doubled. */
static void drop_doubles(struct source_list *l)
{
	struct file_identity *ids = xcalloc((size_t)l->count, sizeof(*ids));
	int known = 0, kept = 0;
	struct stat st;

	for (int i = 0; i < l->count; i++)
		if (stat(l->sources[i].path, &st) == 0 && S_ISREG(st.st_mode))
			ids[known++] = (struct file_identity){st.st_dev, st.st_ino, i};
	qsort(ids, (size_t)known, sizeof(*ids), by_identity);
	for (int i = 1; i < known; i++)
		if (ids[i].device == ids[i - 1].device && ids[i].inode == ids[i - 1].inode)
			drop(l, &l->sources[ids[i].at]);
	for (int i = 0; i < l->count; i++)
		if (l->sources[i].path)
			l->sources[kept++] = l->sources[i];
	l->count = kept;
	free(ids);
}

void source_list_make(struct source_list *l, const struct options *o)
{
	struct stat st;

	*l = (struct source_list){.found = xcalloc((size_t)o->input_count, sizeof(*l->found))};
	for (int i = 0; i < o->input_count; i++) {
		const char *input = o->inputs[i];

		if (strcmp(input, "-") != 0 && stat(input, &st) == 0 && S_ISDIR(st.st_mode)) {
			add_folder(l, input, i);
			continue;
		}
		l->found[i] = -1;
		add(l, xstrdup(input), -1);
	}
	if (!l->count)
		return;
	qsort(l->sources, (size_t)l->count, sizeof(*l->sources), by_name);
	drop_doubles(l);
}

void source_list_free(struct source_list *l)
{
	for (int i = 0; i < l->count; i++)
		free(l->sources[i].path);
	free(l->sources);
	free(l->found);
	*l = (struct source_list){0};
}
