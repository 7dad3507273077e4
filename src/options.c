/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. Letters mean what they mean in tcpdump. */
#include "config.h"

#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "option_values.h"
#include "report/report.h"

#define DEFAULT_MEMORY ((size_t)1 << 30)
#define DEFAULT_EXPAND ((uint64_t)64 << 30)
#define THREADS_MAX 64
#define MEMORY_MIN ((size_t)16 << 20)

enum long_only {
	OPT_JSON = 256,
	OPT_FORMAT,
	OPT_EVIDENCE,
	OPT_RECORDS,
	OPT_KEYLOG,
	OPT_ENGINE,
	OPT_THREADS,
	OPT_MEMORY,
	OPT_TIME_WAIT,
	OPT_LIMIT,
	OPT_LIMIT_WINDOW,
	OPT_FAIL_ON,
	OPT_OUI,
	OPT_FROM,
	OPT_TO,
	OPT_FOLLOW,
	OPT_MAX_EXPAND,
	OPT_ANONYMIZE,
	OPT_VERSION,
	OPT_HELP,
};

static const char short_options[] = ":r:i:f:o:w:c:s:B:pnDvq";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "evidence", required_argument, NULL, OPT_EVIDENCE },
	{ "records", required_argument, NULL, OPT_RECORDS },
	{ "keylog", required_argument, NULL, OPT_KEYLOG },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "time-wait", required_argument, NULL, OPT_TIME_WAIT },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "limit-window", required_argument, NULL, OPT_LIMIT_WINDOW },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "oui", required_argument, NULL, OPT_OUI },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "to", required_argument, NULL, OPT_TO },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "max-expand", required_argument, NULL, OPT_MAX_EXPAND },
	{ "anonymize", no_argument, NULL, OPT_ANONYMIZE },
	{ "list-interfaces", no_argument, NULL, 'D' },
	{ "interface", required_argument, NULL, 'i' },
	{ "read", required_argument, NULL, 'r' },
	{ "filter", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "count", required_argument, NULL, 'c' },
	{ "snapshot-length", required_argument, NULL, 's' },
	{ "buffer-size", required_argument, NULL, 'B' },
	{ "no-promiscuous-mode", no_argument, NULL, 'p' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: pcapdx [options] FILE...             diagnose captures (pcap, pcapng, compressed; '-': stdin)\n"
	"       pcapdx [options] -i IFACE [FILTER]   diagnose live traffic until -c COUNT or Ctrl-C\n"
	"       pcapdx explain [CODE|WORDS]          what a finding or an error message means\n"
	"       pcapdx compare GOOD BAD              where failing conversations first differ from working ones\n"
	"\n"
	"input:   -r FILE  -i IFACE  -f FILTER  -c COUNT  -s SNAPLEN  -B KIB  -p  -D  --from TIME  --to TIME  --follow\n"
	"         --keylog FILE  --max-expand SIZE\n"
	"output:  -o FILE (.html .json .md .csv .txt; repeatable)  --format NAME  --json  -v  -q  --fail-on SEVERITY\n"
	"         -w FILE  --evidence FILE.pcapng  --anonymize  --records FILE\n"
	"engine:  --engine native|nids|both   --threads N  --memory SIZE  --oui FILE  --time-wait S\n"
	"         --limit N  --limit-window S\n"
	"\n"
	"Exit status: 0 analysed, 1 with --fail-on, 2 bad usage or unreadable input or failed output, 3 input damaged.\n"
	"See pcapdx(1).\n";

void options_defaults(struct options *o)
{
	*o = (struct options){ .promiscuous = true, .from_ns = INT64_MIN, .to_ns = INT64_MAX, .threads = 1,
		.memory_bytes = DEFAULT_MEMORY, .max_expand_bytes = DEFAULT_EXPAND, .time_wait_s = 60, .limit = 300,
		.limit_window_s = 240 };
}

static int add_output(struct options *o, const char *path, const char *format)
{
	if (o->output_count == OUTPUTS_MAX) {
		fprintf(stderr, "pcapdx: -o: more than %d outputs\n", OUTPUTS_MAX);
		return -1;
	}
	o->outputs[o->output_count++] = (struct output_request){ path, format };
	return 0;
}

static int read_format(struct options *o, const char *format)
{
	static const char *const names[] = { "text", "json", "html", "md", "csv", NULL };

	for (int i = 0; names[i]; i++)
		if (strcmp(format, names[i]) == 0) {
			if (!o->output_count)
				return add_output(o, "-", names[i]);
			o->outputs[o->output_count - 1].format = names[i];
			return 0;
		}
	return option_bad("--format", format, "text, json, html, md or csv");
}

static int read_memory(struct options *o, const char *value)
{
	uint64_t n;

	if (option_size("--memory", value, &n))
		return -1;
	if (n < MEMORY_MIN)
		return option_bad("--memory", value, "at least 16M");
	o->memory_bytes = (size_t)n;
	return 0;
}

static void add_input(struct options *o, const char *path)
{
	o->inputs = xrealloc(o->inputs, (size_t)(o->input_count + 1) * sizeof(*o->inputs));
	o->inputs[o->input_count++] = path;
}

static int read_limit(struct options *o, const char *value)
{
	uint64_t n;

	if (option_whole("--limit", value, UINT32_MAX, &n))
		return -1;
	o->limit = (uint32_t)n;
	return 0;
}

static int read_input_option(struct options *o, int option, const char *value)
{
	switch (option) {
	case 'r':
		add_input(o, value);
		return 0;
	case 'i':
		o->interface = value;
		return 0;
	case 'f':
		free(o->filter);
		o->filter = xstrdup(value);
		return 0;
	case 'c':
		return option_whole("-c", value, UINT64_MAX, &o->count);
	case 's':
		return option_int("-s", value, 262144, &o->snaplen);
	case 'B':
		return option_int("-B", value, 1 << 21, &o->buffer_kib);
	case 'p':
		o->promiscuous = false;
		return 0;
	case 'n':
		o->numeric = true;
		return 0;
	case 'D':
		o->list_interfaces = true;
		return 0;
	case OPT_FROM:
		return option_time("--from", value, &o->from_ns);
	case OPT_TO:
		return option_time("--to", value, &o->to_ns);
	case OPT_FOLLOW:
		o->follow = true;
		return 0;
	case OPT_KEYLOG:
		o->keylog_path = value;
		return 0;
	case OPT_MAX_EXPAND:
		return option_size("--max-expand", value, &o->max_expand_bytes);
	}
	return 1;
}

static int read_output_option(struct options *o, int option, const char *value)
{
	switch (option) {
	case 'o':
		return add_output(o, value, NULL);
	case OPT_FORMAT:
		return read_format(o, value);
	case OPT_JSON:
		o->json = true;
		return 0;
	case 'w':
		o->write_path = value;
		return 0;
	case OPT_EVIDENCE:
		o->evidence_path = value;
		return 0;
	case OPT_RECORDS:
		o->records_path = value;
		return 0;
	case OPT_ANONYMIZE:
		o->anonymize = true;
		return 0;
	case OPT_FAIL_ON:
		return option_severity(value, &o->fail_on);
	case 'v':
		o->verbose = 1;
		return 0;
	case 'q':
		o->verbose = -1;
		return 0;
	}
	return 1;
}

static int read_engine_option(struct options *o, int option, const char *value)
{
	switch (option) {
	case OPT_ENGINE:
		return option_engine(value, &o->engine);
	case OPT_THREADS:
		return option_int("--threads", value, THREADS_MAX, &o->threads);
	case OPT_MEMORY:
		return read_memory(o, value);
	case OPT_OUI:
		o->oui_path = value;
		return 0;
	case OPT_TIME_WAIT:
		return option_seconds("--time-wait", value, &o->time_wait_s);
	case OPT_LIMIT:
		return read_limit(o, value);
	case OPT_LIMIT_WINDOW:
		return option_seconds("--limit-window", value, &o->limit_window_s);
	}
	return 1;
}

static int read_option(struct options *o, int option, const char *value)
{
	int got = read_input_option(o, option, value);

	if (got > 0)
		got = read_output_option(o, option, value);
	return got > 0 ? read_engine_option(o, option, value) : got;
}

/* As in tcpdump: with -i or -r the words behind the options are a filter; otherwise they are files. */
static int read_words(struct options *o, int argc, char **argv)
{
	struct text filter = { 0 };

	if (!o->interface && !o->input_count) {
		for (int i = optind; i < argc; i++)
			add_input(o, argv[i]);
		return 0;
	}
	for (int i = optind; i < argc; i++)
		text_printf(&filter, "%s%s", i > optind ? " " : "", argv[i]);
	if (!filter.len)
		return 0;
	if (o->filter) {
		fprintf(stderr, "pcapdx: a filter is given twice, with -f and at the end\n");
		text_free(&filter);
		return -1;
	}
	o->filter = filter.s;
	return 0;
}

static int check_outputs(struct options *o)
{
	for (int i = 0; i < o->output_count; i++) {
		struct output_request *out = &o->outputs[i];

		if (!out->format)
			out->format = strcmp(out->path, "-") == 0 ? "text" : report_format_of(out->path);
		if (!out->format) {
			fprintf(stderr, "pcapdx: -o %s: the format is not known by that name (.html, .json, .md, .csv, "
					".txt), give it with --format\n", out->path);
			return -1;
		}
	}
	return 0;
}

/* Bytes of two kinds in one stream are of use to nobody. */
static int check_stdout(const struct options *o)
{
	int users = o->json;

	for (int i = 0; i < o->output_count; i++)
		users += strcmp(o->outputs[i].path, "-") == 0;
	users += o->records_path && strcmp(o->records_path, "-") == 0;
	users += o->write_path && strcmp(o->write_path, "-") == 0;
	users += o->evidence_path && strcmp(o->evidence_path, "-") == 0;
	if (users > 1)
		fprintf(stderr, "pcapdx: only one output can go to standard output\n");
	return users > 1 ? -1 : 0;
}

static bool is_records_name(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".ndjson") == 0 || strcmp(dot, ".jsonl") == 0);
}

