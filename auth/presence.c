/*
 * presence - who is logged in, who was, and who may not.
 *
 * Two balanced trees (tsearch(3)): people by name, visits by link and session.
 * A person stays for as long as there is a visit or a block; the others are in
 * a queue as well, the one seen least lately at its head.
 */

#include "presence.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <time.h>

#include "limits.h"
#include "xalloc.h"

#define LAST_LOGINS 5

struct last_login {
	int64_t at_s; /* 0: there was none */
	char verdict[16];
	char mechanism[LIMIT_MECHANISM + 1];
	char address[48]; /* INET6_ADDRSTRLEN is 46 */
};

struct person {
	TAILQ_ENTRY(person) idle; /* when nothing else holds it */
	char *user;
	unsigned visits;
	char *blocked; /* the reason; NULL: not blocked */
	struct last_login last[LAST_LOGINS];
	unsigned logins; /* ever remembered: the next goes to logins % n */
};

TAILQ_HEAD(person_queue, person);

struct visit {
	LIST_ENTRY(visit) next;
	struct visit_id id;
	struct person *person;
};

LIST_HEAD(visit_list, visit);

struct presence {
	void *people;
	void *visit_tree;
	struct visit_list visits;
	struct person_queue idle;
	unsigned idle_count;
	unsigned visit_count;
};

static int
compare_people(const void *a, const void *b)
{
	const struct person *x = a, *y = b;

	return strcasecmp(x->user, y->user);
}

static int
compare_visits(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	if (x->id.link != y->id.link)
		return x->id.link < y->id.link ? -1 : 1;
	if (x->id.session != y->id.session)
		return x->id.session < y->id.session ? -1 : 1;
	return 0;
}

static struct person *
person_find(const struct presence *p, struct slice user)
{
	struct person key = { .user = xstrndup(user) };
	struct person **found = tfind(&key, &p->people, compare_people);

	free(key.user);
	return found == NULL ? NULL : *found;
}

static void
person_free(struct person *person)
{
	free(person->user);
	free(person->blocked);
	free(person);
}

static bool
is_held(const struct person *person)
{
	return person->visits > 0 || person->blocked != NULL;
}

/* Something is about to hold a person, or has let go: back to the queue. */
static void
person_take(struct presence *p, struct person *person)
{
	if (is_held(person))
		return;
	TAILQ_REMOVE(&p->idle, person, idle);
	p->idle_count--;
}

static void
person_put(struct presence *p, struct person *person)
{
	struct person *oldest;

	if (is_held(person))
		return;
	TAILQ_INSERT_TAIL(&p->idle, person, idle);
	if (++p->idle_count <= LIMIT_PRESENCE_USERS)
		return;
	oldest = TAILQ_FIRST(&p->idle);
	TAILQ_REMOVE(&p->idle, oldest, idle);
	p->idle_count--;
	tdelete(oldest, &p->people, compare_people);
	person_free(oldest);
}

/* The one of this name, perhaps new; taken. */
static struct person *
person_need(struct presence *p, struct slice user)
{
	struct person *person = person_find(p, user);

	if (person != NULL) {
		person_take(p, person);
		return person;
	}
	person = xcalloc(1, sizeof(*person));
	person->user = xstrndup(user);
	BUG_ON(tsearch(person, &p->people, compare_people) == NULL);
	return person;
}

static struct visit *
visit_find(const struct presence *p, struct visit_id id)
{
	struct visit key = { .id = id };
	struct visit **found = tfind(&key, &p->visit_tree, compare_visits);

	return found == NULL ? NULL : *found;
}

static void
visit_end(struct presence *p, struct visit *v)
{
	struct person *person = v->person;

	tdelete(v, &p->visit_tree, compare_visits);
	LIST_REMOVE(v, next);
	p->visit_count--;
	free(v);
	person->visits--;
	person_put(p, person);
}

struct presence *
presence_new(void)
{
	struct presence *p = xcalloc(1, sizeof(*p));

	LIST_INIT(&p->visits);
	TAILQ_INIT(&p->idle);
	return p;
}

static void
destroy_person(void *person)
{
	person_free(person);
}

void
presence_free(struct presence **pp)
{
	struct presence *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	tdestroy(p->visit_tree, free);
	tdestroy(p->people, destroy_person);
	free(p);
}

