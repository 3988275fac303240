/* scrammessage: what a client says of channel binding, yes or no. */

#include "cases.h"

#include "base64.h"
#include "scrammessage.h"

static const struct scram_binding none = { false, false, S(""), S("") };
static const struct scram_binding could = { false, true, S("tls-exporter"),
	S("the octets") };
static const struct scram_binding plus = { true, true, S("tls-exporter"),
	S("the octets") };

/* clang-format off */
static const struct {
	struct slice			 message;
	const struct scram_binding	*binding;
	const char			*bound;	/* c= decoded; NULL: no */
} cases[] = {
	{ S("n,,n=user,r=a"),		&none,	"n,," },
	{ S("n,,"),			&none,	"n,," }, /* not ours to read */
	{ S("n,a=x,n=user,r=a"),	&none,	"n,a=x," },
	{ S("n,a=,n=user,r=a"),		&none,	"n,a=," },
	{ S("y,,n=user,r=a"),		&none,	"y,," },
	{ S("y,a=x,n=user,r=a"),	&none,	"y,a=x," },
	{ S("y,,n=user,r=a"),		&could,	NULL },
	{ S("n,,n=user,r=a"),		&could,	"n,," },
	{ S("p=tls-exporter,,n=user"),	&could,	NULL },
	{ S("p=tls-exporter,,n=user"),	&none,	NULL },
	{ S("p=tls-exporter,,n=user"),	&plus,	"p=tls-exporter,,the octets" },
	{ S("p=tls-exporter,a=x,n=u"),	&plus,
	    "p=tls-exporter,a=x,the octets" },
	{ S("p=tls-unique,,n=user"),	&plus,	NULL },
	{ S("p=TLS-EXPORTER,,n=user"),	&plus,	NULL },
	{ S("p=tls-exporterx,,n=user"),	&plus,	NULL },
	{ S("p=,,n=user"),		&plus,	NULL },
	{ S("p,,n=user"),		&plus,	NULL },
	{ S("n,,n=user"),		&plus,	NULL },
	{ S("y,,n=user"),		&plus,	NULL },
	{ S(""),			&none,	NULL },
	{ S("n"),			&none,	NULL },
	{ S("n,"),			&none,	NULL },
	{ S(",,n=user"),		&none,	NULL },
	{ S("x,,n=user"),		&none,	NULL },
	{ S("nn,,n=user"),		&none,	NULL },
	{ S("n,b=x,n=user"),		&none,	NULL },
	{ S("n,ax,n=user"),		&none,	NULL },
	{ S("n,n=user,r=a"),		&none,	NULL },
	{ S("n,,n=us\0er,r=a"),		&none,	NULL },
	{ S("n\0,,n=user,r=a"),		&none,	NULL },
};
/* clang-format on */

static void
test_first_messages(void **state)
{
	struct buf got = buf_new(512), want = buf_new(512);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		bool good;

		buf_clear(&got);
		buf_clear(&want);
		good = scrammessage_first(
		    cases[i].message, cases[i].binding, &got);
		if (good != (cases[i].bound != NULL))
			fail_msg("%s", shown(cases[i].message));
		if (!good)
			continue;
		buf_str(&want, "c=");
		base64_encode(slice_of(cases[i].bound), &want);
		buf_str(&want, ",");
		assert_slice(buf_slice(&got), buf_slice(&want));
		assert_true(
		    scrammessage_final(buf_slice(&got), buf_slice(&got)));
	}
	buf_free(&got);
	buf_free(&want);
}

static void
test_final_messages(void **state)
{
	static const struct slice attribute = S("c=biws,");
	static const struct {
		struct slice message;
		bool good;
	} rows[] = {
		{ S("c=biws,r=a,p=b"), true },
		{ S("c=biws,"), true },
		{ S("c=biws"), false },
		{ S("c=biwsAAAA,r=a,p=b"), false },
		{ S("c=eSws,r=a,p=b"), false },
		{ S("C=biws,r=a,p=b"), false },
		{ S("r=a,c=biws,p=b"), false },
		{ S("c=biws,r=a,\0p=b"), false },
		{ S(""), false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(scrammessage_final(rows[i].message, attribute),
		    rows[i].good);
	assert_false(scrammessage_final(attribute, slice_of("")));
}

/* Whatever is taken begins with a flag that is right. */
static void
is_taken_rightly(struct slice in)
{
	static const struct scram_binding *const all[] = { &none, &could,
		&plus };
	struct buf b = buf_new(4096);
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++) {
		buf_clear(&b);
		if (!scrammessage_first(in, all[i], &b))
			continue;
		assert_true(b.n > 3 && in.n >= 3);
		assert_true(in.p[0] == (all[i]->plus ? 'p' : 'n') ||
			    (in.p[0] == 'y' && all[i] == &none));
	}
	buf_free(&b);
}

static void
test_spoilt_messages_harm_nobody(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].message, is_taken_rightly);
		mutated(cases[i].message, is_taken_rightly);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_messages),
		cmocka_unit_test(test_final_messages),
		cmocka_unit_test(test_spoilt_messages_harm_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
