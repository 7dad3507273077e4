/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapdx explain: the pages of doc/findings/, by code or by words, such as those that programs print. */
#ifndef PCAPDX_EXPLAIN_H
#define PCAPDX_EXPLAIN_H

struct text;

/* Appends a list of all codes with what each says in a line. */
void explain_list(struct text *out);
/* Appends the page of that code, or the pages in which the words stand: the page itself when it is one, a list when
 * there are more. -1 when nothing is found; out is then a sentence. */
int explain_words(const char *words, struct text *out);

/* `pcapdx explain [WORDS...]`; gives the exit status. */
int explain_main(int argc, char **argv);

#endif
