/*
 * mechs - libsasl2 set up for this process: which mechanisms there are.
 *
 * Not an exchange (exchange.c).  The library asks for everything by callback,
 * and every answer is here: nothing that lies about on a machine (a
 * configuration file, a plug-in, SASL_PATH) changes who may log in.
 */

#include "mechs.h"

#include <dirent.h>
#include <pthread.h>
#include <sasl/sasl.h>
#include <stdio.h>
#include <stdlib.h>

#include "auxprop.h"
#include "limits.h"
#include "log.h"
#include "oauth.h"
#include "oauthplugin.h"
#include "storedkey.h"
#include "xalloc.h"

/*
 * What we can offer.  A word of the configuration that is one's name in the
 * library stands for it too: SCRAM-SHA-256 for both forms, better one first.
 */
/* clang-format off */
static const struct mech known[] = {
	{ "SCRAM-SHA-512-PLUS",	"SCRAM-SHA-512",	"libscram.",
	    MECH_STORED | MECH_BINDING },
	{ "SCRAM-SHA-512",	"SCRAM-SHA-512",	"libscram.", MECH_STORED },
	{ "SCRAM-SHA-256-PLUS",	"SCRAM-SHA-256",	"libscram.",
	    MECH_STORED | MECH_BINDING },
	{ "SCRAM-SHA-256",	"SCRAM-SHA-256",	"libscram.", MECH_STORED },
	{ "SCRAM-SHA-1-PLUS",	"SCRAM-SHA-1",		"libscram.",
	    MECH_STORED | MECH_BINDING },
	{ "SCRAM-SHA-1",	"SCRAM-SHA-1",		"libscram.", MECH_STORED },
	{ "EXTERNAL",	"EXTERNAL",	NULL,	MECH_CERTIFICATE },
	{ "OAUTHBEARER", "OAUTHBEARER",	NULL,	MECH_TOKEN },
	{ "XOAUTH2",	"XOAUTH2",	NULL,	MECH_TOKEN },
	{ "PLAIN",	"PLAIN",	"libplain.",	MECH_PASSWORD },
	{ "LOGIN",	"LOGIN",	"liblogin.",	MECH_PASSWORD | MECH_LAST },
};
/* clang-format on */

#define OFFERED_MAX (ARRAY_LEN(known) * (LIMIT_MECHANISM + 1))

static char offered[OFFERED_MAX]; /* written at start only */

/* -- answers to the library -------------------------------------------------
 */

static const struct {
	const char *option;
	const char *value;
} options[] = {
	/* Only our callback judges a password: a name that nothing has. */
	{ "pwcheck_method", "submitd" },
	/* Stored keys come from us alone. */
	{ "auxprop_plugin", AUXPROP_NAME },
	{ "canon_user_plugin", "INTERNAL" },
	{ "log_level", "4" },
	{ "auto_transition", "no" },
};

static int
on_getopt(void *context, const char *plugin, const char *option,
    const char **result, unsigned *len)
{
	size_t i;

	(void)context;
	(void)plugin;
	for (i = 0; i < ARRAY_LEN(options); i++)
		if (strcmp(option, options[i].option) == 0) {
			*result = options[i].value;
			if (len != NULL)
				*len = (unsigned)strlen(*result);
			return SASL_OK;
		}
	return SASL_FAIL; /* the library's default */
}

static int
on_log(void *context, int level, const char *message)
{
	(void)context;
	/* SASL_LOG_TRACE and SASL_LOG_PASS hold what people typed. */
	if (level < SASL_LOG_DEBUG && level != SASL_LOG_NONE)
		log_event(LOG_LEVEL_DEBUG, "sasl", "%s", message);
	return SASL_OK;
}

/* A file that one of our mechanisms is in. */
static bool
is_plugin(const char *file)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].plugin != NULL &&
		    strncmp(file, known[i].plugin, strlen(known[i].plugin)) ==
			0)
			return true;
	return false;
}

static bool
directory_has_plugin(const char *path)
{
	struct dirent *entry;
	bool found = false;
	DIR *d;

	if ((d = opendir(path)) == NULL)
		return false;
	while (!found && (entry = readdir(d)) != NULL)
		found = is_plugin(entry->d_name);
	closedir(d);
	return found;
}

static const char *
plugin_path(void)
{
	static const char *const paths[] = {
#if defined(__x86_64__)
		"/usr/lib/x86_64-linux-gnu/sasl2",
#elif defined(__aarch64__)
		"/usr/lib/aarch64-linux-gnu/sasl2",
#elif defined(__riscv)
		"/usr/lib/riscv64-linux-gnu/sasl2",
#endif
		"/usr/lib64/sasl2",
		"/usr/lib/sasl2",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(paths); i++)
		if (directory_has_plugin(paths[i]))
			return paths[i];
	return paths[0];
}

static int
on_getpath(void *context, const char **path)
{
	(void)context;
	*path = plugin_path();
	return SASL_OK;
}

static int
on_getconfpath(void *context, char **path)
{
	(void)context;
	*path = xstrdup("/nonexistent"); /* the library frees it */
	return SASL_OK;
}

static int
on_verifyfile(void *context, const char *file, sasl_verify_type_t type)
{
	const char *base = strrchr(file, '/');

	(void)context;
	base = base == NULL ? file : base + 1;
	if (type == SASL_VRFY_PLUGIN && is_plugin(base))
		return SASL_OK;
	return SASL_CONTINUE;
}

/* sasl_callback_t keeps each of them as a function without arguments. */
typedef int (*sasl_any_fn)(void);

