/* config - each part survives the wire whole, or not at all. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config.h"
#include "limits.h"
#include "pack.h"
#include "xalloc.h"

static struct strings
list_of(const char *a, const char *b)
{
	struct strings s = { xcalloc(2, sizeof(char *)), 2 };

	s.v[0] = xstrdup(a);
	s.v[1] = xstrdup(b);
	return s;
}

static struct pem_files
pems_of(const char *a, const char *b)
{
	struct pem_files p = { xcalloc(2, sizeof(struct pem_file)), 2 };
	const char *text[] = { a, b };
	char path[32];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/%s", text[i]);
		p.v[i].path = xstrdup(path);
		p.v[i].place = xstrdup("conf:7");
		secret_set(&p.v[i].text, slice_of(text[i]));
	}
	return p;
}

/* Two listeners: one with everything, one with as little as there can be. */
static struct listen_configs
listens_sample(void)
{
	struct listen_configs l = { xcalloc(2, sizeof(struct listen_config)),
		2 };

	l.v[0] = (struct listen_config){
		.address = xstrdup("::1"),
		.port = 465,
		.tls = TLS_MODE_IMPLICIT,
		.hostname = xstrdup("other.example.net"),
		.certificate = pems_of("rsa", "ecdsa"),
		.key = pems_of("rsa key", "ecdsa key"),
		.proxy = PROXY_MIXED,
		.proxy_from = list_of("10.0.0.0/8", "2001:db8::/32"),
	};
	l.v[1].address = xstrdup("*");
	return l;
}

static struct auth_config
auth_sample(void)
{
	struct auth_config c = {
		.role = { .log_target = 1,
		    .log_level = 3,
		    .confine = true,
		    .uid = 4000000000U,
		    .gid = 5 },
		.hostname = xstrdup("submit.example.net"),
		.uri = list_of("ldaps://one", "ldaps://two"),
		.base = xstrdup("dc=example"),
		.filter = xstrdup(""),
		.bind_dn = NULL,
		.address_attributes = list_of("mail", "alias"),
		.group_filter = xstrdup("(member=%d)"),
		.delegate_attributes = list_of("mail", "other"),
		.limit_attribute = xstrdup("limit"),
		.starttls = true,
		.prepare_password = true,
		.connect_timeout_ms = 1,
		.operation_timeout_ms = 2,
		.bind = LDAP_BIND_EXTERNAL,
		.order = LDAP_ORDER_BALANCED,
		.failures = 7,
		.retry_dead_ms = 3,
		.must_change = MUST_CHANGE_ALLOW,
		.unwilling = UNWILLING_REFUSE,
		.threads = 4,
		.queue = 5,
		.failure_delay_ms = 6,
		.abuse_exempt = list_of("192.0.2.1", "10.0.0.0/8"),
		.grant_lifetime_ms = UINT32_MAX,
	};

	secret_set(&c.bind_password, (struct slice){ "p\0ss", 4 });
	secret_set(&c.grant_key, slice_of("key"));
	return c;
}

static void
test_auth_config_survives_the_wire(void **state)
{
	struct auth_config c = auth_sample(), d;
	struct buf wire = buf_new(LIMIT_CONFIG);

	(void)state;
	auth_config_pack(&wire, &c);
	assert_int_equal(auth_config_unpack(buf_slice(&wire), &d), 0);
	assert_int_equal(d.role.log_target, 1);
	assert_int_equal(d.role.log_level, 3);
	assert_true(d.role.confine);
	assert_int_equal(d.role.uid, 4000000000U);
	assert_int_equal(d.role.gid, 5);
	assert_string_equal(d.hostname, c.hostname);
	assert_int_equal(d.uri.n, 2);
	assert_string_equal(d.uri.v[0], "ldaps://one");
	assert_string_equal(d.uri.v[1], "ldaps://two");
	assert_string_equal(d.base, c.base);
	assert_string_equal(d.filter, ""); /* set, and not the same as ... */
	assert_null(d.bind_dn);            /* ... not set */
	assert_null(d.dn_template);
	assert_true(slice_eq(
	    secret_slice(&d.bind_password), (struct slice){ "p\0ss", 4 }));
	assert_string_equal(d.address_attributes.v[1], "alias");
	assert_string_equal(d.group_filter, "(member=%d)");
	assert_string_equal(d.delegate_attributes.v[1], "other");
	assert_string_equal(d.limit_attribute, "limit");
	assert_null(d.suspended_filter);
	assert_true(d.starttls);
	assert_false(d.allow_plaintext);
	assert_true(d.prepare_password);
	assert_int_equal(d.mechanisms.n, 0);
	assert_int_equal(d.connect_timeout_ms, 1);
	assert_int_equal(d.operation_timeout_ms, 2);
	assert_int_equal(d.bind, LDAP_BIND_EXTERNAL);
	assert_int_equal(d.order, LDAP_ORDER_BALANCED);
	assert_int_equal(d.failures, 7);
	assert_int_equal(d.retry_dead_ms, 3);
	assert_int_equal(d.must_change, MUST_CHANGE_ALLOW);
	assert_int_equal(d.unwilling, UNWILLING_REFUSE);
	assert_int_equal(d.threads, 4);
	assert_int_equal(d.queue, 5);
	assert_int_equal(d.failure_delay_ms, 6);
	assert_int_equal(d.abuse_exempt.n, 2);
	assert_string_equal(d.abuse_exempt.v[1], "10.0.0.0/8");
	assert_int_equal(d.grant_lifetime_ms, UINT32_MAX);
	assert_true(slice_eq(secret_slice(&d.grant_key), slice_of("key")));
	auth_config_free(&c);
	auth_config_free(&d);
	buf_free(&wire);
}

