/*
 * usercontrol - words in, lines out.  What they do is accounts.c's.
 */

#include "usercontrol.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "accounts.h"
#include "guard.h"
#include "ledger.h"
#include "ledgerfile.h"
#include "messages.h"
#include "relay.h"
#include "role.h"
#include "words.h"
#include "xalloc.h"

static void
say(uint64_t id, enum control_status status, const char *text)
{
	role_answer(id, status, slice_of(text));
}

/* -- show ------------------------------------------------------------------ */

static void
show_stop(struct buf *b, const char *key, const struct account_stop *s)
{
	struct tm tm;
	time_t t = (time_t)s->since_s;

	if (s->reason == NULL) {
		buf_printf(b, "%s=no\n", key);
		return;
	}
	gmtime_r(&t, &tm);
	buf_printf(b, "%s=%s since=%04d-%02d-%02dT%02d:%02d:%02dZ\n", key,
	    s->reason, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
}

static void
show_counts(struct buf *b, const struct account *a)
{
	uint64_t max;
	int m, w;

	for (m = 0; m < QUOTA_MEASURES; m++)
		for (w = 0; w < QUOTA_WINDOWS; w++) {
			max = a->quota.max[m][w];
			buf_printf(b, "%s=%" PRIu64,
			    quota_name(
				(enum quota_measure)m, (enum quota_window)w),
			    tally_sum(&a->spent[m], (enum quota_window)w));
			if (max != 0)
				buf_printf(b, " limit=%" PRIu64, max);
			if (a->reserved[m] != 0)
				buf_printf(
				    b, " under_way=%" PRIu64, a->reserved[m]);
			buf_str(b, "\n");
		}
}

static void
show(struct relay *relay, uint64_t id, const char *user)
{
	struct account *a = ledger_find(relay->ledger, user);
	uint64_t now_s = (uint64_t)time(NULL);
	struct buf b = buf_new(LIMIT_FRAME);

	if (a == NULL) {
		say(id, CONTROL_NOT_FOUND, "no mail of that user is known");
		return;
	}
	account_advance(a, now_s);
	guard_forget_networks(a, now_s);
	show_stop(&b, "blocked", &a->blocked);
	show_stop(&b, "held", &a->held);
	buf_printf(&b, "queue_stopped=%zu\n", a->waiting_n);
	show_counts(&b, a);
	buf_printf(&b,
	    "known_recipients=%" PRIu32 "\nnetworks_per_hour=%" PRIu32
	    "\nrecipients_judged_per_hour=%" PRIu64 " refused=%" PRIu64 "\n",
	    known_count(&a->known), a->network_n,
	    tally_sum(&a->tried, QUOTA_HOUR),
	    tally_sum(&a->refused, QUOTA_HOUR));
	role_answer(id, CONTROL_OK, buf_slice(&b));
	buf_free(&b);
}

/* -- changes --------------------------------------------------------------- */

struct change {
	uint64_t id;
	bool stranger; /* perhaps not the name that counts */
};

static void
on_saved(void *arg, bool fine)
{
	struct change *c = arg;

	if (!fine)
		say(c->id, CONTROL_REFUSED,
		    "done, but it cannot be written to the spool: it ends "
		    "with the relay process; see the log");
	else if (c->stranger)
		say(c->id, CONTROL_OK,
		    "blocked, but no mail of that user is known: if they have "
		    "another name in the directory, block that\n");
	else
		say(c->id, CONTROL_OK, "");
	free(c);
}

static void
change(struct relay *relay, uint64_t id, enum accounts_change what,
    const char *user, const char *reason)
{
	struct change *c = xcalloc(1, sizeof(*c));

	c->id = id;
	c->stranger = ledger_find(relay->ledger, user) == NULL;
	switch (accounts_change(relay, what, user, reason, on_saved, c)) {
	case ACCOUNTS_DONE:
		return;
	case ACCOUNTS_UNKNOWN:
		say(id, CONTROL_NOT_FOUND,
		    "nothing to change: no such user here, or not so");
		break;
	case ACCOUNTS_TOO_MANY:
		say(id, CONTROL_REFUSED, "too many users are stopped");
		break;
	}
	free(c);
}

/* -- words ----------------------------------------------------------------- */

/* What follows "user": these words, the user, and a reason if it may. */
static const struct verb {
	const char *word;
	const char *more; /* NULL: one word is all */
	bool shows;
	bool reason;
	enum accounts_change change;
} verbs[] = {
	{ "show", NULL, .shows = true },
	{ "block", NULL, .reason = true, .change = ACCOUNTS_BLOCK },
	{ "unblock", NULL, .change = ACCOUNTS_UNBLOCK },
	{ "release", NULL, .change = ACCOUNTS_RELEASE },
	{ "limits", "reset", .change = ACCOUNTS_RESET },
};

static bool
is_word(const struct msg_control_ask *m, uint32_t i, const char *word)
{
	return slice_eq(words_at(m->words, m->word_count, i), slice_of(word));
}

/* The verb, and where its user stands; NULL: there is no such request. */
static const struct verb *
find_verb(const struct msg_control_ask *m, uint32_t *user_at)
{
	const struct verb *v;
	uint32_t most;

	for (v = verbs; v < verbs + ARRAY_LEN(verbs); v++) {
		*user_at = v->more == NULL ? 2 : 3;
		most = *user_at + (v->reason ? 2 : 1);
		if (is_word(m, 0, "user") && is_word(m, 1, v->word) &&
		    (v->more == NULL || is_word(m, 2, v->more)) &&
		    m->word_count > *user_at && m->word_count <= most)
			return v;
	}
	return NULL;
}

static void
run_verb(struct relay *relay, uint64_t id, const struct verb *v,
    const char *user, struct slice reason)
{
	char *text;

	if (v->shows) {
		show(relay, id, user);
		return;
	}
	if (!ledgerfile_is_token(reason)) {
		say(id, CONTROL_REFUSED,
		    "the reason must be one word of at most 64 characters");
		return;
	}
	text = xstrndup(reason);
	change(relay, id, v->change, user, text);
	free(text);
}

void
usercontrol_ask(
    struct relay *relay, uint64_t id, const struct msg_control_ask *m)
{
	struct slice user, reason = slice_of("operator");
	const struct verb *v;
	uint32_t at;
	char *name;

	if ((v = find_verb(m, &at)) == NULL) {
		say(id, CONTROL_REFUSED, "unknown to the relay process");
		return;
	}
	user = words_at(m->words, m->word_count, at);
	if (m->word_count > at + 1)
		reason = words_at(m->words, m->word_count, at + 1);
	if (user.n == 0 || user.n > LIMIT_USER ||
	    memchr(user.p, '\0', user.n) != NULL) {
		say(id, CONTROL_REFUSED, "that is no name of a user");
		return;
	}
	name = xstrndup(user);
	run_verb(relay, id, v, name, reason);
	free(name);
}
