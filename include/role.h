#ifndef SUBMITD_ROLE_H
#define SUBMITD_ROLE_H

/*
 * role - how every process but master comes up and goes down.
 *
 * master starts it with descriptor 3 as the link.  role_main() opens the log,
 * forbids core dumps and tracing, and serves the link: CONFIG, then LISTEN,
 * PEER and TICKET_KEYS, then GO, whereupon prepare() opens what must be open
 * before the process is confined (libraries, files, directories), the process
 * is confined (sandbox.h), start() begins to serve, and READY is sent.  Peers
 * and ticket keys may also come later.  DRAIN (or the end of the link: master
 * died) calls drain(); the role calls role_exit() when it is done.
 *
 * Not one byte from outside is read before start().
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "messages.h"
#include "sandbox.h"
#include "slice.h"

struct event_base;

#define ROLE_FD 3 /* the link to master */

/* Every callback runs in the loop. -1 from a start-up step ends the process. */
struct role_ops {
	const char *name;
	/* unpack and keep the configuration; say what is common to all */
	int (*configure)(struct slice packed, struct role_config *common);
	/* a listening socket, role's to keep; NULL: role has none */
	int (*listen)(const struct msg_listen *, int fd);
	/* a link, role's to keep; before and after start */
	int (*peer)(const struct msg_peer *, int fd);
	int (*ticket_keys)(const struct msg_ticket_keys *);
	/* before confinement; fills in what the confined process may touch */
	int (*prepare)(struct event_base *, struct sandbox *);
	int (*start)(void);
	void (*drain)(void);
	/* append key=value lines */
	void (*stats)(struct buf *);
	/* a question of the operator, to be answered with role_answer(), now
	 * or later; the words are gone when it returns; NULL: there are none */
	void (*control)(uint64_t id, const struct msg_control_ask *);
	/* what has become of an account, also before start(); NULL: no matter
	 */
	void (*account)(const struct msg_account *);
	/* --dial: try the outside world, print each step to stdout; 0 if all
	 * is well, 1 if not; NULL: nothing to try */
	int (*dial)(void);
	/* --user: what the operator wants done at once, in words, on their
	 * terminal; the exit status; NULL: there is nothing */
	int (*tool)(int argc, char **argv);
};

/* The whole of main(). */
int role_main(const struct role_ops *, int argc, char **argv);

/*
 * The link to that role broke: ask master for a new one, which comes through
 * peer() after a moment, unless the other end is gone and is started anew.
 */
void role_link_lost(enum role_id);

/*
 * Answer what control() was asked; text is what the operator reads, or in one
 * line why not.  It may be longer than a frame.
 */
void role_answer(uint64_t id, enum control_status, struct slice text);

/* What has become of an account: told to auth, now and at each of its starts.
 */
void role_tell_account(const struct msg_account *);

/* Tell the operator: in the log of master, which has a hook for it. */
void role_alarm(const struct msg_alarm *);

/* Leave the loop; the process ends with status 0. */
void role_exit(void);

#endif
