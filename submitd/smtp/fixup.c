/*
 * fixup - write the new header from the old one.
 *
 * Fields that stay are copied in the longest runs possible.  Each field that
 * does not has one function that says what stands in its place.
 */

#include "fixup.h"

#include <stdio.h>

#include "limits.h"
#include "mailboxlist.h"

#define LINE_MAX_OCTETS  998 /* RFC 5322, 2.1.1 */
#define LINE_FOLD_OCTETS 900 /* we fold before a completed address beyond */

struct job {
	const struct fixup_rules *rules;
	const struct headerblock *block;
	struct headercheck check;
	struct fixup *fixup;
	struct buf *out;
	bool has_bcc; /* an empty one already stands for all */
};

static const char *const names[] = {
	[FIXUP_FROM] = "from",
	[FIXUP_SENDER] = "sender",
	[FIXUP_DATE] = "date",
	[FIXUP_MESSAGE_ID] = "message-id",
	[FIXUP_BCC] = "bcc",
	[FIXUP_RETURN_PATH] = "return-path",
	[FIXUP_AUTHENTICATION_RESULTS] = "authentication-results",
	[FIXUP_DOMAIN] = "domain",
	[FIXUP_BLANK_LINE] = "blank-line",
};

_Static_assert(ARRAY_LEN(names) == FIXUP_COUNT, "a name for every fix-up");

void
fixup_begin(struct fixup *f)
{
	*f = (struct fixup){ .done = 0 };
	headernotes_begin(&f->notes);
}

void
fixup_free(struct fixup *f)
{
	headernotes_free(&f->notes);
}

void
fixup_add_names(struct buf *b, unsigned done)
{
	const char *comma = "";
	unsigned i;

	for (i = 0; i < FIXUP_COUNT; i++) {
		if ((done & 1U << i) == 0)
			continue;
		buf_str(b, comma);
		buf_str(b, names[i]);
		comma = ",";
	}
}

static void
add_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.n);
}

static void
did(struct job *j, enum fixup_kind kind)
{
	j->fixup->done |= 1U << kind;
}

/* -- fields in place of the client's --------------------------------------- */

static void
add_address(struct buf *b, struct slice address)
{
	buf_str(b, "<");
	add_slice(b, address);
	buf_str(b, ">\r\n");
}

static bool
has(struct slice s, char c)
{
	return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

/* A parenthesis outside quotes begins one. */
static bool
has_comment(struct slice name)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < name.n; i++) {
		if (name.p[i] == '\\')
			i++;
		else if (name.p[i] == '"')
			quoted = !quoted;
		else if (name.p[i] == '(' && !quoted)
			return true;
	}
	return false;
}

/*
 * The display name of a From that we write.  Dots without quotes are obsolete
 * (RFC 5322, 4.1): understood, but not written.  Nor are comments.
 */
static void
add_name(struct buf *b, struct slice name)
{
	bool quote = has(name, '.') && !has(name, '"') &&
		     memmem(name.p, name.n, "=?", 2) == NULL;

	if (name.n == 0 || has_comment(name))
		return;
	buf_str(b, quote ? "\"" : "");
	add_slice(b, name);
	buf_str(b, quote ? "\" " : " ");
}

/* RFC 5703, 5.1: what the client had written, in a line of legal length. */
static void
add_original_from(struct buf *b, struct slice body)
{
	const char *cr = memchr(body.p, '\r', body.n);
	size_t line = cr == NULL ? body.n : (size_t)(cr - body.p);

	buf_str(b, "Original-From:");
	if (line + strlen("Original-From:") > LINE_MAX_OCTETS)
		buf_str(b, "\r\n ");
	add_slice(b, body);
	buf_str(b, "\r\n");
}

static size_t
line_length(const struct buf *b)
{
	const char *lf = memrchr(b->p, '\n', b->n);

	return lf == NULL ? b->n : (size_t)(b->p + b->n - lf - 1);
}

/* A field with addresses that lack their domain, or the end of it. */
static void
put_completed(struct job *j, const struct headerblock_field *f)
{
	struct slice domain = j->rules->check.complete_domain;
	const char *from = f->raw.p, *to;
	struct mailboxlist list;
	struct mailbox mb;

	mailboxlist_begin(&list, f->body);
	while (mailboxlist_next(&list, &mb) == MAILBOXLIST_ONE) {
		if (mb.domain == MAILBOX_QUALIFIED)
			continue;
		did(j, FIXUP_DOMAIN);
		buf_add(j->out, from, (size_t)(mb.raw.p - from));
		if (line_length(j->out) + mb.raw.n + domain.n >
		    LINE_FOLD_OCTETS)
			buf_str(j->out, "\r\n ");
		to = mb.spec.p + mb.spec.n;
		buf_add(j->out, mb.raw.p, (size_t)(to - mb.raw.p));
		buf_str(j->out, mb.domain == MAILBOX_ONE_LABEL ? "." : "@");
		add_slice(j->out, domain);
		from = to;
	}
	buf_add(j->out, from, (size_t)(f->raw.p + f->raw.n - from));
}

