/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for people and as JSON. Values come from packets: they are escaped here. */
#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "base/json_out.h"
#include "base/text.h"
#include "compare.h"
#include "report/report_words.h"

/* What differs between any two connections, told or not. */
#define ALWAYS_DIFFERENT "sequence numbers, times"

static const char *match_words(enum compare_match m)
{
	static const char *const words[] = {"same port and host name", "same server and port",
		"same port, another server", "same protocol on another port", "nothing comparable"};

	return words[m];
}

static const char *match_key(enum compare_match m)
{
	static const char *const keys[] = {"service", "server", "port", "protocol", "none"};

	return keys[m];
}

static int first_difference(const struct comparison *c)
{
	return c->difference_count && c->differences[0].step != STEP_NOTHING ? 0 : -1;
}

static void add_escaped(struct text *out, const char *raw)
{
	escape_terminal(out, raw);
}

static void add_server(struct text *out, const struct talk *t)
{
	char place[ENDPOINT_TEXT_SIZE];

	text_add(out, words_endpoint(&t->conn->resp_h, t->conn->resp_p, place));
	if (*talk_name(t)) {
		text_add(out, " (");
		add_escaped(out, talk_name(t));
		text_add(out, ")");
	}
}

static void add_frame(struct text *out, const struct talks *of, const struct talk *t)
{
	text_printf(out, "frame %" PRIu64 " of ", t->conn->frame);
	add_escaped(out, words_file(of->path));
}

static void add_head(struct text *out, const struct comparisons *all, const struct comparison *c)
{
	const struct talk *bad = c->bad[0];

	text_printf(out, "\n%d %s conversation%s with ", c->bad_count, all->failing ? "failing" : "working",
		c->bad_count == 1 ? "" : "s");
	add_server(out, bad);
	text_printf(out, ": %s\n", bad->code ? bad->code : outcome_name(bad->outcome));
	if (!c->good_count) {
		text_add(out, "  nothing comparable: ");
		add_escaped(out, words_file(all->good->path));
		text_printf(out, " has no working conversation on port %u or of that protocol\n", bad->conn->resp_p);
		return;
	}
	text_printf(out, "  beside %d working one%s with ", c->good_count, c->good_count == 1 ? "" : "s");
	add_server(out, c->good[0]);
	text_printf(out, " (%s)\n  for example ", match_words(c->match));
	add_frame(out, all->bad, bad);
	text_add(out, " beside ");
	add_frame(out, all->good, c->good[0]);
	text_add(out, "\n");
}

static void add_difference(struct text *out, const struct comparisons *all, const struct difference *d)
{
	text_printf(out, "    %s: %s\n      %-8s ", compare_step_name(d->step), d->item->name,
		all->failing ? "working" : "good");
	add_escaped(out, d->good);
	text_printf(out, "\n      %-8s ", all->failing ? "failing" : "bad");
	add_escaped(out, d->bad);
	if (d->bad_of > 1)
		text_printf(out, "  (%d of %d)", d->bad_with, d->bad_of);
	text_add(out, d->bad_of ? "\n" : " (medians)\n");
}

static bool step_differs(const struct comparison *c, int step)
{
	for (int i = 0; i < c->difference_count; i++)
		if ((int)c->differences[i].step == step)
			return true;
	return false;
}

static void add_same(struct text *out, const struct comparison *c)
{
	int said = 0;

	for (int step = 0; step < STEP_NOTHING; step++)
		if (c->compared[step] && !step_differs(c, step))
			text_printf(out, "%s%s",
				said++ ? ", " : "  The same: ", compare_step_name((enum compare_step)step));
	text_add(out, said ? "\n" : "");
}

static void add_nothing(struct text *out, const struct comparison *c)
{
	text_add(out, "  Different, and explains nothing: " ALWAYS_DIFFERENT);
	for (int i = 0; i < c->difference_count; i++)
		if (c->differences[i].step == STEP_NOTHING)
			text_printf(out, ", %s", c->differences[i].item->name);
	text_add(out, "\n");
}

static void add_comparison(struct text *out, const struct comparisons *all, const struct comparison *c)
{
	int shown = 0;

	add_head(out, all, c);
	if (!c->good_count)
		return;
	text_add(out, "\n");
	for (int i = 0; i < c->difference_count && c->differences[i].step != STEP_NOTHING; i++) {
		if (shown < 2)
			text_add(out, shown ? "  Then also:\n" : "  First difference:\n");
		shown++;
		add_difference(out, all, &c->differences[i]);
	}
	if (!shown)
		text_add(out, "  They do not differ in anything that is compared.\n");
	add_same(out, c);
	add_nothing(out, c);
}

