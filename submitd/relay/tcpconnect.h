#ifndef SUBMITD_TCPCONNECT_H
#define SUBMITD_TCPCONNECT_H

/*
 * tcpconnect - from a host name to a connected socket: resolve, then try each
 * address in turn.
 */

#include <stdint.h>

#include "compiler.h"

struct event_base;
struct evdns_base;
struct tcpconnect;

/*
 * fd is the receiver's; -1 with the reason in why.  Called once, later, from
 * the loop; the object is gone when it returns.
 */
typedef void tcpconnect_done(void *arg, int fd, const char *why);

/*
 * host: a name or an address without brackets, copied.  timeout_ms bounds the
 * look-up, and each address.
 */
struct tcpconnect *tcpconnect_start(struct event_base *, struct evdns_base *,
    const char *host, uint16_t port, uint32_t timeout_ms, tcpconnect_done *,
    void *arg);

/* End it without an answer; does nothing on NULL. */
void tcpconnect_cancel(struct tcpconnect **);

#endif
