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

static const struct auth_config strict; /* the defaults */
static const struct auth_config lenient = { .must_change = MUST_CHANGE_ALLOW,
	.unwilling = UNWILLING_REFUSE };

/* A user's bind, with nothing but a code. */
static struct ldap_result
judge_plain(int code)
{
	static const struct ldappolicy silent;

	return ldapresult_judge_user(&strict, code, &silent);
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
		assert_int_equal(judge_plain(code).meaning == MEANS_NO,
		    is_in(code, no, ARRAY_LEN(no)));
}

static void
test_a_look_up_refuses_only_when_ambiguous(void **state)
{
	int code;

	(void)state;
	for (code = -20; code < 200; code++) {
		assert_int_not_equal(ldapresult_judge(code).meaning, MEANS_NO);
		assert_int_equal(
		    ldapresult_judge_search(code).meaning == MEANS_NO,
		    code == LDAP_SIZELIMIT_EXCEEDED);
	}
}

static void
test_only_success_is_success(void **state)
{
	int code;

	(void)state;
	for (code = -20; code < 200; code++) {
		assert_int_equal(
		    ldapresult_judge(code).meaning == MEANS_OK, code == 0);
		assert_int_equal(
		    judge_plain(code).meaning == MEANS_OK, code == 0);
	}
}

static void
test_a_refused_service_account_is_an_alert(void **state)
{
	(void)state;
	assert_int_equal(ldapresult_judge(49).meaning, MEANS_ALERT);
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
		assert_int_equal(ldapresult_judge(next[i]).meaning, MEANS_NEXT);
		assert_int_equal(judge_plain(next[i]).meaning, MEANS_NEXT);
	}
}

static void
test_an_unknown_code_is_our_trouble(void **state)
{
	struct ldap_result r = judge_plain(9999);

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
		const char *r = ldapresult_judge(code).reason;

		assert_true(*r != '\0');
		assert_int_equal(
		    strspn(r, "abcdefghijklmnopqrstuvwxyz_"), strlen(r));
	}
}

/* Written anew from the requirements, not from the table. */
static void
test_only_who_knows_no_password_guesses(void **state)
{
	static const int guess[] = { 32, 34, 48, 49 };
	int code;

	(void)state;
	for (code = -20; code < 200; code++) {
		assert_int_equal(judge_plain(code).guess,
		    is_in(code, guess, ARRAY_LEN(guess)));
		assert_false(ldapresult_judge(code).guess);
	}
}

static void
test_unwilling_is_what_the_operator_says(void **state)
{
	static const struct ldappolicy silent;

	(void)state;
	assert_int_equal(judge_plain(53).meaning, MEANS_TROUBLE);
	assert_int_equal(
	    ldapresult_judge_user(&lenient, 53, &silent).meaning, MEANS_NO);
	assert_false(ldapresult_judge_user(&lenient, 53, &silent).guess);
	assert_int_equal(ldapresult_judge(53).meaning, MEANS_TROUBLE);
}

/* clang-format off */
static const struct {
	enum ldappolicy_says	 says;
	const char		*reason;
	bool			 guess;
} reasons[] = {
	{ POLICY_WRONG,		"password", true },
	{ POLICY_UNKNOWN,	"no_entry", true },
	{ POLICY_EXPIRED,	"password_expired", false },
	{ POLICY_MUST_CHANGE,	"must_change", false },
	{ POLICY_LOCKED,	"locked", false },
	{ POLICY_DISABLED,	"disabled", false },
	{ POLICY_ENDED,		"account_expired", false },
	{ POLICY_HOURS,		"hours", false },
	{ POLICY_PLACE,		"place", false },
	{ POLICY_RESTRICTED,	"restricted", false },
};
/* clang-format on */

/* RPP-3, RAD-2: the code says no, the policy says why. */
static void
test_a_no_gets_its_reason(void **state)
{
	static const int codes[] = { 49, 19, 50, 53 };
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(reasons); i++) {
		const struct ldappolicy p = { .says = reasons[i].says };

		for (k = 0; k < ARRAY_LEN(codes); k++) {
			struct ldap_result r =
			    ldapresult_judge_user(&strict, codes[k], &p);

			assert_int_equal(r.meaning, MEANS_NO);
			assert_string_equal(r.reason, reasons[i].reason);
			assert_int_equal(r.guess, reasons[i].guess);
		}
	}
}

static void
test_no_policy_turns_trouble_into_a_no(void **state)
{
	const struct ldappolicy p = { .says = POLICY_LOCKED };
	static const int no[] = { 19, 32, 33, 34, 36, 48, 49, 50, 53 };
	int code;

	(void)state;
	for (code = -20; code < 200; code++)
		if (code != 0 && !is_in(code, no, ARRAY_LEN(no)))
			assert_int_not_equal(
			    ldapresult_judge_user(&strict, code, &p).meaning,
			    MEANS_NO);
}

/* RPP-2: a yes with a demand is a no, unless the operator lets it pass. */
static void
test_a_yes_may_be_a_no(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(reasons); i++) {
		const struct ldappolicy p = { .says = reasons[i].says };
		struct ldap_result r = ldapresult_judge_user(&strict, 0, &p);
		bool passes =
		    p.says == POLICY_MUST_CHANGE || p.says == POLICY_EXPIRED;

		assert_int_equal(r.meaning, MEANS_NO);
		assert_false(r.guess);
		r = ldapresult_judge_user(&lenient, 0, &p);
		assert_int_equal(r.meaning, passes ? MEANS_OK : MEANS_NO);
		if (passes)
			assert_string_equal(r.reason, "must_change");
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
		cmocka_unit_test(test_only_who_knows_no_password_guesses),
		cmocka_unit_test(test_unwilling_is_what_the_operator_says),
		cmocka_unit_test(test_a_no_gets_its_reason),
		cmocka_unit_test(test_no_policy_turns_trouble_into_a_no),
		cmocka_unit_test(test_a_yes_may_be_a_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
