/*
 * jwks - the keys by which an authorization server signs its tokens.
 *
 * jansson reads the set, cjose holds the keys and does the mathematics.
 * Which algorithm goes with which kind of key is decided here and in jwt.c,
 * never by the token alone: that confusion has let forgers in elsewhere.
 */

#include "jwks.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "xalloc.h"

#define RSA_BITS_MIN 2048

struct key {
	enum jwks_kind kind;
	char *kid; /* owned; NULL: none */
	cjose_jwk_t *jwk;
};

struct jwks {
	pthread_mutex_t lock; /* cjose counts references without one */
	unsigned count;
	struct key keys[LIMIT_JWKS_KEYS];
};

/* clang-format off */
static const struct {
	const char	*kty, *curve, *alg;
	enum jwks_kind	 kind;
} kinds[] = {
	{ "RSA",	NULL,		"RS256",	JWKS_RSA },
	{ "EC",		"P-256",	"ES256",	JWKS_P256 },
};
/* clang-format on */

static bool
is_text(const json_t *object, const char *name, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL && strcmp(text, wanted) == 0;
}

/* A member that may be missing, and then allows anything. */
static bool
may_be(const json_t *object, const char *name, const char *wanted)
{
	return json_object_get(object, name) == NULL ||
	       is_text(object, name, wanted);
}

/* RFC 7517, 4.3 */
static bool
may_verify(const json_t *object)
{
	const json_t *operations = json_object_get(object, "key_ops");
	size_t i;

	if (operations == NULL)
		return true;
	for (i = 0; i < json_array_size(operations); i++) {
		const char *one =
		    json_string_value(json_array_get(operations, i));

		if (one != NULL && strcmp(one, "verify") == 0)
			return true;
	}
	return false;
}

/* The row of a key we can use, or ARRAY_LEN(kinds). */
static size_t
find_kind(const json_t *object)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (is_text(object, "kty", kinds[i].kty) &&
		    (kinds[i].curve == NULL ||
			is_text(object, "crv", kinds[i].curve)) &&
		    may_be(object, "alg", kinds[i].alg))
			break;
	/* A private part has no place here; whoever put it there erred. */
	if (json_object_get(object, "d") != NULL ||
	    !may_be(object, "use", "sig") || !may_verify(object))
		return ARRAY_LEN(kinds);
	return i;
}

/*
 * Its numbers are base64url without padding (RFC 7518, 6).  cjose ends the
 * process on a "=" inside of one.
 */
static bool
has_good_numbers(const json_t *object)
{
	static const char *const names[] = { "n", "e", "x", "y" };
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789-_";
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		const char *number =
		    json_string_value(json_object_get(object, names[i]));

		if (number != NULL && number[strspn(number, alphabet)] != '\0')
			return false;
	}
	return true;
}

static bool
take_key(struct jwks *set, const json_t *object)
{
	size_t kind = find_kind(object);
	struct key *key = &set->keys[set->count];
	const char *kid;
	cjose_jwk_t *jwk;
	char *text;

	if (kind == ARRAY_LEN(kinds) || set->count == LIMIT_JWKS_KEYS ||
	    !has_good_numbers(object))
		return false;
	if ((text = json_dumps(object, 0)) == NULL)
		return false;
	jwk = cjose_jwk_import(text, strlen(text), NULL);
	free(text);
	if (jwk == NULL)
		return false;
	if (kinds[kind].kind == JWKS_RSA &&
	    cjose_jwk_get_keysize(jwk, NULL) < RSA_BITS_MIN) {
		cjose_jwk_release(jwk);
		return false;
	}
	kid = json_string_value(json_object_get(object, "kid"));
	*key = (struct key){ .kind = kinds[kind].kind,
		.kid = kid == NULL ? NULL : xstrdup(kid),
		.jwk = jwk };
	set->count++;
	return true;
}

struct jwks *
jwks_new(struct slice text, unsigned *skipped, const char **why)
{
	json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *keys = json_object_get(root, "keys");
	struct jwks *set = xcalloc(1, sizeof(*set));
	size_t i;

	pthread_mutex_init(&set->lock, NULL);
	*skipped = 0;
	*why = NULL;
	for (i = 0; i < json_array_size(keys); i++)
		if (!take_key(set, json_array_get(keys, i)))
			(*skipped)++;
	if (!json_is_array(keys))
		*why = "it is no JWK Set (RFC 7517): {\"keys\": [...]}";
	else if (set->count == 0)
		*why = "it has no public key for RS256 or ES256";
	json_decref(root);
	if (*why != NULL)
		jwks_free(&set);
	return set;
}

void
jwks_free(struct jwks **sp)
{
	struct jwks *set = *sp;
	unsigned i;

	*sp = NULL;
	if (set == NULL)
		return;
	for (i = 0; i < set->count; i++) {
		cjose_jwk_release(set->keys[i].jwk);
		free(set->keys[i].kid);
	}
	pthread_mutex_destroy(&set->lock);
	free(set);
}

unsigned
jwks_count(const struct jwks *set)
{
	return set->count;
}

bool
jwks_verify(const struct jwks *set, enum jwks_kind kind, struct slice kid,
    struct slice token)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&set->lock;
	bool good = false;
	cjose_jws_t *jws;
	unsigned i;

	pthread_mutex_lock(lock);
	jws = cjose_jws_import(token.p, token.n, NULL);
	for (i = 0; jws != NULL && !good && i < set->count; i++) {
		const struct key *key = &set->keys[i];

		if (key->kind == kind &&
		    (kid.n == 0 || (key->kid != NULL &&
				       slice_eq(kid, slice_of(key->kid)))))
			good = cjose_jws_verify(jws, key->jwk, NULL);
	}
	cjose_jws_release(jws);
	pthread_mutex_unlock(lock);
	return good;
}
