/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentences of slow-server, slow-client and slow-path, and how sure they are. */
#include "diagnose/slow_tell.h"

#include "base/text.h"
#include "base/when.h"
#include "diagnose/findings.h"

#define LONG_POLL_S 15.0     /* an answer so late is as likely held back on purpose as slow */
#define SOME_MIN 3	     /* slow ones, where the usual answer is quick */
#define BRISK_S 2.0	     /* up to there a user takes it for the page's weight, */
#define BRISK_TRIPS 20.0     /* where it does not stand out against the round trip */
#define RTT_SLOW_S 0.25	     /* past intercontinental round trips */
#define RTT_BAD_S 0.6	     /* past a satellite's: slow whatever else happens */

static const struct {
	const char *code;
	enum responsible responsible;
} blames[SLOW_CULPRITS] = {
	[SLOW_SERVER] = { "slow-server", RESPONSIBLE_SERVER },
	[SLOW_CLIENT] = { "slow-client", RESPONSIBLE_CLIENT },
	[SLOW_PATH] = { "slow-path", RESPONSIBLE_PATH },
};

static const char *place_text(const struct slow *w)
{
	if (w->near_client > w->near_server && 2 * w->near_client >= w->conversations)
		return "client";
	return w->near_server && 2 * w->near_server >= w->conversations ? "server" : NULL;
}

/* With what all three have in common; the service's name goes into `service`. */
static struct finding *open_for(struct diagnosis_context *x, const struct service_key *k, const struct slow *w,
	enum slow_culprit who, char service[SERVICE_TEXT_SIZE])
{
	struct subject subject = { .server = k->server, .port = k->port, .proto = 6 };
	const double parts[] = { w->sum.server_s, w->sum.client_s, w->sum.network_s };
	double all = parts[SLOW_SERVER] + parts[SLOW_CLIENT] + parts[SLOW_PATH];
	struct finding *f = finding_open(x, blames[who].code, &subject);
	const char *place = place_text(w);

	subject_service_text(&k->server, k->port, service);
	f->responsible = blames[who].responsible;
	tally_tell(&w->tally[who], f);
	f->of = w->conversations;
	finding_number(f, "share", all > 0 ? parts[who] / all : 0);
	finding_number(f, "p50_s", samples_median(&w->times[who]));
	finding_number(f, "p95_s", samples_percentile(&w->times[who], 95));
	finding_number(f, "server_s", w->sum.server_s);
	finding_number(f, "client_s", w->sum.client_s);
	finding_number(f, "network_s", w->sum.network_s);
	finding_text(f, "captured_near", place);
	return f;
}

/* After the rule's own sentence: the split, and from where it was seen. */
static void say_split(struct finding *f, const struct slow *w)
{
	const char *place = place_text(w);
	struct text t = { 0 };

	slow_split_say(&w->sum, &t);
	if (t.len)
		finding_detail(f, "%s", text_str(&t));
	text_free(&t);
	if (place)
		finding_detail(f, "Captured near the %s (the halves of the round trip say so); the way to the %s is taken off.",
			place, *place == 'c' ? "server" : "client");
}

static void tell_late_hellos(struct finding *f, const struct slow *w, const char *service, uint16_t port)
{
	char longest[WHEN_TEXT_SIZE];

	when_duration(w->hello_max_s, longest);
	finding_title(f, "%s leaves %llu of %llu TLS clients waiting for its ServerHello, up to %s", service,
		(unsigned long long)w->late_hellos, (unsigned long long)w->conversations, longest);
	finding_detail(f, "Its kernel accepts the connection and acknowledges the ClientHello at once; the program reads it only "
			  "then.");
	say_split(f, w);
	finding_cause(f, 0.6, "the program serves one connection (or a few workers' worth) at a time and is held up by another one",
		"a ServerHello needs no backend and takes milliseconds, as for the other clients");
	finding_cause(f, 0.25, "the server's machine or program stands still for that time (load, garbage collection, a lock)",
		"it would look the same from one client");
	finding_against(f, "the connection that holds the program up is not in this capture");
	finding_next(f, "Capture on the server: tcpdump -ni any 'tcp port %u' (is one connection open and silent all that time?)", port);
	finding_next(f, "On the server: ss -ltnp 'sport = :%u' (Recv-Q counts connections that wait to be accepted)", port);
}

