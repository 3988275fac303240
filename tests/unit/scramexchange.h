#ifndef SUBMITD_TEST_SCRAMEXCHANGE_H
#define SUBMITD_TEST_SCRAMEXCHANGE_H

/*
 * scramexchange - an exchange of SCRAM with a directory that is faked, and a
 * client that says what it is told to.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "exchange.h"
#include "pack.h"
#include "passwordcheck.h"
#include "scramclient.h"
#include "stranger.h"
#include "xalloc.h"

#define SALT "a salt of 16 oct"

static const char exporter[] = "an exporter's value of 32 octets";

/* What the directory says next, and what it was asked. */
static struct {
	enum auth_verdict answer;
	const char *value;    /* stored key; NULL: none */
	const char *delegate; /* whom they write for; NULL: nobody */
	int asked;
	char name[300];
	bool guess;    /* what the last login was */
	bool verified; /* we have shown in it that we know a key */
} directory;

static struct auth_config config = {
	.scram_iterations = 4096,
	.scram_salt = 16,
	.abuse_pair_failures = 1,
	.abuse_window_ms = 60000,
	.abuse_ban_ms = 60000,
};

static struct abuse *abuse;

/* Take the place of directory.c: the linker finds these first. */
void
directory_check(struct directory *d, struct slice user, struct slice password,
    uint64_t deadline_ms, struct login *login)
{
	(void)d;
	(void)user;
	(void)password;
	(void)deadline_ms;
	(void)login;
	fail();
}

void
directory_identify(struct directory *d, const struct claim *claim,
    uint64_t deadline_ms, struct login *login, struct buf *stored_keys)
{
	(void)d;
	(void)deadline_ms;
	directory.asked++;
	assert_true(claim->name.n < sizeof(directory.name));
	memcpy(directory.name, claim->name.p, claim->name.n);
	directory.name[claim->name.n] = '\0';
	login_set_user(login, claim->name);
	login_judge(login, directory.answer, "faked");
	if (directory.delegate != NULL)
		(void)login_add_delegated(login, slice_of(directory.delegate),
		    slice_of("x@example.org"));
	if (directory.value != NULL)
		pack_bytes(stored_keys, slice_of(directory.value));
}

/* The directory holds this password; "": none. */
static inline void
holds(const char *scheme, const char *password)
{
	static char text[1024];
	struct buf b = buf_new(sizeof(text) - 1);
	struct storedkey k = scram_key(scheme, password, slice_of(SALT), 4096);

	storedkey_print(&k, scheme, &b);
	memcpy(text, b.p, b.n);
	text[b.n] = '\0';
	buf_free(&b);
	directory.value = text;
}

static inline int
set_up(void **state)
{
	(void)state;
	memset(&directory, 0, sizeof(directory));
	directory.answer = AUTH_ACCEPTED;
	config.scram_transition = false;
	holds("SCRAM-SHA-256", "pencil");
	return 0;
}

/* -- one exchange -----------------------------------------------------------
 */

static inline struct exchange *
begin(const char *mechanism, const char *type, const char *data)
{
	struct msg_auth_start start = {
		.binding_type = slice_of(type),
		.binding = slice_of(data),
	};
	const struct mech *mech = mechs_find(slice_of(mechanism));

	assert_non_null(mech);
	return exchange_new(mech, &start, &config);
}

/* out: the challenge, as a C string. */
static inline enum exchange_state
step(struct exchange *e, const char *text, char *out)
{
	struct buf b = buf_new(4096);
	enum exchange_state s;

	s = exchange_step(
	    e, NULL, text != NULL, slice_of(text), UINT64_MAX, &b);
	assert_true(buf_ok(&b));
	memcpy(out, b.p == NULL ? "" : b.p, b.n);
	out[b.n] = '\0';
	buf_free(&b);
	return s;
}

