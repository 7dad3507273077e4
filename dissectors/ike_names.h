/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of IKE's exchanges and error notifications (IANA registries of IKEv1 and IKEv2). */
#ifndef PCAPDX_DISSECTORS_IKE_NAMES_H
#define PCAPDX_DISSECTORS_IKE_NAMES_H

#include <stdint.h>

#define IKE_V2_INVALID_KE 17

const char *ike_exchange_name(unsigned version, uint8_t exchange); /* never NULL */
const char *ike_notify_name(unsigned version, uint16_t type);	   /* NULL: not known */

#endif
