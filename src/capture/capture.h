/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures as a stream of batches of frames in time order: classic pcap and pcapng by our own block reader,
 * odd formats, live interfaces and filters by libpcap, compressed files by the libraries of their formats.
 *
 * Several files are one capture: frames are merged by time; equal times are ordered by the sources' first time, then
 * name, so the order of the arguments changes nothing.
 */
#ifndef PCAPDX_CAPTURE_CAPTURE_H
#define PCAPDX_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options;
struct keylog;

/* Times of frames lie between this and its negative, whatever a file claims: the year 2116, past all that 32 bits of
 * seconds can say. */
#define FRAME_TIME_MAX_NS (INT64_MAX / 2)

/* One frame. `data` is borrowed until the next capture_next. */
struct frame {
	const uint8_t *data;
	uint32_t captured;  /* bytes at data */
	uint32_t on_wire;   /* bytes of the frame on the wire */
	int64_t ts_ns;	    /* since 1970, as the source says */
	int64_t clock_ns;   /* highest ts_ns so far: the capture's clock never runs back */
	uint64_t number;    /* 1-based in its source, filtered frames counted */
	uint64_t order;	    /* 1, 2, 3, ... over all sources, of the frames that are given out */
	uint32_t link_type; /* LINKTYPE_* as in files (not libpcap's DLT_*) */
	uint16_t source;    /* index in capture_source */
	uint16_t interface; /* counted over all sections of a pcapng file; 0 elsewhere */
	uint16_t comment_size;
	const uint8_t *comment; /* first comment of the frame in pcapng, no NUL at its end; lent as `data` is */
};

#define BATCH_MAX 64 /* what is read of them together is still in the first-level cache when they are decoded */
#define CLOCK_JUMPS_KEPT 8

/* Borrowed until the next capture_next, as what the frames borrow. */
struct batch {
	const struct frame *frames;
	int count;
};

/* What is known of one source; grows while it is read. */
struct source {
	const char *name;	/* as given, "-" for stdin, the interface's name when live */
	const char *format;	/* "pcap", "pcap-ns", "pcapng", "live", ... */
	char link_type[32];	/* name; "mixed" when interfaces differ */
	char filter[256];	/* recorded capture filter (pcapng if_filter) or live filter; "" */
	char comment[256];	/* first section comment of pcapng; "" */
	char interfaces[128];	/* names recorded in pcapng, joined by ", "; "" */
	uint32_t snaplen;	/* smallest announced; 0: none */
	uint64_t frames, bytes; /* seen in the file: frames and their wire bytes */
	uint64_t cut_frames;	/* captured < on_wire */
	uint64_t short_frame;	/* the first of them; 0: none */
	int64_t short_ts_ns;	/* its time */
	int64_t first_ts_ns, last_ts_ns;
	uint64_t drops;
	bool drops_known;
	uint64_t clock_jumps, jump_frame; /* time before its predecessor's by more than CLOCK_JITTER_NS, or far after */
	uint64_t jump_frames[CLOCK_JUMPS_KEPT]; /* the first of them */
	int64_t jump_ts_ns[CLOCK_JUMPS_KEPT];	/* and their times */
	int64_t clock_jump_max_ns;	  /* largest, signed */
	bool cut_short;			  /* ends inside a record */
	bool damaged;			  /* a block or record made no sense; reading stopped there */
	char problem[200];		  /* sentence for cut_short, damaged or unreadable; "" */
	bool unreadable;		  /* could not be opened, though others could */
};

struct capture_stream;

/*
 * Opens all inputs of the options. NULL and a sentence in `error` when nothing can be read (2 is then the exit
 * status): missing file, directory without captures, no permission, 0 bytes, not a capture, a known format that is
 * not read (named), unknown link type, bad filter.
 */
struct capture_stream *capture_open(const struct options *o, char *error, size_t error_size);

/* Gives a batch of up to BATCH_MAX. 1: frames; 0: the end (count 0). A live capture returns 1 with count 0 after 200 ms without
 * frames, with *clock_ns set to the wall clock, so that the caller can look after its timers. */
int capture_next(struct capture_stream *c, struct batch *b, int64_t *clock_ns);

/* Asks a live or following capture to end; safe in a signal handler. */
void capture_stop(struct capture_stream *c);

int capture_source_count(const struct capture_stream *c);
const struct source *capture_source(const struct capture_stream *c, int i);
uint64_t capture_bytes_read(const struct capture_stream *c, uint64_t *total); /* progress; *total 0: unknown */

/* Decryption secrets (TLS key log text) and names found in pcapng blocks so far; NULL when none. Borrowed. */
const char *capture_secrets(const struct capture_stream *c);
/* Calls back for every address and name of pcapng name resolution blocks. */
void capture_names(
	const struct capture_stream *c, void (*name)(void *arg, const char *address, const char *name), void *arg);

void capture_close(struct capture_stream *c);

/* Prints the interfaces that can be captured on (-D). -1 and a sentence in `error` when libpcap cannot list them. */
int capture_list_interfaces(char *error, size_t error_size);

#endif
