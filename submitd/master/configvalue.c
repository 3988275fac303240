/*
 * configvalue - the grammar of single configuration values.
 *
 * Not where values get their names, ranges and defaults: configkeys.c is.
 * Nothing here reads a file, asks a resolver or prints.
 */

#include "configvalue.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "limits.h"
#include "slice.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit time_units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "", 1000 },
	{ "m", UINT64_C(60) * 1000 },
	{ "h", UINT64_C(3600) * 1000 },
	{ "d", UINT64_C(86400) * 1000 },
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* At most ten digits, and a unit: cannot overflow. */
static int
number_with_unit(
    const char *text, const struct unit *units, size_t unit_n, uint64_t *out)
{
	uint64_t n = 0;
	size_t i, u;

	for (i = 0; is_digit(text[i]); i++) {
		if (i == 10)
			return -1;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	if (i == 0)
		return -1;
	for (u = 0; u < unit_n; u++) {
		if (strcasecmp(text + i, units[u].name) == 0) {
			*out = n * units[u].factor;
			return 0;
		}
	}
	return -1;
}

static int
in_range(uint64_t n, uint32_t min, uint32_t max, uint32_t *out)
{
	if (n < min || n > max)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

int
value_bool(const char *text, bool *out)
{
	uint32_t i;

	*out = false;
	if (value_choice(text, "false|no|off|true|yes|on", &i) != 0)
		return -1;
	*out = i >= 3;
	return 0;
}

int
value_count(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;

	*out = 0;
	if (number_with_unit(text, size_units, 1, &n) != 0)
		return -1;
	return in_range(n, min, max, out);
}

int
value_size(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;

	*out = 0;
	if (number_with_unit(text, size_units, ARRAY_LEN(size_units), &n) != 0)
		return -1;
	return in_range(n, min, max, out);
}

int
value_duration(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;

	*out = 0;
	if (number_with_unit(text, time_units, ARRAY_LEN(time_units), &n) != 0)
		return -1;
	return in_range(n, min, max, out);
}

int
value_seconds(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;

	*out = 0;
	if (number_with_unit(text, time_units, ARRAY_LEN(time_units), &n) != 0)
		return -1;
	return n % 1000 != 0 ? -1 : in_range(n / 1000, min, max, out);
}

int
value_choice(const char *text, const char *words, uint32_t *out)
{
	struct slice want = slice_of(text);
	uint32_t i;

	*out = 0;
	for (i = 0;; i++) {
		size_t n = strcspn(words, "|");

		if (slice_eq(want, (struct slice){ words, n })) {
			*out = i;
			return 0;
		}
		if (words[n] == '\0')
			return -1;
		words += n + 1;
	}
}

/* Labels of letters, digits and inner hyphens, 1 to 63 octets each. */
static bool
is_hostname(struct slice s)
{
	size_t i, label = 0;

	if (s.n == 0 || s.n > LIMIT_DOMAIN || s.p[0] == '-')
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '.') {
			if (label == 0 || s.p[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!is_alnum(s.p[i]) && (s.p[i] != '-' || label == 0))
			return false;
		if (++label > 63)
			return false;
	}
	return label > 0 && s.p[s.n - 1] != '-';
}

static bool
is_port(struct slice s)
{
	char text[6];
	uint32_t port;

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return value_count(text, 1, 65535, &port) == 0;
}

/* Is s, an address literal without brackets, of that family? */
static bool
is_literal(int family, struct slice s)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(family, text, bytes) == 1;
}

bool
value_is_hostname(const char *text)
{
	struct slice s = slice_of(text);

	return is_hostname(s) && !is_literal(AF_INET, s);
}

/* A name of digits and dots only was meant to be an IPv4 address. */
static bool
is_host(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && s.p[i] != '.')
			return is_hostname(s);
	return is_literal(AF_INET, s);
}

/*
 * Split "host[:port]" or "[v6][:port]" and judge both; *host is without its
 * brackets.
 */
static bool
split_host_port(struct slice s, struct slice *host)
{
	const char *end;

	if (s.n > 0 && s.p[0] == '[') {
		end = memchr(s.p, ']', s.n);
		if (end == NULL)
			return false;
		*host = (struct slice){ s.p + 1, (size_t)(end - s.p) - 1 };
		s = slice_from(s, host->n + 2);
		if (!is_literal(AF_INET6, *host))
			return false;
	} else {
		end = memchr(s.p, ':', s.n);
		*host = s;
		if (end != NULL)
			host->n = (size_t)(end - s.p);
		s = slice_from(s, host->n);
		if (!is_host(*host))
			return false;
	}
	return s.n == 0 || (s.p[0] == ':' && is_port(slice_from(s, 1)));
}

