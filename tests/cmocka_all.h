/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka with the headers that it wants before it. */
#ifndef PCAPDX_TESTS_CMOCKA_ALL_H
#define PCAPDX_TESTS_CMOCKA_ALL_H

/* clang-format off: the order is cmocka's rule */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
