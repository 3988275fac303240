/*
 * session_header - the header of a message on its way: collected, judged by
 * the configuration and the user's grant, and written anew.
 */

#include <time.h>

#include "fixup.h"
#include "identity.h"
#include "session.h"
#include "utf8.h"
#include "worker.h"

static struct received
trace_of(const struct session *s)
{
	return (struct received){
		.hostname = slice_of(session_hostname(s)),
		.id = slice_of(s->tx->queue_id),
		.cipher = slice_of(s->tls_cipher),
		.esmtp = s->esmtp,
		.utf8 = s->tx->options.smtputf8,
		.has_priority = s->tx->options.has_priority,
		.priority = s->tx->options.priority,
		.show_client = s->worker->config.received_client,
		.helo = slice_of(s->helo),
		.address = slice_of(s->address),
		.now = time(NULL),
	};
}

/* The block is whole.  False: the message is refused. */
static bool
fix(struct session *s, struct buf *out)
{
	const struct smtp_config *config = &s->worker->config;
	struct tx *tx = s->tx;
	struct grant g;
	struct fixup_rules rules = {
		.check = { .grant = &g,
		    .from = config->header_from,
		    .syntax = config->header_syntax,
		    .complete_domain = slice_of(config->complete_domain) },
		.received = trace_of(s),
	};
	size_t rest = headerblock_rest(&tx->header).n;
	bool fine;

	BUG_ON(grant_read(buf_slice(&s->grant), &g) == -1); /* MAIL has it */
	rules.check.own = identity_address(&g, slice_of(tx->sender));
	fine = fixup_header(&rules, &tx->header, &tx->fixup, out);
	headerblock_free(&tx->header);
	if (!fine) {
		tx_refuse(tx, tx->fixup.notes.refusal);
		return false;
	}
	tx->utf8_header =
	    !utf8_is_ascii((struct slice){ out->p, out->n - rest });
	return true;
}

/* What the block has come to. */
static bool
react(struct session *s, enum headerblock_status st, struct buf *out)
{
	switch (st) {
	case HEADERBLOCK_MORE:
		break;
	case HEADERBLOCK_END:
		return fix(s, out);
	case HEADERBLOCK_BAD_OCTET:
		tx_refuse(s->tx, R_554_HEADER_OCTET);
		break;
	case HEADERBLOCK_TOO_BIG:
		tx_refuse(s->tx, R_552_HEADER_TOO_BIG);
		break;
	case HEADERBLOCK_NO_MEMORY:
		tx_refuse(s->tx, R_451_STORAGE);
		break;
	}
	return false;
}

bool
session_header_take(struct session *s, struct slice *run, struct buf *out)
{
	return react(s, headerblock_take(&s->tx->header, run), out);
}

bool
session_header_end(struct session *s, struct buf *out)
{
	return react(s, headerblock_finish(&s->tx->header), out);
}
