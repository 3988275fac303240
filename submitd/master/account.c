/*
 * account - find the users that the roles run as.
 *
 * Only asks the user database; the roles themselves drop root (sandbox).
 * No role ever keeps uid 0.
 */

#include "account.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configparse.h"
#include "log.h"

#define FALLBACK "nobody"

static const struct {
	const char *key;  /* in section process */
	const char *user; /* if it exists */
} roles[ROLE_COUNT] = {
	[ROLE_SMTP] = { "user_smtp", "submitd-smtp" },
	[ROLE_AUTH] = { "user_auth", "submitd-auth" },
	[ROLE_RELAY] = { "user_relay", "submitd-relay" },
};

static struct role_config *
role_config(struct settings *s, enum role_id role)
{
	struct role_config *const configs[ROLE_COUNT] = {
		[ROLE_SMTP] = &s->config.smtp.role,
		[ROLE_AUTH] = &s->config.auth.role,
		[ROLE_RELAY] = &s->config.relay.role,
	};

	return configs[role];
}

/* The first of the usual names that exists. */
static const struct passwd *
usual_user(enum role_id role)
{
	const char *const names[] = { roles[role].user, "submitd", FALLBACK };
	const struct passwd *pw = NULL;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names) && pw == NULL; i++)
		pw = getpwnam(names[i]);
	return pw;
}

static int
resolve_role(struct settings *s, enum role_id role)
{
	struct role_config *config = role_config(s, role);
	const char *name = s->role_user[role], *key = roles[role].key;
	const struct passwd *pw;

	if (name == NULL) {
		name = s->user;
		key = "user";
	}
	pw = name != NULL ? getpwnam(name) : usual_user(role);
	if (pw == NULL || pw->pw_uid == 0) {
		configparse_complain(s->file,
		    name != NULL ? s->line[config_key_find("process", key)] : 0,
		    "process.%s: expected a user of this system other than "
		    "root%s%s",
		    key, name != NULL ? ", not " : "",
		    name != NULL ? name : "");
		return -1;
	}
	config->confine = true;
	config->uid = pw->pw_uid;
	config->gid = pw->pw_gid;
	return 0;
}

/* Whoever runs the operator's alarm command. */
static int
resolve_alarm(struct settings *s)
{
	const struct passwd *pw = getpwnam(s->alarm_user);

	if (s->alarm_command == NULL)
		return 0;
	if (pw == NULL || pw->pw_uid == 0) {
		configparse_complain(s->file,
		    s->line[config_key_find("alarm", "user")],
		    "alarm.user: expected a user of this system other than "
		    "root, not %s",
		    s->alarm_user);
		return -1;
	}
	s->alarm_uid = pw->pw_uid;
	s->alarm_gid = pw->pw_gid;
	return 0;
}

int
account_resolve(struct settings *s)
{
	enum role_id role;
	int r = geteuid() == 0 ? resolve_alarm(s) : 0;

	for (role = 0; role < ROLE_COUNT; role++) {
		if (geteuid() == 0)
			r |= resolve_role(s, role);
		else
			*role_config(s, role) = (struct role_config){
				.log_target = s->log_target,
				.log_level = s->log_level,
				.uid = geteuid(),
				.gid = getegid(),
			};
	}
	return r;
}

void
account_warn(const struct settings *s)
{
	const struct passwd *pw = getpwnam(FALLBACK);
	uid_t smtp = s->config.smtp.role.uid;
	uid_t auth = s->config.auth.role.uid;
	uid_t relay = s->config.relay.role.uid;

	if (!s->config.smtp.role.confine) {
		log_event(LOG_LEVEL_WARN, "unprivileged",
		    "not started as root: no chroot, all roles run as user "
		    "%u, who owns the spool and the secrets",
		    (unsigned)geteuid());
		return;
	}
	if (pw != NULL &&
	    (smtp == pw->pw_uid || auth == pw->pw_uid || relay == pw->pw_uid))
		log_event(LOG_LEVEL_WARN, "shared_user",
		    "a role runs as " FALLBACK ", like programs of others: "
		    "create users submitd-smtp, submitd-auth, submitd-relay");
	else if (smtp == auth || smtp == relay || auth == relay)
		log_event(LOG_LEVEL_INFO, "shared_user",
		    "roles share a user: users submitd-smtp, submitd-auth and "
		    "submitd-relay would keep them apart");
}
