/* mailboxlist - an address is what it is in its short form, or a fault. */

#include "fuzz.h"

#include "headerfield.h"
#include "mailboxlist.h"
#include "utf8.h"

/* Written in its short form it is itself. */
static void
assert_stable(const struct mailbox *mb)
{
	struct slice short_form = { fuzz_copy(mb->address), mb->address.n };
	struct mailboxlist list;
	struct mailbox again;

	mailboxlist_begin(&list, short_form);
	assert_int_equal(mailboxlist_next(&list, &again), MAILBOXLIST_ONE);
	assert_slice(again.address, short_form);
	assert_int_equal(again.domain, mb->domain);
	assert_false(again.odd);
	assert_int_equal(again.name.n, 0);
	assert_int_equal(mailboxlist_next(&list, &again), MAILBOXLIST_END);
	free((char *)(uintptr_t)short_form.p);
}

static void
assert_mailbox(const struct mailbox *mb, struct slice in)
{
	size_t i;

	assert_true(is_inside(mb->raw, in) && mb->raw.n > 0);
	assert_true(is_inside(mb->spec, mb->raw) && mb->spec.n > 0);
	assert_true(is_inside(mb->name, mb->raw));
	assert_in_range(mb->address.n, 1, LIMIT_HEADER_ADDRESS);
	assert_true(utf8_is_valid(mb->address));
	for (i = 0; i < mb->address.n; i++) /* a TAB may stand in quotes */
		assert_true(mb->address.p[i] == '\t' ||
			    ((unsigned char)mb->address.p[i] >= ' ' &&
				mb->address.p[i] != 0x7f));
	if (mb->domain != MAILBOX_NO_DOMAIN)
		assert_non_null(memchr(mb->address.p, '@', mb->address.n));
	if (mb->domain == MAILBOX_QUALIFIED)
		assert_stable(mb);
	/* nothing between the tokens: the address stands there as it is */
	if (!mb->odd && mb->address.p[0] != '"' &&
	    memchr(mb->spec.p, '"', mb->spec.n) == NULL)
		assert_slice(mb->spec, mb->address);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	enum mailboxlist_status st;
	struct mailboxlist list;
	struct mailbox mb;
	size_t n = 0;

	mailboxlist_begin(&list, in);
	while ((st = mailboxlist_next(&list, &mb)) == MAILBOXLIST_ONE) {
		n++;
		assert_mailbox(&mb, in);
	}
	assert_true(n <= LIMIT_FIELD_ADDRESSES && n <= in.n);
	assert_int_equal(st == MAILBOXLIST_BAD, list.lex.fault != NULL);
	assert_true(list.lex.fault_at <= in.n);
	assert_true(is_inside(header_message_id(in), in));
	(void)header_results_claim(in, slice_of("submit.example.net"));
	(void)header_is_blank(in);
	return 0;
}
