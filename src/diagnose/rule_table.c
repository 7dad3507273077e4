/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All rules. The order is the precedence: of two rules that would claim a failed conversation the upper one gets it,
 * and `finish` runs from top to bottom, so a rule that takes others' claims over stands above them, and one that looks
 * at finished groups stands below.
 */
#include "diagnose/rule.h"

/* Can the capture carry a conclusion? */
extern const struct rule rule_capture_source;
extern const struct rule rule_capture_sides;
/* Path, first: findings name the gateways. */
extern const struct rule rule_gateway;
/* Connecting. */
extern const struct rule rule_refused;
extern const struct rule rule_no_answer;
extern const struct rule rule_icmp_rejected;
/* What the failing conversations have in common. */
extern const struct rule rule_failing_gateway;

const struct rule *const rule_table[] = {
	&rule_capture_source,
	&rule_capture_sides,

	&rule_gateway,

	&rule_icmp_rejected,
	&rule_refused,
	&rule_no_answer,

	&rule_failing_gateway,
	NULL,
};
