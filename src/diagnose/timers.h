/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documented time-outs of devices, systems and servers: what a delay that comes again and again may be. */
#ifndef PCAPDX_DIAGNOSE_TIMERS_H
#define PCAPDX_DIAGNOSE_TIMERS_H

/* What the timer waits for. */
enum timer_kind {
	TIMER_HANDSHAKE = 1 << 0, /* the rest of a handshake or login, or the first request */
	TIMER_ANSWER = 1 << 1,	  /* an answer, from a backend or peer */
	TIMER_IDLE = 1 << 2,	  /* any packet at all */
};

/* A known default within 2 % of that time that waits for one of these kinds; NULL: none. The text is constant. */
const char *timer_known_as(double seconds, unsigned kinds);

#endif
