/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what decode/ makes of each frame of a capture file, tab-separated, for decode_vs_tshark: frame number, kind,
 * verdict, fault, source, destination, protocol, ports, seq and ack of TCP (type and code of ICMP), flags, window, payload
 * length on the wire, checksum, tunnels. Frames are read by libpcap, so that this test needs nothing of src/capture/.
 */
#include <pcap/pcap.h>
#include <stdio.h>

#include "base/hash.h"
#include "capture/capture.h"
#include "decode/decode.h"
#include "decode/packet.h"

static const char *const kinds[] = { "other", "tcp", "udp", "icmp", "arp", "ip", "fragment" };
static const char *const verdicts[] = { "ok", "cut", "bad" };
static const char *const checksums[] = { "unknown", "good", "bad", "partial" };

/* libpcap's own numbers that differ from those in files. */
static uint32_t link_type_of(int dlt)
{
	switch (dlt) {
	case DLT_RAW:
		return 101;
	case DLT_PPP_SERIAL:
		return 50;
	case DLT_PPP_ETHER:
		return 51;
	default:
		return (uint32_t)dlt;
	}
}

static void print_transport(const struct packet *p)
{
	printf("\t%u\t%u\t%u", p->proto, p->sport, p->dport);
	if (p->kind == PACKET_TCP)
		printf("\t%u\t%u\t0x%x\t%u\t%u", p->tcp.seq, p->tcp.ack, p->tcp.flags, p->tcp.window, p->payload_wire);
	else if (p->kind == PACKET_UDP)
		printf("\t\t\t\t\t%u", p->payload_wire);
	else if (p->kind == PACKET_ICMP)
		printf("\t%u\t%u\t\t\t", p->icmp.type, p->icmp.code);
	else
		printf("\t\t\t\t\t");
}

static void print_packet(struct packet *p)
{
	char src[ADDR_TEXT_SIZE], dst[ADDR_TEXT_SIZE];
	const struct addr *from = p->kind == PACKET_ARP ? &p->arp.sender_ip : &p->src;
	const struct addr *to = p->kind == PACKET_ARP ? &p->arp.target_ip : &p->dst;

	printf("%llu\t%s\t%s\t%s", (unsigned long long)p->frame->number, kinds[p->kind], verdicts[p->verdict],
		decode_fault_name(p->fault));
	printf("\t%s\t%s", addr_is_set(from) ? addr_text(from, src) : "", addr_is_set(to) ? addr_text(to, dst) : "");
	print_transport(p);
	printf("\t%s\t", checksums[packet_checksum(p)]);
	for (int i = 0; i < p->tunnel_count; i++)
		printf("%s%s:%u", i ? "," : "", p->tunnels[i].kind, (unsigned)p->tunnels[i].id);
	printf("\n");
}

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = argc == 2 ? pcap_open_offline_with_tstamp_precision(argv[1], PCAP_TSTAMP_PRECISION_NANO, error) : NULL;
	struct decoder *d;
	struct pcap_pkthdr *h;
	const u_char *data;
	struct frame f = { 0 };
	struct packet p;

	if (!pcap)
		return 2;
	hash_init();
	d = decoder_new(1 << 22);
	f.link_type = link_type_of(pcap_datalink(pcap));
	while (pcap_next_ex(pcap, &h, &data) == 1) {
		f.data = data;
		f.captured = h->caplen;
		f.on_wire = h->len;
		f.ts_ns = (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec;
		if (f.ts_ns > f.clock_ns)
			f.clock_ns = f.ts_ns;
		f.number++;
		decode_frame(d, &f, &p);
		print_packet(&p);
	}
	decoder_free(d);
	pcap_close(pcap);
	return 0;
}
