/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of a pcapng file while it is read; shared by the walk over blocks and the blocks that hold no frames. */
#ifndef PCAPDX_CAPTURE_PCAPNG_FILE_H
#define PCAPDX_CAPTURE_PCAPNG_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"

struct frame_reader;

#define INTERFACES_MAX 65535u /* of all sections: frames number them in 16 bits */

enum pcapng_block {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_NAMES = 4,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	BLOCK_SECTION = 0x0a0d0d0a,
};

struct pcapng_interface {
	uint32_t link_type, snaplen;
	uint32_t unit_ns;     /* ns per unit of time, when that is a whole number */
	uint64_t units_per_s; /* otherwise */
	int64_t offset_ns;
	uint64_t drops;	       /* as its last statistics say */
	uint64_t packet_drops; /* as its packets say */
	uint32_t fcs_size;
	bool drops_known;
};

struct pcapng_file {
	bool big;			     /* byte order of the section */
	struct pcapng_interface *interfaces; /* of all sections */
	uint32_t count, room, section_first; /* index of the section's interface 0 */
	int64_t last_ts_ns;
};

/* Blocks without frames; `body` is what is between the two lengths. False: the block makes no sense. */
bool pcapng_section(struct frame_reader *r, struct pcapng_file *f, struct reader body);
bool pcapng_interface(struct frame_reader *r, struct pcapng_file *f, struct reader body);
void pcapng_names(struct frame_reader *r, const struct pcapng_file *f, struct reader body);
void pcapng_secrets(struct frame_reader *r, const struct pcapng_file *f, struct reader body);
void pcapng_statistics(struct frame_reader *r, struct pcapng_file *f, struct reader body);

/* Brings info->drops up to date with what the interfaces know. */
void pcapng_sum_drops(struct frame_reader *r, const struct pcapng_file *f);

/* An interface of this section, or NULL. */
static inline struct pcapng_interface *pcapng_find(const struct pcapng_file *f, uint32_t id)
{
	return id < f->count - f->section_first ? &f->interfaces[f->section_first + id] : NULL;
}

#endif
