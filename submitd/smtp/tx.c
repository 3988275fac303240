/*
 * tx - the mail transaction object.  Knows nothing of sessions or sockets.
 */

#include "tx.h"

#include <unistd.h>

#include "limits.h"
#include "pack.h"
#include "xalloc.h"

struct tx *
tx_new(struct slice sender, enum mail_body body)
{
	struct tx *tx = xcalloc(1, sizeof(*tx));

	tx->sender = xstrndup(sender);
	tx->body = body;
	tx->recipients =
	    buf_new((size_t)LIMIT_RECIPIENTS_MAX * (LIMIT_PATH + 4));
	tx->fd = -1;
	return tx;
}

void
tx_free(struct tx **txp)
{
	struct tx *tx = *txp;

	*txp = NULL;
	if (tx == NULL)
		return;
	if (tx->fd != -1)
		close(tx->fd);
	buf_free(&tx->recipients);
	free(tx->sender);
	free(tx);
}

void
tx_add_recipient(struct tx *tx, struct slice mailbox)
{
	pack_bytes(&tx->recipients, mailbox);
	tx->recipient_count++;
}

void
tx_refuse(struct tx *tx, enum reply why)
{
	if (tx->refused)
		return;
	tx->refused = true;
	tx->refusal = why;
}
