#ifndef SUBMITD_SMTP_LISTENER_H
#define SUBMITD_SMTP_LISTENER_H

/*
 * listener - what sessions accepted on one socket have in common.
 * Owned by the worker; lives as long as the process.
 */

#include <stddef.h>

#include "compiler.h"
#include "config.h"
#include "messages.h"
#include "network.h"

struct evconnlistener;
struct certs;
struct worker;

struct listener {
	struct worker *worker;
	const char *hostname; /* ours; the worker's configuration has it */
	enum tls_mode tls;
	enum proxy_mode proxy;
	struct network *proxies; /* whose word is taken */
	size_t proxy_count;
	char *name;     /* "address:port" */
	uint32_t index; /* of its configuration */
	int fd;         /* until accepting starts; then accept owns it */
	struct evconnlistener *accept;
	const struct certs *certs; /* certificates; the worker's */
};

/*
 * Of a socket that master sent, with the configuration of its line.  Takes fd;
 * NULL: no such line.
 */
struct listener *listener_new(
    struct worker *, const struct msg_listen *, int fd);

/* NULL inside is fine.  Sets *lp to NULL. */
void listener_free(struct listener **lp);

/* May the peer tell us where a client is? */
NODISCARD bool listener_trusts(
    const struct listener *, const struct in6_addr *peer);

#endif