static const sasl_callback_t callbacks[] = {
	{ SASL_CB_GETOPT, (sasl_any_fn)(void (*)(void))on_getopt, NULL },
	{ SASL_CB_LOG, (sasl_any_fn)(void (*)(void))on_log, NULL },
	{ SASL_CB_GETPATH, (sasl_any_fn)(void (*)(void))on_getpath, NULL },
	{ SASL_CB_GETCONFPATH, (sasl_any_fn)(void (*)(void))on_getconfpath,
	    NULL },
	{ SASL_CB_VERIFYFILE, (sasl_any_fn)(void (*)(void))on_verifyfile,
	    NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

/* -- locks ------------------------------------------------------------------
 */

struct lock {
	pthread_mutex_t mutex;
};

static void *
mutex_new(void)
{
	struct lock *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->mutex, NULL);
	return l;
}

static int
mutex_lock(void *arg)
{
	struct lock *l = arg;

	return pthread_mutex_lock(&l->mutex) == 0 ? SASL_OK : SASL_FAIL;
}

static int
mutex_unlock(void *arg)
{
	struct lock *l = arg;

	return pthread_mutex_unlock(&l->mutex) == 0 ? SASL_OK : SASL_FAIL;
}

static void
mutex_free(void *arg)
{
	struct lock *l = arg;

	pthread_mutex_destroy(&l->mutex);
	free(l);
}

void
mechs_set_locks(void)
{
	sasl_set_mutex(mutex_new, mutex_lock, mutex_unlock, mutex_free);
}

/* -- the list ---------------------------------------------------------------
 */

/* What the library could load, or has from us. */
static bool
is_loaded(const struct mech *m)
{
	const char **list = sasl_global_listmech(); /* ended by NULL */

	if (m->flags & MECH_TOKEN) /* came too late for the list */
		return oauth_is_on();
	for (; list != NULL && *list != NULL; list++)
		if (strcasecmp(*list, m->library) == 0)
			return true;
	return false;
}

static void
offer(const struct mech *m)
{
	if (mechs_find(slice_of(m->name)) != NULL)
		return;
	if (*offered != '\0')
		strncat(offered, " ", sizeof(offered) - strlen(offered) - 1);
	strncat(offered, m->name, sizeof(offered) - strlen(offered) - 1);
}

/* Offer what one word of the configuration names, of the last or the others. */
static void
offer_word(struct slice word, bool last)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (((known[i].flags & MECH_LAST) != 0) == last &&
		    is_loaded(&known[i]) &&
		    (slice_ieq(word, slice_of(known[i].name)) ||
			slice_ieq(word, slice_of(known[i].library))))
			offer(&known[i]);
}

/* Say of a word that it came to nothing. */
static void
warn_if_missing(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (slice_ieq(slice_of(word), slice_of(known[i].name)))
			break;
	if (i == ARRAY_LEN(known) || !is_loaded(&known[i]))
		log_event(LOG_LEVEL_WARN, "mechanism_missing",
		    "%s cannot be offered: %s", word,
		    i == ARRAY_LEN(known) ? "not supported"
					  : "its plug-in is not installed");
}

static void
offer_all(const struct strings *wanted)
{
	uint32_t i;

	for (i = 0; i < wanted->n; i++) {
		warn_if_missing(wanted->v[i]);
		offer_word(slice_of(wanted->v[i]), false);
	}
	for (i = 0; i < wanted->n; i++)
		offer_word(slice_of(wanted->v[i]), true);
}

int
mechs_start(const struct strings *wanted)
{
	int r;

	mechs_set_locks();
	/* No application name: no configuration file by that name. */
	r = sasl_server_init(callbacks, NULL);
	if (r == SASL_OK) /* for libldap, which else does it its own way */
		r = sasl_client_init(callbacks);
	if (r != SASL_OK) {
		log_event(LOG_LEVEL_ERROR, "sasl_start", "%s",
		    sasl_errstring(r, NULL, NULL));
		return -1;
	}
	if (auxprop_start() == -1)
		return -1;
	if (oauth_is_on() && oauthplugin_start(oauth_hint()) == -1)
		return -1;
	offer_all(wanted);
	if (*offered == '\0') {
		log_event(LOG_LEVEL_ERROR, "sasl_start",
		    "no mechanism to offer; are the plug-ins in %s?",
		    plugin_path());
		return -1;
	}
	return 0;
}

const char *
mechs_offered(void)
{
	return offered;
}

/* Is it a word of the list? */
static bool
is_offered(struct slice name)
{
	const char *p, *end;

	for (p = offered; *p != '\0'; p = *end == '\0' ? end : end + 1) {
		end = strchrnul(p, ' ');
		if (slice_ieq(name, (struct slice){ p, (size_t)(end - p) }))
			return true;
	}
	return false;
}

const struct mech *
mechs_find(struct slice name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (slice_ieq(name, slice_of(known[i].name)))
			return is_offered(name) ? &known[i] : NULL;
	return NULL;
}

bool
mechs_use_key(struct slice value)
{
	enum storedkey_status status = STOREDKEY_OTHER;
	struct storedkey key;
	size_t i;

	for (i = 0; i < ARRAY_LEN(known) && status != STOREDKEY_GOOD; i++)
		if (known[i].flags & MECH_STORED &&
		    is_offered(slice_of(known[i].name)))
			status = storedkey_parse(value, known[i].library, &key);
	explicit_bzero(&key, sizeof(key));
	return status == STOREDKEY_GOOD;
}
