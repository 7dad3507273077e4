/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile text on its way out: one function per kind of output. Each appends `s` to `t` so that nothing in it can act:
 * bad UTF-8 becomes U+FFFD, control characters and bidirectional controls become visible escapes (\x1b, <U+202E>).
 */
#ifndef PCAPDX_BASE_ESCAPE_H
#define PCAPDX_BASE_ESCAPE_H

struct text;

void escape_terminal(struct text *t, const char *s);
void escape_html(struct text *t, const char *s); /* for text and for double-quoted attributes */
void escape_json(struct text *t, const char *s); /* the inside of a JSON string, without the quotes */
void escape_csv(struct text *t, const char *s);	 /* a whole cell; formula starters (=, +, -, @) are defused by a quote */
void escape_markdown(struct text *t, const char *s);

#endif
