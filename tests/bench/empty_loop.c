/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The yardstick: libpcap reads every packet of a file, and nothing looks at it. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
	struct pcap_pkthdr *h;
	const u_char *data;
	unsigned long n = 0;

	if (!p) {
		fprintf(stderr, "usage: empty_loop FILE\n");
		return 2;
	}
	while (pcap_next_ex(p, &h, &data) == 1)
		n++;
	printf("%lu\n", n);
	pcap_close(p);
	return 0;
}
