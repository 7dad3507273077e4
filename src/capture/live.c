/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live capture by libpcap, and the list of interfaces. */
#include "capture/live.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "capture/arena.h"
#include "capture/frame_reader.h"
#include "capture/link_type.h"
#include "options.h"

#define WAIT_MS 200	       /* a read returns after that, whether frames came or not */
#define SNAPLEN_DEFAULT 262144 /* as tcpdump's: whole frames */

struct live {
	pcap_t *pcap;
	struct arena arena;
	struct frame *out; /* of the read that is under way */
	int n, max, nano;
	uint32_t link_type;
};

static void configure(pcap_t *p, const struct options *o)
{
	pcap_set_snaplen(p, o->snaplen > 0 ? o->snaplen : SNAPLEN_DEFAULT);
	pcap_set_promisc(p, o->promiscuous);
	pcap_set_timeout(p, WAIT_MS);
	if (o->buffer_kib > 0)
		pcap_set_buffer_size(p, o->buffer_kib < INT32_MAX / 1024 ? o->buffer_kib * 1024 : INT32_MAX);
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO); /* where it can */
}

static void say_why(pcap_t *p, int status, const char *name, char *error, size_t error_size)
{
	const char *detail = pcap_geterr(p);

	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		snprintf(error, error_size,
			"%s: capturing needs root or the capability CAP_NET_RAW (setcap cap_net_raw+ep on the program)",
			name);
		return;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		snprintf(error, error_size, "%s: no such interface; -D lists those there are", name);
		return;
	case PCAP_ERROR_IFACE_NOT_UP:
		snprintf(error, error_size, "%s: the interface is down ('ip link set %s up')", name, name);
		return;
	}
	snprintf(error, error_size, "%s: %s%s%s", name, pcap_statustostr(status), detail[0] ? ": " : "", detail);
}

static bool set_filter(pcap_t *p, const char *text, char *error, size_t error_size)
{
	struct bpf_program program;
	bool set;

	if (!text || !text[0])
		return true;
	if (pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		snprintf(error, error_size, "the filter '%s' is wrong: %s", text, pcap_geterr(p));
		return false;
	}
	set = pcap_setfilter(p, &program) == 0;
	if (!set)
		snprintf(error, error_size, "the filter '%s' cannot be set: %s", text, pcap_geterr(p));
	pcap_freecode(&program);
	return set;
}

static bool activate(pcap_t *p, const struct options *o, char *error, size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int status;

	configure(p, o);
	status = pcap_activate(p);
	if (status < 0) {
		say_why(p, status, o->interface, error, error_size);
		return false;
	}
	/* Of "any", the second cooked format says on which interface a frame was. Refused elsewhere, which is fine. */
	if (pcap_datalink(p) == DLT_LINUX_SLL)
		pcap_set_datalink(p, DLT_LINUX_SLL2);
	/* A blocking read may wait for ever while nothing comes; so the wait is ours. */
	if (pcap_setnonblock(p, 1, why) != 0) {
		snprintf(error, error_size, "%s: %s", o->interface, why);
		return false;
	}
	return set_filter(p, o->filter, error, error_size);
}

bool live_open(struct frame_reader *r, const struct options *o, char *error, size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(o->interface, why);
	struct live *l;

	if (!p) {
		snprintf(error, error_size, "%s: %s", o->interface, why);
		return false;
	}
	if (!activate(p, o, error, error_size)) {
		pcap_close(p);
		return false;
	}
	l = r->state = xcalloc(1, sizeof(*l));
	r->format = &format_live;
	l->pcap = p;
	l->nano = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO;
	l->link_type = link_from_file(link_from_dlt(pcap_datalink(p)));
	r->info->format = "live";
	text_copy(r->info->filter, sizeof(r->info->filter), o->filter ? o->filter : "");
	frame_reader_link(r, l->link_type, (uint32_t)pcap_snapshot(p));
	return true;
}

static void take(uint8_t *arg, const struct pcap_pkthdr *h, const uint8_t *data)
{
	struct live *l = (struct live *)(void *)arg;

	/* Copied: the ring may have the place again before the batch is done with. */
	arena_copy(&l->arena, l->n, h, data, l->nano, &l->out[l->n]);
	l->out[l->n++].link_type = l->link_type;
}

static void read_drops(struct frame_reader *r, struct live *l)
{
	struct pcap_stat stat;

	if (pcap_stats(l->pcap, &stat) != 0)
		return;
	r->info->drops = (uint64_t)stat.ps_drop + stat.ps_ifdrop;
	r->info->drops_known = true;
}

static int live_frames(struct frame_reader *r, struct frame *out, int max)
{
	struct live *l = r->state;
	struct pollfd wait = {pcap_get_selectable_fd(l->pcap), POLLIN, 0};

	int got;

	l->out = out;
	l->n = 0;
	got = pcap_dispatch(l->pcap, max, take, (uint8_t *)l);
	if (got == 0) {
		poll(&wait, wait.fd >= 0, WAIT_MS);
		read_drops(r, l);
		got = pcap_dispatch(l->pcap, max, take, (uint8_t *)l);
	}
	if (got < 0 && !l->n)
		return frame_reader_damaged(r, "the capture ended: %.120s", pcap_geterr(l->pcap));
	return l->n ? l->n : FRAMES_AGAIN;
}

static void live_close(struct frame_reader *r)
{
	struct live *l = r->state;

	read_drops(r, l);
	pcap_close(l->pcap);
	arena_free(&l->arena);
	free(l);
}

const struct frame_format format_live = {NULL, live_frames, live_close};

static void print_interface(struct text *t, int number, const pcap_if_t *i)
{
	static const struct {
		bpf_u_int32 flag;
		const char *name;
	} flags[] = {
		{PCAP_IF_UP, "Up"},
		{PCAP_IF_RUNNING, "Running"},
		{PCAP_IF_LOOPBACK, "Loopback"},
		{PCAP_IF_WIRELESS, "Wireless"},
	};
	const char *before = " [";

	text_printf(t, "%d.", number);
	escape_terminal(t, i->name);
	if (i->description) {
		text_add(t, " (");
		escape_terminal(t, i->description);
		text_add(t, ")");
	}
	for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++)
		if (i->flags & flags[k].flag) {
			text_printf(t, "%s%s", before, flags[k].name);
			before = ", ";
		}
	text_add(t, before[0] == ',' ? "]\n" : "\n");
}

int capture_list_interfaces(char *error, size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct text t = {0};
	pcap_if_t *all = NULL;
	int number = 0;

	if (pcap_findalldevs(&all, why) != 0) {
		snprintf(error, error_size, "the interfaces cannot be listed: %s", why);
		return -1;
	}
	if (!all) {
		text_copy(error, error_size, "there is no interface to capture on; that needs root or CAP_NET_RAW");
		return -1;
	}
	for (const pcap_if_t *i = all; i; i = i->next)
		print_interface(&t, ++number, i);
	fputs(text_str(&t), stdout);
	text_free(&t);
	pcap_freealldevs(all);
	return 0;
}
