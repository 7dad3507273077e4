/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known timers: defaults of devices and operating systems that equal delays are compared with. */
#ifndef PCAPDX_DIAGNOSE_TIMERS_H
#define PCAPDX_DIAGNOSE_TIMERS_H

/* What a delay of that many seconds is known as; NULL: nothing known within 2 %. */
const char *timer_known_as(double seconds);

#endif
