/*
 * ldapconn - one connection to one directory server.
 *
 * Knows how to talk to a server, not what its answers mean for a login.
 * libldap is kept on a short lead: a socket of ours that never blocks, our
 * deadlines, no referrals, no configuration but what is set here.
 */

#include "ldapconn.h"

#include <errno.h>
#include <openldap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define SEARCH_SIZE_LIMIT 2  /* one is right; two is enough to know */
#define MESSAGES_MAX      64 /* of one search, references included */
#define WHAT_MAX          100
#define PDU_MAX           ((ber_len_t)1024 * 1024) /* octets of one answer */

#define NO_ANSWER "no answer in time"

/* Set once, before any thread; NULL in service. */
static void (*tracer)(const struct ldapconn_step *);

void
ldapconn_trace(void (*fn)(const struct ldapconn_step *))
{
	tracer = fn;
}

/* -- words ------------------------------------------------------------------
 */

/* The code, with what libldap or the server has to say about it. */
static int
explain(struct ldapconn *c, const char *what, int code, const char *detail)
{
	char *own = NULL;

	if (detail == NULL && c->ld != NULL &&
	    ldap_get_option(c->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &own) == 0)
		detail = own;
	snprintf(c->text, sizeof(c->text), "%s: %s (%d)%s%.160s", what,
	    ldap_err2string(code), code,
	    detail != NULL && *detail != '\0' ? ": " : "",
	    detail != NULL ? detail : "");
	ldap_memfree(own);
	return code;
}

/* A step is over. */
static int
told(const struct ldapconn *c, const char *name, const char *what, int code,
    LDAPMessage *entry)
{
	const struct ldapconn_step step = { name, what, code, entry, c };

	if (tracer != NULL)
		tracer(&step);
	return code;
}

static struct timeval
time_left(uint64_t deadline_ms)
{
	int ms = endpoint_left(deadline_ms);

	return (struct timeval){ ms / 1000, ms % 1000 * 1000L };
}

/* -- asking and waiting ------------------------------------------------------
 */

/* One message of an answer.  *res is NULL unless LDAP_SUCCESS. */
static int
await(struct ldapconn *c, const char *what, int msgid, LDAPMessage **res)
{
	struct timeval tv = time_left(c->io.deadline_ms);
	int code = LDAP_SERVER_DOWN;

	*res = NULL;
	switch (ldap_result(c->ld, msgid, LDAP_MSG_ONE, &tv, res)) {
	case 0:
		return explain(c, what, LDAP_TIMEOUT, NO_ANSWER);
	case -1:
		if (endpoint_left(c->io.deadline_ms) == 0)
			return explain(c, what, LDAP_TIMEOUT, NO_ANSWER);
		ldap_get_option(c->ld, LDAP_OPT_RESULT_CODE, &code);
		/* A failure that libldap calls success must not be one. */
		return explain(
		    c, what, code >= 0 ? LDAP_SERVER_DOWN : code, NULL);
	default:
		return LDAP_SUCCESS;
	}
}

/* What an answer says about a password or an account. */
static void
take_policy(struct ldapconn *c, int code, const char *detail,
    LDAPControl *const *controls)
{
	size_t i;

	c->policy = (struct ldappolicy){ 0 };
	if (code == LDAP_INVALID_CREDENTIALS)
		ldappolicy_text(&c->policy, slice_of(detail));
	for (i = 0; controls != NULL && controls[i] != NULL; i++)
		ldappolicy_control(&c->policy, controls[i]->ldctl_oid,
		    (struct slice){ controls[i]->ldctl_value.bv_val,
			controls[i]->ldctl_value.bv_len });
}

