/*
 * messages - what the roles say to each other, to octets and back.
 *
 * Does no I/O.  Unpacking is a border check: counts, enumerations and the
 * characters that could do harm further on are judged here, so that a role
 * need not trust the one it talks to.
 */

#include "messages.h"

#include "config.h"
#include "limits.h"
#include "pack.h"
#include "utf8.h"

static int
verdict(bool good)
{
	return good ? 0 : -1;
}

static bool
is_printable(struct slice s, size_t limit)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return s.n <= limit;
}

/* No octet that could end a line or a path in an SMTP command. */
static bool
is_mailbox(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n <= LIMIT_PATH && utf8_is_valid(s);
}

static bool
unpack_bool(struct unpack *u)
{
	uint8_t v = unpack_u8(u);

	if (v > 1)
		u->failed = true;
	return v == 1;
}

void
msg_listen_pack(struct buf *b, const struct msg_listen *m)
{
	pack_u32(b, m->index);
	pack_bytes(b, m->name);
}

int
msg_listen_unpack(struct slice s, struct msg_listen *m)
{
	struct unpack u = unpack_begin(s);

	m->index = unpack_u32(&u);
	m->name = unpack_bytes(&u);
	return verdict(unpack_end(&u) && m->index < LIMIT_LISTENERS);
}

void
msg_peer_pack(struct buf *b, const struct msg_peer *m)
{
	pack_u32(b, m->role);
	pack_u32(b, m->instance);
}

int
msg_peer_unpack(struct slice s, struct msg_peer *m)
{
	struct unpack u = unpack_begin(s);

	m->role = unpack_u32(&u);
	m->instance = unpack_u32(&u);
	return verdict(unpack_end(&u) && m->role < ROLE_COUNT);
}

void
msg_ticket_keys_pack(struct buf *b, const struct msg_ticket_keys *m)
{
	pack_bytes(b, m->current);
	pack_bytes(b, m->previous);
}

int
msg_ticket_keys_unpack(struct slice s, struct msg_ticket_keys *m)
{
	struct unpack u = unpack_begin(s);

	m->current = unpack_bytes(&u);
	m->previous = unpack_bytes(&u);
	return verdict(unpack_end(&u) && m->current.n == TICKET_KEY_LEN &&
		       (m->previous.n == 0 || m->previous.n == TICKET_KEY_LEN));
}

void
msg_auth_start_pack(struct buf *b, const struct msg_auth_start *m)
{
	pack_u64(b, m->session);
	pack_bytes(b, m->mechanism);
	pack_u8(b, m->has_initial);
	pack_bytes(b, m->initial);
	pack_bytes(b, m->client_address);
	pack_bytes(b, m->binding_type);
	pack_bytes(b, m->binding);
	pack_bytes(b, m->certificate_subject);
	pack_u32(b, m->certificate_mailbox_count);
	pack_bytes(b, m->certificate_mailboxes);
}

int
msg_auth_start_unpack(struct slice s, struct msg_auth_start *m)
{
	struct unpack u = unpack_begin(s);

	m->session = unpack_u64(&u);
	m->mechanism = unpack_bytes(&u);
	m->has_initial = unpack_bool(&u);
	m->initial = unpack_bytes(&u);
	m->client_address = unpack_bytes(&u);
	m->binding_type = unpack_bytes(&u);
	m->binding = unpack_bytes(&u);
	m->certificate_subject = unpack_bytes(&u);
	m->certificate_mailbox_count = unpack_u32(&u);
	m->certificate_mailboxes = unpack_bytes(&u);
	return verdict(
	    unpack_end(&u) && (m->has_initial || m->initial.n == 0) &&
	    m->certificate_mailbox_count <= LIMIT_CERTIFICATE_MAILBOXES &&
	    pack_is_list(
		m->certificate_mailboxes, m->certificate_mailbox_count));
}

