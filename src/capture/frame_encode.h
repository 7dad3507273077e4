/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of classic pcap and blocks of pcapng as bytes, little-endian, with times in ns. */
#ifndef PCAPDX_CAPTURE_FRAME_ENCODE_H
#define PCAPDX_CAPTURE_FRAME_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct text;

#define PCAP_HEADER_SIZE 24
#define PCAP_RECORD_SIZE 16

void encode_pcap_header(struct text *t, uint32_t link_type);
void encode_pcap_record(struct text *t, const struct frame *f); /* header and bytes */
bool encode_fits_pcap(const struct frame *f);			/* its time can be told there */

/* The other way, for bytes that the above made; `data` follows the header. */
void encode_pcap_reread(const uint8_t header[PCAP_RECORD_SIZE], struct frame *f);

void encode_section(struct text *t);
void encode_interface(struct text *t, uint32_t link_type, const char *name); /* name may be NULL */
void encode_secrets(struct text *t, const char *key_log);
void encode_packet(struct text *t, uint32_t interface, const struct frame *f, const char *comment); /* or NULL */

#endif
