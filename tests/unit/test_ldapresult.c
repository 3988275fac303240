/*
 * ldapresult: only a directory that speaks about the person says no.
 */

#include "ldapresult.h"

#include <ldap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler.h"

static bool
says_no(enum ldap_phase phase, int code)
{
	return ldapresult_judge(phase, code).meaning == MEANS_NO;
}

static bool
is_in(int code, const int *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] == code)
			return true;
	return false;
}

/* Written anew from the requirements, not from the table. */
static void
test_exactly_these_codes_refuse_a_user(void **state)
{
	static const int no[] = { 19, 32, 33, 34, 36, 48, 49, 50 };
	int code;

	(void)state;
	for (code = -20; code < 200; code++)
		assert_int_equal(says_no(PHASE_USER_BIND, code),
		    is_in(code, no, ARRAY_LEN(no)));
}

static void
test_a_look_up_refuses_only_when_ambiguous(void **state)
{
	int code;

	(void)state;
	for (code = -20; code < 200; code++)
		assert_int_equal(says_no(PHASE_LOOKUP, code),
		    code == LDAP_SIZELIMIT_EXCEEDED);
}

static void
test_only_success_is_success(void **state)
{
	int code;

	(void)state;
	for (code = -20; code < 200; code++) {
		assert_int_equal(
		    ldapresult_judge(PHASE_LOOKUP, code).meaning == MEANS_OK,
		    code == 0);
		assert_int_equal(
		    ldapresult_judge(PHASE_USER_BIND, code).meaning == MEANS_OK,
		    code == 0);
	}
}

static void
test_a_refused_service_account_is_an_alert(void **state)
{
	(void)state;
	assert_int_equal(
	    ldapresult_judge(PHASE_LOOKUP, 49).meaning, MEANS_ALERT);
}

static void
test_a_sick_server_makes_way_for_the_next(void **state)
{
	static const int next[] = { LDAP_SERVER_DOWN, LDAP_TIMEOUT,
		LDAP_CONNECT_ERROR, LDAP_DECODING_ERROR, LDAP_BUSY,
		LDAP_UNAVAILABLE, LDAP_TIMELIMIT_EXCEEDED,
		LDAP_ADMINLIMIT_EXCEEDED, LDAP_OTHER };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(next); i++) {
		assert_int_equal(
		    ldapresult_judge(PHASE_LOOKUP, next[i]).meaning,
		    MEANS_NEXT);
		assert_int_equal(
		    ldapresult_judge(PHASE_USER_BIND, next[i]).meaning,
		    MEANS_NEXT);
	}
}

static void
test_an_unknown_code_is_our_trouble(void **state)
{
	struct ldap_result r = ldapresult_judge(PHASE_USER_BIND, 9999);

	(void)state;
	assert_int_equal(r.meaning, MEANS_ALERT);
	assert_string_equal(r.reason, "unexpected");
}

static void
test_every_reason_is_one_token(void **state)
{
	int code;

	(void)state;
	for (code = -20; code < 200; code++) {
		const char *r = ldapresult_judge(PHASE_LOOKUP, code).reason;

		assert_true(*r != '\0');
		assert_int_equal(
		    strspn(r, "abcdefghijklmnopqrstuvwxyz_"), strlen(r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_these_codes_refuse_a_user),
		cmocka_unit_test(test_a_look_up_refuses_only_when_ambiguous),
		cmocka_unit_test(test_only_success_is_success),
		cmocka_unit_test(test_a_refused_service_account_is_an_alert),
		cmocka_unit_test(test_a_sick_server_makes_way_for_the_next),
		cmocka_unit_test(test_an_unknown_code_is_our_trouble),
		cmocka_unit_test(test_every_reason_is_one_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