/* Mode rewrite: an author field that is not the user's, in part or whole. */
static void
put_author(struct job *j, const struct headerblock_field *f)
{
	struct headercheck_authors authors =
	    headercheck_authors(&j->rules->check, f);
	struct slice own = j->rules->check.own;

	if (authors.foreign == 0) {
		put_completed(j, f);
		return;
	}
	if (f->id == FIELD_RESENT_SENDER) {
		did(j, FIXUP_SENDER);
		return;
	}
	did(j, FIXUP_FROM);
	buf_printf(j->out, "%s: ", header_field_name(f->id));
	add_name(j->out, authors.name);
	if (line_length(j->out) + own.n > LINE_FOLD_OCTETS)
		buf_str(j->out, "\r\n ");
	add_address(j->out, own);
	if (f->id == FIELD_FROM)
		add_original_from(j->out, f->body);
}

/* RFC 5322, 3.6.3: nobody learns who is in it.  RFC 5321, appendix B. */
static void
put_bcc(struct job *j)
{
	const unsigned *count = j->check.count;

	did(j, FIXUP_BCC);
	if (j->has_bcc || count[FIELD_TO] + count[FIELD_CC] > 0)
		return;
	j->has_bcc = true;
	buf_str(j->out, "Bcc: \r\n");
}

/* Some author field, which one put_author() sees. */
static bool
rewrites(const struct job *j)
{
	return j->check.is_foreign &&
	       j->rules->check.from == HEADER_FROM_REWRITE;
}

/* The user has an address, and it is not one of somebody else's. */
static bool
has_own(const struct job *j)
{
	const struct headercheck_rules *rules = &j->rules->check;

	return rules->own.n > 0 && grant_owns(rules->grant, rules->own);
}

/* From is, in part, of somebody the user writes for. */
static bool
writes_for(const struct job *j)
{
	return j->check.from.delegated > 0 && has_own(j);
}

/* Sender is not the user's, or hides who writes for somebody. */
static bool
drops_sender(const struct job *j)
{
	const struct headercheck_authors *sender = &j->check.sender;

	switch (j->rules->check.from) {
	case HEADER_FROM_REWRITE:
		if (sender->foreign > 0)
			return true;
		break;
	case HEADER_FROM_REJECT:
		break;
	case HEADER_FROM_LOG:
	case HEADER_FROM_OFF:
		return false;
	}
	return writes_for(j) && sender->delegated > 0;
}

/* What stands in the place of a field that does not stay. */
static void
put_field(struct job *j, const struct headerblock_field *f)
{
	switch (f->id) {
	case FIELD_BCC:
		put_bcc(j);
		break;
	case FIELD_RESENT_BCC:
		did(j, FIXUP_BCC);
		break;
	case FIELD_RETURN_PATH:
		did(j, FIXUP_RETURN_PATH);
		break;
	case FIELD_AUTHENTICATION_RESULTS:
		did(j, FIXUP_AUTHENTICATION_RESULTS);
		break;
	case FIELD_DATE:       /* put_front() has written another */
	case FIELD_MESSAGE_ID: /* the same */
		break;
	default:
		if (f->id == FIELD_SENDER && drops_sender(j))
			did(j, FIXUP_SENDER);
		else if (rewrites(j) && header_field_is_author(f->id))
			put_author(j, f);
		else
			put_completed(j, f);
	}
}

static bool
stays(const struct job *j, const struct headerblock_field *f)
{
	const struct headercheck *c = &j->check;

	switch (f->id) {
	case FIELD_BCC:
	case FIELD_RESENT_BCC:
	case FIELD_RETURN_PATH:
		return false;
	case FIELD_AUTHENTICATION_RESULTS:
		return !header_results_claim(
		    f->body, j->rules->received.hostname);
	case FIELD_DATE:
		return c->is_resent || c->has_date;
	case FIELD_MESSAGE_ID:
		return c->is_resent || c->message_id.n > 0;
	default:
		if (!header_field_has_addresses(f->id))
			return true;
		if (f->id == FIELD_SENDER && drops_sender(j))
			return false;
		return !c->is_incomplete && !rewrites(j);
	}
}

static void
put_fields(struct job *j)
{
	struct headerblock_field f;
	size_t at = 0;
	struct slice run = { j->block->raw.p, 0 };

	while (headerblock_next(j->block, &at, &f)) {
		if (stays(j, &f)) {
			run.n += f.raw.n;
			continue;
		}
		add_slice(j->out, run);
		put_field(j, &f);
		run = (struct slice){ j->block->raw.p + at, 0 };
	}
	add_slice(j->out, run);
}

