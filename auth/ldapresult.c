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
	/* our limit of two entries was met: not exactly one person */
	{ LDAP_SIZELIMIT_EXCEEDED,	MEANS_NO,	MEANS_TROUBLE,	"ambiguous" },

	/* some servers mean "locked" by it, others their own state */
	{ LDAP_UNWILLING_TO_PERFORM,	MEANS_TROUBLE,	MEANS_TROUBLE,	"unwilling" },

	/* about the set-up */
	{ LDAP_STRONG_AUTH_REQUIRED,	MEANS_ALERT,	MEANS_ALERT,	"needs_tls" },
	{ LDAP_CONFIDENTIALITY_REQUIRED, MEANS_ALERT,	MEANS_ALERT,	"needs_tls" },
	{ LDAP_AUTH_METHOD_NOT_SUPPORTED, MEANS_ALERT,	MEANS_ALERT,	"no_simple_bind" },
	{ LDAP_UNAVAILABLE_CRITICAL_EXTENSION, MEANS_ALERT, MEANS_ALERT, "extension" },
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

struct ldap_result
ldapresult_judge(enum ldap_phase phase, int code)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return (struct ldap_result){ phase == PHASE_USER_BIND
							 ? rows[i].user_bind
							 : rows[i].lookup,
				rows[i].reason };
	return (struct ldap_result){ MEANS_ALERT, "unexpected" };
}
