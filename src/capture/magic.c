/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats by their first bytes: those that are read, and those that people take for captures. */
#include "capture/magic.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "capture/frame_reader.h"

#define TEXT_LOOKED_AT 64 /* bytes that must be text for all to be text */
#define YEAR_1995 788918400u
#define YEAR_2100 4102444800u
#define ADVICE_EDITCAP "which is not read; 'editcap -F pcap IN OUT' (Wireshark) converts it"

static const struct {
	uint8_t bytes[16];
	uint8_t size;
	const char *name, *advice;
} known[] = {
	{"snoop\0\0\0", 8, "a snoop file (Solaris)", ADVICE_EDITCAP},
	{"GMBU", 4, "a Microsoft Network Monitor 2 file", ADVICE_EDITCAP},
	{"RTSS", 4, "a Microsoft Network Monitor 1 file", ADVICE_EDITCAP},
	{"XCP\0", 4, "a NetXray or Sniffer Basic file", ADVICE_EDITCAP},
	{"TRSNIFF data    ", 16, "a DOS Sniffer file", ADVICE_EDITCAP},
	{"iptrace ", 8, "an AIX iptrace file", ADVICE_EDITCAP},
	{"btsnoop\0", 8, "a Bluetooth btsnoop file", "which holds no network packets"},
	{"\x05VNF", 4, "a Visual Networks file", ADVICE_EDITCAP},
	{"\xaa\xaa\xaa\xaa", 4, "a 5View file", ADVICE_EDITCAP},
	{"\x7fver", 4, "an OmniPeek file", ADVICE_EDITCAP},
	{"#Format=4", 9, "a Daintree Sensor Network Analyzer file", ADVICE_EDITCAP},
	{"\0\0\2\0\x12\5\0\x10", 8, "a Tektronix K12 file", ADVICE_EDITCAP},
	{"TR\0d\0", 5, "a nettl file (HP-UX)", ADVICE_EDITCAP},
	{"EyeSDN", 6, "an EyeSDN file", ADVICE_EDITCAP},
	{"ObserverPktBuffe", 16, "an Observer file (Network Instruments, Viavi)", ADVICE_EDITCAP},
	{"\x01\x10\x4c\0", 4, "a LANalyzer file (Novell)", ADVICE_EDITCAP},
	{"\x07\x10\x4c\0", 4, "a LANalyzer file (Novell)", ADVICE_EDITCAP},
	{"+---------+-----", 16, "a K12 text file (Tektronix)", ADVICE_EDITCAP},
	{"ETL", 3, "an event trace log", "which is not read; 'etl2pcapng IN OUT' converts it"},
	{"PK\3\4", 4, "a zip archive", "which is not read; unpack it first"},
	{"Rar!", 4, "a RAR archive", "which is not read; unpack it first"},
	{"7z\xbc\xaf\x27\x1c", 6, "a 7-Zip archive", "which is not read; unpack it first"},
	{"\x7f"
	 "ELF",
		4, "a program", "not a capture"},
	{"%PDF", 4, "a PDF document", "not a capture"},
	{"\xff\xd8\xff", 3, "a JPEG picture", "not a capture"},
	{"\x89PNG", 4, "a PNG picture", "not a capture"},
	{"\xff\xfe", 2, "a text in UTF-16", "not a capture"},
};

static bool is_classic(uint32_t magic)
{
	return magic == 0xa1b2c3d4 || magic == 0xd4c3b2a1 || magic == 0xa1b23c4d || magic == 0x4d3cb2a1;
}

/* Variants of the classic format that libpcap knows: Kuznetzov's, Navtel's, Mesquita's, and the one of CBPF. */
static bool is_modified(uint32_t magic)
{
	static const uint32_t modified[] = {0xa1b2cd34, 0xa12b3c4d, 0xa1e2cb12, 0xa1b2c3cb};

	for (size_t i = 0; i < sizeof(modified) / sizeof(modified[0]); i++)
		if (magic == modified[i] || magic == __builtin_bswap32(modified[i]))
			return true;
	return false;
}

