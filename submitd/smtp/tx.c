/*
 * tx - the mail transaction object.  Knows nothing of sessions or sockets.
 */

#include "tx.h"

#include <unistd.h>

#include "limits.h"
#include "pack.h"
#include "xalloc.h"

struct tx *
tx_new(struct slice sender, const struct mail_options *options)
{
	struct tx *tx = xcalloc(1, sizeof(*tx));

	tx->sender = xstrndup(sender);
	tx->options = *options;
	tx->options.envid.p = xstrndup(options->envid);
	tx->options.hold_request.p = xstrndup(options->hold_request);
	tx->recipients = buf_new(LIMIT_FRAME);
	tx->fd = -1;
	headerblock_begin(&tx->header);
	fixup_begin(&tx->fixup);
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
	headerblock_free(&tx->header);
	fixup_free(&tx->fixup);
	buf_free(&tx->recipients);
	free((char *)(uintptr_t)tx->options.envid.p);
	free((char *)(uintptr_t)tx->options.hold_request.p);
	free(tx->sender);
	free(tx);
}

void
tx_add_recipient(struct tx *tx, const struct mail_recipient *r)
{
	mail_recipient_pack(&tx->recipients, r);
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