/*
 * A field that was forgotten in its table would come out as zero.  Set every
 * octet that is no pointer's, and see which do not arrive.
 */
static void
test_no_number_is_forgotten_in_a_table(void **state)
{
	struct smtp_config s = { 0 }, t;
	struct relay_config r = { 0 }, q;
	struct buf wire = buf_new(LIMIT_CONFIG);
	const size_t s_first = offsetof(struct smtp_config, max_message_size);
	const size_t s_end = offsetof(struct smtp_config, shutdown_timeout_ms);
	const size_t r_first = offsetof(struct relay_config, connections);
	const size_t r_end = offsetof(struct relay_config, spool);

	(void)state;
	memset((char *)&s + s_first, 0xa5, s_end + 4 - s_first);
	smtp_config_pack(&wire, &s);
	assert_int_equal(smtp_config_unpack(buf_slice(&wire), &t), 0);
	assert_memory_equal(
	    (char *)&s + s_first, (char *)&t + s_first, s_end + 4 - s_first);
	smtp_config_free(&t);

	buf_clear(&wire);
	memset((char *)&r + r_first, 0xa5, r_end - 4 - r_first);
	relay_config_pack(&wire, &r);
	assert_int_equal(relay_config_unpack(buf_slice(&wire), &q), 0);
	assert_memory_equal(
	    (char *)&r + r_first, (char *)&q + r_first, r_end - 4 - r_first);
	relay_config_free(&q);
	buf_free(&wire);
}

static void
test_relay_and_smtp_strings_survive_the_wire(void **state)
{
	struct relay_config r = { 0 }, q;
	struct smtp_config s = { 0 }, t;
	struct buf wire = buf_new(LIMIT_CONFIG);

	(void)state;
	r.hostname = xstrdup("host");
	r.server = list_of("smart1", "[::1]:25");
	r.spool = xstrdup("/spool");
	secret_set(&r.ca_pem, slice_of("ca"));
	secret_set(&r.grant_key, slice_of("key"));
	relay_config_pack(&wire, &r);
	assert_int_equal(relay_config_unpack(buf_slice(&wire), &q), 0);
	assert_string_equal(q.hostname, "host");
	assert_string_equal(q.server.v[1], "[::1]:25");
	assert_string_equal(q.spool, "/spool");
	assert_string_equal(q.ca_pem.p, "ca");
	assert_string_equal(q.grant_key.p, "key");
	relay_config_free(&q);
	relay_config_free(&r);

	buf_clear(&wire);
	s.hostname = xstrdup("host");
	s.help_url = xstrdup("https://example.net/");
	s.null_sender = true;
	s.certificate = pems_of("cert", "cert2");
	s.key = pems_of("key", "key2");
	smtp_config_pack(&wire, &s);
	assert_int_equal(smtp_config_unpack(buf_slice(&wire), &t), 0);
	assert_string_equal(t.hostname, "host");
	assert_string_equal(t.help_url, s.help_url);
	assert_true(t.null_sender);
	assert_false(t.received_client);
	assert_int_equal(t.certificate.n, 2);
	assert_string_equal(t.certificate.v[0].path, "/cert");
	assert_string_equal(t.certificate.v[1].text.p, "cert2");
	assert_string_equal(t.key.v[1].place, "conf:7");
	assert_string_equal(t.key.v[0].text.p, "key");
	assert_int_equal(t.listen.n, 0);
	smtp_config_free(&t);
	smtp_config_free(&s);
	buf_free(&wire);
}

static void
test_listeners_survive_the_wire_and_each_cut_is_seen(void **state)
{
	static const struct smtp_config zero;
	struct smtp_config s = { .listen = listens_sample() }, t;
	struct buf wire = buf_new(LIMIT_CONFIG);
	const struct listen_config *l;
	size_t n;

	(void)state;
	smtp_config_pack(&wire, &s);
	assert_int_equal(smtp_config_unpack(buf_slice(&wire), &t), 0);
	assert_int_equal(t.listen.n, 2);
	l = &t.listen.v[0];
	assert_string_equal(l->address, "::1");
	assert_int_equal(l->port, 465);
	assert_int_equal(l->tls, TLS_MODE_IMPLICIT);
	assert_string_equal(l->hostname, "other.example.net");
	assert_int_equal(l->certificate.n, 2);
	assert_string_equal(l->certificate.v[1].path, "/ecdsa");
	assert_string_equal(l->key.v[0].text.p, "rsa key");
	assert_int_equal(l->proxy, PROXY_MIXED);
	assert_string_equal(l->proxy_from.v[1], "2001:db8::/32");
	assert_string_equal(t.listen.v[1].address, "*");
	assert_null(t.listen.v[1].hostname);
	assert_int_equal(t.listen.v[1].certificate.n, 0);
	smtp_config_free(&t);
	for (n = 0; n < wire.n; n++) {
		assert_int_equal(
		    smtp_config_unpack((struct slice){ wire.p, n }, &t), -1);
		assert_memory_equal(&t, &zero, sizeof(t));
	}
	smtp_config_free(&s);
	buf_free(&wire);
}