/* Only version 2.4 is read by us: older ones may have their length fields swapped, which libpcap knows how to judge. */
static bool is_version_2_4(const uint8_t *data, size_t size, bool big)
{
	return size < 8 || (load16(data + 4, big) == 2 && load16(data + 6, big) == 4);
}

const struct frame_format *magic_format(const uint8_t *data, size_t size)
{
	uint32_t magic;

	if (size < 4)
		return NULL;
	magic = load32(data, true);
	if (magic == 0x0a0d0d0a)
		return &format_pcapng;
	if (is_classic(magic) && is_version_2_4(data, size, magic >> 24 == 0xa1))
		return &format_pcap;
	if (is_classic(magic) || is_modified(magic))
		return &format_foreign;
	return NULL;
}

static bool all_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i])
			return false;
	return true;
}

static bool is_text(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && i < TEXT_LOOKED_AT; i++)
		if ((data[i] < 0x20 || data[i] > 0x7e) && !strchr("\t\r\n", data[i] ? data[i] : 1))
			return false;
	return true;
}

/* ERF has no magic: a time (seconds little-endian in its upper half), a type, flags, and the lengths of record and
 * frame. */
static bool is_erf(const uint8_t *data, size_t size)
{
	uint32_t seconds, type, record_size;

	if (size < 24)
		return false;
	seconds = load32(data + 4, false);
	type = data[8] & 0x7f;
	record_size = load16(data + 10, true);
	return seconds > YEAR_1995 && seconds < YEAR_2100 && type >= 1 && type <= 48 && record_size >= 24 &&
	       load16(data + 14, true) > 0 && record_size % 8 == 0;
}

static bool is_when(const uint8_t *year, uint32_t y)
{
	return y >= 1995 && y < 2100 && year[2] >= 1 && year[2] <= 12 && year[3] >= 1 && year[3] <= 31 && year[4] < 24 &&
	       year[5] < 60 && year[6] < 60;
}

/* CommView has no magic: the length of the frame (twice, and a version, in the old format), then year, month, day ... */
static bool is_commview(const uint8_t *data, size_t size)
{
	if (size < 24)
		return false;
	if (load16(data, false) == load16(data + 2, false) && data[4] == 0 && is_when(data + 5, load16(data + 5, false)))
		return true;
	return load16(data + 2, false) == 0 && is_when(data + 4, load16(data + 4, false));
}

/* "12:34:56.789012 IP ..." or "2026-01-31 12:34:56.789012 IP ...": what tcpdump prints without -w. */
static bool is_tcpdump_text(const uint8_t *data, size_t size)
{
	size_t at = size > 11 && data[4] == '-' && data[7] == '-' && data[10] == ' ' ? 11 : 0;

	return size >= at + 15 && data[at + 2] == ':' && data[at + 5] == ':' && data[at + 8] == '.' &&
	       is_text(data, size);
}

void magic_unknown(const uint8_t *data, size_t size, char *why, size_t why_size)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (size < known[i].size || memcmp(data, known[i].bytes, known[i].size) != 0)
			continue;
		snprintf(why, why_size, "is %s, %s", known[i].name, known[i].advice);
		return;
	}
	if (is_tcpdump_text(data, size))
		text_copy(why, why_size, "is what tcpdump prints, not a capture; capture with 'tcpdump -w FILE'");
	else if (is_erf(data, size))
		text_copy(why, why_size, "looks like an ERF file (Endace), " ADVICE_EDITCAP);
	else if (is_commview(data, size))
		text_copy(why, why_size, "looks like a CommView file (TamoSoft), " ADVICE_EDITCAP);
	else if (is_text(data, size))
		text_copy(why, why_size, "is a text, not a capture file");
	else if (all_zero(data, size))
		text_copy(
			why, why_size, "begins with zeros, as a file whose content was lost; it is not a capture file");
	else
		snprintf(why, why_size, "is not a capture file (it begins with %02x %02x %02x %02x)", data[0],
			size > 1 ? data[1] : 0, size > 2 ? data[2] : 0, size > 3 ? data[3] : 0);
}
