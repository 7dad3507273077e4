/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcap filters over frames of mixed link types. */
#include "capture/frame_filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>

#include "base/text.h"
#include "capture/capture.h"
#include "capture/link_type.h"

#define LINK_TYPES_MAX 64 /* in one run; frames of any further type do not pass */
#define LINKTYPE_ETHERNET 1

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

struct frame_filter *frame_filter_new(const char *text, char *error, size_t error_size)
{
	struct frame_filter *f = xcalloc(1, sizeof(*f));

	f->text = text;
	if (frame_filter_fits(f, LINKTYPE_ETHERNET, error, error_size) ||
		frame_filter_fits(f, link_from_dlt(DLT_RAW), error, error_size))
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

bool frame_filter_fits(struct frame_filter *f, uint32_t link_type, char *error, size_t error_size)
{
	const struct compiled *c = find(f, link_type, error, error_size);

	return c && c->usable;
}

bool frame_filter_passes(struct frame_filter *f, const struct frame *frame)
{
	char error[PCAP_ERRBUF_SIZE];
	const struct compiled *c = find(f, frame->link_type, error, sizeof(error));
	struct pcap_pkthdr h = {.caplen = frame->captured, .len = frame->on_wire};

	return c && c->usable && pcap_offline_filter(&c->program, &h, frame->data) != 0;
}
