/*
 * headercheck - the header against grammar and grant.
 *
 * One pass counts, so that a second From is told as such, one reads the
 * addresses.  An address that others may read differently belongs to nobody.
 */

#include "headercheck.h"

#include <stdio.h>

#include "identity.h"
#include "mailboxlist.h"

/* How much of a field is shown where it is wrong. */
#define EXCERPT 24

/* An address in the header with a domain of ours behind it. */
#define COMPLETED_MAX (LIMIT_HEADER_ADDRESS + LIMIT_DOMAIN + 2)

struct check {
	const struct headercheck_rules *rules;
	const struct headerblock_field *field;
	bool is_strict; /* faults of this field refuse the message */
	bool is_judged; /* it must hold the user's addresses */
	struct headernotes *notes;
	struct headercheck *out;
	struct headercheck_authors authors;
};

void
headernotes_begin(struct headernotes *n)
{
	*n = (struct headernotes){ .detail = buf_new(LIMIT_OUTPUT) };
}

void
headernotes_free(struct headernotes *n)
{
	buf_free(&n->detail);
}

static bool
refuse(struct headernotes *n, enum reply why, const char *detail)
{
	n->refusal = why;
	buf_clear(&n->detail);
	buf_str(&n->detail, detail);
	return false;
}

/* Refused, or noted and let through: true. */
static bool
complain(struct check *c, enum reply why, const char *text)
{
	if (c->is_strict)
		return refuse(c->notes, why, text);
	if (c->notes->fault[0] == '\0')
		(void)snprintf(
		    c->notes->fault, sizeof(c->notes->fault), "%s", text);
	return true;
}

/* "To: text behind an address at character 17: bob smith" */
static bool
complain_syntax(struct check *c, const char *what, size_t at)
{
	struct slice near = slice_from(c->field->body, at);
	char text[sizeof(c->notes->fault)];
	int n;

	while (near.n > 0 && (near.p[0] == ' ' || near.p[0] == '\t'))
		near = slice_from(near, 1);
	n = near.n < EXCERPT ? (int)near.n : EXCERPT;
	(void)snprintf(text, sizeof(text), "%s: %s at character %zu%s%.*s",
	    header_field_name(c->field->id), what, at + 1, n > 0 ? ": " : "", n,
	    near.p);
	return complain(c, R_554_HEADER_SYNTAX, text);
}

/* "From <a@x>" */
static void
show_address(const struct check *c, struct slice address, char *text, size_t n)
{
	(void)snprintf(text, n, "%s <%.*s>", header_field_name(c->field->id),
	    (int)address.n, address.p);
}

/* An author who is not the user. */
static bool
complain_foreign(struct check *c, const char *text)
{
	const struct grant *g = c->rules->grant;
	struct headernotes *n = c->notes;

	c->authors.foreign++;
	c->out->is_foreign = true;
	if (n->foreign[0] == '\0')
		(void)snprintf(n->foreign, sizeof(n->foreign), "%s", text);
	if (c->rules->own.n == 0 && c->rules->from == HEADER_FROM_REWRITE)
		return refuse(n, R_550_HEADER_NOT_YOURS_NONE, text);
	if (c->rules->from != HEADER_FROM_REJECT)
		return true;
	if (identity_is_nobody(g))
		return refuse(n, R_550_HEADER_NOT_YOURS_NONE, text);
	(void)refuse(n, R_550_HEADER_NOT_YOURS, text);
	buf_str(&n->detail, "; you may use ");
	identity_add_names(&n->detail, g);
	return false;
}

/* RFC 6409, 4.2.  *address: completed, where it can be; in room. */
static bool
complete(struct check *c, const struct mailbox *mb, struct slice *address,
    char room[COMPLETED_MAX])
{
	struct slice domain = c->rules->complete_domain;
	char text[sizeof(c->notes->fault)];
	int n;

	*address = mb->address;
	if (mb->domain == MAILBOX_QUALIFIED)
		return true;
	if (domain.n == 0) {
		show_address(c, mb->address, text, sizeof(text));
		return complain(c, R_554_HEADER_DOMAIN, text);
	}
	c->out->is_incomplete = true;
	n = snprintf(room, COMPLETED_MAX, "%.*s%s%.*s", (int)mb->address.n,
	    mb->address.p, mb->domain == MAILBOX_ONE_LABEL ? "." : "@",
	    (int)domain.n, domain.p);
	*address = (struct slice){ room, (size_t)n };
	return true;
}

static bool
judge_author(struct check *c, const struct mailbox *mb, struct slice address)
{
	char text[sizeof(c->notes->foreign)];

	if (!mb->odd && grant_owns(c->rules->grant, address))
		return true;
	if (!mb->odd && grant_allows(c->rules->grant, address)) {
		c->authors.delegated++;
		return true;
	}
	show_address(c, address, text, sizeof(text));
	return complain_foreign(c, text);
}

