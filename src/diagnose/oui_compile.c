/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run by make: writes oui_data.c from IEEE's CSV files. usage: oui_compile FILE... >oui_data.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/oui.h"

static void write_name(const char *name)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c == '"' || c == '\\' || c == '?')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

/* Names come sorted by prefix: neighbours of one vendor share their name. */
static void write_table(const struct oui_list *l)
{
	const char *last = "";
	uint32_t at = 0, *offsets = calloc(l->count + 1, sizeof(*offsets));

	if (!offsets)
		exit(1);
	printf("/* Made by oui_compile from the IEEE's public listing. */\n#include \"diagnose/oui.h\"\n\n");
	printf("static const char names[] =\n");
	for (size_t i = 0; i < l->count; i++) {
		const char *name = l->names + l->entries[i].name;

		if (i == 0 || strcmp(name, last) != 0) {
			at += i ? (uint32_t)strlen(last) + 1 : 0;
			printf("\t\"");
			write_name(name);
			printf("\\0\"\n");
			last = name;
		}
		offsets[i] = at;
	}
	printf("\t;\n\nstatic const struct oui_entry entries[] = {\n");
	for (size_t i = 0; i < l->count; i++)
		printf("\t{ 0x%012llx, %u, %u },\n", (unsigned long long)l->entries[i].prefix, offsets[i],
			l->entries[i].bits);
	printf("};\n\nstatic const struct oui_table table = { entries, sizeof(entries) / sizeof(*entries), names "
	       "};\n\n");
	printf("const struct oui_table *oui_builtin(void)\n{\n\treturn &table;\n}\n");
	free(offsets);
}

int main(int argc, char **argv)
{
	struct oui_list l = {0};

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		oui_read(&l, f);
		fclose(f);
	}
	oui_sort(&l);
	write_table(&l);
	free(l.entries);
	free(l.names);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
