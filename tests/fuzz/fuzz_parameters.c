/* parameters - of MAIL and RCPT: known ones, once, such as can be sent on. */

#include "fuzz.h"

#include "limits.h"
#include "parameters.h"

#define NOW 1795578000

/* What relay's border lets pass. */
static bool
options_pass(const struct mail_options *options)
{
	struct buf b = buf_new(LIMIT_FRAME);
	struct mail_options o;
	struct unpack u;
	bool pass;

	mail_options_pack(&b, options);
	u = unpack_begin(buf_slice(&b));
	mail_options_unpack(&u, &o);
	pass = unpack_end(&u);
	buf_free(&b);
	return pass;
}

static bool
recipient_passes(const struct rcpt_parameters *rp)
{
	struct mail_recipient r = { .mailbox = slice_of("a@b.c"),
		.notify = rp->notify,
		.orcpt = rp->orcpt };
	struct buf b = buf_new(LIMIT_FRAME);
	struct unpack u;
	bool pass;

	mail_recipient_pack(&b, &r);
	u = unpack_begin(buf_slice(&b));
	mail_recipient_unpack(&u, &r);
	pass = unpack_end(&u);
	buf_free(&b);
	return pass;
}

/* Spaces between the words do not matter. */
static void
assert_blind_to_spaces(struct slice rest, const struct offers *offers,
    enum parameters_status st, const struct mail_parameters *want)
{
	char *p = malloc(2 * rest.n + 2);
	struct mail_parameters mp;
	size_t i, n = 0;

	p[n++] = ' ';
	for (i = 0; i < rest.n; i++) {
		if (rest.p[i] == ' ')
			p[n++] = ' ';
		p[n++] = rest.p[i];
	}
	p[n++] = ' ';
	assert_int_equal(
	    parameters_parse_mail((struct slice){ p, n }, offers, NOW, &mp),
	    st);
	if (st == PARAMETERS_OK) {
		assert_true(mp.size == want->size);
		assert_slice(mp.options.envid, want->options.envid);
		assert_slice(
		    mp.options.hold_request, want->options.hold_request);
	}
	free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	struct offers offers = {
		.set = MAIL_OFFERS_ALL | OFFER_IN_TLS | OFFER_FUTURERELEASE,
		.by_min_s = 60,
		.hold_max_s = 604800,
	};
	struct mail_parameters mp;
	struct rcpt_parameters rp;
	enum parameters_status st;

	st = parameters_parse_mail(rest, &offers, NOW, &mp);
	if (st == PARAMETERS_OK) {
		assert_true(mp.has_size || mp.size == 0);
		assert_true(options_pass(&mp.options));
	}
	assert_blind_to_spaces(rest, &offers, st, &mp);
	offers = (struct offers){ .set = 0 };
	st = parameters_parse_mail(rest, &offers, NOW, &mp);
	if (st == PARAMETERS_OK)
		assert_true(
		    mp.options.body == BODY_7BIT && !mp.options.smtputf8 &&
		    !mp.options.require_tls && !mp.options.has_priority &&
		    mp.options.by == BY_UNSET && mp.options.hold_until_s == 0);
	if (parameters_parse_rcpt(rest, false, &rp) == PARAMETERS_OK)
		assert_true(recipient_passes(&rp));
	if (parameters_parse_rcpt(rest, true, &rp) == PARAMETERS_OK)
		assert_true(recipient_passes(&rp));
	return 0;
}
