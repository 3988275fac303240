#ifndef SUBMITD_LISTENER_H
#define SUBMITD_LISTENER_H

/*
 * listener - what sessions accepted on one socket have in common.
 * Owned by the worker; lives as long as the process.
 */

#include <openssl/types.h>

#include "config.h"

struct evconnlistener;
struct worker;

struct listener {
	struct worker *worker;
	enum tls_mode tls;
	char *name; /* "address:port" */
	int fd;     /* until accepting starts; then accept owns it */
	struct evconnlistener *accept;
	SSL_CTX *ctx; /* shared by the listeners of one mode; the worker's */
};

#endif
