/*
 * fixup - a header that goes out names nobody but its user, has what it must
 * have, and is not changed a second time.
 */

#include "fuzz.h"

#include "fixupcase.h"

/* The latter is, with flag 16, of somebody whom the user writes for. */
static const char *const own[] = { "alice@example.org", "sales@example.net" };

/* The header and what is behind it.  False: no header that one can take. */
static bool
take(struct fixupcase *c, struct slice content, uint32_t seed)
{
	enum headerblock_status st = HEADERBLOCK_MORE;
	struct slice run;
	size_t at = 0, n;

	while (st == HEADERBLOCK_MORE &&
	       (n = fuzz_piece(&seed, content.n - at)) > 0) {
		run = (struct slice){ content.p + at, n };
		st = headerblock_take(&c->block, &run);
		at += n - run.n;
	}
	if (st == HEADERBLOCK_MORE)
		st = headerblock_finish(&c->block);
	if (st != HEADERBLOCK_END)
		return false;
	run = slice_from(content, at);
	buf_add(&c->body, run.p, run.n);
	c->rules.check.grant = &c->grant;
	c->fine = fixup_header(&c->rules, &c->block, &c->fixup, &c->out);
	return true;
}

static void
write_for_the_second(struct fixupcase *c)
{
	struct grant *g = &c->grant;
	size_t first = sizeof(uint32_t) + strlen(own[0]);

	g->delegated = slice_from(g->addresses, first);
	g->addresses.n = first;
	g->address_count = g->delegated_count = 1;
}

static void
set_rules(struct fixupcase *c, uint8_t flags)
{
	fixupcase_begin(c);
	if (flags & 16)
		write_for_the_second(c);
	c->rules.check.from = (enum header_from)(flags & 3);
	c->rules.check.syntax =
	    flags & 4 ? HEADER_SYNTAX_LOG : HEADER_SYNTAX_REJECT;
	if (flags & 8)
		c->rules.check.complete_domain = slice_of("corp.example");
}

/* Which of the user's addresses is it?  ARRAY_LEN(own): none. */
static size_t
find_own(struct slice s)
{
	size_t i;

	while (s.n > 0 && isspace((unsigned char)s.p[0]))
		s = slice_from(s, 1);
	while (s.n > 0 && isspace((unsigned char)s.p[s.n - 1]))
		s.n--;
	for (i = 0; i < ARRAY_LEN(own); i++)
		if (slice_ieq(s, slice_of(own[i])))
			break;
	return i;
}

/*
 * A field as a simple reader has it: without comments, quoted strings only
 * where they are a local part.  Returns its octets.
 */
static size_t
simplified(struct slice body, char *out)
{
	size_t i, n = 0, depth = 0, quote = 0;
	bool quoted = false;

	for (i = 0; i < body.n; i++) {
		char c = body.p[i];

		if (c == '\\' && (quoted || depth > 0)) {
			i++;
			continue;
		}
		if (c == '"' && depth == 0) {
			quoted = !quoted;
			if (quoted)
				quote = n;
			else if (i + 1 == body.n || body.p[i + 1] != '@')
				n = quote; /* a display name */
			continue;
		}
		if (!quoted && c == '(')
			depth++;
		if (depth == 0)
			out[n++] = c;
		if (!quoted && c == ')' && depth > 0)
			depth--;
	}
	return n;
}

/* Each address of an author field is the user's; is the second among them? */
static bool
assert_authors(struct slice body)
{
	bool found = false;
	char *text = malloc(body.n + 1);
	size_t n = simplified(body, text), i, start = 0;
	struct slice one;
	const char *open;

	text[n] = ',';
	for (i = 0; i <= n; i++) {
		if (text[i] == ':') /* of a group */
			start = i + 1;
		if (text[i] != ',' && text[i] != ';')
			continue;
		one = (struct slice){ text + start, i - start };
		start = i + 1;
		open = one.n == 0 ? NULL : memchr(one.p, '<', one.n);
		if (open != NULL) {
			one = slice_from(one, (size_t)(open - one.p) + 1);
			assert_true(
			    one.n > 0 && memchr(one.p, '>', one.n) != NULL);
			one.n =
			    (size_t)((const char *)memchr(one.p, '>', one.n) -
				     one.p);
		}
		if (one.n == 0 || memchr(one.p, '@', one.n) == NULL)
			continue;
		if (find_own(one) == ARRAY_LEN(own))
			fail_msg("'%s'", shown(one));
		found = found || find_own(one) == 1;
	}
	free(text);
	return found;
}

/* What a simple reader finds in the header that went out. */
static void
assert_header(const struct fixupcase *c)
{
	unsigned from = 0, date = 0, id = 0, resent = 0;
	struct headerblock h;
	struct headerblock_field f;
	struct slice run = buf_slice(&c->out);
	bool strict = c->rules.check.from == HEADER_FROM_REJECT ||
		      c->rules.check.from == HEADER_FROM_REWRITE;
	bool of_another = false, is_told = false, second;
	size_t at = 0;

	headerblock_begin(&h);
	if (headerblock_take(&h, &run) == HEADERBLOCK_MORE)
		assert_int_equal(headerblock_finish(&h), HEADERBLOCK_END);
	assert_int_equal(h.status, HEADERBLOCK_END);
	while (headerblock_next(&h, &at, &f)) {
		from += f.id == FIELD_FROM;
		resent += f.id >= FIELD_RESENT_FROM;
		date += f.id == FIELD_DATE;
		id += f.id == FIELD_MESSAGE_ID;
		assert_true(
		    f.id != FIELD_RETURN_PATH && f.id != FIELD_RESENT_BCC);
		if (f.id == FIELD_BCC)
			assert_true(header_is_blank(f.body));
		if (!strict || !header_field_is_author(f.id))
			continue;
		second = assert_authors(f.body);
		of_another = of_another || (f.id == FIELD_FROM && second);
		is_told = is_told || (f.id == FIELD_SENDER && !second);
	}
	if (of_another && c->grant.delegated_count > 0)
		assert_true(is_told);
	assert_int_equal(from, 1);
	if (resent == 0)
		assert_true(date > 0 && id > 0);
	headerblock_free(&h);
}

/* It goes out again as it is, our field in front. */
static void
assert_settled(const struct fixupcase *first, uint8_t flags)
{
	struct buf content = buf_new(8 << 20);
	struct fixupcase c;
	unsigned done;

	buf_add(&content, first->out.p, first->out.n);
	buf_add(&content, first->body.p, first->body.n);
	set_rules(&c, flags);
	assert_true(take(&c, buf_slice(&content), FUZZ_WHOLE));
	if (!c.fine)
		fail_msg("refused the second time: %s",
		    shown(buf_slice(&c.fixup.notes.detail)));
	done = c.fixup.done & ~(1U << FIXUP_BCC);
	if (done != 0)
		fail_msg("done the second time: %x", done);
	assert_true(c.out.n + c.body.n > content.n);
	buf_free(&content);
	fixupcase_end(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size }, rest;
	uint32_t seed = fuzz_u32(&in);
	uint8_t flags = fuzz_u8(&in);
	struct fixupcase c;

	set_rules(&c, flags);
	if (take(&c, in, seed) && c.fine) {
		rest = headerblock_rest(&c.block);
		assert_true(c.out.n >= rest.n);
		assert_memory_equal(c.out.p + c.out.n - rest.n, rest.p, rest.n);
		assert_header(&c);
		assert_settled(&c, flags);
	}
	fixupcase_end(&c);
	return 0;
}
