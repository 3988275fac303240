#ifndef SUBMITD_TESTS_FIXUPCASE_H
#define SUBMITD_TESTS_FIXUPCASE_H

/*
 * fixupcase - a header through fixup_header(), for the tests of identity and
 * of the fix-ups.
 *
 * The user is alice; the time, the host and the queue id are always the same.
 */

#include "cases.h"

#include "compiler.h"
#include "fixup.h"
#include "identity.h"
#include "pack.h"

#define ADDED_DATE "Date: Wed, 25 Nov 2026 03:20:28 +0000\r\n"
#define ADDED_ID   "Message-ID: <0id@our.example>\r\n"
#define NOW        1795576828

/* Received, as every message gets it here. */
#define TRACE                                                                  \
	"Received: by our.example with ESMTPSA id 0id;\r\n"                    \
	"\tWed, 25 Nov 2026 03:20:28 +0000\r\n"

/* What keeps Date and Message-ID from being added. */
#define DATED "Date: x\r\nMessage-ID: <m@x>\r\n"

struct fixupcase {
	struct fixup_rules rules;
	struct grant grant;
	struct buf addresses;
	struct headerblock block;
	struct fixup fixup;
	struct buf out;
	struct buf body; /* what followed the header */
	bool fine;
};

static inline void
fixupcase_own(struct fixupcase *c, const char *address)
{
	pack_bytes(&c->addresses, slice_of(address));
	c->grant.address_count++;
	c->grant.addresses = buf_slice(&c->addresses);
}

/* alice@example.org and sales@example.net, who sent as the former. */
static inline void
fixupcase_begin(struct fixupcase *c)
{
	*c = (struct fixupcase){
		.addresses = buf_new(65536),
		.out = buf_new(4 << 20),
		.body = buf_new(4 << 20),
		.rules.received = { .hostname = slice_of("our.example"),
		    .id = slice_of("0id"),
		    .esmtp = true,
		    .now = NOW },
	};
	headerblock_begin(&c->block);
	fixup_begin(&c->fixup);
	fixupcase_own(c, "alice@example.org");
	fixupcase_own(c, "sales@example.net");
	c->rules.check.own = slice_of("alice@example.org");
}

/* Content in two parts; then look at fine, out and fixup. */
static inline void
fixupcase_run(struct fixupcase *c, struct slice content, size_t cut)
{
	struct slice part = { content.p, cut };
	enum headerblock_status st = headerblock_take(&c->block, &part);

	buf_add(&c->body, part.p, part.n);
	part = slice_from(content, cut);
	if (st == HEADERBLOCK_MORE)
		st = headerblock_take(&c->block, &part);
	buf_add(&c->body, part.p, part.n);
	if (st == HEADERBLOCK_MORE)
		st = headerblock_finish(&c->block);
	assert_int_equal(st, HEADERBLOCK_END);
	c->rules.check.grant = &c->grant;
	c->fine = fixup_header(&c->rules, &c->block, &c->fixup, &c->out);
	buf_add(&c->out, c->body.p, c->body.n);
}

static inline void
fixupcase_end(struct fixupcase *c)
{
	headerblock_free(&c->block);
	fixup_free(&c->fixup);
	buf_free(&c->addresses);
	buf_free(&c->out);
	buf_free(&c->body);
}

/* "554 From" and the like: what the client would be told. */
static inline void
assert_refused(const struct fixupcase *c, enum reply why, const char *detail)
{
	char shown_in[2048];

	(void)snprintf(
	    shown_in, sizeof(shown_in), "%s", shown(buf_slice(&c->block.raw)));
	if (c->fine)
		fail_msg("'%s' is fine", shown_in);
	if (c->fixup.notes.refusal != why)
		fail_msg("'%s': reply %d, %s", shown_in, c->fixup.notes.refusal,
		    shown(buf_slice(&c->fixup.notes.detail)));
	if (detail != NULL &&
	    !slice_eq(buf_slice(&c->fixup.notes.detail), slice_of(detail)))
		fail_msg("'%s': %s", shown_in,
		    shown(buf_slice(&c->fixup.notes.detail)));
}

/* want: behind TRACE. */
static inline void
assert_written(const struct fixupcase *c, struct slice want)
{
	if (!c->fine)
		fail_msg("refused: %s (%d)",
		    shown(buf_slice(&c->fixup.notes.detail)),
		    c->fixup.notes.refusal);
	assert_true(c->out.n >= strlen(TRACE));
	assert_slice(
	    (struct slice){ c->out.p, strlen(TRACE) }, slice_of(TRACE));
	assert_slice(slice_from(buf_slice(&c->out), strlen(TRACE)), want);
}

#endif
