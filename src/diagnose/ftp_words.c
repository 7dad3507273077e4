/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/ftp_words.h"

#include "diagnose/findings.h"

void ftp_words_login(struct finding *f, const struct ftp_failure *v)
{
	char service[SERVICE_TEXT_SIZE];

	subject_service_text(&f->subject.server, f->subject.port, service);
	f->responsible = RESPONSIBLE_CLIENT;
	finding_text(f, "user", v->user);
	finding_title(f, "FTP logins of %s at %s fail (%llu)", v->user[0] ? v->user : "a user", service,
		(unsigned long long)v->tally.count);
	finding_cause(f, 0.8, "wrong user or password, or the user may not log in", "530 %s", v->message);
	finding_next(f, "Try the login by hand (lftp -u USER ftp://%s); the server's log says why", service);
}

/* What was seen of the data connections. */
static const char *what_was_seen(const struct ftp_failure *v)
{
	if (v->refused)
		return v->rejected || v->unanswered ? "the announced port refuses the connection, or does not answer" :
						      "the announced port refuses the connection (RST)";
	if (v->rejected)
		return "the connection to the announced port is rejected by ICMP";
	if (v->unanswered)
		return "SYNs to the announced port stay unanswered";
	if (v->unseen)
		return "no connection to the announced port is in this capture";
	return "the control connection works, the announced port does not";
}

static void explain_connections(struct finding *f, const struct ftp_failure *v)
{
	bool active = v->active && !v->passive, passive = v->passive && !v->active;

	if (active || passive)
		finding_detail(f, "%s, and %s.", active ? "Active mode: the server connects to the client" :
							   "Passive mode: the client connects to the server", what_was_seen(v));
	finding_cause(f, 0.7, active ? "the client's firewall, or one or NAT before it, does not let the server in" :
				       "a firewall or NAT does not let the data connection through",
		"%s", what_was_seen(v));
	if (active) {
		finding_next(f, "Use passive mode (PASV, EPSV): then the client opens the data connections, too");
		finding_next(f, "Or let the server in: the client's firewall, and one before it that follows FTP (it cannot with "
				"TLS); with NAT, does PORT or EPRT name an address that the server can reach?");
		return;
	}
	finding_next(f, passive ? "Open the server's passive port range in the firewall before it, and set one in the server" :
				  "Passive mode: open the server's passive port range; active mode: the client must be reachable");
	finding_next(f, "With NAT: does the announced address (227) belong to the server as seen from outside?");
}

/* 500 and 501 are what servers say of the address in PORT or EPRT; 502, 504, 522 and 550 of the command. */
static bool is_about_address(const struct ftp_refusal *r)
{
	return r->code == 500 || r->code == 501;
}

static bool names_another(const struct ftp_refusal *r)
{
	return addr_is_set(&r->named) && !addr_equal(&r->named, &r->client);
}

static void explain_active(struct finding *f, const struct ftp_refusal *r)
{
	char named[ADDR_TEXT_SIZE], client[ADDR_TEXT_SIZE];
	bool address = is_about_address(r);

	addr_text(&r->named, named);
	addr_text(&r->client, client);
	if (names_another(r)) {
		finding_cause(f, 0.85, "NAT between client and server translates addresses, but not those in PORT and EPRT",
			"%s names %s, and the server sees the client as %s: it opens no connection to a third party (RFC 2577)",
			r->command, named, client);
		return;
	}
	if (!address)
		finding_cause(f, 0.7, "the server does not allow active mode", "%u is about the command", r->code);
	finding_cause(f, address ? 0.5 : 0.2,
		"NAT behind the capture point translates the client's address, but not the one in PORT and EPRT",
		"here %s names the client's own address; a server that sees another one refuses it, as a protection against the "
		"bounce attack (RFC 2577)", r->command);
	if (address)
		finding_cause(f, 0.4, "the server does not allow active mode", "some say so with the same code");
}

static void explain_refusals(struct finding *f, const struct ftp_failure *v)
{
	const struct ftp_refusal *r = &v->first_refusal;
	bool active = ftp_is_active(r->command);

	finding_detail(f, "%s mode: the server answers %s with \"%u %s\", and no data connection is tried.", active ? "Active" : "Passive",
		r->command, r->code, r->message);
	if (v->fell_back) {
		finding_detail(f, "The client gets through later, on another connection: what is lost is time.");
		finding_against(f, "a data connection was agreed on afterwards");
	}
	f->responsible = names_another(r) || (active && is_about_address(r)) ? RESPONSIBLE_PATH : RESPONSIBLE_SERVER;
	if (!active) {
		finding_cause(f, 0.7, "passive mode is switched off at the server", "%s is answered with %u", r->command, r->code);
		finding_next(f, "Switch passive mode on at the server (vsftpd: pasv_enable=YES), with a range of ports that its "
				"firewall lets in");
		return;
	}
	explain_active(f, r);
	finding_next(f, "Use passive mode (lftp: set ftp:passive-mode yes; curl without -P): then the client opens the data "
			"connections, too");
	finding_next(f, "Or let the NAT device follow FTP (Linux: nf_conntrack_ftp and nf_nat_ftp, bound to that port); it cannot "
			"where the control connection is encrypted");
	finding_next(f, "Leave the server's check of the address on (vsftpd: port_promiscuous=NO); is active mode allowed there "
			"(port_enable)?");
}

void ftp_words_data(struct finding *f, const struct ftp_failure *v)
{
	char service[SERVICE_TEXT_SIZE];

	subject_service_text(&f->subject.server, f->subject.port, service);
	f->responsible = RESPONSIBLE_PATH;
	finding_title(f, "FTP data connections of %s fail (%llu): %s", service, (unsigned long long)v->tally.count, v->message);
	if (v->refusals)
		explain_refusals(f, v);
	if (v->refusals < v->tally.count)
		explain_connections(f, v);
	if (v->fell_back && v->refusals == v->tally.count)
		f->severity = SEVERITY_WARNING; /* it works, later */
}
