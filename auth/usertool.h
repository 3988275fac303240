#ifndef SUBMITD_USERTOOL_H
#define SUBMITD_USERTOOL_H

/*
 * usertool - what "submitctl user" does at the directory: a process of its
 * own beside the service, run by the operator, that ends when it is done.
 *
 *	[-D DN] [-y FILE] [-Y] test-login USER
 *	... add USER MAIL [NAME]	a new entry below base
 *	... passwd USER			a new password
 *	... del USER
 *
 * Passwords are asked of the operator (prompt.h) and stay in this process.
 * Changes are made as the service account, or as DN, whose password is the
 * first line of FILE or is asked for.  -Y: del asks nothing.
 */

#include <stdbool.h>
#include <stdio.h>

#include "compiler.h"
#include "config.h"
#include "ldapconn.h"
#include "secret.h"

/* The exit status: 0 done, or a login that is right; 1 not; 2 wrong words. */
NODISCARD int usertool_run(
    const struct auth_config *, int argc, char *const argv[]);

/* -- for usertry.c and useredit.c ------------------------------------------ */

/* Who changes something, and what. */
struct useredit {
	const struct auth_config *config;
	const char *bind_dn; /* NULL: the service account */
	struct secret bind_password;
	bool sure; /* del need not ask */
	const char *user;
	const char *mail; /* add */
	const char *name; /* add; NULL: the user's */
};

/*
 * Directories are servers: what they say is no command for a terminal.  In
 * place: what is not printable ASCII becomes "?".
 */
char *usertool_printable(char *text);

/* A line of that. */
void usertool_say(FILE *, const char *format, ...) PRINTF(2, 3);

/* Log in as user, and tell each step. */
int usertry_login(const struct auth_config *, const char *user);

int useredit_add(const struct useredit *);
int useredit_passwd(const struct useredit *);
int useredit_del(const struct useredit *);

#endif
