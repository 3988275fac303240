/*
 * report - put a delivery status notification together.
 *
 * The boundary is looked for in all that stands between its lines, so it
 * cannot be met there, whatever a message or a server says.
 */

#include "queueid.h"
#include "report_private.h"
#include "utf8.h"
#include "xalloc.h"

/* -- when ------------------------------------------------------------------ */

/* clang-format off */
/* RFC 3461, 5.2.2, 5.2.5, 5.2.6: any of these asks for it; 0: no NOTIFY. */
static const struct {
	bool	 by_default;
	uint32_t asks;
} wants[] = {
	[REPORT_FAILED]  = { true,  NOTIFY_FAILURE },
	[REPORT_DELAYED] = { true,  NOTIFY_DELAY },
	[REPORT_RELAYED] = { false, NOTIFY_SUCCESS },
};
/* clang-format on */

bool
report_wanted(uint32_t notify, enum report_action action)
{
	if (notify == 0)
		return wants[action].by_default;
	return (notify & wants[action].asks) != 0;
}

/* -- what ------------------------------------------------------------------ */

struct report *
report_new(uint64_t id, const struct envelope *about, const char *hostname,
    uint64_t now_s)
{
	struct report *r = xcalloc(1, sizeof(*r));
	struct envelope *env = xcalloc(1, sizeof(*env));

	env->id = about->id;
	env->session = about->session;
	env->user = xstrdup(about->user);
	env->client_address = xstrdup(about->client_address);
	env->sender = xstrdup(about->sender);
	envelope_set_options(env, &about->options);
	env->recipients =
	    xcalloc(about->recipient_count, sizeof(*env->recipients));
	r->room = about->recipient_count;
	r->words = xcalloc(r->room, sizeof(*r->words));
	r->id = id;
	r->now_s = now_s;
	r->hostname = xstrdup(hostname);
	r->about = env;
	return r;
}

void
report_retry_until(struct report *r, uint64_t retry_until_s)
{
	r->retry_until_s = retry_until_s;
}

/* RFC 3464, 2.3.4: three numbers without leading zeros, of the right class. */
static void
set_status(struct report_word *w, const char *given)
{
	static const char classes[] = {
		[REPORT_FAILED] = '5',
		[REPORT_DELAYED] = '4',
		[REPORT_RELAYED] = '2',
	};
	char class = classes[w->action], *end;
	unsigned long a = 0, b = 0;

	if (given[0] == class && given[1] == '.') {
		a = strtoul(given + 2, &end, 10);
		if (*end == '.')
			b = strtoul(end + 1, NULL, 10);
	}
	(void)snprintf(w->status, sizeof(w->status), "%c.%lu.%lu", class,
	    a % 1000, b % 1000);
}

void
report_add(struct report *r, const struct report_item *item)
{
	struct report_word *w = &r->words[r->about->recipient_count];
	const struct recipient *to = item->recipient;

	BUG_ON(r->about->recipient_count == r->room);
	envelope_add_recipient(
	    r->about, &(struct mail_recipient){ slice_of(to->mailbox),
			  to->notify, slice_of(to->orcpt) });
	w->action = item->action;
	w->said = item->reply != NULL && item->reply->code != 0;
	if (w->said)
		w->reply = *item->reply;
	if (w->said && item->server != NULL && item->server[0] != '\0')
		w->server = xstrdup(item->server);
	set_status(w, item->status != NULL ? item->status : w->reply.enhanced);
}

void
report_free(struct report **rp)
{
	struct report *r = *rp;
	uint32_t i;

	*rp = NULL;
	if (r == NULL)
		return;
	for (i = 0; i < r->about->recipient_count; i++)
		free(r->words[i].server);
	free(r->words);
	free(r->hostname);
	envelope_free(&r->about);
	free(r);
}

uint32_t
report_count(const struct report *r)
{
	return r->about->recipient_count;
}

uint64_t
report_id(const struct report *r)
{
	return r->id;
}

bool
report_is_utf8(const struct report *r)
{
	return !utf8_is_ascii(slice_of(r->about->sender));
}

bool
report_has(const struct report *r, enum report_action action)
{
	uint32_t i;

	for (i = 0; i < r->about->recipient_count; i++)
		if (r->words[i].action == action)
			return true;
	return false;
}

/* -- the message ----------------------------------------------------------- */

static const char *
subject(const struct report *r)
{
	if (report_has(r, REPORT_FAILED))
		return "Undelivered: your message did not reach everybody";
	if (report_has(r, REPORT_DELAYED))
		return "Delayed: your message is late, but not lost";
	return "Handed on: your message left this mail system";
}

