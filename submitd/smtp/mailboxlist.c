/*
 * mailboxlist - a recursive descent without recursion: groups do not nest.
 *
 * What stands before an address is read once, as words and dots; the octet
 * behind them says what they were: a display name (<), the name of a group
 * (:), a local part (@), or a local part that lacks its domain.
 */

#include "mailboxlist.h"

/* Words and dots in a row. */
struct words {
	size_t from;         /* first token */
	size_t to;           /* behind the last one */
	size_t skipped_from; /* lex.skipped at those two */
	size_t skipped_to;
	unsigned n;     /* words */
	bool dot_first; /* no display name begins so */
	bool is_local;  /* word *("." word) */
	bool is_quoted; /* in part, at least */
	bool too_long;  /* for an address */
};

void
mailboxlist_begin(struct mailboxlist *m, struct slice body)
{
	*m = (struct mailboxlist){ .lex = headerlex_begin(body) };
}

/* -- the address, as it is built ------------------------------------------- */

static bool
add_octets(struct mailboxlist *m, struct slice s)
{
	if (s.n > sizeof(m->address) - m->address_n)
		return false;
	if (s.n > 0)
		memcpy(m->address + m->address_n, s.p, s.n);
	m->address_n += s.n;
	return true;
}

/* What a quoted string means: no backslashes, no folds. */
static bool
add_unquoted(struct mailboxlist *m, struct slice inside)
{
	size_t i;

	for (i = 0; i < inside.n; i++) {
		if (inside.p[i] == '\r' || inside.p[i] == '\n')
			continue;
		if (inside.p[i] == '\\')
			i++;
		if (!add_octets(m, (struct slice){ inside.p + i, 1 }))
			return false;
	}
	return true;
}

/* Does the local part say the same without quotes? */
static bool
is_dot_atom(struct slice s)
{
	size_t i;
	bool dot = true; /* as the octet before */

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && dot)
			return false;
		dot = s.p[i] == '.';
		if (!dot && !headerlex_is_atext((unsigned char)s.p[i]))
			return false;
	}
	return !dot;
}

/* The local part, all that is built yet, in its shortest form. */
static bool
quote_local(struct mailboxlist *m)
{
	char local[sizeof(m->address)];
	size_t i, n = m->address_n;

	if (is_dot_atom((struct slice){ m->address, n }))
		return true;
	memcpy(local, m->address, n);
	m->address_n = 0;
	if (!add_octets(m, slice_of("\"")))
		return false;
	for (i = 0; i < n; i++) {
		if ((local[i] == '"' || local[i] == '\\') &&
		    !add_octets(m, slice_of("\\")))
			return false;
		if (!add_octets(m, (struct slice){ local + i, 1 }))
			return false;
	}
	return add_octets(m, slice_of("\""));
}

/* -- tokens ---------------------------------------------------------------- */

static bool
take_word(struct mailboxlist *m, struct words *w)
{
	struct slice s;

	if (headerlex_peek(&m->lex) == '"') {
		if (!headerlex_quoted(&m->lex, &s))
			return false;
		w->too_long |= !add_unquoted(m, s);
		w->is_quoted = true;
	} else {
		if (!headerlex_atom(&m->lex, &s))
			return false;
		w->too_long |= !add_octets(m, s);
	}
	w->n++;
	return true;
}

/* *([CFWS] (word / ".")) from a first token on; leaves what follows. */
static bool
take_words(struct mailboxlist *m, struct words *w)
{
	enum { NOTHING, WORD, DOT } last = NOTHING;
	int c;

	*w = (struct words){ .is_local = true,
		.from = m->lex.at,
		.to = m->lex.at,
		.skipped_from = m->lex.skipped };
	m->address_n = 0;
	for (;;) {
		w->skipped_to = m->lex.skipped;
		if (!headerlex_skip_cfws(&m->lex))
			return false;
		c = headerlex_peek(&m->lex);
		if (c == '.') {
			w->dot_first |= last == NOTHING;
			w->is_local &= last == WORD;
			w->too_long |= !add_octets(m, slice_of("."));
			m->lex.at++;
			last = DOT;
		} else if (c == '"' || headerlex_is_atext(c)) {
			w->is_local &= last != WORD;
			if (!take_word(m, w))
				return false;
			last = WORD;
		} else {
			break;
		}
		w->to = m->lex.at;
	}
	w->is_local &= last == WORD;
	return true;
}