void
msg_auth_step_pack(struct buf *b, const struct msg_auth_step *m)
{
	pack_bytes(b, m->data);
}

int
msg_auth_step_unpack(struct slice s, struct msg_auth_step *m)
{
	struct unpack u = unpack_begin(s);

	m->data = unpack_bytes(&u);
	return verdict(unpack_end(&u));
}

void
msg_auth_done_pack(struct buf *b, const struct msg_auth_done *m)
{
	pack_u32(b, m->verdict);
	pack_bytes(b, m->user);
	pack_bytes(b, m->reason);
	pack_bytes(b, m->grant);
	pack_u32(b, m->retry_s);
}

int
msg_auth_done_unpack(struct slice s, struct msg_auth_done *m)
{
	struct unpack u = unpack_begin(s);

	m->verdict = unpack_u32(&u);
	m->user = unpack_bytes(&u);
	m->reason = unpack_bytes(&u);
	m->grant = unpack_bytes(&u);
	m->retry_s = unpack_u32(&u);
	return verdict(unpack_end(&u) && m->verdict < AUTH_VERDICTS &&
		       (m->verdict == AUTH_ACCEPTED) == (m->grant.n > 0));
}

void
msg_auth_ended_pack(struct buf *b, const struct msg_auth_ended *m)
{
	pack_u64(b, m->session);
}

int
msg_auth_ended_unpack(struct slice s, struct msg_auth_ended *m)
{
	struct unpack u = unpack_begin(s);

	m->session = unpack_u64(&u);
	return verdict(unpack_end(&u));
}

void
msg_control_ask_pack(struct buf *b, const struct msg_control_ask *m)
{
	pack_u32(b, m->word_count);
	pack_bytes(b, m->words);
}

int
msg_control_ask_unpack(struct slice s, struct msg_control_ask *m)
{
	struct unpack u = unpack_begin(s);

	m->word_count = unpack_u32(&u);
	m->words = unpack_bytes(&u);
	return verdict(unpack_end(&u) && m->word_count > 0 &&
		       m->word_count <= LIMIT_CONTROL_WORDS &&
		       pack_is_list(m->words, m->word_count));
}

void
msg_control_answer_pack(struct buf *b, const struct msg_control_answer *m)
{
	pack_u32(b, m->status);
	pack_u8(b, m->more);
	pack_bytes(b, m->text);
}

int
msg_control_answer_unpack(struct slice s, struct msg_control_answer *m)
{
	struct unpack u = unpack_begin(s);

	m->status = unpack_u32(&u);
	m->more = unpack_bool(&u);
	m->text = unpack_bytes(&u);
	return verdict(unpack_end(&u) && m->status < CONTROL_STATUSES);
}

void
msg_account_pack(struct buf *b, const struct msg_account *m)
{
	pack_bytes(b, m->user);
	pack_u32(b, m->state);
	pack_bytes(b, m->reason);
}

int
msg_account_unpack(struct slice s, struct msg_account *m)
{
	struct unpack u = unpack_begin(s);

	m->user = unpack_bytes(&u);
	m->state = unpack_u32(&u);
	m->reason = unpack_bytes(&u);
	return verdict(unpack_end(&u) && m->user.n > 0 &&
		       m->user.n <= LIMIT_USER && m->state < ACCOUNT_STATES &&
		       is_printable(m->reason, LIMIT_RESULT_TEXT));
}

void
msg_alarm_pack(struct buf *b, const struct msg_alarm *m)
{
	pack_bytes(b, m->event);
	pack_bytes(b, m->user);
	pack_bytes(b, m->detail);
}

int
msg_alarm_unpack(struct slice s, struct msg_alarm *m)
{
	struct unpack u = unpack_begin(s);

	m->event = unpack_bytes(&u);
	m->user = unpack_bytes(&u);
	m->detail = unpack_bytes(&u);
	return verdict(unpack_end(&u) && m->event.n > 0 &&
		       is_printable(m->event, LIMIT_RESULT_TEXT) &&
		       m->user.n <= LIMIT_USER &&
		       is_printable(m->detail, LIMIT_RESULT_TEXT));
}

