/*
 * clientkey - the names under which tables keep clients and their users.
 *
 * No client has a blank in it, so the first one ends it, whatever the user
 * is called.
 */

#include "clientkey.h"

void
clientkey_set(struct clientkey *k, const char *address, unsigned bits)
{
	struct network n;

	if (address == NULL || network_around(address, bits, &n) == -1)
		n = (struct network){ .bits = 128 };
	network_show(&n, k->text);
	k->client_n = strlen(k->text);
}

struct slice
clientkey_client(const struct clientkey *k)
{
	return (struct slice){ k->text, k->client_n };
}

struct slice
clientkey_of_pair(struct clientkey *k, struct slice user)
{
	size_t n = user.n > LIMIT_USER_TYPED ? LIMIT_USER_TYPED : user.n;

	k->text[k->client_n] = ' ';
	if (n > 0)
		memcpy(k->text + k->client_n + 1, user.p, n);
	return (struct slice){ k->text, k->client_n + 1 + n };
}

static size_t
client_len(struct slice pair)
{
	const char *blank = memchr(pair.p, ' ', pair.n);

	return blank == NULL ? pair.n : (size_t)(blank - pair.p);
}

struct slice
clientkey_user(struct slice pair)
{
	return slice_from(pair, client_len(pair) + 1);
}

struct slice
clientkey_of(struct slice pair)
{
	return (struct slice){ pair.p, client_len(pair) };
}
