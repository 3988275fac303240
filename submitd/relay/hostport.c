/*
 * hostport - split a server's name from its port.  Pure.
 */

#include "hostport.h"

#include <errno.h>
#include <stdlib.h>

#include "slice.h"
#include "xalloc.h"

static int
parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n == 0 || n > 65535 ||
	    *text < '0' || *text > '9')
		return -1;
	*port = (uint16_t)n;
	return 0;
}

int
hostport_parse(const char *text, uint16_t fallback, char **host, uint16_t *port)
{
	struct slice name = slice_of(text);
	const char *behind = NULL, *colon = strrchr(text, ':');

	*host = NULL;
	*port = fallback;
	if (*text == '[') {
		if ((behind = strchr(text, ']')) == NULL)
			return -1;
		name = (struct slice){ text + 1, (size_t)(behind - text) - 1 };
		behind++;
		if (*behind != '\0' && *behind++ != ':')
			return -1;
	} else if (colon != NULL && strchr(text, ':') == colon) {
		name.n = (size_t)(colon - text);
		behind = colon + 1;
	} /* else several colons: an IPv6 address without brackets */
	if (name.n == 0 || (behind != NULL && behind[-1] == ':' &&
			       parse_port(behind, port) == -1))
		return -1;
	*host = xstrndup(name);
	return 0;
}