bool
value_is_server(const char *text)
{
	struct slice host;

	return text[0] != '\0' && split_host_port(slice_of(text), &host);
}

bool
value_is_address(const char *text)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;

	if (getaddrinfo(text, NULL, &hints, &found) != 0)
		return false;
	freeaddrinfo(found);
	/* the resolver also takes 127.1 and 0x7f000001: nobody means those */
	return strchr(text, ':') != NULL || is_literal(AF_INET, slice_of(text));
}

bool
value_is_url(const char *text)
{
	size_t n = strlen(text), i;

	if (strncmp(text, "https://", 8) != 0 &&
	    strncmp(text, "http://", 7) != 0)
		return false;
	for (i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return n <= 200;
}

bool
value_is_dn(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals != NULL && equals != text && equals[1] != '\0';
}

/* Every % begins a letter of letters. */
static bool
has_only(const char *text, const char *letters)
{
	while ((text = strchr(text, '%')) != NULL) {
		if (text[1] == '\0' || strchr(letters, text[1]) == NULL)
			return false;
		text += 2;
	}
	return true;
}

bool
value_has_login(const char *text)
{
	return has_only(text, "u") && strchr(text, '%') != NULL;
}

/* In parentheses, which are balanced. */
static bool
is_filter(const char *text)
{
	size_t i, open = 0;

	if (text[0] != '(')
		return false;
	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] == '(')
			open++;
		else if (text[i] == ')' && open-- == 0)
			return false;
		/* one filter: nothing after its last parenthesis */
		if (open == 0 && text[i + 1] != '\0')
			return false;
	}
	return open == 0;
}

bool
value_is_filter(const char *text)
{
	return is_filter(text) && value_has_login(text);
}

bool
value_is_person_filter(const char *text)
{
	return value_is_entry_filter(text) && strchr(text, '%') != NULL;
}

bool
value_is_entry_filter(const char *text)
{
	return is_filter(text) && has_only(text, "ud");
}

bool
value_is_certificate_filter(const char *text)
{
	return is_filter(text) && has_only(text, "ms") &&
	       strchr(text, '%') != NULL;
}

bool
value_is_word(const char *text)
{
	size_t i;

	for (i = 0; text[i] > ' ' && text[i] <= '~'; i++)
		if (text[i] == '"' || text[i] == '\\')
			return false;
	return i > 0 && i <= 200 && text[i] == '\0';
}

bool
value_is_attribute(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (!is_alnum(text[i]) && strchr("-.;", text[i]) == NULL)
			return false;
	return i > 0 && i <= 128 && is_alnum(text[0]);
}

static bool
is_loopback(struct slice host)
{
	if (slice_ieq(host, slice_of("localhost")))
		return true;
	if (is_literal(AF_INET, host))
		return strncmp(host.p, "127.", 4) == 0;
	return slice_eq(host, slice_of("::1"));
}

int
value_ldap_uri(const char *text, struct ldap_uri *out)
{
	static const char *const schemes[] = {
		[LDAP_SCHEME_PLAIN] = "ldap://",
		[LDAP_SCHEME_TLS] = "ldaps://",
		[LDAP_SCHEME_LOCAL] = "ldapi://",
	};
	struct slice rest, host;
	size_t i, n = 0;

	*out = (struct ldap_uri){ LDAP_SCHEME_PLAIN, false };
	for (i = 0; i < ARRAY_LEN(schemes); i++) {
		n = strlen(schemes[i]);
		if (strncasecmp(text, schemes[i], n) == 0)
			break;
	}
	if (i == ARRAY_LEN(schemes))
		return -1;
	out->scheme = (enum ldap_scheme)i;
	if (out->scheme == LDAP_SCHEME_LOCAL) {
		out->loopback = true;
		return 0;
	}
	rest = slice_of(text + n);
	if (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	if (rest.n == 0 || !split_host_port(rest, &host))
		return -1;
	out->loopback = is_loopback(host);
	return 0;
}

/* The largest unit that leaves no remainder. */
static void
show(char *out, size_t size, uint64_t n, const struct unit *units, size_t i)
{
	while (i-- > 0) {
		if (n != 0 && n % units[i].factor == 0 &&
		    (units[i].name[0] != '\0' || units[i].factor == 1))
			break;
	}
	if (i == (size_t)-1)
		i = 0;
	snprintf(
	    out, size, "%" PRIu64 "%s", n / units[i].factor, units[i].name);
}

void
value_show_duration(char *out, size_t n, uint64_t ms)
{
	show(out, n, ms, time_units, ARRAY_LEN(time_units));
}

void
value_show_size(char *out, size_t n, uint32_t octets)
{
	show(out, n, octets, size_units, ARRAY_LEN(size_units));
}
