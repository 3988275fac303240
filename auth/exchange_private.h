#ifndef SUBMITD_EXCHANGE_PRIVATE_H
#define SUBMITD_EXCHANGE_PRIVATE_H

/*
 * exchange_private - an exchange as the files that make it up see it:
 * exchange.c, which drives the library, exchange_scram.c, which gives it keys
 * and watches over channel binding, and exchange_proven.c, for those who bring
 * a token or a certificate.
 */

#include <sasl/sasl.h>

#include "exchange.h"
#include "limits.h"
#include "oauthmessage.h"

enum callback {
	CB_CHECKPASS,
	CB_CANON_USER,
	CB_PROXY_POLICY,
	CB_STORED_KEY,
	CB_TOKEN,
	CB_END,
	CB_COUNT
};

struct exchange {
	sasl_conn_t *conn; /* NULL before the first step */
	const struct mech *mech;
	const struct auth_config *config;
	sasl_callback_t callbacks[CB_COUNT];
	struct directory *directory; /* during a step */
	uint64_t deadline_ms;        /* of the step */
	struct login login;

	/* the TLS channel; no data: nothing to bind to */
	char binding_type[LIMIT_BINDING_TYPE + 1];
	unsigned char binding_data[LIMIT_BINDING];
	sasl_channel_binding_t binding; /* borrows both */

	struct buf subject;   /* of the client's certificate; empty: none */
	struct buf mailboxes; /* in it; packed */
	uint32_t mailbox_count;

	struct buf bound; /* SCRAM: how the final message must begin */
	bool last_said;   /* only an empty response is left to come */
};

/*
 * AUXPROP_CB_STORED_KEY: append a key for user, the directory's or one that is
 * made up, and judge the login by what the directory says.
 */
int exchange_stored_key(void *context, struct slice user, struct buf *out);

/* OAUTHPLUGIN_CB_TOKEN: judge the login by token and directory. */
int exchange_token(void *context, struct oauthmessage *, struct buf *user);

/*
 * Judge the login by the client's certificate, before the library is asked.
 * False: it is over.
 */
NODISCARD bool exchange_certificate(struct exchange *);

/* That name is the user's own: no authorization identity in truth. */
NODISCARD bool exchange_is_self(const struct exchange *, struct slice name);

/* What the library is told of a verdict, so that it ends rightly. */
int exchange_library_code(enum auth_verdict);

/* What a client of SCRAM says next fits the TLS channel. */
NODISCARD bool exchange_is_bound(struct exchange *, struct slice message);

#endif
