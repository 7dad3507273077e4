/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapdx: says what is wrong with a network, why, and what to do next, from packet captures. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "analyze.h"
#include "base/hash.h"
#include "capture/capture.h"
#include "compare.h"
#include "explain.h"
#include "options.h"

static int list_interfaces(void)
{
	char error[512];

	if (capture_list_interfaces(error, sizeof(error)) == 0)
		return 0;
	fprintf(stderr, "pcapdx: %s\n", error);
	return 2;
}

int main(int argc, char **argv)
{
	struct options o;
	int status;

	hash_init();
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an output that fails, with a sentence */
	if (argc > 1 && strcmp(argv[1], "explain") == 0)
		return explain_main(argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "compare") == 0)
		return compare_main(argc - 1, argv + 1);
	if (options_read(&o, argc, argv, &status) == 0 && options_one_kind(&o) == 0)
		status = o.list_interfaces ? list_interfaces() : analyze(&o);
	options_free(&o);
	return status;
}
