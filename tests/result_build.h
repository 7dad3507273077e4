/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results made by hand, for the tests of the reports. Each belongs to the caller (result_free). */
#ifndef PCAPDX_TESTS_RESULT_BUILD_H
#define PCAPDX_TESTS_RESULT_BUILD_H

#include "diagnose/result.h"

/* Two incidents (a load balancer that resets TLS clients, a firewall's connection limit), a note, tables, plots. */
struct result *result_rich(void);
/* A capture in which nothing is wrong. */
struct result *result_healthy(void);
/* A file with a header and no packets. */
struct result *result_without_packets(void);
/* Every text that can come from a capture tries to act: markup, script, terminal controls, bidi, formulas, shell. */
struct result *result_hostile(void);
/* More of everything than a page can hold: `n` connections, hosts and TLS sessions, 40 findings. */
struct result *result_huge(int n);

#define HOSTILE \
	"</title></script><script>alert(1)</script><img src=x onerror=alert(2)>\"' onload=x {{7*7}}" \
	"\x1b[2J\x1b]0;gone\x07\xe2\x80\xae\xff\x80`touch /tmp/pcapdx-owned`$(id)|*_#=cmd()"

#endif
