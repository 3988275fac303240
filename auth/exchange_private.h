#ifndef SUBMITD_EXCHANGE_PRIVATE_H
#define SUBMITD_EXCHANGE_PRIVATE_H

/*
 * exchange_private - an exchange as the files that make it up see it:
 * exchange.c, which drives the library, and exchange_scram.c, which gives it
 * keys and watches over channel binding.
 */

#include <sasl/sasl.h>

#include "exchange.h"
#include "limits.h"

enum callback {
	CB_CHECKPASS,
	CB_CANON_USER,
	CB_PROXY_POLICY,
	CB_STORED_KEY,
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

	struct buf bound; /* SCRAM: how the final message must begin */
	bool last_said;   /* only an empty response is left to come */
};

/*
 * AUXPROP_CB_STORED_KEY: append a key for user, the directory's or one that is
 * made up, and judge the login by what the directory says.
 */
int exchange_stored_key(void *context, struct slice user, struct buf *out);

/* What a client of SCRAM says next fits the TLS channel. */
NODISCARD bool exchange_is_bound(struct exchange *, struct slice message);

#endif
