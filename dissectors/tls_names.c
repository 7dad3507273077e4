/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the numbers of TLS (IANA registries of RFC 8446, RFC 8447, RFC 9325); the cipher suites are in tls_ciphers.c. */
#include "dissectors/tls_names.h"

#include <stddef.h>

#include "record/record.h"

struct name_row {
	uint16_t number;
	const char *name;
};

static const struct name_row alerts[] = {
	{ 0, "close_notify" },
	{ 1, "end_of_early_data" },
	{ 10, "unexpected_message" },
	{ 20, "bad_record_mac" },
	{ 21, "decryption_failed" },
	{ 22, "record_overflow" },
	{ 30, "decompression_failure" },
	{ 40, "handshake_failure" },
	{ 41, "no_certificate" },
	{ 42, "bad_certificate" },
	{ 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" },
	{ 45, "certificate_expired" },
	{ 46, "certificate_unknown" },
	{ 47, "illegal_parameter" },
	{ 48, "unknown_ca" },
	{ 49, "access_denied" },
	{ 50, "decode_error" },
	{ 51, "decrypt_error" },
	{ 52, "too_many_cids_requested" },
	{ 60, "export_restriction" },
	{ 70, "protocol_version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 86, "inappropriate_fallback" },
	{ 90, "user_canceled" },
	{ 100, "no_renegotiation" },
	{ 109, "missing_extension" },
	{ 110, "unsupported_extension" },
	{ 111, "certificate_unobtainable" },
	{ 112, "unrecognized_name" },
	{ 113, "bad_certificate_status_response" },
	{ 114, "bad_certificate_hash_value" },
	{ 115, "unknown_psk_identity" },
	{ 116, "certificate_required" },
	{ 117, "general_error" },
	{ 120, "no_application_protocol" },
	{ 121, "ech_required" },
};

static const struct name_row versions[] = {
	{ 0x0002, "SSL 2.0" },
	{ 0x0300, "SSL 3.0" },
	{ 0x0301, "TLS 1.0" },
	{ 0x0302, "TLS 1.1" },
	{ 0x0303, "TLS 1.2" },
	{ 0x0304, "TLS 1.3" },
	{ 0x0100, "DTLS 1.0 (OpenSSL before 0.9.8f)" },
	{ 0xfeff, "DTLS 1.0" },
	{ 0xfefd, "DTLS 1.2" },
	{ 0xfefc, "DTLS 1.3" },
};

static const struct name_row groups[] = {
	{ 0x0001, "sect163k1" },
	{ 0x0003, "sect163r2" },
	{ 0x0006, "sect233k1" },
	{ 0x0007, "sect233r1" },
	{ 0x0009, "sect283k1" },
	{ 0x000a, "sect283r1" },
	{ 0x000b, "sect409k1" },
	{ 0x000c, "sect409r1" },
	{ 0x000d, "sect571k1" },
	{ 0x000e, "sect571r1" },
	{ 0x000f, "secp160k1" },
	{ 0x0010, "secp160r1" },
	{ 0x0011, "secp160r2" },
	{ 0x0012, "secp192k1" },
	{ 0x0013, "secp192r1" },
	{ 0x0014, "secp224k1" },
	{ 0x0015, "secp224r1" },
	{ 0x0016, "secp256k1" },
	{ 0x0017, "secp256r1" },
	{ 0x0018, "secp384r1" },
	{ 0x0019, "secp521r1" },
	{ 0x001a, "brainpoolP256r1" },
	{ 0x001b, "brainpoolP384r1" },
	{ 0x001c, "brainpoolP512r1" },
	{ 0x001d, "x25519" },
	{ 0x001e, "x448" },
	{ 0x001f, "brainpoolP256r1tls13" },
	{ 0x0020, "brainpoolP384r1tls13" },
	{ 0x0021, "brainpoolP512r1tls13" },
	{ 0x0029, "curveSM2" },
	{ 0x0100, "ffdhe2048" },
	{ 0x0101, "ffdhe3072" },
	{ 0x0102, "ffdhe4096" },
	{ 0x0103, "ffdhe6144" },
	{ 0x0104, "ffdhe8192" },
	{ 0x0200, "MLKEM512" },
	{ 0x0201, "MLKEM768" },
	{ 0x0202, "MLKEM1024" },
	{ 0x11eb, "SecP256r1MLKEM768" },
	{ 0x11ec, "X25519MLKEM768" },
	{ 0x11ed, "SecP384r1MLKEM1024" },
	{ 0x6399, "X25519Kyber768Draft00" },
	{ 0xff01, "arbitrary_explicit_prime_curves" },
	{ 0xff02, "arbitrary_explicit_char2_curves" },
};

static const struct name_row signatures[] = {
	{ 0x0101, "rsa_pkcs1_md5" },
	{ 0x0201, "rsa_pkcs1_sha1" },
	{ 0x0202, "dsa_sha1" },
	{ 0x0203, "ecdsa_sha1" },
	{ 0x0401, "rsa_pkcs1_sha256" },
	{ 0x0403, "ecdsa_secp256r1_sha256" },
	{ 0x0501, "rsa_pkcs1_sha384" },
	{ 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0601, "rsa_pkcs1_sha512" },
	{ 0x0603, "ecdsa_secp521r1_sha512" },
	{ 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0805, "rsa_pss_rsae_sha384" },
	{ 0x0806, "rsa_pss_rsae_sha512" },
	{ 0x0807, "ed25519" },
	{ 0x0808, "ed448" },
	{ 0x0809, "rsa_pss_pss_sha256" },
	{ 0x080a, "rsa_pss_pss_sha384" },
	{ 0x080b, "rsa_pss_pss_sha512" },
};

static const char *const stages[TLS_STAGES] = {
	[TLS_NOTHING] = "nothing",
	[TLS_CLIENT_HELLO] = "ClientHello",
	[TLS_HELLO_RETRY] = "HelloRetryRequest",
	[TLS_SERVER_HELLO] = "ServerHello",
	[TLS_CERTIFICATE] = "Certificate",
	[TLS_CERTIFICATE_REQUEST] = "CertificateRequest",
	[TLS_SERVER_HELLO_DONE] = "ServerHelloDone",
	[TLS_CLIENT_CERTIFICATE] = "client Certificate",
	[TLS_CLIENT_KEY_EXCHANGE] = "ClientKeyExchange",
	[TLS_CLIENT_FINISHED] = "client Finished",
	[TLS_SERVER_FINISHED] = "server Finished",
	[TLS_ESTABLISHED] = "established",
};

static const char *find(const struct name_row *rows, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].number == number)
			return rows[i].name;
	return NULL;
}

#define FIND(rows, number) find(rows, sizeof(rows) / sizeof(rows[0]), number)

const char *tls_alert_name(uint8_t code)
{
	return FIND(alerts, code);
}

const char *tls_version_name(uint16_t version)
{
	if (version >> 8 == 0x7f)
		return "TLS 1.3 (draft)";
	return FIND(versions, version);
}

const char *tls_group_name(uint16_t group)
{
	return FIND(groups, group);
}

const char *tls_signature_name(uint16_t scheme)
{
	return FIND(signatures, scheme);
}

const char *tls_stage_name(uint8_t stage)
{
	return stage < TLS_STAGES ? stages[stage] : NULL;
}

bool tls_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

bool tls_version_is_13(uint16_t version)
{
	return version == 0x0304 || version == 0xfefc || version >> 8 == 0x7f;
}

bool tls_version_is_old(uint16_t version)
{
	if (version >> 8 == 0xfe)
		return version > 0xfefd;
	return version && version < 0x0303;
}
