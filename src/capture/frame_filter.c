/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcap filters over frames of mixed link types. */
#include "capture/frame_filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>

#include "base/text.h"
#include "capture/capture.h"
#include "capture/frame_reader.h"
#include "capture/link_type.h"

#define LINK_TYPES_MAX 64 /* in one run; frames of any further type do not pass */
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_RAW 101
#define LINKTYPE_SLL 113
#define LINKTYPE_RADIOTAP 127
#define LINKTYPE_PKTAP_DARWIN 149
#define LINKTYPE_NFLOG 239
#define LINKTYPE_PKTAP 258
#define NFULA_PAYLOAD 9

struct compiled {
	uint32_t link_type;
	bool usable;
	struct bpf_program program;
};

struct frame_filter {
	const char *text;
	struct compiled programs[LINK_TYPES_MAX];
	int count;
};

static bool compile(struct compiled *c, const char *text, char *error, size_t error_size)
{
	pcap_t *dead = pcap_open_dead(link_to_dlt(c->link_type), 262144);

	if (!dead) {
		text_copy(error, error_size, "libpcap has no memory");
		return false;
	}
	c->usable = pcap_compile(dead, &c->program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!c->usable)
		text_copy(error, error_size, pcap_geterr(dead));
	pcap_close(dead);
	return c->usable;
}

static struct compiled *find(struct frame_filter *f, uint32_t link_type, char *error, size_t error_size)
{
	struct compiled *c;

	for (int i = 0; i < f->count; i++)
		if (f->programs[i].link_type == link_type)
			return &f->programs[i];
	if (f->count == LINK_TYPES_MAX)
		return NULL;
	c = &f->programs[f->count++];
	c->link_type = link_type;
	compile(c, f->text, error, error_size);
	return c;
}

/* pcap_compile knows no way into packet taps and netfilter's log: their inside is what it is asked about. */
static void enter_pktap(struct frame *f)
{
	uint32_t length = f->captured >= 12 ? load32(f->data, false) : 0;

	if (length < 12 || length > f->captured)
		return;
	f->link_type = link_from_file(link_from_dlt((int)load32(f->data + 8, false)));
	f->data += length;
	f->captured -= length;
	f->on_wire -= length;
}

static void enter_nflog(struct frame *f)
{
	uint32_t at = 4;

	while (at + 4 <= f->captured) {
		uint32_t length = load16(f->data + at, false);

		if (length < 4)
			return;
		if ((load16(f->data + at + 2, false) & 0x7fff) == NFULA_PAYLOAD) {
			f->link_type = LINKTYPE_RAW;
			f->data += at + 4;
			f->captured -= at + 4;
			f->on_wire = length - 4 > f->captured ? length - 4 : f->captured;
			return;
		}
		at += (length + 3) & ~3u;
	}
}

static struct frame entered(const struct frame *frame)
{
	struct frame inside = *frame;

	if (frame->link_type == LINKTYPE_PKTAP || frame->link_type == LINKTYPE_PKTAP_DARWIN)
		enter_pktap(&inside);
	else if (frame->link_type == LINKTYPE_NFLOG)
		enter_nflog(&inside);
	return inside;
}

/* Some words are for some links only, so a filter is good when one of the usual ones takes it. */
struct frame_filter *frame_filter_new(const char *text, char *error, size_t error_size)
{
	static const uint32_t usual[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_SLL, LINKTYPE_RADIOTAP};
	struct frame_filter *f = xcalloc(1, sizeof(*f));
	char other[PCAP_ERRBUF_SIZE];

	f->text = text;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (find(f, usual[i], i ? other : error, i ? sizeof(other) : error_size)->usable)
			return f;
	frame_filter_free(f);
	return NULL;
}

void frame_filter_free(struct frame_filter *f)
{
	for (int i = 0; f && i < f->count; i++)
		if (f->programs[i].usable)
			pcap_freecode(&f->programs[i].program);
	free(f);
}

bool frame_filter_fits(struct frame_filter *f, const struct frame *frame, char *error, size_t error_size)
{
	struct frame inside = entered(frame);
	const struct compiled *c = find(f, inside.link_type, error, error_size);

	return c && c->usable;
}

bool frame_filter_passes(struct frame_filter *f, const struct frame *frame)
{
	char error[PCAP_ERRBUF_SIZE];
	struct frame inside = entered(frame);
	const struct compiled *c = find(f, inside.link_type, error, sizeof(error));
	struct pcap_pkthdr h = {.caplen = inside.captured, .len = inside.on_wire};

	return c && c->usable && pcap_offline_filter(&c->program, &h, inside.data) != 0;
}