void slow_tell_server(struct diagnosis_context *x, const struct service_key *k, const struct slow *w)
{
	char service[SERVICE_TEXT_SIZE], p50[WHEN_TEXT_SIZE], p95[WHEN_TEXT_SIZE];
	struct finding *f = open_for(x, k, w, SLOW_SERVER, service);
	double usual = samples_median(&w->times[SLOW_SERVER]);
	const struct service_state *known = context_service(x, &k->server, k->port, 6);
	bool some = usual < SLOW_THINK_S; /* not the usual ones */
	bool sure = w->slow[SLOW_SERVER] >= (some ? SOME_MIN : 2) || (!some && w->asks >= SOME_MIN) ||
		(!some && known && strcmp(known->service, "http") == 0);

	when_duration(usual, p50);
	when_duration(samples_percentile(&w->times[SLOW_SERVER], 95), p95);
	if (w->late_hellos >= SLOW_HELLOS_MIN) {
		tell_late_hellos(f, w, service, k->port);
		return;
	}
	if (!sure || usual >= LONG_POLL_S || (usual < BRISK_S && usual < BRISK_TRIPS * samples_median(&w->times[SLOW_PATH]))) {
		f->severity = SEVERITY_NOTE;
		f->confidence = 0.5;
		finding_against(f, sure && usual < BRISK_S ? "the path's own round trips are not much shorter" : usual >= LONG_POLL_S ? "an answer so late may be held back on purpose (long poll)" :
							  "one late answer may have been late for a reason of its own");
	}
	if (some)
		finding_title(f, "%s takes %s to the first byte of some answers (the median is %s)", service, p95, p50);
	else
		finding_title(f, "%s takes %s to the first byte of its answers (95th percentile %s)", service, p50, p95);
	say_split(f, w);
	finding_cause(f, 0.8, "the server's program or its backend is what takes the time",
		"requests are acknowledged at once, the answer comes much later; %.0f %% of the waiting",
		finding_fact_number(f, "share") * 100);
	finding_next(f, "Server: time of these requests in its own log; slow queries, locks, upstream calls");
}

void slow_tell_client(struct diagnosis_context *x, const struct service_key *k, const struct slow *w, bool preconnected)
{
	char service[SERVICE_TEXT_SIZE], p50[WHEN_TEXT_SIZE];
	struct finding *f = open_for(x, k, w, SLOW_CLIENT, service);

	when_duration(samples_median(&w->times[SLOW_CLIENT]), p50);
	finding_title(f, "Clients of %s are what takes the time: the server waits %s for them in a conversation", service, p50);
	if (preconnected) {
		f->severity = SEVERITY_NOTE;
		finding_against(f, "the client may have opened the connection in advance, as browsers do");
	}
	finding_detail(f, w->late == w->slow[SLOW_CLIENT] ?
				  "The connection is made at once, and the client begins late with its request." :
				  "The server has data to send and stands before the client's closed or full window, or waits for the "
				  "rest of a request.");
	say_split(f, w);
	finding_cause(f, 0.75, "the client's program reads (or sends) slowly: busy, blocked, or writing to a slow disk",
		"its kernel tells its window; no segment is lost meanwhile");
	finding_cause(f, 0.15, "the client holds back on purpose (a player with a full buffer, a rate limit)",
		"that looks the same from outside");
	finding_next(f, "On the client: ss -tnp (a Recv-Q that stays full shows the process); CPU, disk and locks of it");
}

void slow_tell_path(struct diagnosis_context *x, const struct service_key *k, const struct slow *w)
{
	char service[SERVICE_TEXT_SIZE], rtt[WHEN_TEXT_SIZE];
	struct finding *f = open_for(x, k, w, SLOW_PATH, service);
	double usual = samples_median(&w->times[SLOW_PATH]);

	when_duration(usual, rtt);
	if (usual < RTT_BAD_S && (w->slow[SLOW_PATH] < 2 || w->rtt_least_s < RTT_SLOW_S)) {
		f->severity = SEVERITY_NOTE;
		if (w->slow[SLOW_PATH] < 2)
			finding_against(f, "a single conversation");
		else
			finding_against(f, "some round trips of the same conversations take %.0f ms only", w->rtt_least_s * 1e3);
	}
	finding_title(f, "The round trip to %s takes %s, and conversations spend their time in round trips", service, rtt);
	say_split(f, w);
	finding_cause(f, 0.6, "distance or a slow access line", "every round trip takes %s, from the handshake on", rtt);
	finding_cause(f, 0.3, "full buffers on the path (bufferbloat)", "compare with a quiet hour");
	finding_next(f, "mtr -n to the server: at which hop does the time appear?");
	finding_next(f, "Fewer round trips: keep connections open, larger initial windows, a cache or server nearby");
}