/* What a client says, each part right unless set. */
struct saying {
	const char *mechanism; /* SCRAM-SHA-256 */
	const char *type;      /* of the server's binding; none */
	const char *header;    /* n,, */
	const char *bare;      /* n=user,r=abcd */
	const char *password;  /* pencil */
	const char *attribute; /* made of the header, and the binding for p= */
	const char *nonce;     /* the server's */
	const char *final;     /* the whole last message */
	const char *last;      /* answer to v=: empty */
};

static inline void
fill(struct saying *s, char *attribute, size_t size)
{
	char bound[256], text[512];

	s->mechanism = s->mechanism == NULL ? "SCRAM-SHA-256" : s->mechanism;
	s->header = s->header == NULL ? "n,," : s->header;
	s->bare = s->bare == NULL ? "n=user,r=abcd" : s->bare;
	s->password = s->password == NULL ? "pencil" : s->password;
	s->last = s->last == NULL ? "" : s->last;
	snprintf(bound, sizeof(bound), "%s%s", s->header,
	    s->header[0] == 'p' ? exporter : "");
	scram_base64((unsigned char *)bound, strlen(bound), text);
	snprintf(attribute, size, "c=%s", text);
	if (s->attribute == NULL)
		s->attribute = attribute;
}

/* The whole of it: the verdict, *reason the log's. */
static inline enum auth_verdict
says(struct saying s, const char **reason)
{
	char attribute[1024], text[8192], challenge[4097], verifier[256];
	struct scram_client c = { 0 };
	enum auth_verdict verdict;
	enum exchange_state state;
	struct exchange *e;

	fill(&s, attribute, sizeof(attribute));
	e = begin(s.mechanism, s.type == NULL ? "" : s.type,
	    s.type == NULL ? "" : exporter);
	snprintf(text, sizeof(text), "%s%s", s.header, s.bare);
	state = step(e, text, challenge);
	if (state == EXCHANGE_CHALLENGE) {
		c.hash = scram_hash(mechs_find(slice_of(s.mechanism))->library);
		c.password = s.password;
		scram_final(&c, s.bare, challenge, s.attribute, s.nonce, text);
		state = step(e, s.final == NULL ? text : s.final, challenge);
	}
	directory.verified = state == EXCHANGE_CHALLENGE;
	if (state == EXCHANGE_CHALLENGE) {
		scram_verifier(&c, verifier);
		assert_string_equal(challenge, verifier);
		state = step(e, s.last, challenge);
		assert_string_equal(challenge, "");
	}
	assert_int_equal(state, EXCHANGE_OVER);
	assert_true(exchange_login(e)->judged);
	verdict = exchange_login(e)->verdict;
	*reason = exchange_login(e)->reason;
	directory.guess = exchange_login(e)->guess;
	exchange_free(&e);
	assert_true(directory.asked <= 1); /* one search, whatever comes */
	directory.asked = 0;
	return verdict;
}

static inline void
assert_says(struct saying s, enum auth_verdict want)
{
	const char *reason;
	enum auth_verdict got = says(s, &reason);

	if (got != want)
		fail_msg("%s%s: %d (%s), not %d",
		    s.header == NULL ? "" : s.header,
		    s.bare == NULL ? "" : s.bare, got, reason, want);
}

/* For cmocka_run_group_tests(). */
static inline int
start(void **state)
{
	static char login[] = "LOGIN", one[] = "SCRAM-SHA-256",
		    two[] = "SCRAM-SHA-512", three[] = "SCRAM-SHA-1-PLUS",
		    four[] = "SCRAM-SHA-1", plain[] = "PLAIN";
	static char *names[] = { login, one, two, three, four, plain };
	static const struct strings wanted = { names, ARRAY_LEN(names) };

	(void)state;
	secret_set(&config.bind_password, slice_of("service secret"));
	stranger_start(&config);
	abuse = abuse_new(&config);
	passwordcheck_open(&config, NULL, abuse);
	return mechs_start(&wanted);
}

static inline int
stop(void **state)
{
	(void)state;
	passwordcheck_close();
	abuse_free(&abuse);
	secret_wipe(&config.bind_password);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

#endif
