/*
 * ldapresult - what an LDAP result code means for the person logging in.
 *
 * RFC 4511, appendix A, has the meaning of the codes.  The question behind
 * each row: would the same person with the same password be let in if our
 * set-up, the network and the directory were in order?  Only if the answer
 * is no may a mail client be told to throw its password away.
 */

#include "ldapresult.h"

#include <ldap.h>
#include <stddef.h>

#include "compiler.h"

/* clang-format off */
static const struct row {
	int			 code;
	enum ldap_meaning	 lookup;
	enum ldap_meaning	 user_bind;
	const char		*reason;
} rows[] = {
	{ LDAP_SUCCESS,			MEANS_OK,	MEANS_OK,	"ok" },

	/* about the person */
	{ LDAP_INVALID_CREDENTIALS,	MEANS_ALERT,	MEANS_NO,	"password" },
	{ LDAP_NO_SUCH_OBJECT,		MEANS_ALERT,	MEANS_NO,	"no_entry" },
	{ LDAP_INVALID_DN_SYNTAX,	MEANS_ALERT,	MEANS_NO,	"dn_syntax" },
	{ LDAP_INAPPROPRIATE_AUTH,	MEANS_TROUBLE,	MEANS_NO,	"no_password" },
	{ LDAP_INSUFFICIENT_ACCESS,	MEANS_ALERT,	MEANS_NO,	"no_access" },
	{ LDAP_CONSTRAINT_VIOLATION,	MEANS_TROUBLE,	MEANS_NO,	"constraint" },
	{ LDAP_ALIAS_PROBLEM,		MEANS_TROUBLE,	MEANS_NO,	"alias" },
	{ LDAP_ALIAS_DEREF_PROBLEM,	MEANS_TROUBLE,	MEANS_NO,	"alias" },
	/* some servers mean "locked" by it, others their own state */
	{ LDAP_UNWILLING_TO_PERFORM,	MEANS_TROUBLE,	MEANS_TROUBLE,	"unwilling" },

	/* about the set-up */
	{ LDAP_STRONG_AUTH_REQUIRED,	MEANS_ALERT,	MEANS_ALERT,	"needs_tls" },
	{ LDAP_CONFIDENTIALITY_REQUIRED, MEANS_ALERT,	MEANS_ALERT,	"needs_tls" },
	{ LDAP_AUTH_METHOD_NOT_SUPPORTED, MEANS_ALERT,	MEANS_ALERT,	"no_simple_bind" },
	{ LDAP_UNAVAILABLE_CRITICAL_EXTENSION, MEANS_ALERT, MEANS_ALERT, "extension" },
	{ LDAP_SIZELIMIT_EXCEEDED,	MEANS_ALERT,	MEANS_ALERT,	"size_limit" },
	{ LDAP_PROTOCOL_ERROR,		MEANS_ALERT,	MEANS_ALERT,	"protocol" },
	{ LDAP_OPERATIONS_ERROR,	MEANS_ALERT,	MEANS_ALERT,	"operations" },
	{ LDAP_NO_SUCH_ATTRIBUTE,	MEANS_ALERT,	MEANS_TROUBLE,	"attribute" },
	{ LDAP_UNDEFINED_TYPE,		MEANS_ALERT,	MEANS_TROUBLE,	"attribute" },
	{ LDAP_INAPPROPRIATE_MATCHING,	MEANS_ALERT,	MEANS_TROUBLE,	"attribute" },
	{ LDAP_INVALID_SYNTAX,		MEANS_ALERT,	MEANS_TROUBLE,	"attribute" },
	{ LDAP_FILTER_ERROR,		MEANS_ALERT,	MEANS_ALERT,	"filter" },
	{ LDAP_PARAM_ERROR,		MEANS_ALERT,	MEANS_ALERT,	"parameter" },
	{ LDAP_NOT_SUPPORTED,		MEANS_ALERT,	MEANS_ALERT,	"unsupported" },
	{ LDAP_CONTROL_NOT_FOUND,	MEANS_ALERT,	MEANS_ALERT,	"control" },

	/* about the directory, now */
	{ LDAP_BUSY,			MEANS_NEXT,	MEANS_NEXT,	"busy" },
	{ LDAP_UNAVAILABLE,		MEANS_NEXT,	MEANS_NEXT,	"unavailable" },
	{ LDAP_TIMELIMIT_EXCEEDED,	MEANS_NEXT,	MEANS_NEXT,	"time_limit" },
	{ LDAP_ADMINLIMIT_EXCEEDED,	MEANS_NEXT,	MEANS_NEXT,	"admin_limit" },
	{ LDAP_OTHER,			MEANS_NEXT,	MEANS_NEXT,	"other" },
	{ LDAP_LOOP_DETECT,		MEANS_NEXT,	MEANS_NEXT,	"loop" },
	{ LDAP_REFERRAL,		MEANS_NEXT,	MEANS_NEXT,	"referral" },
	{ LDAP_PARTIAL_RESULTS,		MEANS_NEXT,	MEANS_NEXT,	"referral" },
	{ LDAP_SASL_BIND_IN_PROGRESS,	MEANS_TROUBLE,	MEANS_TROUBLE,	"bind_state" },

	/* about the way to it (libldap's own codes) */
	{ LDAP_SERVER_DOWN,		MEANS_NEXT,	MEANS_NEXT,	"server_down" },
	{ LDAP_CONNECT_ERROR,		MEANS_NEXT,	MEANS_NEXT,	"connect" },
	{ LDAP_TIMEOUT,			MEANS_NEXT,	MEANS_NEXT,	"timeout" },
	{ LDAP_LOCAL_ERROR,		MEANS_NEXT,	MEANS_NEXT,	"local" },
	{ LDAP_ENCODING_ERROR,		MEANS_NEXT,	MEANS_NEXT,	"encoding" },
	{ LDAP_DECODING_ERROR,		MEANS_NEXT,	MEANS_NEXT,	"decoding" },
	{ LDAP_NO_MEMORY,		MEANS_TROUBLE,	MEANS_TROUBLE,	"memory" },
};
/* clang-format on */

