#ifndef SUBMITD_TESTS_REPORTMAKE_H
#define SUBMITD_TESTS_REPORTMAKE_H

/*
 * reportmake - a report of one recipient, with whatever a test wants otherwise,
 * and a look at each of its lines.
 */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "queueid.h"
#include "report.h"
#include "utf8.h"
#include "xalloc.h"

#define NOW   UINT64_C(1790000000) /* Mon, 21 Sep 2026 14:13:20 +0000 */
#define ABOUT ((NOW - 3600) * 1000000 << 12)
#define ID    ((NOW * 1000000 + 5) << 12)

static const char content[] = "Received: by x\r\n"
			      "Message-ID: <a.b@example.org>\r\n"
			      "Subject: hello\r\n"
			      "\r\n"
			      "The body.\r\n";

/* All of a report that a test may want otherwise. */
struct make {
	const char *sender;
	const char *mailbox;
	const char *orcpt;
	enum report_action action;
	const char *server;
	const char *status;
	struct smtpreply reply; /* code 0: none */
	struct mail_options options;
	struct slice content; /* empty: the usual */
	uint64_t size;        /* 0: of that */
};

static struct {
	char *text; /* NUL-terminated */
	size_t n;
	struct envelope *env;
} made;

static inline struct make
good(void)
{
	struct make m = {
		.sender = "alice@example.org",
		.mailbox = "bob@example.net",
		.orcpt = "",
		.server = "smart.example:25",
	};

	smtpreply_set(&m.reply, 550, "5.1.1", "No such user");
	return m;
}

static inline struct envelope *
make_about(const struct make *m)
{
	struct envelope *env = xcalloc(1, sizeof(*env));

	env->id = ABOUT;
	env->session = 7;
	env->user = xstrdup("alice");
	env->client_address = xstrdup("192.0.2.1");
	env->sender = xstrdup(m->sender);
	envelope_set_options(env, &m->options);
	env->recipients = xcalloc(2, sizeof(*env->recipients));
	envelope_add_recipient(
	    env, &(struct mail_recipient){
		     slice_of(m->mailbox), 0, slice_of(m->orcpt) });
	envelope_add_recipient(
	    env, &(struct mail_recipient){
		     slice_of("secret@example.net"), NOTIFY_NEVER, { "", 0 } });
	return env;
}

static inline void
forget(void)
{
	free(made.text);
	made.text = NULL;
	envelope_free(&made.env);
}

/* Nothing in front of the last part's content may be 8-bit unless said. */
static inline void
assert_well_formed(void)
{
	struct slice rest = { made.text, made.n };
	bool said = strstr(made.text, "Transfer-Encoding: 8bit") != NULL;
	const char *end;
	size_t n;

	assert_true(said || utf8_is_ascii(rest));
	assert_int_equal(strlen(made.text), made.n);
	while (rest.n > 0) {
		end = memmem(rest.p, rest.n, "\r\n", 2);
		assert_non_null(end);
		n = (size_t)(end - rest.p);
		assert_true(n <= 998);
		assert_null(memchr(rest.p, '\r', n));
		assert_null(memchr(rest.p, '\n', n));
		rest = slice_from(rest, n + 2);
	}
}

static inline void
write_report(const struct report *r, struct slice all, uint64_t size)
{
	struct buf out = buf_new(LIMIT_REPORT);
	uint64_t wants = report_wants(r, size);
	struct slice front = { all.p, wants < all.n ? (size_t)wants : all.n };

	forget();
	assert_int_equal(report_write(r, front, size, &out, &made.env), 0);
	made.n = out.n;
	made.text = calloc(1, out.n + 1);
	memcpy(made.text, out.p, out.n);
	buf_free(&out);
	assert_well_formed();
}

static inline void
make(const struct make *m)
{
	struct envelope *about = make_about(m);
	struct report *r = report_new(ID, about, "submit.example", NOW);
	struct slice all = m->content.n > 0
			       ? m->content
			       : (struct slice){ content, sizeof(content) - 1 };

	report_retry_until(r, NOW + 86400);
	report_add(r,
	    &(struct report_item){ &about->recipients[0], m->action,
		m->reply.code == 0 ? NULL : &m->reply, m->server, m->status });
	assert_int_equal(report_count(r), 1);
	assert_true(report_id(r) == ID);
	write_report(r, all, m->size > 0 ? m->size : all.n);
	report_free(&r);
	envelope_free(&about);
}

static inline void
assert_has(const char *text)
{
	if (strstr(made.text, text) == NULL)
		fail_msg("no '%s' in:\n%s", text, made.text);
}

static inline void
assert_lacks(const char *text)
{
	if (strstr(made.text, text) != NULL)
		fail_msg("'%s' in:\n%s", text, made.text);
}

static inline int
teardown(void **state)
{
	(void)state;
	forget();
	return 0;
}

#endif