/* 1*atext *("." 1*atext), white space anywhere; *labels counts. */
static bool
take_labels(struct mailboxlist *m, struct words *w, unsigned *labels)
{
	struct slice atom;

	for (;;) {
		if (!headerlex_atom(&m->lex, &atom))
			return false;
		if (atom.n == 0)
			return headerlex_fault(
			    &m->lex, "no whole domain behind the @");
		w->too_long |= !add_octets(m, atom);
		(*labels)++;
		w->to = m->lex.at;
		w->skipped_to = m->lex.skipped;
		if (!headerlex_skip_cfws(&m->lex))
			return false;
		if (headerlex_peek(&m->lex) != '.')
			return true;
		m->lex.at++;
		w->too_long |= !add_octets(m, slice_of("."));
		if (!headerlex_skip_cfws(&m->lex))
			return false;
	}
}

/* At the @; the domain becomes a part of what w spans. */
static bool
take_domain(struct mailboxlist *m, struct words *w, enum mailbox_domain *domain)
{
	struct slice literal;
	unsigned labels = 0;

	w->too_long |= !add_octets(m, slice_of("@"));
	m->lex.at++;
	*domain = MAILBOX_QUALIFIED;
	if (!headerlex_skip_cfws(&m->lex))
		return false;
	if (headerlex_peek(&m->lex) == '[') {
		if (!headerlex_literal(&m->lex, &literal))
			return false;
		w->too_long |= !add_octets(m, literal);
		w->to = m->lex.at;
		w->skipped_to = m->lex.skipped;
		return true;
	}
	if (!take_labels(m, w, &labels))
		return false;
	if (labels < 2)
		*domain = MAILBOX_ONE_LABEL;
	return true;
}

/*
 * "=?charset?encoding?text": what decodes it before it parses, as some do,
 * sees another address.
 */
static bool
looks_encoded(struct slice s)
{
	const char *p = memmem(s.p, s.n, "=?", 2), *end = s.p + s.n;
	unsigned marks = 0;

	for (; p != NULL && p < end; p++)
		marks += *p == '?';
	return marks >= 3;
}

/* -- productions ----------------------------------------------------------- */

/* w is a local part, or nothing is; a domain may follow. */
static bool
take_address(struct mailboxlist *m, struct words *w, struct mailbox *mb)
{
	bool at = headerlex_peek(&m->lex) == '@';

	if (w->n == 0)
		return headerlex_fault(&m->lex, "no address");
	if (!at && (!w->is_local || w->is_quoted))
		return headerlex_fault(&m->lex, "a name without an address");
	if (!w->is_local)
		return headerlex_fault(&m->lex, "several words before the @");
	w->too_long |= !quote_local(m);
	mb->domain = MAILBOX_NO_DOMAIN;
	if (at && !take_domain(m, w, &mb->domain))
		return false;
	if (w->too_long)
		return headerlex_fault(&m->lex, "an address that is too long");
	mb->spec = (struct slice){ m->lex.in.p + w->from, w->to - w->from };
	mb->address = (struct slice){ m->address, m->address_n };
	mb->odd |= w->skipped_to != w->skipped_from;
	if (looks_encoded(mb->address))
		return headerlex_fault(
		    &m->lex, "an encoded word instead of an address");
	return true;
}

/* obs-route: *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":" */
static bool
skip_route(struct mailboxlist *m)
{
	enum mailbox_domain domain;
	struct words w = { 0 };
	bool may_name = true;
	int c;

	while ((c = headerlex_peek(&m->lex)) == ',' || (c == '@' && may_name)) {
		may_name = c == ',';
		m->address_n = 0;
		if (c == '@') {
			if (!take_domain(m, &w, &domain))
				return false;
		} else {
			m->lex.at++;
		}
		if (!headerlex_skip_cfws(&m->lex))
			return false;
	}
	if (c != ':')
		return headerlex_fault(&m->lex, "a route without its colon");
	m->lex.at++;
	return headerlex_skip_cfws(&m->lex);
}