bool options_are_records(const struct options *o)
{
	for (int i = 0; i < o->input_count; i++)
		if (!is_records_name(o->inputs[i]))
			return false;
	return o->input_count > 0;
}

int options_one_kind(const struct options *o)
{
	int records = 0;

	for (int i = 0; i < o->input_count; i++)
		records += is_records_name(o->inputs[i]);
	if (!records || records == o->input_count)
		return 0;
	fprintf(stderr, "pcapdx: captures and records (.ndjson) cannot be read in one run\n");
	return -1;
}

static int check_inputs(const struct options *o)
{
	if (o->from_ns > o->to_ns) {
		fprintf(stderr, "pcapdx: --from is later than --to: no packet can be between them\n");
		return -1;
	}
	return 0;
}

static int check(struct options *o)
{
	if (o->list_interfaces)
		return 0;
	if (!o->interface && !o->input_count) {
		fprintf(stderr, "pcapdx: no capture given. Try: pcapdx FILE, pcapdx -i IFACE, or pcapdx --help\n");
		return -1;
	}
	if (o->threads > 1 && o->engine != ENGINE_NATIVE) {
		fprintf(stderr, "pcapdx: --threads: libnids works in one thread only; leave one of the two options out\n");
		return -1;
	}
	if (o->interface && o->input_count) {
		fprintf(stderr, "pcapdx: -i and files cannot be read in one run\n");
		return -1;
	}
	if (check_inputs(o) || check_outputs(o))
		return -1;
	return check_stdout(o);
}

