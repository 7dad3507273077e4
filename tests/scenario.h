/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets out of readable text, for tests, in the spirit of packetdrill. One packet a line:
 *
 *     client 10.0.0.1:40000              who is meant by > and <; these are the defaults. Again: numbers start anew
 *     server 10.0.0.2:80
 *     0.000 > S win 64240 <mss 1460,sackOK,wscale 7>
 *     0.010 < SA ack 1 win 65160 <mss 1460,sackOK,wscale 7>
 *     0.011 > A 1:1(0) ack 1
 *     0.012 > PA 1:101(100) ack 1        bytes 1 to 100, relative to the side's initial sequence number
 *     0.020 > A 1:6(5) ack 1 data "hello"
 *     0.030 < RA ack 101 ttl 30 id 7
 *     0.040 > UDP 100                    a datagram with 100 bytes
 *     0.050 icmp 10.0.0.254 3/13 of >    an ICMP error about the last packet of >; also `mtu 1400`
 *     0.060 < ESP 120                    another IP protocol
 *     0.070 arp 10.0.0.1 asks 10.0.0.254 mac 02:00:00:00:00:01
 *     0.071 arp 10.0.0.254 answers 10.0.0.1 mac 02:00:00:00:00:fe
 *     # a comment
 *
 * Time is in seconds; it may run back. Flags: S F R P A U E C, or `-` for none. After them, in any order: FROM:TO(LEN),
 * `seq N`, `ack N`, `len N`, `win N`, `id N`, `ttl N`, `vlan N`, `mac M` (source), `to M` (destination), `if N`
 * (interface), `source N`, `data "..."`, `zeros`,
 * `isn N` (before the first use of it in that direction), `cut N` (only N
 * payload bytes were captured), `sum bad|partial|good`, `nodf`, `reserved N`, and <options>: mss N, sackOK, wscale N,
 * ts V E, sack A-B (relative to the other side). Not given: the next sequence number of the side, an ack of all that
 * the other side has sent (with flag A), window 65535, IP ids that count upwards, TTL 64 and 60, checksums that are
 * good. Payload bytes follow from their sequence numbers, so a segment that is sent again has the same bytes.
 */
#ifndef PCAPDX_TESTS_SCENARIO_H
#define PCAPDX_TESTS_SCENARIO_H

#include "capture/capture.h"
#include "decode/packet.h"

#define SCENARIO_EPOCH_NS (INT64_C(1700000000) * 1000000000) /* second 0 of a scenario */

struct scenario;

/* A mistake in the text ends the program with the line. The scenario owns its packets. */
struct scenario *scenario_read(const char *text);
void scenario_free(struct scenario *s);
int scenario_count(const struct scenario *s);
const struct packet *scenario_packet(const struct scenario *s, int i);

#endif
