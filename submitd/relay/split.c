/*
 * split - recipients into transactions.  Pure.
 */

#include "split.h"

#include "slice.h"

/* Behind the last @: a quoted local part may hold another. */
static struct slice
domain_of(const struct smtpclient_recipient *r)
{
	const char *at = strrchr(r->mailbox, '@');

	return slice_of(at == NULL ? "" : at + 1);
}

/* True if none of the recipients before i that count has its domain. */
static bool
is_new_domain(
    const struct smtpclient_recipient *to, size_t i, const bool *counts)
{
	struct slice domain = domain_of(&to[i]);
	size_t k;

	for (k = 0; k < i; k++)
		if ((counts == NULL || counts[k]) &&
		    slice_ieq(domain_of(&to[k]), domain))
			return false;
	return true;
}

size_t
split_pick(const struct smtpclient_recipient *to, size_t n,
    struct split_room room, bool *pick)
{
	size_t i, picked = 0, domains = 0;
	bool is_new;

	for (i = 0; i < n; i++) {
		pick[i] = room.recipients == 0 || picked < room.recipients;
		if (pick[i] && room.domains > 0) {
			is_new = is_new_domain(to, i, pick);
			pick[i] = !is_new || domains < room.domains;
			domains += pick[i] && is_new;
		}
		picked += pick[i];
	}
	return picked;
}

size_t
split_domains(const struct smtpclient_recipient *to, size_t n)
{
	size_t i, domains = 0;

	for (i = 0; i < n; i++)
		domains += is_new_domain(to, i, NULL);
	return domains;
}