struct parts {
	struct buf text;
	struct buf status;
	struct buf original;
	bool eightbit; /* one of them */
};

/* A line that stands in none of the parts; out: room for one. */
static void
find_boundary(const struct report *r, const struct parts *p, char out[64])
{
	const struct buf *const all[] = { &p->text, &p->status, &p->original };
	unsigned n = 0;
	size_t i = 0;

	while (i < ARRAY_LEN(all)) {
		(void)snprintf(out, 64, "=_%s.%u", queueid_format(r->id).s, n);
		for (i = 0; i < ARRAY_LEN(all); i++)
			if (memmem(all[i]->p, all[i]->n, out, strlen(out)) !=
			    NULL)
				break;
		n++;
	}
}

static void
add_header(struct buf *b, const struct report *r, struct slice message_id)
{
	struct buf value = buf_new(LIMIT_REPORT);

	report_date_field(b, "Date", r->now_s);
	buf_printf(&value, "Mail Delivery System <postmaster@%s>", r->hostname);
	report_field(b, "From", buf_slice(&value), false);
	buf_clear(&value);
	buf_printf(&value, "<%s>", r->about->sender);
	report_field(b, "To", buf_slice(&value), true);
	report_field(b, "Subject", slice_of(subject(r)), false);
	buf_clear(&value);
	buf_printf(&value, "<%s@%s>", queueid_format(r->id).s, r->hostname);
	report_field(b, "Message-ID", buf_slice(&value), false);
	buf_free(&value);
	if (message_id.n > 0) {
		report_field(b, "In-Reply-To", message_id, false);
		report_field(b, "References", message_id, false);
	}
	/* RFC 3834, 5: never auto-generated */
	buf_str(b, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
}

static void
add_part(struct buf *b, const char *boundary, const struct buf *part)
{
	buf_printf(b, "\r\n--%s\r\n", boundary);
	buf_add(b, part->p, part->n);
	b->failed |= !buf_ok(part);
}

static void
assemble(struct buf *b, const struct report *r, const struct parts *p,
    struct slice message_id)
{
	char boundary[64];

	find_boundary(r, p, boundary);
	add_header(b, r, message_id);
	buf_printf(b,
	    "Content-Type: multipart/report; report-type=%s;\r\n"
	    "\tboundary=\"%s\"\r\n",
	    report_is_utf8(r) ? "global-delivery-status" : "delivery-status",
	    boundary);
	if (p->eightbit)
		buf_str(b, "Content-Transfer-Encoding: 8bit\r\n");
	buf_str(b, "\r\nThis is a report in MIME format.\r\n");
	add_part(b, boundary, &p->text);
	add_part(b, boundary, &p->status);
	add_part(b, boundary, &p->original);
	buf_printf(b, "\r\n--%s--\r\n", boundary);
}

/*
 * RFC 3461, 6.1: from nobody, to the sender, and no report about the report.
 * RFC 8689, 5: as well protected as the message.
 */
static struct envelope *
make_envelope(const struct report *r, bool eightbit)
{
	const struct envelope *about = r->about;
	struct envelope *env = xcalloc(1, sizeof(*env));

	env->id = r->id;
	env->session = about->session;
	env->user = xstrdup(about->user);
	env->client_address = xstrdup(about->client_address);
	env->sender = xstrdup("");
	envelope_set_options(
	    env, &(struct mail_options){
		     .body = eightbit ? BODY_8BITMIME : BODY_7BIT,
		     .smtputf8 = report_is_utf8(r),
		     .require_tls = about->options.require_tls,
		     .envid = { "", 0 },
		     .hold_request = { "", 0 },
		 });
	env->recipients = xcalloc(1, sizeof(*env->recipients));
	envelope_add_recipient(
	    env, &(struct mail_recipient){
		     slice_of(about->sender), NOTIFY_NEVER, { "", 0 } });
	return env;
}

int
report_write(const struct report *r, struct slice content, uint64_t size,
    struct buf *out, struct envelope **env)
{
	struct parts p = { buf_new(LIMIT_REPORT), buf_new(LIMIT_REPORT),
		buf_new(LIMIT_REPORT), false };

	*env = NULL;
	report_text(&p.text, r);
	report_status(&p.status, r);
	report_original(&p.original, r, content, size, &p.eightbit);
	p.eightbit |= report_is_utf8(r);
	assemble(out, r, &p, report_message_id(content));
	buf_free(&p.text);
	buf_free(&p.status);
	buf_free(&p.original);
	if (!buf_ok(out))
		return -1;
	*env = make_envelope(r, p.eightbit);
	return 0;
}