static void add_verdict(struct text *out, const struct comparisons *c)
{
	if (!c->good->count && !c->bad->count)
		text_add(out, "Neither capture has a conversation.\n");
	else if (!c->working)
		text_add(out, "The good capture has no working conversation to compare with.\n");
	else if (!c->failing)
		text_printf(out, "No conversation of the bad capture fails%s.\n",
			c->count ? "; its working ones are compared" : "");
}

static void add_headline(struct text *out, const struct talks *t)
{
	if (!t->result || !t->result->headline)
		return;
	text_printf(out, "      %s: ", severity_name(t->result->severity));
	add_escaped(out, t->result->headline);
	text_add(out, "\n");
}

void compare_text(const struct comparisons *c, struct text *out)
{
	text_add(out, "Good: ");
	add_escaped(out, c->good->path);
	text_printf(out, ", %d of %d conversations work\n", c->working, c->good->count);
	add_headline(out, c->good);
	text_add(out, "Bad:  ");
	add_escaped(out, c->bad->path);
	text_printf(out, ", %d of %d conversations fail\n", c->failing, c->bad->count);
	add_headline(out, c->bad);
	add_verdict(out, c);
	for (int i = 0; i < c->count && c->working; i++)
		add_comparison(out, c, &c->v[i]);
	if (c->left_out && c->working)
		text_printf(out, "\n%d more groups are left out; the largest are shown.\n", c->left_out);
}

static void json_side(struct json *j, const char *key, const struct talk *t)
{
	char address[ADDR_TEXT_SIZE];

	json_object(j, key);
	json_text(j, "server", addr_text(&t->conn->resp_h, address));
	json_uint(j, "port", t->conn->resp_p);
	json_text(j, "name", *talk_name(t) ? talk_name(t) : NULL);
	json_text(j, "uid", record_uid(t->conn));
	json_uint(j, "frame", t->conn->frame);
	json_end_object(j);
}

static void json_difference(struct json *j, const char *key, const struct difference *d)
{
	json_object(j, key);
	json_text(j, "step", compare_step_name(d->step));
	json_text(j, "item", d->item->name);
	json_text(j, "good", d->good);
	json_text(j, "bad", d->bad);
	if (d->bad_of) {
		json_int(j, "count", d->bad_with);
		json_int(j, "of", d->bad_of);
	}
	json_end_object(j);
}

static void json_differences(struct json *j, const struct comparison *c)
{
	json_array(j, "differences");
	for (int i = 0; i < c->difference_count; i++)
		if (c->differences[i].step != STEP_NOTHING)
			json_difference(j, NULL, &c->differences[i]);
	json_end_array(j);
	json_array(j, "same");
	for (int step = 0; step < STEP_NOTHING; step++)
		if (c->compared[step] && !step_differs(c, step))
			json_text(j, NULL, compare_step_name((enum compare_step)step));
	json_end_array(j);
	json_array(j, "explains_nothing");
	json_text(j, NULL, ALWAYS_DIFFERENT);
	for (int i = 0; i < c->difference_count; i++)
		if (c->differences[i].step == STEP_NOTHING)
			json_text(j, NULL, c->differences[i].item->name);
	json_end_array(j);
}

static void json_comparison(struct json *j, const struct comparison *c)
{
	json_object(j, NULL);
	json_text(j, "code", c->bad[0]->code);
	json_text(j, "outcome", outcome_name(c->bad[0]->outcome));
	json_int(j, "bad_conversations", c->bad_count);
	json_int(j, "good_conversations", c->good_count);
	json_text(j, "matched_by", match_key(c->match));
	json_side(j, "bad", c->bad[0]);
	if (c->good_count) {
		json_side(j, "good", c->good[0]);
		if (first_difference(c) == 0)
			json_difference(j, "first_difference", &c->differences[0]);
		else
			json_null(j, "first_difference");
		json_differences(j, c);
	}
	json_end_object(j);
}

static void json_capture_counts(struct json *j, const char *key, const struct talks *t, const char *what, int count)
{
	json_object(j, key);
	json_text(j, "file", t->path);
	json_int(j, "conversations", t->count);
	json_int(j, what, count);
	if (t->result && t->result->headline) {
		json_text(j, "severity", severity_name(t->result->severity));
		json_text(j, "headline", t->result->headline);
	}
	json_end_object(j);
}

void compare_json(const struct comparisons *c, struct text *out)
{
	struct json j = {.out = out, .indent = 2, .first = true};

	json_object(&j, NULL);
	json_capture_counts(&j, "good", c->good, "working", c->working);
	json_capture_counts(&j, "bad", c->bad, "failing", c->failing);
	json_array(&j, "comparisons");
	for (int i = 0; i < c->count; i++)
		json_comparison(&j, &c->v[i]);
	json_end_array(&j);
	json_int(&j, "left_out", c->left_out);
	json_end_object(&j);
	text_add(out, "\n");
}
