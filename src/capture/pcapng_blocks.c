/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng blocks that hold no frames: section header, interfaces, statistics, names, secrets. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "base/when.h"
#include "capture/extras.h"
#include "capture/frame_reader.h"
#include "capture/link_type.h"
#include "capture/pcapng_file.h"
#include "capture/pcapng_options.h"

enum {
	OPTION_COMMENT = 1,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	IF_FILTER = 11,
	IF_FCSLEN = 13,
	IF_TSOFFSET = 14,
	STATISTICS_IFDROP = 5,
	STATISTICS_OSDROP = 7,
	NAME_END = 0,
	NAME_IPV4 = 1,
	NAME_IPV6 = 2,
};

#define SECRETS_TLS_KEY_LOG 0x544c534b

bool pcapng_section(struct frame_reader *r, struct pcapng_file *f, struct reader body)
{
	struct pcapng_option o;
	uint16_t major;

	rd_skip(&body, 4); /* the byte-order magic, already looked at */
	major = pcapng_u16(&body, f->big);
	rd_skip(&body, 2 + 8); /* minor version; length of the section, which need not be right */
	if (!rd_ok(&body) || major != 1)
		return false;
	f->section_first = f->count;
	while (pcapng_option_next(&body, f->big, &o))
		if (o.code == OPTION_COMMENT && !r->info->comment[0])
			text_copy_bytes(r->info->comment, sizeof(r->info->comment), o.value, o.size);
	return true;
}

/* Option if_tsresol: a negative power of 10, or of 2 when the top bit is set. */
static bool set_resolution(struct pcapng_interface *i, uint8_t resolution)
{
	uint8_t power = resolution & 0x7f;

	i->units_per_s = 1;
	if (resolution & 0x80) {
		if (power > 63)
			return false;
		i->units_per_s <<= power;
	} else {
		if (power > 19)
			return false;
		while (power--)
			i->units_per_s *= 10;
	}
	i->unit_ns = NS_PER_S % i->units_per_s == 0 ? (uint32_t)((uint64_t)NS_PER_S / i->units_per_s) : 0;
	return true;
}

static int64_t seconds_to_ns(int64_t s)
{
	int64_t ns;

	if (__builtin_mul_overflow(s, NS_PER_S, &ns))
		return s < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

/* The draft says bits; some writers mean octets. */
static uint32_t fcs_octets(uint8_t value)
{
	return value > 8 ? value / 8 : value;
}

static bool interface_option(
	struct frame_reader *r, struct pcapng_interface *i, bool big, const struct pcapng_option *o)
{
	struct source *s = r->info;
	struct reader value = rd_make(o->value, o->size, o->size);

	switch (o->code) {
	case IF_NAME:
		pcapng_option_join(s->interfaces, sizeof(s->interfaces), ", ", o->value, o->size);
		return true;
	case IF_FILTER: /* 0: a text; 1: a BPF program, which nobody can read */
		if (o->size > 1 && o->value[0] == 0)
			pcapng_option_join(s->filter, sizeof(s->filter), "; ", o->value + 1, o->size - 1u);
		else if (o->size > 1 && o->value[0] == 1 && !s->filter[0])
			text_copy(s->filter, sizeof(s->filter), "(a BPF program)");
		return true;
	case IF_TSRESOL:
		return set_resolution(i, rd_u8(&value));
	case IF_TSOFFSET:
		i->offset_ns = seconds_to_ns((int64_t)pcapng_u64(&value, big));
		return true;
	case IF_FCSLEN: /* one byte; a writer that makes it longer does not keep check sequences either */
		if (o->size == 1)
			i->fcs_size = fcs_octets(rd_u8(&value));
		return true;
	}
	return true;
}

static struct pcapng_interface *add_interface(struct pcapng_file *f)
{
	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 4;
		f->interfaces = xrealloc(f->interfaces, f->room * sizeof(*f->interfaces));
	}
	f->interfaces[f->count] = (struct pcapng_interface){0};
	return &f->interfaces[f->count++];
}

bool pcapng_interface(struct frame_reader *r, struct pcapng_file *f, struct reader body)
{
	struct pcapng_interface *i;
	struct pcapng_option o;

	if (f->count == INTERFACES_MAX)
		return false;
	i = add_interface(f);
	set_resolution(i, 6);
	i->link_type = link_from_file(pcapng_u16(&body, f->big));
	rd_skip(&body, 2);
	i->snaplen = pcapng_u32(&body, f->big);
	if (!rd_ok(&body))
		return false;
	while (pcapng_option_next(&body, f->big, &o))
		if (!interface_option(r, i, f->big, &o))
			return false;
	frame_reader_link(r, i->link_type, i->snaplen);
	return true;
}

void pcapng_sum_drops(struct frame_reader *r, const struct pcapng_file *f)
{
	uint64_t sum = 0;

	for (uint32_t k = 0; k < f->count; k++) {
		const struct pcapng_interface *i = &f->interfaces[k];

		/* Two accounts of the same loss. */
		sum += i->drops > i->packet_drops ? i->drops : i->packet_drops;
		if (i->drops_known)
			r->info->drops_known = true;
	}
	r->info->drops = sum;
}

void pcapng_statistics(struct frame_reader *r, struct pcapng_file *f, struct reader body)
{
	struct pcapng_interface *i = pcapng_find(f, pcapng_u32(&body, f->big));
	struct pcapng_option o;
	uint64_t drops = 0;

	rd_skip(&body, 8);
	if (!i || !rd_ok(&body))
		return;
	while (pcapng_option_next(&body, f->big, &o)) {
		struct reader value = rd_make(o.value, o.size, o.size);

		if (o.code != STATISTICS_IFDROP && o.code != STATISTICS_OSDROP)
			continue;
		drops += pcapng_u64(&value, f->big);
		i->drops_known = true;
	}
	i->drops = drops;
	pcapng_sum_drops(r, f);
}

/* One record of names: an address, then names that each end in NUL. */
static void read_names(struct extras *x, struct reader value, size_t address_size)
{
	const uint8_t *bytes = rd_bytes(&value, address_size);
	struct addr address;

	if (!bytes)
		return;
	address = address_size == 4 ? addr_v4(bytes) : addr_v6(bytes);
	while (rd_left(&value)) {
		size_t left = rd_left(&value);
		const uint8_t *name = rd_bytes(&value, 0);
		size_t size = strnlen((const char *)name, left);

		extras_add_name(x, &address, name, size);
		rd_skip(&value, size < left ? size + 1 : size);
	}
}

void pcapng_names(struct frame_reader *r, const struct pcapng_file *f, struct reader body)
{
	struct pcapng_option o; /* name records have the shape of options */

	while (r->extras && pcapng_option_next(&body, f->big, &o)) {
		struct reader value = rd_make(o.value, o.size, o.size);

		if (o.code == NAME_IPV4 || o.code == NAME_IPV6)
			read_names(r->extras, value, o.code == NAME_IPV4 ? 4 : 16);
	}
}

void pcapng_secrets(struct frame_reader *r, const struct pcapng_file *f, struct reader body)
{
	uint32_t type = pcapng_u32(&body, f->big);
	uint32_t size = pcapng_u32(&body, f->big);
	const uint8_t *bytes = rd_bytes(&body, size);

	if (bytes && r->extras && type == SECRETS_TLS_KEY_LOG)
		extras_add_secrets(r->extras, bytes, size);
}