static bool
is_empty(const struct auth_config *c)
{
	static const struct auth_config zero;

	return memcmp(c, &zero, sizeof(zero)) == 0;
}

static void
test_a_part_cut_or_with_a_tail_leaves_nothing(void **state)
{
	struct auth_config c = auth_sample(), d;
	struct buf wire = buf_new(LIMIT_CONFIG);
	size_t n;

	(void)state;
	auth_config_pack(&wire, &c);
	for (n = 0; n < wire.n; n++) {
		assert_int_equal(
		    auth_config_unpack((struct slice){ wire.p, n }, &d), -1);
		assert_true(is_empty(&d));
	}
	buf_add(&wire, "", 1);
	assert_int_equal(auth_config_unpack(buf_slice(&wire), &d), -1);
	assert_true(is_empty(&d));
	auth_config_free(&c);
	buf_free(&wire);
}

static void
test_no_flipped_bit_leads_astray(void **state)
{
	struct auth_config c = auth_sample(), d;
	struct buf wire = buf_new(LIMIT_CONFIG);
	size_t i;
	int bit;

	(void)state;
	auth_config_pack(&wire, &c);
	for (i = 0; i < wire.n; i++)
		for (bit = 0; bit < 8; bit++) {
			wire.p[i] = (char)(wire.p[i] ^ (1 << bit));
			if (auth_config_unpack(buf_slice(&wire), &d) == 0)
				auth_config_free(&d);
			assert_true(is_empty(&d));
			wire.p[i] = (char)(wire.p[i] ^ (1 << bit));
		}
	auth_config_free(&c);
	buf_free(&wire);
}

static void
test_a_string_with_a_nul_inside_is_refused(void **state)
{
	struct auth_config c = auth_sample(), d;
	struct buf wire = buf_new(LIMIT_CONFIG);
	char *at;

	(void)state;
	auth_config_pack(&wire, &c);
	at = memmem(wire.p, wire.n, "submit.example", 14);
	assert_non_null(at);
	at[6] = '\0';
	assert_int_equal(auth_config_unpack(buf_slice(&wire), &d), -1);
	auth_config_free(&c);
	buf_free(&wire);
}

/* There is one encoding of "not set", and it holds no text. */
static void
test_a_string_that_is_not_set_and_yet_there_is_refused(void **state)
{
	struct auth_config c = auth_sample(), d;
	struct buf wire = buf_new(LIMIT_CONFIG);
	char *at;

	(void)state;
	auth_config_pack(&wire, &c);
	at = memmem(wire.p, wire.n, "\1\0\0\0\22submit.example", 19);
	assert_non_null(at);
	*at = 0;
	assert_int_equal(auth_config_unpack(buf_slice(&wire), &d), -1);
	auth_config_free(&c);
	buf_free(&wire);
}

static void
test_one_role_cannot_read_the_part_of_another(void **state)
{
	struct relay_config r = { 0 };
	struct auth_config d;
	struct smtp_config t;
	struct buf wire = buf_new(LIMIT_CONFIG);

	(void)state;
	relay_config_pack(&wire, &r);
	assert_int_equal(auth_config_unpack(buf_slice(&wire), &d), -1);
	assert_int_equal(smtp_config_unpack(buf_slice(&wire), &t), -1);
	buf_free(&wire);
}

static void
test_freeing_everything_twice_is_harmless(void **state)
{
	struct config c = { 0 };

	(void)state;
	c.smtp.listen = listens_sample();
	c.smtp.certificate = pems_of("a", "b");
	c.control = xstrdup("/control");
	c.auth = auth_sample();
	c.smtp.hostname = xstrdup("x");
	c.relay.server = list_of("a", "b");
	config_free(&c);
	config_free(&c);
	assert_null(c.smtp.listen.v);
	assert_null(c.auth.grant_key.p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth_config_survives_the_wire),
		cmocka_unit_test(test_no_number_is_forgotten_in_a_table),
		cmocka_unit_test(test_relay_and_smtp_strings_survive_the_wire),
		cmocka_unit_test(
		    test_listeners_survive_the_wire_and_each_cut_is_seen),
		cmocka_unit_test(test_a_part_cut_or_with_a_tail_leaves_nothing),
		cmocka_unit_test(test_no_flipped_bit_leads_astray),
		cmocka_unit_test(test_a_string_with_a_nul_inside_is_refused),
		cmocka_unit_test(
		    test_a_string_that_is_not_set_and_yet_there_is_refused),
		cmocka_unit_test(test_one_role_cannot_read_the_part_of_another),
		cmocka_unit_test(test_freeing_everything_twice_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