static bool
check_mailbox(struct check *c, const struct mailbox *mb)
{
	char room[COMPLETED_MAX];
	struct slice address;

	if (!complete(c, mb, &address, room))
		return false;
	if (c->authors.mailboxes++ == 0)
		c->authors.name = mb->name;
	if (!c->is_judged)
		return true;
	if (mb->odd && c->rules->from == HEADER_FROM_REJECT)
		return complain_syntax(c,
		    "an address that others may read differently",
		    (size_t)(mb->spec.p - c->field->body.p));
	return judge_author(c, mb, address);
}

/* What only the whole list shows. */
static bool
check_list(struct check *c, const struct mailboxlist *list)
{
	char text[sizeof(c->notes->foreign)];
	enum header_field id = c->field->id;

	if (!header_field_is_author(id))
		return true;
	if (list->mailboxes == 0 && list->groups == 0)
		return complain_syntax(c, "no address", list->lex.at);
	if (list->mailboxes > 1 &&
	    (id == FIELD_SENDER || id == FIELD_RESENT_SENDER))
		return complain_syntax(c, "more than one address", 0);
	if (!c->is_judged)
		return true;
	if (list->mailboxes == 0) {
		(void)snprintf(text, sizeof(text), "%s names nobody",
		    header_field_name(id));
		return complain_foreign(c, text);
	}
	if (!list->lex.odd_comment)
		return true;
	if (c->rules->from == HEADER_FROM_REJECT)
		return complain_syntax(
		    c, "a comment that others may read as an address", 0);
	(void)snprintf(text, sizeof(text), "%s with an address in a comment",
	    header_field_name(id));
	return complain_foreign(c, text);
}

static bool
check_field(struct check *c)
{
	enum mailboxlist_status st;
	struct mailboxlist list;
	struct mailbox mb;

	c->authors = (struct headercheck_authors){ .mailboxes = 0 };
	mailboxlist_begin(&list, c->field->body);
	while ((st = mailboxlist_next(&list, &mb)) == MAILBOXLIST_ONE) {
		if (!check_mailbox(c, &mb))
			return false;
		if (c->is_judged && list.mailboxes > LIMIT_FIELD_AUTHORS)
			return complain_syntax(
			    c, "too many addresses", list.lex.at);
	}
	if (st == MAILBOXLIST_BAD)
		return complain_syntax(c, list.lex.fault, list.lex.fault_at);
	return check_list(c, &list);
}

static void
begin_field(struct check *c, const struct headerblock_field *f)
{
	bool is_author = header_field_is_author(f->id);

	c->field = f;
	c->is_judged = is_author && c->rules->from != HEADER_FROM_OFF;
	c->is_strict = c->is_judged || c->rules->syntax == HEADER_SYNTAX_REJECT;
}

static bool
check_addresses(struct check *c, const struct headerblock *h)
{
	struct headerblock_field f;
	size_t at = 0;

	while (headerblock_next(h, &at, &f)) {
		if (!header_field_has_addresses(f.id))
			continue;
		begin_field(c, &f);
		if (!check_field(c))
			return false;
		if (f.id == FIELD_FROM)
			c->out->from = c->authors;
		else if (f.id == FIELD_SENDER)
			c->out->sender = c->authors;
		else if (f.id == FIELD_RESENT_FROM)
			c->out->resent_delegated |= c->authors.delegated > 0;
	}
	return true;
}

/* False: a loop. */
static bool
count_fields(const struct headerblock *h, struct headercheck *out)
{
	struct headerblock_field f;
	size_t at = 0;

	while (headerblock_next(h, &at, &f)) {
		if (f.id == FIELD_OTHER)
			continue;
		out->count[f.id]++;
		if (f.id >= FIELD_RESENT_FROM)
			out->is_resent = true;
		else if (f.id == FIELD_DATE)
			out->has_date |= !header_is_blank(f.body);
		else if (f.id == FIELD_MESSAGE_ID && out->message_id.n == 0)
			out->message_id = header_message_id(f.body);
	}
	return out->count[FIELD_RECEIVED] < LIMIT_RECEIVED;
}

bool
headercheck(const struct headercheck_rules *rules, const struct headerblock *h,
    struct headernotes *notes, struct headercheck *out)
{
	struct check c = { .rules = rules, .notes = notes, .out = out };

	*out = (struct headercheck){ .message_id = { "", 0 } };
	if (!count_fields(h, out))
		return refuse(notes, R_554_LOOP, "");
	if (out->count[FIELD_FROM] > 1)
		return refuse(
		    notes, R_554_HEADER_TWICE, header_field_name(FIELD_FROM));
	if (out->count[FIELD_SENDER] > 1)
		return refuse(
		    notes, R_554_HEADER_TWICE, header_field_name(FIELD_SENDER));
	if (out->count[FIELD_FROM] == 0 && rules->from != HEADER_FROM_OFF)
		return refuse(notes, R_554_NO_FROM, "");
	return check_addresses(&c, h);
}

struct headercheck_authors
headercheck_authors(
    const struct headercheck_rules *rules, const struct headerblock_field *f)
{
	struct headernotes notes = { .detail = buf_new(0) };
	struct headercheck out = { .message_id = { "", 0 } };
	struct check c = { .rules = rules, .notes = &notes, .out = &out };

	begin_field(&c, f);
	(void)check_field(&c);
	return c.authors;
}