/* getopt_long leaves the letter in optopt: of a short option, or of a long one that has a letter too. */
static int bad_option(int why, char **argv)
{
	const char *word = argv[optind - 1];
	const char *problem = why == ':' ? "needs a value" : "is not an option, or not used like this";
	bool known = optopt > 0 && optopt < OPT_JSON && strchr(short_options, optopt);
	bool whole = !optopt || optopt >= OPT_JSON || (known && strncmp(word, "--", 2) == 0);

	if (whole)
		fprintf(stderr, "pcapdx: %s %s. Try: pcapdx --help\n", word, problem);
	else
		fprintf(stderr, "pcapdx: -%c %s. Try: pcapdx --help\n", optopt, problem);
	return -1;
}

int options_read(struct options *o, int argc, char **argv, int *status)
{
	int option;

	options_defaults(o);
	*status = 2;
	opterr = 0; /* the sentence is ours: one, and the same by whatever path the program was started */
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (option == OPT_HELP || option == OPT_VERSION) {
			fputs(option == OPT_HELP ? usage : "pcapdx " PACKAGE_VERSION "\n", stdout);
			*status = 0;
			return -1;
		}
		if (option == '?' || option == ':')
			return bad_option(option, argv);
		if (read_option(o, option, optarg) < 0)
			return -1;
	}
	if (read_words(o, argc, argv) || check(o))
		return -1;
	return 0;
}

void options_free(struct options *o)
{
	free(o->inputs);
	free(o->filter);
}
