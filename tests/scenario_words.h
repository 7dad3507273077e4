/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of one line of a scenario, taken one after the other. A mistake ends the program with the line. */
#ifndef PCAPDX_TESTS_SCENARIO_WORDS_H
#define PCAPDX_TESTS_SCENARIO_WORDS_H

#include "base/addr.h"

#define WORDS_MAX 48

struct words {
	const char *line; /* for messages */
	char *list[WORDS_MAX];
	int count, at;
};

void __attribute__((noreturn)) words_bad(const struct words *w, const char *why);
/* Words are parted by blanks; a part in double quotes or <> is one word, its first character kept. The words point into
 * `copy`, which is cut up. */
void words_split(struct words *w, char *copy);

const char *next_word(struct words *w);
uint32_t next_number(struct words *w);
struct addr next_addr(struct words *w);
struct mac next_mac(struct words *w);

#endif
