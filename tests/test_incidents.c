/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings into incidents: each joins the one that is about its own service and pair of hosts. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"
#include "diagnose/findings.h"

#define LIMIT 16

static struct finding *add(struct diagnosis_context *x, const char *code, const char *client, const char *server, uint16_t port)
{
	struct result *r = x->result;
	struct finding *f = xcalloc(1, sizeof(*f));

	if (!r->findings)
		r->findings = xcalloc(LIMIT, sizeof(struct finding *));
	assert_true(r->finding_count < LIMIT);
	assert_non_null(catalogue_summary(code));
	r->findings[r->finding_count++] = f;
	f->code = code;
	f->severity = catalogue_severity(code);
	f->title = xstrdup(code);
	f->count = 1;
	f->subject.port = port;
	f->subject.proto = 6;
	if (client)
		assert_true(addr_parse(client, &f->subject.client));
	assert_true(addr_parse(server, &f->subject.server));
	return f;
}

static int set_up(void **state)
{
	struct diagnosis_context *x = xcalloc(1, sizeof(*x));

	x->result = xcalloc(1, sizeof(*x->result));
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct diagnosis_context *x = *state;

	result_free(x->result);
	free(x);
	return 0;
}

/* The incident that holds it; -1: none. Nothing is part of two. */
static int incident_of(const struct diagnosis_context *x, const struct finding *f)
{
	int at = -1;

	for (int i = 0; i < x->result->diagnosis_count; i++)
		for (int k = 0; k < x->result->diagnoses[i]->finding_count; k++)
			if (x->result->diagnoses[i]->findings[k] == f) {
				assert_int_equal(at, -1);
				at = i;
			}
	return at;
}

static void assert_incidents(const struct diagnosis_context *x, int count)
{
	assert_int_equal(x->result->diagnosis_count, count);
}

static void test_retries_join_the_incident_of_their_port(void **state)
{
	struct diagnosis_context *x = *state;

	add(x, "rst-after-client-hello", "2001:db8:1::10", "2001:db8:2::20", 8443);
	add(x, "tcp-refused", "2001:db8:1::10", "2001:db8:2::20", 81);

	struct finding *of_81 = add(x, "client-retries", "2001:db8:1::10", "2001:db8:2::20", 81);
	struct finding *of_8443 = add(x, "client-retries", "2001:db8:1::10", "2001:db8:2::20", 8443);

	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, of_8443), 0);
	assert_int_equal(incident_of(x, of_81), 1);
}

static void test_retries_join_the_incident_of_their_client(void **state)
{
	struct diagnosis_context *x = *state;

	add(x, "tcp-refused", "192.0.2.10", "198.51.100.20", 81);
	add(x, "tcp-no-answer", "192.0.2.11", "198.51.100.20", 81);

	struct finding *of_11 = add(x, "client-retries", "192.0.2.11", "198.51.100.20", 81);
	struct finding *of_10 = add(x, "client-retries", "192.0.2.10", "198.51.100.20", 81);

	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, of_10), 0);
	assert_int_equal(incident_of(x, of_11), 1);
}

static void test_retries_of_another_port_stay_with_the_only_incident(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *retries;

	add(x, "rst-after-client-hello", "192.0.2.10", "198.51.100.20", 8443);
	retries = add(x, "client-retries", "192.0.2.10", "198.51.100.20", 81);
	incidents_make(x);
	assert_incidents(x, 1);
	assert_int_equal(incident_of(x, retries), 0);
}

/* The refused port of a second address is the same incident; so are the attempts there. */
static void test_retries_follow_what_has_joined_already(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *second, *retries;

	text_copy(add(x, "tcp-refused", "192.0.2.10", "198.51.100.20", 8443)->subject.name, 8, "a.test");
	second = add(x, "tcp-refused", "2001:db8:1::10", "2001:db8:2::20", 8443);
	text_copy(second->subject.name, 8, "a.test");
	retries = add(x, "client-retries", "2001:db8:1::10", "2001:db8:2::20", 8443);
	incidents_make(x);
	assert_incidents(x, 1);
	assert_int_equal(incident_of(x, second), 0);
	assert_int_equal(incident_of(x, retries), 0);
}

static void test_timer_and_gateway_join_their_port(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *timer, *gateway;

	add(x, "tls-certificate-rejected", "192.0.2.10", "198.51.100.20", 443);
	add(x, "rst-after-client-hello", "192.0.2.10", "198.51.100.20", 8443);
	timer = add(x, "rst-timer", NULL, "198.51.100.20", 8443);
	gateway = add(x, "gateway-in-failing-path", NULL, "198.51.100.20", 8443);
	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, timer), 1);
	assert_int_equal(incident_of(x, gateway), 1);
}

/* The redirect sends to the other port: it explains the incident there. */
static void test_a_redirect_joins_the_port_it_sends_to(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *redirect;

	add(x, "rst-after-client-hello", "192.0.2.10", "198.51.100.20", 443);
	add(x, "slow-server", NULL, "198.51.100.20", 80);
	redirect = add(x, "https-redirect", NULL, "198.51.100.20", 80);
	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, redirect), 0);
}

static void test_port_use_stays_together(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *held, *keep_alive;

	held = add(x, "time-wait-accumulation", NULL, "198.51.100.30", 0);
	held->subject.host = add(x, "tcp-refused", "192.0.2.10", "198.51.100.20", 80)->subject.client;
	keep_alive = add(x, "no-keep-alive", "192.0.2.10", "198.51.100.20", 80);
	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, keep_alive), incident_of(x, held));
}