/* "<" [obs-route] addr-spec ">" */
static bool
take_angle(struct mailboxlist *m, struct mailbox *mb)
{
	struct words w;
	int c;

	m->lex.at++;
	if (!headerlex_skip_cfws(&m->lex))
		return false;
	c = headerlex_peek(&m->lex);
	if (c == '@' || c == ',') {
		mb->odd = true;
		if (!skip_route(m))
			return false;
	}
	if (!take_words(m, &w) || !take_address(m, &w, mb) ||
	    !headerlex_skip_cfws(&m->lex))
		return false;
	if (headerlex_peek(&m->lex) != '>')
		return headerlex_fault(&m->lex, "no > behind the address");
	m->lex.at++;
	return true;
}

/* What may follow a mailbox; the comma is taken, too. */
static bool
end_mailbox(struct mailboxlist *m)
{
	int c;

	if (!headerlex_skip_cfws(&m->lex))
		return false;
	c = headerlex_peek(&m->lex);
	if (c == ',')
		m->lex.at++;
	else if (c != HEADERLEX_END && c != ';')
		return headerlex_fault(&m->lex, "text behind an address");
	if (++m->mailboxes > LIMIT_FIELD_ADDRESSES)
		return headerlex_fault(&m->lex, "too many addresses");
	return true;
}

static bool
begin_group(struct mailboxlist *m, const struct words *w)
{
	if (w->n == 0 || w->dot_first)
		return headerlex_fault(&m->lex, "a group without a name");
	if (m->in_group)
		return headerlex_fault(&m->lex, "a group in a group");
	m->lex.at++;
	m->in_group = true;
	m->groups++;
	return true;
}

static bool
end_group(struct mailboxlist *m)
{
	int c;

	if (!m->in_group)
		return headerlex_fault(&m->lex, "a ; that ends no group");
	m->lex.at++;
	m->in_group = false;
	if (!headerlex_skip_cfws(&m->lex))
		return false;
	c = headerlex_peek(&m->lex);
	if (c != ',' && c != HEADERLEX_END)
		return headerlex_fault(&m->lex, "text behind a group");
	return true;
}

/* mailbox, or the beginning of a group: then mb->raw stays empty. */
static bool
take_element(struct mailboxlist *m, struct mailbox *mb)
{
	struct words w;
	size_t to;
	int c;

	*mb = (struct mailbox){ .odd = false };
	if (!take_words(m, &w))
		return false;
	c = headerlex_peek(&m->lex);
	if (c == ':')
		return begin_group(m, &w);
	if (c == '<') {
		if (w.dot_first)
			return headerlex_fault(
			    &m->lex, "a name that begins with a dot");
		mb->name =
		    (struct slice){ m->lex.in.p + w.from, w.to - w.from };
		if (!take_angle(m, mb))
			return false;
		to = m->lex.at;
	} else {
		if (!take_address(m, &w, mb))
			return false;
		to = w.to;
	}
	mb->raw = (struct slice){ m->lex.in.p + w.from, to - w.from };
	return end_mailbox(m);
}

enum mailboxlist_status
mailboxlist_next(struct mailboxlist *m, struct mailbox *mb)
{
	while (headerlex_skip_cfws(&m->lex)) {
		switch (headerlex_peek(&m->lex)) {
		case HEADERLEX_END:
			if (!m->in_group)
				return MAILBOXLIST_END;
			(void)headerlex_fault(
			    &m->lex, "a group that does not end");
			return MAILBOXLIST_BAD;
		case ',':
			m->lex.at++;
			break;
		case ';':
			if (!end_group(m))
				return MAILBOXLIST_BAD;
			break;
		default:
			if (!take_element(m, mb))
				return MAILBOXLIST_BAD;
			if (mb->raw.n > 0)
				return MAILBOXLIST_ONE;
		}
	}
	return MAILBOXLIST_BAD;
}
