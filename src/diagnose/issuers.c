/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/issuers.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* Words in the issuers of inspection products. */
static const char *const products[] = { "Fortinet", "FortiGate", "Zscaler", "Palo Alto", "Blue Coat", "BlueCoat",
	"Symantec Web Security", "Forcepoint", "Websense", "Sophos", "Barracuda", "Cisco Umbrella", "Cisco Secure Web",
	"IronPort", "Netskope", "goskope", "McAfee Web", "Skyhigh", "iboss", "Untangle", "Smoothwall", "Lightspeed",
	"ContentKeeper", "Securly", "GoGuardian", "SonicWall", "WatchGuard", "Check Point", "Cato Networks", "Menlo Security",
	"Cloudflare for Teams", "Gateway CA - Cloudflare", "Cloudflare Gateway", "Kaspersky Anti-Virus", "Kaspersky Endpoint",
	"Avast Web", "AVG Web", "ESET SSL Filter", "Bitdefender Personal CA", "NetFilterSDK", "AdGuard", "Superfish",
	"mitmproxy", "Charles Proxy", "Fiddler", "DO_NOT_TRUST", "Burp", "PortSwigger", "OWASP Zed", "Proxyman", "Squid",
	"TLS Inspection", "SSL Inspection", "HTTPS Inspection", "SSL Decrypt", "TLS Decrypt", "TLS Intercept", "SSL Intercept",
	"SSL Forward Proxy", "Forward Trust" };

/* Words in the issuers of authorities in the programs of Mozilla, Microsoft and Apple, today's and earlier ones. */
static const char *const authorities[] = { "Let's Encrypt", "ISRG", "DigiCert", "Google Trust", "Google Internet Authority",
	"Sectigo", "COMODO", "USERTRUST", "AddTrust", "GlobalSign", "GoDaddy", "Starfield", "Amazon", "Entrust", "Microsoft",
	"Cloudflare", "Baltimore", "VeriSign", "Symantec Class", "Symantec Corporation", "thawte", "GeoTrust", "RapidSSL",
	"Equifax", "QuoVadis", "Certum", "Unizeto", "Buypass", "SSL.com", "SSL Corporation", "ZeroSSL", "Actalis", "SwissSign",
	"T-Systems", "Deutsche Telekom", "Telekom Security", "TeliaSonera", "Telia", "HARICA", "IdenTrust", "TrustCor",
	"Trustwave", "SecureTrust", "WoSign", "StartCom", "CNNIC", "TrustAsia", "GDCA", "Apple", "Gandi", "InCommon", "TERENA",
	"GEANT", "Network Solutions", "Cybertrust", "Verizon", "DFN-Verein", "D-TRUST", "Camerfirma", "FNMT", "Izenpe",
	"Chunghwa", "TAIWAN-CA", "TWCA", "SECOM", "JPRS", "Certigna", "Dhimyotis", "Keynectis", "OpenTrust", "Microsec", "NetLock",
	"Disig", "E-Tugra", "Hongkong Post", "Facebook", "Apple Inc", "AlphaSSL", "cPanel", "Akamai", "Trust Provider",
	"Nazwa", "Firmaprofesional", "Certinomis", "AffirmTrust", "Western Digital", "Tencent", "Alibaba", "WoTrus", "emSign",
	"eMudhra", "Naver", "Visa", "Wells Fargo", "UTN-", "ValiCert", "Soluciones", "vTrus", "iTrusChina", "CFCA" };

static const char *find(const char *const *words, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(text, words[i]))
			return words[i];
	return NULL;
}

const char *issuer_product(const char *issuer)
{
	return find(products, sizeof(products) / sizeof(*products), issuer);
}

bool issuer_is_public(const char *issuer)
{
	return !issuer_product(issuer) && find(authorities, sizeof(authorities) / sizeof(*authorities), issuer);
}

/* The value of one attribute; "" when it is not there. */
static void attribute(const char *issuer, const char *key, char *out, size_t size)
{
	size_t n = strlen(key);

	out[0] = '\0';
	for (const char *p = issuer; p && *p; p = strchr(p, ','), p = p ? p + 1 : NULL)
		if (strncmp(p, key, n) == 0) {
			text_copy_bytes(out, size, (const uint8_t *)p + n, strcspn(p + n, ","));
			return;
		}
}

static bool same_but_for_numbers(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

bool issuer_is_same_authority(const char *a, const char *b)
{
	char of_a[64], of_b[64];

	attribute(a, "O=", of_a, sizeof(of_a));
	attribute(b, "O=", of_b, sizeof(of_b));
	if (of_a[0] && of_b[0])
		return strcasecmp(of_a, of_b) == 0;
	return same_but_for_numbers(a, b);
}

static bool is_address(const char *host)
{
	return strchr(host, ':') || strspn(host, "0123456789.") == strlen(host);
}

/* "co.uk", "com.au", "gov.br": a short word below a country. */
static bool is_shared_suffix(const char *label, size_t n, const char *top)
{
	static const char *const words[] = { "co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go" };

	for (size_t i = 0; strlen(top) == 2 && i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == n && strncasecmp(label, words[i], n) == 0)
			return true;
	return false;
}

void name_owner(const char *host, char *out, size_t size)
{
	const char *ends[8], *top;
	int n = 0, owner;

	out[0] = '\0';
	if (is_address(host))
		return;
	for (const char *p = host; *p; p++)
		if (*p == '.') {
			if (n == 8)
				memmove(ends, ends + 1, sizeof(ends) - sizeof(ends[0])), n--;
			ends[n++] = p;
		}
	if (n == 0)
		return;
	top = ends[n - 1] + 1;
	owner = n - 1;
	if (owner > 0 && is_shared_suffix(ends[owner - 1] + 1, (size_t)(ends[owner] - ends[owner - 1] - 1), top))
		owner--;
	host = owner > 0 ? ends[owner - 1] + 1 : host;
	text_copy_bytes(out, size, (const uint8_t *)host, (size_t)(ends[owner] - host));
}
