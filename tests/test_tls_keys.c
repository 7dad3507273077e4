/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real TLS 1.3 handshake, TLS_AES_128_GCM_SHA256: openssl s_server demands a client certificate, s_client has none,
 * and the server refuses it with certificate_required. With its key log, without, and with a wrong one.
 */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "dissectors/keylog.h"
#include "tls_talk.h"

#define RANDOM "5ee4203a17997c3a784b1491a9dd7ef6a7f767523131fcbbda630c50e3d7b18e"

static const char keys_of_it[] =
	"SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM
	" 26aa4703bc79cca2a5e4c1b6c080ba82a09f272164eb2ab9d1c27203983abc6b\n"
	"SERVER_TRAFFIC_SECRET_0 " RANDOM
	" d5ca296189944685cb8bd8827f23de44176f4f7c25fcd5f6fbcc5dd008e29a73\n"
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM
	" de430c17b96aa29660231a447dd13e66055959ac600b80a69dfdb39543b19b90\n"
	"CLIENT_TRAFFIC_SECRET_0 " RANDOM
	" 16852f849256f020a6a810a86dc836415b15d80a10efafb262589224bb3d9c90\n"
	"# not a secret\n";

#define CLIENT_HELLO \
	"16030100be010000ba03035ee4203a17997c3a784b1491a9dd7ef6a7f767523131fcbbda630c50e3d7b18e203727eba6" \
	"38097441da363f686a97711af503432e67bcbf604ef0ca6eee2e430a0004130100ff0100006d0000000e000c00000971" \
	"2e6578616d706c65000b000403000102000a00040002001d002300000016000000170000000d000400020403002b0003" \
	"020304002d00020101003300260024001d0020c6e149ccb809ebf151103004acf570e5e174172b5361225d9e6ea00139" \
	"9dde4a"
#define SERVER_FLIGHT \
	"160303007a0200007603039ab78dd06bb3a6e37fbbb456dd183c74a7df0680fb29cc257585f5f8af3e182c203727eba6" \
	"38097441da363f686a97711af503432e67bcbf604ef0ca6eee2e430a130100002e002b0002030400330024001d002008" \
	"6001bfe3cb942a231d39cd4a71af4e8fc7318ad817ee1fd0790e3dd4bbfb721403030001011703030017fe005b5067c3" \
	"71074ce3f950c3862c566ce0b6bc7808f2170303003e96fafe65866ce1be7760e9d818ea2ddad295dba870ec5ab5ee30" \
	"4163b3b20529a81658116eeaaa8aed22ca07d095546cd36ced564a5735544bfe5b70355d17030301a0430e447449a416" \
	"b0db7c9e3688221cbc1c7ed209ebbcf6d21643028a6ad7421846068c4a70c548f612e19bf89b56d62945d15ce121447e" \
	"61f9a83282a70ac0684f77c00fc0c30b5dccebe348c532ae8c0f5b2baf3f8052f194773bf39b68fb3f4ecd1bb1ec2ab0" \
	"696df28fccece0606a0759edbc1482ddada623e2df5d4765fc96bf95e7d4ae05488e12c83b5af6e15fe977c156b9af52" \
	"24446d83c77e0504b5faf97b0c688d61a87a8798b7b869c92c01409fd8a4eb06553512c03fa0c08ea180ee0903c33326" \
	"02fe875282a10057a4c23542a635584a0dba08191b61d58d4aa9279c8798a99b7cb943d9c0fef942a2ecf3290323dad2" \
	"1205f63241e4b50e30739b4afa1f62bdee9fb40cf3715142e0590148cd25a60177f5479b98c58c7f063afdba2763b6a7" \
	"710101ec6fe2272311a5e5d51779be725e41a933f003ed4d3c5f34ff004ea4dd82f7548688a3915314c7b84d78c6fc8c" \
	"d2bf8ae572ab29c08c4f36158ac0736ee70eecd21837edcc6533e5065f230216b41e6cafdd37d33d7a50246bc976bed3" \
	"4e1b68e6656a85035d576ae6bc921cd61a25bc1aff5ca1028b1703030060ce982f6ee7ae5fc51fcc759d03539d2e4fb1" \
	"9adfb4455f1ff9d0f76faa9e807a909e5b5c35eea0bf2b00446df6f7b335c134de4a45dcdb54b4cfdc67ddc0aa435ca9" \
	"e2bbff6fd48746b52f2720200e75d1c401f0f198910ec68f3f0f7e4f234d1703030035dd602c34bbf6e15c206fe8d9d9" \
	"5c3879e4fd1ca3822bc09a33dceea580b8d5c64edfbeba3332d5eea897f135b669a48f583f265623"
