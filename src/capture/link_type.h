/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LINKTYPE_ numbers, as files have them, and libpcap's DLT_ numbers, which differ a little from system to system. */
#ifndef PCAPDX_CAPTURE_LINK_TYPE_H
#define PCAPDX_CAPTURE_LINK_TYPE_H

#include <stdint.h>

#define LINK_NAME_SIZE 32

uint32_t link_from_dlt(int dlt);
int link_to_dlt(uint32_t link_type);

/* The number that a file header has, made right: the raw-IP numbers that some systems write become LINKTYPE_RAW. */
uint32_t link_from_file(uint32_t number);

/* "ether", "linux-sll2", or the number where libpcap has no name for it. */
const char *link_name(uint32_t link_type, char out[LINK_NAME_SIZE]);

#endif
