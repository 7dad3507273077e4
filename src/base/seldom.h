/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks a function that few packets need. It is kept apart, and what leads to it is laid out as the exception: so the
 * code that every packet runs through fits the processor's cache of instructions (see doc/performance.md).
 */
#ifndef PCAPDX_BASE_SELDOM_H
#define PCAPDX_BASE_SELDOM_H

#define SELDOM __attribute__((cold, noinline))

/* A part of what every packet runs through: always in the caller's own code, whatever the compiler thinks of its size. */
#define OFTEN inline __attribute__((always_inline))

#endif
