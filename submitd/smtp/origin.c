/*
 * origin - sockets' addresses and headers' addresses, in one form.
 */

#include "origin.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "addresses.h"

struct origin
origin_of(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;

	return (struct origin){
		.address = address_of(sa),
		.port = ntohs(
		    sa->sa_family == AF_INET6 ? v6->sin6_port : v4->sin_port),
	};
}

struct origin
origin_behind(struct origin proxy, const struct proxy_header *header)
{
	struct origin o = proxy;

	o.proxied = true;
	o.proxy = proxy.address;
	o.probe = !header->has_address;
	if (header->has_address) {
		o.address = header->address;
		o.port = header->port;
	}
	return o;
}

void
origin_text(const struct in6_addr *address, char text[INET6_ADDRSTRLEN])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		inet_ntop(
		    AF_INET, address->s6_addr + 12, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}