/* -- fields in front ------------------------------------------------------- */

static void
add_date(struct job *j, const char *name)
{
	did(j, FIXUP_DATE);
	buf_str(j->out, name);
	received_add_date(j->out, j->rules->received.now);
	buf_str(j->out, "\r\n");
}

/* RFC 5322, 3.6.4; the queue id is unique, and leads to the log. */
static void
add_message_id(struct job *j, const char *name)
{
	const struct received *r = &j->rules->received;

	did(j, FIXUP_MESSAGE_ID);
	buf_printf(j->out, "%s<%.*s@%.*s>\r\n", name, (int)r->id.n, r->id.p,
	    (int)r->hostname.n, r->hostname.p);
}

/* RFC 6409, 8.2, 8.3; RFC 5322, 3.6.6: a resent message keeps its own. */
static void
put_identification(struct job *j)
{
	const struct headercheck *c = &j->check;

	if (!c->is_resent && !c->has_date)
		add_date(j, "Date: ");
	if (!c->is_resent && c->message_id.n == 0)
		add_message_id(j, "Message-ID: ");
	if (c->is_resent && c->count[FIELD_RESENT_DATE] == 0)
		add_date(j, "Resent-Date: ");
	if (c->is_resent && c->count[FIELD_RESENT_MESSAGE_ID] == 0)
		add_message_id(j, "Resent-Message-ID: ");
}

/*
 * Who really sent it (RFC 5322, 3.6.2; RFC 6409, 8.1): behind several
 * authors, or behind another one.
 */
static bool
needs_sender(const struct job *j)
{
	const struct headercheck_authors *from = &j->check.from;
	bool is_other = from->mailboxes > 1 || writes_for(j);

	if (j->rules->check.own.n == 0 ||
	    (j->check.count[FIELD_SENDER] > 0 && !drops_sender(j)))
		return false;
	switch (j->rules->check.from) {
	case HEADER_FROM_REJECT:
		return is_other;
	case HEADER_FROM_REWRITE:
		return is_other && from->foreign == 0;
	case HEADER_FROM_LOG:
		return is_other || from->foreign > 0;
	case HEADER_FROM_OFF:
		break;
	}
	return false;
}

/* The same of who sends it again (RFC 5322, 3.6.6). */
static bool
needs_resent_sender(const struct job *j)
{
	return j->check.resent_delegated && has_own(j) &&
	       j->check.count[FIELD_RESENT_SENDER] == 0;
}

static void
put_front(struct job *j)
{
	received_add(j->out, &j->rules->received);
	put_identification(j);
	if (needs_resent_sender(j)) {
		did(j, FIXUP_SENDER);
		buf_str(j->out, "Resent-Sender: ");
		add_address(j->out, j->rules->check.own);
	}
	if (needs_sender(j)) {
		did(j, FIXUP_SENDER);
		buf_str(j->out, "Sender: ");
		add_address(j->out, j->rules->check.own);
	}
	if (j->check.count[FIELD_FROM] == 0) {
		did(j, FIXUP_FROM);
		buf_str(j->out, "From: ");
		add_address(j->out, j->rules->check.own);
	}
}

/* -- the whole ------------------------------------------------------------- */

static void
note_message_id(struct job *j)
{
	const struct received *r = &j->rules->received;
	struct slice id = j->check.message_id;
	struct fixup *f = j->fixup;

	if (id.n > 0)
		(void)snprintf(f->message_id, sizeof(f->message_id), "%.*s",
		    (int)id.n, id.p);
	else if (!j->check.is_resent)
		(void)snprintf(f->message_id, sizeof(f->message_id),
		    "<%.*s@%.*s>", (int)r->id.n, r->id.p, (int)r->hostname.n,
		    r->hostname.p);
}

bool
fixup_header(const struct fixup_rules *rules, const struct headerblock *h,
    struct fixup *f, struct buf *out)
{
	struct job j = { .rules = rules, .block = h, .fixup = f, .out = out };

	if (!headercheck(&rules->check, h, &f->notes, &j.check))
		return false;
	if (j.check.count[FIELD_FROM] == 0 && rules->check.own.n == 0) {
		f->notes.refusal = R_554_NO_FROM;
		return false;
	}
	note_message_id(&j);
	put_front(&j);
	put_fields(&j);
	if (h->is_open) {
		did(&j, FIXUP_BLANK_LINE);
		buf_str(out, "\r\n");
	}
	add_slice(out, headerblock_rest(h));
	if (buf_ok(out))
		return true;
	f->notes.refusal =
	    j.check.is_incomplete ? R_552_HEADER_TOO_BIG : R_451_STORAGE;
	return false;
}
