/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files as bytes (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). */
#include "capture/frame_encode.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "capture/capture.h"
#include "capture/frame_reader.h"

#define SNAPLEN 262144	      /* the most that libpcap takes */
#define OPTION_SIZE_MAX 65532 /* lengths have 16 bits, and padding */
#define SECRETS_TLS_KEY_LOG 0x544c534b

enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
};

static void put16(struct text *t, uint32_t v)
{
	uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

	text_add_bytes(t, b, sizeof(b));
}

static void put32(struct text *t, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

	text_add_bytes(t, b, sizeof(b));
}

static void pad(struct text *t, size_t size)
{
	static const uint8_t zeros[3];

	text_add_bytes(t, zeros, (4 - size % 4) % 4);
}

/* ---- classic ---- */

void encode_pcap_header(struct text *t, uint32_t link_type)
{
	put32(t, 0xa1b23c4d);
	put16(t, 2);
	put16(t, 4);
	put32(t, 0);
	put32(t, 0);
	put32(t, SNAPLEN);
	put32(t, link_type);
}

bool encode_fits_pcap(const struct frame *f)
{
	return f->ts_ns >= 0 && f->ts_ns / NS_PER_S <= UINT32_MAX;
}

void encode_pcap_record(struct text *t, const struct frame *f)
{
	put32(t, (uint32_t)(f->ts_ns / NS_PER_S));
	put32(t, (uint32_t)(f->ts_ns % NS_PER_S));
	put32(t, f->captured);
	put32(t, f->on_wire);
	text_add_bytes(t, f->data, f->captured);
}

void encode_pcap_reread(const uint8_t header[PCAP_RECORD_SIZE], struct frame *f)
{
	*f = (struct frame){0};
	f->ts_ns = load32(header, false) * NS_PER_S + load32(header + 4, false);
	f->captured = load32(header + 8, false);
	f->on_wire = load32(header + 12, false);
}

/* ---- pcapng ---- */

static size_t begin(struct text *t, uint32_t type)
{
	put32(t, type);
	put32(t, 0);
	return t->len - 8;
}

static void end(struct text *t, size_t at)
{
	uint32_t size = (uint32_t)(t->len + 4 - at);

	put32(t, size);
	memcpy(t->s + at + 4, t->s + t->len - 4, 4);
}

static void option(struct text *t, uint32_t code, const void *value, size_t size)
{
	size = size < OPTION_SIZE_MAX ? size : OPTION_SIZE_MAX;
	put16(t, code);
	put16(t, (uint32_t)size);
	text_add_bytes(t, value, size);
	pad(t, size);
}

static void end_of_options(struct text *t)
{
	put32(t, OPTION_END);
}

void encode_section(struct text *t)
{
	size_t at = begin(t, 0x0a0d0d0a);

	put32(t, 0x1a2b3c4d);
	put16(t, 1);
	put16(t, 0);
	put32(t, UINT32_MAX); /* the section's length: not told */
	put32(t, UINT32_MAX);
	option(t, SHB_USERAPPL, "pcapdx", 6);
	end_of_options(t);
	end(t, at);
}

void encode_interface(struct text *t, uint32_t link_type, const char *name)
{
	const uint8_t nanoseconds = 9;
	size_t at = begin(t, 1);

	put16(t, link_type);
	put16(t, 0);
	put32(t, SNAPLEN);
	if (name && name[0])
		option(t, IF_NAME, name, strlen(name));
	option(t, IF_TSRESOL, &nanoseconds, 1);
	end_of_options(t);
	end(t, at);
}

void encode_secrets(struct text *t, const char *key_log)
{
	size_t size = strlen(key_log), at = begin(t, 10);

	put32(t, SECRETS_TLS_KEY_LOG);
	put32(t, (uint32_t)size);
	text_add_bytes(t, key_log, size);
	pad(t, size);
	end(t, at);
}

void encode_packet(struct text *t, uint32_t interface, const struct frame *f, const char *comment)
{
	uint64_t ts = f->ts_ns > 0 ? (uint64_t)f->ts_ns : 0;
	size_t at = begin(t, 6);

	put32(t, interface);
	put32(t, (uint32_t)(ts >> 32));
	put32(t, (uint32_t)ts);
	put32(t, f->captured);
	put32(t, f->on_wire);
	text_add_bytes(t, f->data, f->captured);
	pad(t, f->captured);
	if (f->comment_size)
		option(t, OPTION_COMMENT, f->comment, f->comment_size);
	if (comment && comment[0])
		option(t, OPTION_COMMENT, comment, strlen(comment));
	if (f->comment_size || (comment && comment[0]))
		end_of_options(t);
	end(t, at);
}