/* clang-format off */
static const struct {
	const char	*reason;
	bool		 guess;
} said[] = {
	[POLICY_SILENT] =	{ NULL, false },
	[POLICY_WRONG] =	{ "password", true },
	[POLICY_UNKNOWN] =	{ "no_entry", true },
	[POLICY_EXPIRED] =	{ "password_expired", false },
	[POLICY_MUST_CHANGE] =	{ "must_change", false },
	[POLICY_LOCKED] =	{ LDAPRESULT_LOCKED, false },
	[POLICY_DISABLED] =	{ "disabled", false },
	[POLICY_ENDED] =	{ "account_expired", false },
	[POLICY_HOURS] =	{ "hours", false },
	[POLICY_PLACE] =	{ "place", false },
	[POLICY_RESTRICTED] =	{ "restricted", false },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(said) == POLICY_SAYS_COUNT, "a row for each");

static const struct row *
find_row(int code)
{
	static const struct row unexpected = { 0, MEANS_ALERT, MEANS_ALERT,
		"unexpected" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return &rows[i];
	return &unexpected;
}

/* No such person, or no such password: what somebody gets who guesses. */
static bool
is_guess(int code)
{
	return code == LDAP_INVALID_CREDENTIALS ||
	       code == LDAP_NO_SUCH_OBJECT || code == LDAP_INVALID_DN_SYNTAX ||
	       code == LDAP_INAPPROPRIATE_AUTH;
}

struct ldap_result
ldapresult_judge(int code)
{
	const struct row *row = find_row(code);

	return (struct ldap_result){ row->lookup, row->reason, false };
}

struct ldap_result
ldapresult_judge_search(int code)
{
	if (code == LDAP_SIZELIMIT_EXCEEDED) /* the limit was ours */
		return (struct ldap_result){ MEANS_NO, LDAPRESULT_AMBIGUOUS,
			false };
	return ldapresult_judge(code);
}

/* The password was right, and yet there is something. */
static struct ldap_result
judge_yes(const struct auth_config *config, enum ldappolicy_says says)
{
	bool may_pass = config->must_change == MUST_CHANGE_ALLOW &&
			(says == POLICY_MUST_CHANGE || says == POLICY_EXPIRED);

	if (says == POLICY_SILENT)
		return (struct ldap_result){ MEANS_OK, "ok", false };
	/* Expired, and yet a yes: good for a new password and nothing else. */
	if (says == POLICY_EXPIRED)
		says = POLICY_MUST_CHANGE;
	return (struct ldap_result){ may_pass ? MEANS_OK : MEANS_NO,
		said[says].reason, false };
}

struct ldap_result
ldapresult_judge_user(
    const struct auth_config *config, int code, const struct ldappolicy *policy)
{
	enum ldappolicy_says says = ldappolicy_says(policy);
	const struct row *row = find_row(code);
	struct ldap_result r = { row->user_bind, row->reason, is_guess(code) };

	if (code == LDAP_SUCCESS)
		return judge_yes(config, says);
	if (code == LDAP_UNWILLING_TO_PERFORM &&
	    config->unwilling == UNWILLING_REFUSE)
		r.meaning = MEANS_NO;
	/* More than the code says, but never against it. */
	if (says != POLICY_SILENT &&
	    (r.meaning == MEANS_NO || code == LDAP_UNWILLING_TO_PERFORM))
		r = (struct ldap_result){ MEANS_NO, said[says].reason,
			said[says].guess };
	return r;
}
