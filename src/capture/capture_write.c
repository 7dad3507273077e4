/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes captures; turns a classic file into pcapng when a frame comes that classic pcap cannot hold. */
#include "capture/capture_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "capture/capture.h"
#include "capture/file_replace.h"
#include "capture/frame_encode.h"

#define INTERFACES_MAX 65536 /* past it the oldest is described anew when it comes again */

struct interface_key {
	uint32_t link_type;
	uint16_t source, interface;
};

struct capture_writer {
	struct file_replace out;
	struct text bytes; /* of the frame at hand */
	bool pcapng, begun, needs_pcapng;
	uint32_t link_type;	    /* of a classic file */
	struct interface_key first; /* whose frames a classic file holds, when it becomes pcapng */
	char *first_name;
	struct table interfaces; /* struct interface_key -> number + 1, of a pcapng file */
	uint32_t interface_count;
};

static bool named_pcapng(const char *path)
{
	size_t n = strlen(path);

	return n >= 7 && strcasecmp(path + n - 7, ".pcapng") == 0;
}

struct capture_writer *capture_write_open(const char *path, bool pcapng, char *error, size_t error_size)
{
	struct capture_writer *w = xcalloc(1, sizeof(*w));

	w->pcapng = pcapng || named_pcapng(path);
	table_init(&w->interfaces, sizeof(struct interface_key), sizeof(uint32_t), INTERFACES_MAX);
	if (file_replace_open(&w->out, path))
		return w;
	snprintf(error, error_size, "%s cannot be written: %s", path, strerror(w->out.failed));
	capture_write_discard(w);
	return NULL;
}

static void flush(struct capture_writer *w)
{
	file_replace_write(&w->out, w->bytes.s, w->bytes.len);
	text_clear(&w->bytes);
}

static void begin_pcapng(struct capture_writer *w)
{
	if (!w->begun)
		encode_section(&w->bytes);
	w->begun = true;
}

void capture_write_secrets(struct capture_writer *w, const char *key_log)
{
	if (!w->pcapng || !key_log || !key_log[0])
		return;
	begin_pcapng(w);
	encode_secrets(&w->bytes, key_log);
	flush(w);
}

static uint32_t interface_number(struct capture_writer *w, const struct interface_key *key, const char *name)
{
	uint32_t *number = table_add(&w->interfaces, key);

	if (!*number) {
		encode_interface(&w->bytes, key->link_type, name);
		*number = ++w->interface_count;
	}
	return *number - 1;
}

static void write_pcapng(struct capture_writer *w, const struct frame *f, const struct interface_key *key,
	const char *name, const char *comment)
{
	uint32_t number;

	begin_pcapng(w);
	number = interface_number(w, key, name);
	encode_packet(&w->bytes, number, f, comment);
	flush(w);
}

/* Writes the frames of the classic file `old` anew; false when it cannot be read back. */
static bool copy_frames(struct capture_writer *w, FILE *old)
{
	uint8_t header[PCAP_RECORD_SIZE], *data = NULL;
	struct frame f;
	bool good = true;

	if (fseek(old, PCAP_HEADER_SIZE, SEEK_SET) != 0)
		return false;
	while (good && fread(header, sizeof(header), 1, old) == 1) {
		encode_pcap_reread(header, &f);
		data = xrealloc(data, f.captured);
		f.data = data;
		good = !f.captured || fread(data, f.captured, 1, old) == 1;
		if (good)
			write_pcapng(w, &f, &w->first, w->first_name, NULL);
	}
	free(data);
	return good && !ferror(old);
}

/* Starts over in pcapng with what was written so far. */
static void become_pcapng(struct capture_writer *w)
{
	struct file_replace old = w->out;

	if (!old.made) { /* a pipe cannot be taken back */
		w->needs_pcapng = true;
		w->out.failed = EINVAL;
		return;
	}
	w->pcapng = true;
	w->begun = false;
	if (file_replace_open(&w->out, old.path) && (fflush(old.file) != 0 || !copy_frames(w, old.file)))
		w->out.failed = errno ? errno : EIO;
	file_replace_discard(&old);
}

static bool fits_classic(const struct capture_writer *w, const struct frame *f)
{
	return encode_fits_pcap(f) && (!w->begun || w->link_type == f->link_type);
}

static void write_classic(
	struct capture_writer *w, const struct frame *f, const struct interface_key *key, const char *name)
{
	if (!w->begun) {
		w->begun = true;
		w->link_type = f->link_type;
		w->first = *key;
		w->first_name = name ? xstrdup(name) : NULL;
		encode_pcap_header(&w->bytes, f->link_type);
	}
	encode_pcap_record(&w->bytes, f);
	flush(w);
}

bool capture_write_frame(struct capture_writer *w, const struct frame *f, const char *interface, const char *comment)
{
	struct interface_key key = {f->link_type, f->source, f->interface};

	if (w->out.failed)
		return false;
	if (!w->pcapng && !fits_classic(w, f)) {
		if (w->begun)
			become_pcapng(w);
		else
			w->pcapng = true;
	}
	if (w->out.failed)
		return false;
	if (w->pcapng)
		write_pcapng(w, f, &key, interface, comment);
	else
		write_classic(w, f, &key, interface);
	return !w->out.failed;
}

static void free_writer(struct capture_writer *w)
{
	table_free(&w->interfaces);
	text_free(&w->bytes);
	free(w->first_name);
	free(w);
}

bool capture_write_close(struct capture_writer *w, char *error, size_t error_size)
{
	char *path = xstrdup(w->out.path);
	bool good;

	if (!w->begun) { /* no frames: a header all the same, so that the file is one */
		if (w->pcapng)
			begin_pcapng(w);
		else
			encode_pcap_header(&w->bytes, 1);
		flush(w);
	}
	good = file_replace_close(&w->out);
	if (!good && w->needs_pcapng)
		snprintf(error, error_size, "%s: frames of several link types need a name that ends in .pcapng", path);
	else if (!good)
		snprintf(error, error_size, "%s cannot be written: %s", path, strerror(w->out.failed));
	free(path);
	free_writer(w);
	return good;
}

void capture_write_discard(struct capture_writer *w)
{
	if (!w)
		return;
	file_replace_discard(&w->out);
	free_writer(w);
}