#define CLIENT_FLIGHT \
	"1403030001011703030019deb2078607261e02ec3c94d2f1e95f6aa15f9f22eea94f08ce1703030035b75595f392bc11" \
	"fe32e83cec7f50679d56f66a68b029c8c12c407d96e3726aaac4958a8c3e3345556470451aa61c66c69fac97c273"
#define SERVER_ALERT \
	"17030300132ac34218a0d3651a5d5263d433f88793837694"

static const struct tls *handshake(struct talk *t, const struct keylog *keys)
{
	talk_open(t, 6, 443, keys);
	talk_hex(t, SIDE_ORIG, CLIENT_HELLO);
	talk_hex(t, SIDE_RESP, SERVER_FLIGHT);
	talk_hex(t, SIDE_ORIG, CLIENT_FLIGHT);
	talk_hex(t, SIDE_RESP, SERVER_ALERT);
	t->owner.first_fin = SIDE_RESP;
	return talk_close(t);
}

static void test_key_log_shows_what_was_said(void **state)
{
	struct keylog *keys;
	struct talk t;
	const struct tls *tls;

	(void)state;
	hash_init();
	keys = keylog_new();
	assert_int_equal(keylog_add(keys, keys_of_it, strlen(keys_of_it)), 4);
	tls = handshake(&t, keys);
	assert_true(tls->decrypted);
	assert_int_equal(tls->decrypt_failures, 0);
	assert_true(tls->cert_requested);
	assert_true(tls->client_cert_empty);
	assert_int_equal(tls->alert_count, 1);
	assert_int_equal(tls->alerts[0].code, 116);
	assert_int_equal(tls->alerts[0].side, SIDE_RESP);
	assert_true(tls->alerts[0].decrypted);
	assert_int_equal(tls->stage, TLS_CLIENT_FINISHED);
	assert_string_equal(tls->cert_subject, "CN=q.example");
	assert_string_equal(tls->cert_key, "ECDSA P-256");
	assert_true(tls->cert_self_signed);
	assert_true(tls->cert_name_matches);
	assert_false(tls->inferred_refusal);
	text_free(&t.marks);
	keylog_free(keys);
}

static void check_inferred(const struct tls *tls)
{
	assert_false(tls->decrypted);
	assert_int_equal(tls->alert_count, 0);
	assert_true(tls->inferred_empty_client_cert);
	assert_true(tls->inferred_refusal);
	assert_int_equal(tls->stage, TLS_CLIENT_FINISHED);
}

static void test_sizes_tell_the_same_without_keys(void **state)
{
	struct talk t;

	(void)state;
	check_inferred(handshake(&t, NULL));
	text_free(&t.marks);
}

static void test_wrong_keys_are_counted_and_sizes_still_tell(void **state)
{
	struct keylog *keys;
	char *wrong = xstrdup(keys_of_it), *digit;
	struct talk t;
	const struct tls *tls;

	(void)state;
	hash_init();
	keys = keylog_new();
	for (digit = wrong; (digit = strchr(digit, '\n')); digit++)
		digit[-1] = digit[-1] == '0' ? '1' : '0';
	assert_int_equal(keylog_add(keys, wrong, strlen(wrong)), 4);
	tls = handshake(&t, keys);
	assert_true(tls->decrypt_failures > 0);
	assert_int_equal(tls->decrypt_failure.frame, 2);
	check_inferred(tls);
	text_free(&t.marks);
	keylog_free(keys);
	free(wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_log_shows_what_was_said),
		cmocka_unit_test(test_sizes_tell_the_same_without_keys),
		cmocka_unit_test(test_wrong_keys_are_counted_and_sizes_still_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
