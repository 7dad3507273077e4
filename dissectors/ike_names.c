/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of IKE's exchanges and error notifications. */
#include "dissectors/ike_names.h"

#include <stddef.h>

struct name {
	uint16_t number;
	const char *name;
};

static const struct name exchanges_v1[] = {
	{1, "base"},
	{2, "main mode"},
	{3, "authentication only"},
	{4, "aggressive mode"},
	{5, "informational"},
	{6, "transaction"},
	{32, "quick mode"},
	{33, "new group mode"},
	{0, NULL},
};

static const struct name exchanges_v2[] = {
	{34, "IKE_SA_INIT"},
	{35, "IKE_AUTH"},
	{36, "CREATE_CHILD_SA"},
	{37, "INFORMATIONAL"},
	{38, "IKE_SESSION_RESUME"},
	{43, "IKE_INTERMEDIATE"},
	{44, "IKE_FOLLOWUP_KE"},
	{0, NULL},
};

static const struct name notifies_v1[] = {
	{1, "INVALID-PAYLOAD-TYPE"},
	{4, "INVALID-COOKIE"},
	{5, "INVALID-MAJOR-VERSION"},
	{7, "INVALID-EXCHANGE-TYPE"},
	{9, "INVALID-MESSAGE-ID"},
	{11, "INVALID-SPI"},
	{14, "NO-PROPOSAL-CHOSEN"},
	{16, "PAYLOAD-MALFORMED"},
	{17, "INVALID-KEY-INFORMATION"},
	{18, "INVALID-ID-INFORMATION"},
	{23, "INVALID-HASH-INFORMATION"},
	{24, "AUTHENTICATION-FAILED"},
	{25, "INVALID-SIGNATURE"},
	{0, NULL},
};

static const struct name notifies_v2[] = {
	{1, "UNSUPPORTED_CRITICAL_PAYLOAD"},
	{4, "INVALID_IKE_SPI"},
	{5, "INVALID_MAJOR_VERSION"},
	{7, "INVALID_SYNTAX"},
	{9, "INVALID_MESSAGE_ID"},
	{11, "INVALID_SPI"},
	{14, "NO_PROPOSAL_CHOSEN"},
	{17, "INVALID_KE_PAYLOAD"},
	{24, "AUTHENTICATION_FAILED"},
	{34, "SINGLE_PAIR_REQUIRED"},
	{35, "NO_ADDITIONAL_SAS"},
	{36, "INTERNAL_ADDRESS_FAILURE"},
	{37, "FAILED_CP_REQUIRED"},
	{38, "TS_UNACCEPTABLE"},
	{39, "INVALID_SELECTORS"},
	{43, "TEMPORARY_FAILURE"},
	{44, "CHILD_SA_NOT_FOUND"},
	{0, NULL},
};

static const char *find(const struct name *table, uint16_t number)
{
	for (; table->name; table++)
		if (table->number == number)
			return table->name;
	return NULL;
}

const char *ike_exchange_name(unsigned version, uint8_t exchange)
{
	const char *name = find(version == 1 ? exchanges_v1 : exchanges_v2, exchange);

	return name ? name : "exchange";
}

const char *ike_notify_name(unsigned version, uint16_t type)
{
	return find(version == 1 ? notifies_v1 : notifies_v2, type);
}