void
msg_mail_begin_pack(struct buf *b, const struct msg_mail_begin *m)
{
	pack_u64(b, m->session);
	pack_bytes(b, m->grant);
	pack_bytes(b, m->sender);
	mail_options_pack(b, &m->options);
	pack_u32(b, m->recipient_count);
	pack_bytes(b, m->recipients);
}

static bool
are_recipients(struct slice list, uint32_t count)
{
	struct unpack u = unpack_begin(list);
	struct mail_recipient r;
	uint32_t i;

	if (count == 0 || count > LIMIT_RECIPIENTS_MAX)
		return false;
	for (i = 0; i < count; i++)
		mail_recipient_unpack(&u, &r);
	return unpack_end(&u);
}

int
msg_mail_begin_unpack(struct slice s, struct msg_mail_begin *m)
{
	struct unpack u = unpack_begin(s);

	m->session = unpack_u64(&u);
	m->grant = unpack_bytes(&u);
	m->sender = unpack_bytes(&u);
	mail_options_unpack(&u, &m->options);
	m->recipient_count = unpack_u32(&u);
	m->recipients = unpack_bytes(&u);
	return verdict(unpack_end(&u) && is_mailbox(m->sender) &&
		       are_recipients(m->recipients, m->recipient_count));
}

void
msg_mail_commit_pack(struct buf *b, const struct msg_mail_commit *m)
{
	pack_u64(b, m->size);
	pack_u8(b, m->eightbit);
	pack_u8(b, m->utf8_header);
}

int
msg_mail_commit_unpack(struct slice s, struct msg_mail_commit *m)
{
	struct unpack u = unpack_begin(s);

	m->size = unpack_u64(&u);
	m->eightbit = unpack_bool(&u);
	m->utf8_header = unpack_bool(&u);
	return verdict(unpack_end(&u) && (m->eightbit || !m->utf8_header));
}

void
msg_mail_offers_pack(struct buf *b, const struct msg_mail_offers *m)
{
	pack_u32(b, m->extensions);
	pack_u64(b, m->size);
	pack_u32(b, m->by_min_s);
}

int
msg_mail_offers_unpack(struct slice s, struct msg_mail_offers *m)
{
	struct unpack u = unpack_begin(s);

	m->extensions = unpack_u32(&u);
	m->size = unpack_u64(&u);
	m->by_min_s = unpack_u32(&u);
	return verdict(
	    unpack_end(&u) && (m->extensions & ~MAIL_OFFERS_ALL) == 0);
}

void
msg_mail_done_pack(struct buf *b, const struct msg_mail_done *m)
{
	pack_u32(b, m->fate);
	pack_u32(b, m->code);
	pack_bytes(b, m->enhanced);
	pack_bytes(b, m->text);
	pack_bytes(b, m->smarthost);
}

/* A client must never hear 250 for what nobody has. */
static bool
is_answer(uint32_t fate, uint32_t code)
{
	if (fate == FATE_REFUSED)
		return code >= 400 && code <= 599;
	return fate < FATE_REFUSED && code / 100 == 2;
}

int
msg_mail_done_unpack(struct slice s, struct msg_mail_done *m)
{
	struct unpack u = unpack_begin(s);

	m->fate = unpack_u32(&u);
	m->code = unpack_u32(&u);
	m->enhanced = unpack_bytes(&u);
	m->text = unpack_bytes(&u);
	m->smarthost = unpack_bytes(&u);
	return verdict(unpack_end(&u) && is_answer(m->fate, m->code) &&
		       is_printable(m->enhanced, LIMIT_RESULT_TEXT) &&
		       is_printable(m->text, LIMIT_RESULT_TEXT) &&
		       is_printable(m->smarthost, LIMIT_RESULT_TEXT));
}