/* What a balancer cannot reach, and what its clients see of that, whichever is told first; another client's is not it. */
static void test_a_balancer_and_its_clients_are_one_incident(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *behind = add(x, "tcp-no-answer", "198.51.100.30", "198.51.100.20", 443);
	struct finding *before = add(x, "tls-closed-after-client-hello", "192.0.2.10", "198.51.100.30", 443);
	struct finding *other = add(x, "tcp-refused", "192.0.2.11", "198.51.100.40", 443);

	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, behind), incident_of(x, before));
	assert_int_not_equal(incident_of(x, behind), incident_of(x, other));
}

/* Findings of the same gravity stand in order of their counts. */
static void test_a_limit_leads_whoever_it_cuts_off(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *other = add(x, "tcp-no-answer", "192.0.2.11", "198.51.100.20", 21);
	struct finding *limit = add(x, "connection-limit-block", "192.0.2.10", "198.51.100.20", 21);
	struct finding *churn = add(x, "ftp-passive-churn", "192.0.2.10", "198.51.100.20", 21);

	other->subject.port = 80;
	limit->first_ts_ns = 1000;
	limit->last_ts_ns = other->first_ts_ns = 5000;
	incidents_make(x);
	assert_incidents(x, 1);
	assert_int_equal(incident_of(x, other), 0);
	assert_int_equal(incident_of(x, churn), 0);
	assert_ptr_equal(x->result->diagnoses[0]->findings[0], limit);
}

static void test_who_was_cut_off_before_the_limit_is_another_incident(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *limit = add(x, "connection-limit-block", "192.0.2.10", "198.51.100.20", 21);
	struct finding *other = add(x, "tcp-no-answer", "192.0.2.11", "198.51.100.20", 21);

	limit->first_ts_ns = 1000;
	limit->last_ts_ns = 5000;
	other->first_ts_ns = 500;
	incidents_make(x);
	assert_incidents(x, 2);
}

static void test_refusals_of_a_proxy_are_incidents_of_their_own(void **state)
{
	struct diagnosis_context *x = *state;

	add(x, "proxy-auth-required", "192.0.2.10", "198.51.100.30", 1080);
	add(x, "proxy-unreachable", "192.0.2.10", "198.51.100.30", 1080);
	incidents_make(x);
	assert_incidents(x, 2);
}

/* The authority that the client refuses is the one that signs for everybody. */
static void test_a_refused_certificate_joins_its_interception(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *refused = add(x, "tls-certificate-rejected", "192.0.2.10", "198.51.100.20", 443);
	struct finding *other = add(x, "tls-certificate-rejected", "192.0.2.10", "198.51.100.21", 443);
	struct finding *box = add(x, "tls-interception", NULL, "0.0.0.0", 0);

	finding_text(refused, "issuer", "CN=Web Gateway");
	finding_text(other, "issuer", "CN=Another");
	finding_text(box, "issuer", "CN=Web Gateway");
	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, box), incident_of(x, refused));
	assert_int_not_equal(incident_of(x, box), incident_of(x, other));
	assert_string_equal(x->result->diagnoses[incident_of(x, box)]->findings[0]->code, "tls-interception");
}

static void test_tunnels_of_two_protocols_are_two_incidents(void **state)
{
	struct diagnosis_context *x = *state;
	struct finding *tinc, *restart, *wireguard;

	tinc = add(x, "tunnel-stuck", "192.0.2.10", "198.51.100.20", 655);
	wireguard = add(x, "tunnel-no-answer", "192.0.2.10", "198.51.100.30", 51820);
	restart = add(x, "tunnel-peer-restarted", "192.0.2.10", "198.51.100.20", 655);
	finding_text(tinc, "protocol", "tinc");
	finding_text(restart, "protocol", "tinc");
	finding_text(wireguard, "protocol", "WireGuard");
	incidents_make(x);
	assert_incidents(x, 2);
	assert_int_equal(incident_of(x, restart), incident_of(x, tinc));
	assert_int_not_equal(incident_of(x, wireguard), incident_of(x, tinc));
}

#define INCIDENT_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INCIDENT_TEST(test_retries_join_the_incident_of_their_port),
		INCIDENT_TEST(test_retries_join_the_incident_of_their_client),
		INCIDENT_TEST(test_retries_of_another_port_stay_with_the_only_incident),
		INCIDENT_TEST(test_retries_follow_what_has_joined_already),
		INCIDENT_TEST(test_timer_and_gateway_join_their_port),
		INCIDENT_TEST(test_a_redirect_joins_the_port_it_sends_to),
		INCIDENT_TEST(test_port_use_stays_together),
		INCIDENT_TEST(test_a_balancer_and_its_clients_are_one_incident),
		INCIDENT_TEST(test_a_limit_leads_whoever_it_cuts_off),
		INCIDENT_TEST(test_who_was_cut_off_before_the_limit_is_another_incident),
		INCIDENT_TEST(test_refusals_of_a_proxy_are_incidents_of_their_own),
		INCIDENT_TEST(test_a_refused_certificate_joins_its_interception),
		INCIDENT_TEST(test_tunnels_of_two_protocols_are_two_incidents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
