/*
 * jwt - what a bearer token says, if it may be believed.
 *
 * The order matters: shape, then the header, which only chooses among what we
 * allow, then the signature, and only then a word of the claims is read.
 */

#include "jwt.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

struct parts {
	struct slice header, claims;
};

/* base64url without padding, three parts, none empty (RFC 7515, 7.1). */
static bool
split(struct slice token, struct parts *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789-_";
	size_t i, dots = 0, start = 0;

	if (token.n == 0 || token.n > LIMIT_TOKEN)
		return false;
	for (i = 0; i < token.n; i++) {
		if (token.p[i] != '.') {
			if (memchr(alphabet, token.p[i],
				sizeof(alphabet) - 1) == NULL)
				return false;
			continue;
		}
		if (i == start || dots == 2)
			return false;
		if (dots++ == 0)
			out->header = (struct slice){ token.p, i };
		else
			out->claims =
			    (struct slice){ token.p + start, i - start };
		start = i + 1;
	}
	return dots == 2 && start < token.n;
}

/* A part as an object, of which no member comes twice; or NULL. */
static json_t *
decode(struct slice part)
{
	json_t *object = NULL;
	uint8_t *octets = NULL;
	size_t n = 0;

	if (cjose_base64url_decode(part.p, part.n, &octets, &n, NULL) && n > 0)
		object = json_loadb(
		    (const char *)octets, n, JSON_REJECT_DUPLICATES, NULL);
	free(octets);
	if (!json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* -- the header -------------------------------------------------------------
 */

static const char *
judge_header(const json_t *header, enum jwks_kind *kind, struct slice *kid)
{
	const char *alg = text_of(header, "alg");
	const json_t *id = json_object_get(header, "kid");

	/* RFC 7515, 4.1.11: what must be understood, is not. */
	if (json_object_get(header, "crit") != NULL)
		return "token_critical";
	if (json_object_get(header, "b64") != NULL)
		return "token_header";
	if (alg != NULL && strcmp(alg, "RS256") == 0)
		*kind = JWKS_RSA;
	else if (alg != NULL && strcmp(alg, "ES256") == 0)
		*kind = JWKS_P256;
	else
		return "token_algorithm";
	*kid = slice_of("");
	if (id == NULL)
		return NULL;
	if (!json_is_string(id) || json_string_length(id) == 0)
		return "token_header";
	*kid = (struct slice){ json_string_value(id), json_string_length(id) };
	return NULL;
}

/* -- the claims -------------------------------------------------------------
 */

/* RFC 7519, 4.1.3: one string, or an array of them. */
static bool
has_audience(const json_t *claims, const char *wanted)
{
	const json_t *aud = json_object_get(claims, "aud");
	size_t i;

	if (json_is_string(aud))
		return strcmp(json_string_value(aud), wanted) == 0;
	for (i = 0; i < json_array_size(aud); i++) {
		const char *one = json_string_value(json_array_get(aud, i));

		if (one != NULL && strcmp(one, wanted) == 0)
			return true;
	}
	return false;
}

/* RFC 8693, 4.2: words separated by spaces. */
static bool
has_scope(const json_t *claims, const char *wanted)
{
	const char *p = text_of(claims, "scope");
	size_t n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ' ')) {
		n = (size_t)(strchrnul(p, ' ') - p);
		if (slice_eq((struct slice){ p, n }, slice_of(wanted)))
			return true;
	}
	return false;
}

/*
 * RFC 7519, 4.1.4 to 4.1.6; a number may have a fraction.  False: there is
 * none, or it is something else.
 */
static bool
time_of(const json_t *claims, const char *name, double *out)
{
	const json_t *value = json_object_get(claims, name);

	*out = json_number_value(value);
	return json_is_number(value);
}

static const char *
judge_times(const json_t *claims, double now, double leeway)
{
	double when;

	if (!time_of(claims, "exp", &when))
		return "token_no_end";
	if (now >= when + leeway)
		return "token_expired";
	if (json_object_get(claims, "nbf") != NULL &&
	    (!time_of(claims, "nbf", &when) || now + leeway < when))
		return "token_too_early";
	if (json_object_get(claims, "iat") != NULL &&
	    (!time_of(claims, "iat", &when) || now + leeway < when))
		return "token_too_early";
	return NULL;
}

/*
 * OpenID Connect Core 1.0, 5.1 and 5.7: of an address that nobody verified its
 * owner says what they like.  Not every server says whether it did, and some
 * say so in text.
 */
static bool
is_unverified(const json_t *claims, const char *user_claim)
{
	const json_t *verified = json_object_get(claims, "email_verified");

	return strcmp(user_claim, "email") == 0 && verified != NULL &&
	       !json_is_true(verified) &&
	       !slice_eq(slice_of(text_of(claims, "email_verified")),
		   slice_of("true"));
}

static const char *
judge_claims(const json_t *claims, const struct jwt_policy *policy,
    int64_t now_s, struct buf *user)
{
	const char *issuer = text_of(claims, "iss"), *why;
	const json_t *name = json_object_get(claims, policy->user_claim);

	if (issuer == NULL || strcmp(issuer, policy->issuer) != 0)
		return "token_issuer";
	if (!has_audience(claims, policy->audience))
		return "token_audience";
	if ((why = judge_times(
		 claims, (double)now_s, (double)policy->leeway_s)) != NULL)
		return why;
	if (policy->scope != NULL && !has_scope(claims, policy->scope))
		return "token_scope";
	if (!json_is_string(name) || json_string_length(name) == 0 ||
	    json_string_length(name) > LIMIT_USER)
		return "token_user";
	if (is_unverified(claims, policy->user_claim))
		return "token_unverified";
	buf_add(user, json_string_value(name), json_string_length(name));
	return NULL;
}

const char *
jwt_judge(const struct jwks *keys, const struct jwt_policy *policy,
    struct slice token, int64_t now_s, struct buf *user)
{
	json_t *header = NULL, *claims = NULL;
	const char *why = "token_form";
	struct slice kid;
	struct parts parts;
	enum jwks_kind kind;

	if (!split(token, &parts))
		return why;
	if ((header = decode(parts.header)) == NULL)
		goto out;
	if ((why = judge_header(header, &kind, &kid)) != NULL)
		goto out;
	why = "token_signature";
	if (!jwks_verify(keys, kind, kid, token))
		goto out;
	why = "token_form";
	if ((claims = decode(parts.claims)) != NULL)
		why = judge_claims(claims, policy, now_s, user);
out:
	json_decref(header);
	json_decref(claims);
	return why;
}
