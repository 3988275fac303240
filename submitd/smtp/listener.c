/*
 * listener - a socket and its line of the configuration, ready to be asked.
 */

#include "listener.h"

#include <event2/listener.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker.h"
#include "xalloc.h"

struct listener *
listener_new(struct worker *w, const struct msg_listen *m, int fd)
{
	const struct listen_config *c;
	struct listener *l;
	uint32_t i;

	if (m->index >= w->config.listen.n) {
		close(fd);
		return NULL;
	}
	c = &w->config.listen.v[m->index];
	l = xcalloc(1, sizeof(*l));
	*l = (struct listener){
		.worker = w,
		.hostname = c->hostname,
		.tls = (enum tls_mode)c->tls,
		.proxy = (enum proxy_mode)c->proxy,
		.proxies = xcalloc(c->proxy_from.n, sizeof(*l->proxies)),
		.name = xstrndup(m->name),
		.index = m->index,
		.fd = fd,
	};
	for (i = 0; i < c->proxy_from.n; i++) /* master has parsed it, too */
		if (network_parse(c->proxy_from.v[i], &l->proxies[i]) == 0)
			l->proxy_count++;
	BUG_ON(l->proxy_count != c->proxy_from.n);
	return l;
}

void
listener_free(struct listener **lp)
{
	struct listener *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	if (l->accept != NULL)
		evconnlistener_free(l->accept);
	free(l->proxies);
	free(l->name);
	free(l);
}

bool
listener_trusts(const struct listener *l, const struct in6_addr *peer)
{
	size_t i;

	for (i = 0; i < l->proxy_count; i++)
		if (network_holds(&l->proxies[i], peer))
			return true;
	return false;
}