/* The result code in a final message, which is freed. */
static int
take_result(struct ldapconn *c, const char *what, LDAPMessage *res)
{
	LDAPControl **controls = NULL;
	char *detail = NULL;
	int code = LDAP_DECODING_ERROR, r;

	r = ldap_parse_result(
	    c->ld, res, &code, NULL, &detail, NULL, &controls, 1);
	if (r != LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	if (code != LDAP_SUCCESS)
		explain(c, what, code, detail);
	take_policy(c, code, detail, controls);
	ldap_controls_free(controls);
	ldap_memfree(detail);
	return code;
}

/* A request with one answer: bind, StartTLS. */
static int
await_result(struct ldapconn *c, const char *what, int msgid, ber_tag_t type)
{
	LDAPMessage *res;
	int code = await(c, what, msgid, &res);

	if (code != LDAP_SUCCESS)
		return code;
	if ((ber_tag_t)ldap_msgtype(res) != type) {
		ldap_msgfree(res);
		return explain(
		    c, what, LDAP_DECODING_ERROR, "answer to something else");
	}
	return take_result(c, what, res);
}

/* -- connecting -------------------------------------------------------------
 */

/* libldap does not say which it was. */
#define TLS_UNTRUSTED "its certificate is not trusted, or is of another name"

static int
start_tls(struct ldapconn *c, const struct endpoint *e)
{
	char *detail = NULL;
	int msgid, code;

	if (e->scheme == SCHEME_LDAP) {
		code = ldap_start_tls(c->ld, NULL, NULL, &msgid);
		if (code != LDAP_SUCCESS)
			return explain(c, "StartTLS", code, NULL);
		code = await_result(c, "StartTLS", msgid, LDAP_RES_EXTENDED);
		if (code != LDAP_SUCCESS)
			return code;
	}
	code = ldap_install_tls(c->ld);
	if (code == LDAP_SUCCESS && ldap_tls_inplace(c->ld))
		return LDAP_SUCCESS;
	if (endpoint_left(c->io.deadline_ms) == 0)
		return explain(c, "TLS", LDAP_TIMEOUT, NO_ANSWER);
	ldap_get_option(c->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	if (detail == NULL || strstr(detail, "unknown error") != NULL)
		explain(c, "TLS", LDAP_CONNECT_ERROR, TLS_UNTRUSTED);
	else
		explain(c, "TLS", LDAP_CONNECT_ERROR, detail);
	ldap_memfree(detail);
	return LDAP_CONNECT_ERROR;
}

/* Give a socket to libldap.  It is taken whatever happens. */
static int
take_socket(struct ldapconn *c, const struct endpoint *e, int fd)
{
	ber_len_t max = PDU_MAX;
	Sockbuf *sb = NULL;
	int code;

	code = ldap_init_fd(fd, LDAP_PROTO_EXT, e->uri, &c->ld);
	if (code != LDAP_SUCCESS) {
		c->ld = NULL;
		close(fd);
		return explain(c, "connect", code, NULL);
	}
	c->io.fd = fd;
	if (ldap_get_option(c->ld, LDAP_OPT_SOCKBUF, &sb) != 0 || sb == NULL ||
	    sockio_attach(&c->io, sb) != 0) {
		close(fd);
		c->io.fd = -1;
		return explain(c, "connect", LDAP_NO_MEMORY, NULL);
	}
	ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &max);
	return LDAP_SUCCESS;
}

int
ldapconn_adopt(struct ldapconn *c, const struct endpoint *e,
    const struct auth_config *config, int fd, uint64_t deadline_ms)
{
	int code;

	*c = LDAPCONN_CLOSED;
	c->io.deadline_ms = deadline_ms;
	code = take_socket(c, e, fd);
	if (code == LDAP_SUCCESS &&
	    (e->scheme == SCHEME_LDAPS ||
		(e->scheme == SCHEME_LDAP && config->starttls)))
		code = start_tls(c, e);
	if (code != LDAP_SUCCESS)
		ldapconn_close(c);
	return code;
}

bool
ldapconn_address_is_allowed(const struct addrinfo *a, const struct endpoint *e,
    const struct auth_config *config)
{
	return e->scheme != SCHEME_LDAP || config->starttls ||
	       config->allow_plaintext || endpoint_is_loopback(a);
}

/* A socket to one of the host's addresses, or -1 with *code and text. */
static int
open_socket(struct ldapconn *c, const struct endpoint *e,
    const struct auth_config *config, uint64_t deadline_ms, int *code)
{
	char where[ENDPOINT_TEXT];
	struct addrinfo *list, *a;
	int fd = -1, r;

	if ((r = endpoint_resolve(e, &list)) != 0) {
		*code =
		    explain(c, "resolve", LDAP_SERVER_DOWN, gai_strerror(r));
		return -1;
	}
	*code = explain(c, "connect", LDAP_CONFIDENTIALITY_REQUIRED,
	    "clear text is allowed to this host only");
	for (a = list; a != NULL && fd == -1; a = a->ai_next) {
		uint64_t part;

		if (!ldapconn_address_is_allowed(a, e, config))
			continue;
		/* Leave time for the addresses that follow. */
		part = (uint64_t)endpoint_left(deadline_ms);
		if (a->ai_next != NULL)
			part /= 2;
		if ((fd = endpoint_connect(a, clock_ms() + part)) != -1)
			break;
		*code = errno == ETIMEDOUT ? LDAP_TIMEOUT : LDAP_SERVER_DOWN;
		endpoint_print(a, where);
		snprintf(c->text, sizeof(c->text), "connect to %s: %s", where,
		    strerror(errno));
	}
	freeaddrinfo(list);
	return fd;
}

static int
open_connection(struct ldapconn *c, const struct endpoint *e,
    const struct auth_config *config, uint64_t deadline_ms)
{
	uint64_t own = clock_ms() + config->connect_timeout_ms;
	int fd, code = LDAP_SERVER_DOWN;

	*c = LDAPCONN_CLOSED;
	if (own < deadline_ms)
		deadline_ms = own;
	if (e->scheme == SCHEME_LDAPI) {
		if ((fd = endpoint_connect_local(e->host)) == -1)
			return explain(
			    c, "connect", LDAP_SERVER_DOWN, strerror(errno));
	} else {
		fd = open_socket(c, e, config, deadline_ms, &code);
		if (fd == -1)
			return code;
	}
	return ldapconn_adopt(c, e, config, fd, deadline_ms);
}

int
ldapconn_open(struct ldapconn *c, const struct endpoint *e,
    const struct auth_config *config, uint64_t deadline_ms)
{
	return told(c, "connect", e->uri,
	    open_connection(c, e, config, deadline_ms), NULL);
}

void
ldapconn_close(struct ldapconn *c)
{
	c->io.deadline_ms = 0; /* the good-bye is said, but not waited for */
	if (c->ld != NULL)
		ldap_unbind_ext(c->ld, NULL, NULL);
	c->ld = NULL;
	BUG_ON(c->io.fd != -1);
}

bool
ldapconn_is_stale(const struct ldapconn *c)
{
	struct pollfd p = { .fd = c->io.fd, .events = POLLIN | POLLRDHUP };

	return poll(&p, 1, 0) != 0;
}

/* -- operations -------------------------------------------------------------
 */

/* Send a bind and wait for its answer. */
static int
bind_as(struct ldapconn *c, const char *dn, const char *mechanism,
    struct slice credentials, bool want_policy)
{
	/* libldap does not write to any of them. */
	static char oid[] = LDAPPOLICY_CONTROL;
	static LDAPControl policy = { oid, { 0, NULL }, 0 };
	LDAPControl *controls[] = { want_policy ? &policy : NULL, NULL };
	struct berval cred = { credentials.n,
		(char *)(uintptr_t)credentials.p };
	char what[WHAT_MAX];
	int msgid, code;

	c->policy = (struct ldappolicy){ 0 };
	snprintf(what, sizeof(what), "bind as %s",
	    mechanism == LDAP_SASL_SIMPLE ? dn : mechanism);
	code =
	    ldap_sasl_bind(c->ld, dn, mechanism, &cred, controls, NULL, &msgid);
	if (code != LDAP_SUCCESS)
		explain(c, what, code, NULL);
	else
		code = await_result(c, what, msgid, LDAP_RES_BIND);
	return told(c, "bind", what + strlen("bind as "), code, NULL);
}

int
ldapconn_bind_service(
    struct ldapconn *c, const struct auth_config *config, uint64_t deadline_ms)
{
	c->io.deadline_ms = deadline_ms;
	/* RFC 4422, A: the empty string asks for the identity outside. */
	if (config->bind == LDAP_BIND_EXTERNAL)
		return bind_as(c, NULL, "EXTERNAL", slice_of(""), false);
	if (config->bind_dn == NULL)
		return LDAP_SUCCESS;
	BUG_ON(config->bind_password.n == 0); /* as below */
	return bind_as(c, config->bind_dn, LDAP_SASL_SIMPLE,
	    secret_slice(&config->bind_password), false);
}

int
ldapconn_bind_user(struct ldapconn *c, const char *dn, struct slice password,
    uint64_t deadline_ms)
{
	/* RFC 4513, 5.1.2: a DN without a password is anonymous, and welcome */
	BUG_ON(password.n == 0 || *dn == '\0');
	c->io.deadline_ms = deadline_ms;
	return bind_as(c, dn, LDAP_SASL_SIMPLE, password, true);
}

/* Keep the first entry, count the others.  False: the answer is complete. */
static bool
take_message(LDAPMessage *res, LDAPMessage **entry, bool *more_than_one)
{
	switch (ldap_msgtype(res)) {
	case LDAP_RES_SEARCH_RESULT:
		return false;
	case LDAP_RES_SEARCH_ENTRY:
		if (*entry == NULL) {
			*entry = res;
			return true;
		}
		*more_than_one = true;
		break;
	default: /* a reference: not chased, and not an entry */
		break;
	}
	ldap_msgfree(res);
	return true;
}

static int
send_search(struct ldapconn *c, const struct ldapconn_search *s,
    uint64_t deadline_ms, int most, int *msgid)
{
	struct timeval tv = time_left(deadline_ms);
	int code;

	c->io.deadline_ms = deadline_ms;
	if (tv.tv_sec == 0)
		tv = (struct timeval){ 1, 0 }; /* 0 would mean no limit */
	code = ldap_search_ext(c->ld, s->base, s->scope, s->filter,
	    s->attributes, 0, NULL, NULL, &tv, most, msgid);
	return code == LDAP_SUCCESS ? code : explain(c, "search", code, NULL);
}

int
ldapconn_search(struct ldapconn *c, const struct ldapconn_search *s,
    uint64_t deadline_ms, LDAPMessage **entry)
{
	bool more_than_one = false;
	LDAPMessage *res;
	int msgid, code, n;

	*entry = NULL;
	code = send_search(c, s, deadline_ms, SEARCH_SIZE_LIMIT, &msgid);
	if (code != LDAP_SUCCESS)
		return code;
	for (n = 0; n < MESSAGES_MAX; n++) {
		code = await(c, "search", msgid, &res);
		if (code != LDAP_SUCCESS)
			goto out;
		if (take_message(res, entry, &more_than_one))
			continue;
		code = take_result(c, "search", res);
		if (code == LDAP_SUCCESS && more_than_one)
			code = explain(c, "search", LDAP_SIZELIMIT_EXCEEDED,
			    "more than one entry");
		goto out;
	}
	code = explain(c, "search", LDAP_DECODING_ERROR, "endless answer");
out:
	if (code != LDAP_SUCCESS && *entry != NULL) {
		ldap_msgfree(*entry);
		*entry = NULL;
	}
	return told(c, "search", s->filter, code, *entry);
}

int
ldapconn_touch(struct ldapconn *c, const char *dn, uint64_t deadline_ms)
{
	static char none[] = LDAP_NO_ATTRS;
	static char *no_attributes[] = { none, NULL };
	const struct ldapconn_search s = { dn != NULL ? dn : "",
		LDAP_SCOPE_BASE, "(objectClass=*)", no_attributes };
	LDAPMessage *entry = NULL;
	int code = ldapconn_search(c, &s, deadline_ms, &entry);

	if (code == LDAP_SUCCESS && entry == NULL)
		code = explain(c, "search", LDAP_NO_SUCH_OBJECT, "not visible");
	if (entry != NULL)
		ldap_msgfree(entry);
	return code;
}

/* The answer to a search for any number: how many entries there were. */
static int
take_all(struct ldapconn *c, const struct ldapconn_search *s,
    const struct ldapconn_taker *taker, int msgid, int *entries)
{
	LDAPMessage *res;
	int code, n;

	for (n = 0; n < taker->most + MESSAGES_MAX; n++) {
		code = await(c, "search", msgid, &res);
		if (code != LDAP_SUCCESS)
			return code;
		if (ldap_msgtype(res) == LDAP_RES_SEARCH_RESULT)
			return take_result(c, "search", res);
		/* A reference is passed over, as above. */
		if (ldap_msgtype(res) == LDAP_RES_SEARCH_ENTRY &&
		    (*entries)++ < taker->most) {
			(void)told(c, "search", s->filter, LDAP_SUCCESS, res);
			taker->take(taker->arg, c->ld, res);
		}
		ldap_msgfree(res);
	}
	return explain(c, "search", LDAP_DECODING_ERROR, "endless answer");
}

int
ldapconn_search_all(struct ldapconn *c, const struct ldapconn_search *s,
    const struct ldapconn_taker *taker, uint64_t deadline_ms)
{
	int msgid, code, entries = 0;

	code = send_search(c, s, deadline_ms, taker->most, &msgid);
	if (code == LDAP_SUCCESS)
		code = take_all(c, s, taker, msgid, &entries);
	if (code == LDAP_SUCCESS && entries > taker->most)
		code = explain(c, "search", LDAP_SIZELIMIT_EXCEEDED,
		    "more entries than asked for");
	if (code == LDAP_SUCCESS && entries > 0)
		return code; /* each has been told */
	return told(c, "search", s->filter, code, NULL);
}
