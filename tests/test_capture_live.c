/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live capture on the loopback interface, where this user and machine allow it. */
#include "cmocka_all.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "base/when.h"
#include "capture_build.h"

#define PORT 40404

static struct options live_options(const char *interface, char *filter)
{
	return (struct options){.interface = interface, .filter = filter, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
}

static void send_datagram(const char *bytes)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sendto(fd, bytes, strlen(bytes), 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

/* The stream, or a skipped test. */
static struct capture_stream *open_live(const struct options *o)
{
	char error[512];
	struct capture_stream *s = capture_open(o, error, sizeof(error));

	if (s)
		return s;
	assert_null(strchr(error, '\n'));
	print_message("%s\n", error);
	skip();
	return NULL;
}

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Batches until one has frames, at most 5 s. */
static void next_frames(struct capture_stream *s, struct batch *b)
{
	int64_t clock_ns;

	for (int i = 0; i < 25; i++) {
		assert_int_equal(capture_next(s, b, &clock_ns), 1);
		if (b->count)
			return;
		assert_true(llabs(clock_ns - wall_ns()) < 5 * NS_PER_S);
	}
	fail_msg("nothing was captured");
}

static void assert_seen(const char *interface, const char *link_type)
{
	char filter[] = "udp dst port 40404";
	struct options o = live_options(interface, filter);
	struct capture_stream *s = open_live(&o);
	struct batch b;
	int64_t clock_ns;

	send_datagram("a datagram");
	next_frames(s, &b);
	assert_non_null(memmem(b.frames[0].data, b.frames[0].captured, "a datagram", 10));
	assert_true(llabs(b.frames[0].ts_ns - wall_ns()) < 10 * NS_PER_S);
	assert_int_equal(b.frames[0].number, 1);
	assert_string_equal(capture_source(s, 0)->format, "live");
	assert_string_equal(capture_source(s, 0)->link_type, link_type);
	assert_string_equal(capture_source(s, 0)->filter, filter);
	capture_stop(s);
	assert_int_equal(capture_next(s, &b, &clock_ns), 0);
	capture_close(s);
}

static void test_frames_of_loopback_are_seen(void **state)
{
	(void)state;
	assert_seen("lo", "ether");
}

static void test_any_tells_interfaces_apart(void **state)
{
	(void)state;
	assert_seen("any", "linux-sll2");
}

static void test_quiet_interface_lets_the_caller_look_after_timers(void **state)
{
	char filter[] = "udp dst port 40405 and ether host 02:00:00:00:00:01";
	struct options o = live_options("lo", filter);
	struct capture_stream *s = open_live(&o);
	int64_t before = wall_ns(), clock_ns;
	struct batch b;

	(void)state;
	assert_int_equal(capture_next(s, &b, &clock_ns), 1);
	assert_int_equal(b.count, 0);
	assert_true(clock_ns >= before && clock_ns - before < 5 * NS_PER_S);
	assert_true(capture_source(s, 0)->drops_known);
	capture_close(s);
}

static void test_interface_that_is_not_there_is_told(void **state)
{
	struct options o = live_options("nosuchif0", NULL);
	char error[512];

	(void)state;
	assert_null(capture_open(&o, error, sizeof(error)));
	assert_non_null(strstr(error, "nosuchif0: "));
}

static void test_bad_filter_is_told(void **state)
{
	char filter[] = "udp prot 5";
	struct options o = live_options("lo", filter);
	char error[512];

	(void)state;
	assert_null(capture_open(&o, error, sizeof(error)));
	if (!strstr(error, "CAP_NET_RAW"))
		assert_non_null(strstr(error, "the filter 'udp prot 5' is wrong"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_of_loopback_are_seen),
		cmocka_unit_test(test_any_tells_interfaces_apart),
		cmocka_unit_test(test_quiet_interface_lets_the_caller_look_after_timers),
		cmocka_unit_test(test_interface_that_is_not_there_is_told),
		cmocka_unit_test(test_bad_filter_is_told),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
