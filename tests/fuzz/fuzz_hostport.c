/* hostport - a name and a port from 1 to 65535, or nothing. */

#include "fuzz.h"

#include "hostport.h"

/* name:port, with brackets where the name has colons of its own. */
static char *
written(const char *host, uint16_t port)
{
	size_t n = strlen(host) + 16;
	char *text = malloc(n);

	snprintf(text, n, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
	    port);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text((struct slice){ (const char *)data, size });
	char *host, *other = NULL, *again;
	uint16_t port, port2;

	if (hostport_parse(text, 25, &host, &port) == 0) {
		assert_true(host[0] != '\0' && port > 0);
		assert_non_null(strstr(text, host));
		/* Written out it is the same, unless it is no name at all. */
		again = written(host, port);
		if (strpbrk(host, "[]") == NULL) {
			assert_int_equal(
			    hostport_parse(again, 26, &other, &port2), 0);
			assert_string_equal(other, host);
			assert_int_equal(port2, port);
		}
		free(other);
		free(again);
	} else {
		assert_null(host);
	}
	free(host);
	free(text);
	return 0;
}
