/*
 * messageattempt - one attempt to hand a message over: begin it, and note what
 * became of each recipient.  What comes of that is message.c's.
 */

#include "message_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "delivery.h"
#include "relay.h"
#include "xalloc.h"

static void
log_attempt(
    const struct message *m, const struct delivery_result *r, const size_t n[])
{
	struct log_line l;

	message_log_begin(&l, LOG_LEVEL_INFO, m, "delivery");
	log_str(&l, "smarthost", m->server);
	log_u64(&l, "code", r->reply->code);
	log_str(&l, "enhanced", r->reply->enhanced);
	log_str(&l, "reply", r->reply->text);
	log_u64(&l, "ok", n[OUTCOME_OK]);
	log_u64(&l, "later", n[OUTCOME_TEMPORARY]);
	log_u64(&l, "failed", n[OUTCOME_PERMANENT]);
	log_u64(&l, "size", m->size);
	log_u64(&l, "tries", m->tries + 1);
	log_u64(&l, "ms", clock_ms() - m->begun_ms);
	if (r->unknown)
		log_str(&l, "may_be_sent_twice", "yes");
	log_end(&l);
}

/* Recipient i of the attempt. */
static void
note_outcome(struct message *m, size_t i, const struct delivery_result *r)
{
	size_t at = m->index[i];
	struct recipient *to = &m->env->recipients[at];
	const struct smtpreply *said = r->words[i].reply;

	if (r->outcomes[i] == OUTCOME_OK)
		to->status = message_taken_status(m, at, &r->words[i]);
	else if (r->outcomes[i] == OUTCOME_PERMANENT)
		to->status = RECIPIENT_FAILED;
	/* what all servers lack is our word, whatever one said before */
	if (said != NULL &&
	    (to->status != RECIPIENT_FAILED || said->code >= 500))
		message_note(m, at, said, r->words[i].server);
	else
		message_note(m, at, r->reply, NULL);
}

static void
on_tried(void *arg, const struct delivery_result *r)
{
	struct message *m = arg;
	size_t i, n[OUTCOME_PERMANENT + 1] = { 0 };

	for (i = 0; i < m->mail.recipient_count; i++) {
		n[r->outcomes[i]]++;
		note_outcome(m, i, r);
	}
	m->relay->delivered += n[OUTCOME_OK];
	m->relay->refused += n[OUTCOME_PERMANENT];
	message_judged(m, n[OUTCOME_OK], n[OUTCOME_PERMANENT]);
	m->dirty |= n[OUTCOME_OK] + n[OUTCOME_PERMANENT] > 0;
	m->reply = *r->reply;
	(void)snprintf(m->server, sizeof(m->server), "%s",
	    r->server == NULL ? "" : r->server);
	log_attempt(m, r, n);
	m->delivery = NULL; /* gone when we return */
	m->tried = true;
	free((void *)(uintptr_t)m->mail.recipients);
	free(m->index);
	message_settle(m);
}

void
message_attempt(struct message *m)
{
	struct smtpclient_recipient *to =
	    xcalloc(m->env->recipient_count, sizeof(*to));
	const struct recipient *r;
	size_t i, n = 0;

	m->index = xcalloc(m->env->recipient_count, sizeof(*m->index));
	for (i = 0; i < m->env->recipient_count; i++) {
		r = &m->env->recipients[i];
		if (!recipient_is_open(r))
			continue;
		to[n] = (struct smtpclient_recipient){ r->mailbox, r->notify,
			r->orcpt };
		m->index[n++] = i;
	}
	m->mail = (struct smtpclient_mail){
		.session = m->env->session,
		.id = m->id,
		.sender = m->env->sender,
		.options = &m->env->options,
		.recipients = to,
		.recipient_count = n,
		.fd = m->fd,
		.content_at = m->content_at,
		.size = m->size,
	};
	m->delivery = delivery_start(
	    m->relay->base, m->relay->hosts, &m->mail, on_tried, m);
}