enum presence_verdict
presence_enter(
    struct presence *p, struct visit_id id, struct slice user, uint64_t max)
{
	struct person *person;
	struct visit *v;

	presence_leave(p, id); /* whoever it was before */
	person = person_find(p, user);
	if (person != NULL && person->blocked != NULL)
		return PRESENCE_BLOCKED;
	if (max > 0 && person != NULL && person->visits >= max)
		return PRESENCE_CROWDED;
	if (p->visit_count == LIMIT_PRESENCE_SESSIONS)
		return PRESENCE_FULL;
	person = person_need(p, user);
	person->visits++;
	v = xcalloc(1, sizeof(*v));
	v->id = id;
	v->person = person;
	BUG_ON(tsearch(v, &p->visit_tree, compare_visits) == NULL);
	LIST_INSERT_HEAD(&p->visits, v, next);
	p->visit_count++;
	return PRESENCE_ENTERED;
}

void
presence_leave(struct presence *p, struct visit_id id)
{
	struct visit *v = visit_find(p, id);

	if (v != NULL)
		visit_end(p, v);
}

void
presence_link_gone(struct presence *p, uint64_t link)
{
	struct visit *v, *next;

	for (v = LIST_FIRST(&p->visits); v != NULL; v = next) {
		next = LIST_NEXT(v, next);
		if (v->id.link == link)
			visit_end(p, v);
	}
}

static void
copy(char *to, size_t n, const char *from)
{
	(void)snprintf(to, n, "%s", from);
}

void
presence_record(struct presence *p, struct slice user, bool accepted,
    const struct presence_login *login)
{
	struct person *person = person_find(p, user);
	struct last_login *last;

	if (user.n == 0 || (person == NULL && !accepted))
		return;
	person = person_need(p, user);
	last = &person->last[person->logins++ % LAST_LOGINS];
	last->at_s = login->at_s;
	copy(last->verdict, sizeof(last->verdict), login->verdict);
	copy(last->mechanism, sizeof(last->mechanism), login->mechanism);
	copy(last->address, sizeof(last->address), login->address);
	person_put(p, person);
}

bool
presence_block(struct presence *p, struct slice user, struct slice reason)
{
	struct person *person = person_need(p, user);

	if (person->blocked != NULL)
		return false;
	person->blocked = xstrndup(reason);
	return true;
}

bool
presence_unblock(struct presence *p, struct slice user)
{
	struct person *person = person_find(p, user);

	if (person == NULL || person->blocked == NULL)
		return false;
	free(person->blocked);
	person->blocked = NULL;
	person_put(p, person);
	return true;
}

struct walk {
	void (*fn)(struct slice user, void *arg);
	void *arg;
};

static void
visit_person(const void *node, VISIT visit, void *arg)
{
	const struct person *person = *(struct person *const *)node;
	const struct walk *w = arg;

	if ((visit == postorder || visit == leaf) && person->blocked != NULL)
		w->fn(slice_of(person->user), w->arg);
}

void
presence_each_blocked(const struct presence *p,
    void (*fn)(struct slice user, void *arg), void *arg)
{
	struct walk w = { fn, arg };

	twalk_r(p->people, visit_person, &w);
}

static void
show_login(const struct last_login *last, struct buf *out)
{
	time_t at = (time_t)last->at_s;
	char text[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	buf_printf(out, "login=%s verdict=%s mechanism=%s client=%s\n", text,
	    last->verdict, last->mechanism, last->address);
}

bool
presence_show(const struct presence *p, struct slice user, struct buf *out)
{
	const struct person *person = person_find(p, user);
	unsigned i;

	if (person == NULL)
		return false;
	buf_printf(out, "user=%s\nsessions=%u\nlogin_blocked=%s\n",
	    person->user, person->visits,
	    person->blocked == NULL ? "no" : person->blocked);
	for (i = 1; i <= LAST_LOGINS && i <= person->logins; i++)
		show_login(
		    &person->last[(person->logins - i) % LAST_LOGINS], out);
	return true;
}

void
presence_stats(const struct presence *p, struct buf *out)
{
	buf_printf(out, "auth_sessions=%u\n", p->visit_count);
}
