/*
 * usertry - log in as somebody, and tell each step.
 *
 * The way of a real login, by the same functions: only the steps are told as
 * they happen (ldapconn_trace()), and nobody counts it.
 */

#include "usertool.h"

#include <stdio.h>

#include "clock.h"
#include "directory.h"
#include "limits.h"
#include "login.h"
#include "loginshow.h"
#include "prompt.h"
#include "servers.h"
#include "storedkey.h"

#define PATIENCE_MS 10000 /* as a login has */

/* Directories are servers: what they say is no command for a terminal. */
static void
put_text(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		putchar(s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '?');
}

static void
tell_search(const struct ldapconn_step *s)
{
	char *dn = NULL;

	put_text(slice_of(s->what));
	if (s->entry != NULL)
		dn = ldap_get_dn(s->conn->ld, s->entry);
	fputs(dn != NULL ? ": " : ": nothing found", stdout);
	put_text(slice_of(dn));
	ldap_memfree(dn);
}

static void
tell(const struct ldapconn_step *s)
{
	bool good = s->code == LDAP_SUCCESS;

	printf("  %-8s %-6s ", s->name, good ? "ok" : "FAILED");
	if (!good)
		put_text(slice_of(s->conn->text));
	else if (strcmp(s->name, "search") == 0)
		tell_search(s);
	else
		put_text(slice_of(s->what));
	putchar('\n');
}

/* Lines, a little to the right. */
static void
put_lines(struct slice s)
{
	while (s.n > 0) {
		const char *end = memchr(s.p, '\n', s.n);
		size_t n = end == NULL ? s.n : (size_t)(end - s.p);

		fputs("  ", stdout);
		put_text((struct slice){ s.p, n });
		putchar('\n');
		s = slice_from(s, end == NULL ? n : n + 1);
	}
}

/* What a client hears; the words are smtp's (docs/clients.md has them). */
static const char *
reply_to(enum auth_verdict verdict)
{
	static const char *const replies[] = {
		[AUTH_ACCEPTED] = "235 2.7.0",
		[AUTH_REFUSED] = "535 5.7.8",
		[AUTH_TROUBLE] = "454 4.7.0",
		[AUTH_TRANSITION] = "432 4.7.12",
		[AUTH_TOO_WEAK] = "534 5.7.9",
		[AUTH_SUSPENDED] = "535 5.7.13",
		[AUTH_LIMITED] = "454 4.7.0",
		[AUTH_CROWDED] = "454 4.7.0",
	};

	return verdict < ARRAY_LEN(replies) && replies[verdict] != NULL
		   ? replies[verdict]
		   : "454 4.7.0";
}

static void
tell_outcome(const struct login *l)
{
	bool yes = l->verdict == AUTH_ACCEPTED;
	struct buf text = buf_new((size_t)2 * LIMIT_FRAME);

	printf("%s: the client hears %s", yes ? "accepted" : "not accepted",
	    reply_to(l->verdict));
	if (l->reason != NULL && *l->reason != '\0')
		printf(" (reason=%s)", l->reason);
	putchar('\n');
	if (yes) {
		buf_printf(&text, "user=%s\n", l->user);
		loginshow_rights(l, &text);
		put_lines(buf_slice(&text));
	}
	buf_free(&text);
}

/* What the entry holds for SCRAM. */
static void
tell_stored(struct directory *d, const char *user)
{
	static const char *const schemes[] = { "SCRAM-SHA-512", "SCRAM-SHA-256",
		"SCRAM-SHA-1" };
	static const char *const words[] = {
		[STOREDKEY_GOOD] = "stored",
		[STOREDKEY_OTHER] = "none",
		[STOREDKEY_BAD] = "DAMAGED",
	};
	struct claim claim = { .name = slice_of(user) };
	struct buf values = buf_new(LIMIT_FRAME);
	struct login login = login_new();
	struct storedkey key;
	size_t i;

	directory_identify(
	    d, &claim, clock_ms() + PATIENCE_MS, &login, &values);
	for (i = 0; i < ARRAY_LEN(schemes) && login.verdict == AUTH_ACCEPTED;
	     i++)
		printf("  %s key=%s\n", schemes[i],
		    words[storedkey_find(
			buf_slice(&values), schemes[i], &key)]);
	explicit_bzero(&key, sizeof(key));
	login_free(&login);
	buf_free(&values);
}

int
usertry_login(const struct auth_config *config, const char *user)
{
	const struct servers_params params = { .failures = 1, .retry_ms = 1 };
	struct servers *servers = servers_new(&config->uri, &params);
	struct secret password = { NULL, 0 };
	struct login login = login_new();
	struct directory *d = NULL;
	int status = 1;

	if (servers == NULL || prompt_secret("Password", &password) == -1)
		goto out;
	d = directory_new(config, servers);
	ldapconn_trace(tell);
	directory_check(d, slice_of(user), secret_slice(&password),
	    clock_ms() + PATIENCE_MS, &login);
	ldapconn_trace(NULL);
	tell_outcome(&login);
	if (login.verdict == AUTH_ACCEPTED && config->scram_attribute != NULL &&
	    config->dn_template == NULL)
		tell_stored(d, user);
	status = login.verdict == AUTH_ACCEPTED ? 0 : 1;
out:
	secret_wipe(&password);
	login_free(&login);
	directory_free(&d);
	servers_free(&servers);
	return status;
}
