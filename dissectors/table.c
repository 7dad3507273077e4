/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All dissectors. Where the bytes suit two of them equally well and neither port fits, the upper one gets them. */
#include "dissectors/dissector.h"

extern const struct dissector dissector_amqp;
extern const struct dissector dissector_dhcp;
extern const struct dissector dissector_dhcp6;
extern const struct dissector dissector_dns_tcp;
extern const struct dissector dissector_dns_udp;
extern const struct dissector dissector_dtls;
extern const struct dissector dissector_esp;
extern const struct dissector dissector_ftp;
extern const struct dissector dissector_http;
extern const struct dissector dissector_http2;
extern const struct dissector dissector_ike;
extern const struct dissector dissector_imap;
extern const struct dissector dissector_ldap;
extern const struct dissector dissector_mqtt;
extern const struct dissector dissector_mssql;
extern const struct dissector dissector_mysql;
extern const struct dissector dissector_nbns;
extern const struct dissector dissector_ntp;
extern const struct dissector dissector_openvpn;
extern const struct dissector dissector_pop3;
extern const struct dissector dissector_postgresql;
extern const struct dissector dissector_proxy_protocol;
extern const struct dissector dissector_rdp;
extern const struct dissector dissector_redis;
extern const struct dissector dissector_rtsp;
extern const struct dissector dissector_sip;
extern const struct dissector dissector_smb;
extern const struct dissector dissector_smtp;
extern const struct dissector dissector_snmp;
extern const struct dissector dissector_socks;
extern const struct dissector dissector_ssdp;
extern const struct dissector dissector_ssh;
extern const struct dissector dissector_stun;
extern const struct dissector dissector_syslog;
extern const struct dissector dissector_tinc;
extern const struct dissector dissector_quic;
extern const struct dissector dissector_tls;
extern const struct dissector dissector_vnc;
extern const struct dissector dissector_wireguard;
extern const struct dissector dissector_xmpp;

const struct dissector *const dissector_table[] = {
	&dissector_tls,
	&dissector_dtls,
	&dissector_quic,
	&dissector_http,
	&dissector_http2,
	&dissector_ftp,
	&dissector_smtp,
	&dissector_pop3,
	&dissector_imap,
	&dissector_stun,
	&dissector_dns_tcp,
	&dissector_dns_udp,
	&dissector_dhcp,
	&dissector_dhcp6,
	&dissector_socks,
	&dissector_proxy_protocol,
	&dissector_ssh,
	&dissector_tinc,
	&dissector_wireguard,
	&dissector_openvpn,
	&dissector_ike,
	&dissector_esp,
	&dissector_postgresql,
	&dissector_ldap,
	&dissector_mysql,
	&dissector_amqp,
	&dissector_mqtt,
	&dissector_mssql,
	&dissector_rdp,
	&dissector_redis,
	&dissector_rtsp,
	&dissector_sip,
	&dissector_smb,
	&dissector_vnc,
	&dissector_xmpp,
	&dissector_ntp,
	&dissector_snmp,
	&dissector_ssdp,
	&dissector_syslog,
	&dissector_nbns,
	NULL,
};
