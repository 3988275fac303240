/*
 * session_log - the one line per session and the one line per message that
 * answer who sent what (RFC 5068, 3.3), and why something was not sent.
 *
 * Neither content nor secrets; recipients as a number.
 */

#include "clock.h"
#include "log.h"
#include "session.h"

static const char *const endings[] = {
	[END_NONE] = "none",
	[END_QUIT] = "quit",
	[END_CLOSED] = "closed",
	[END_REFUSED] = "refused",
	[END_TIMEOUT] = "timeout",
	[END_TLS] = "tls_failed",
	[END_SHUTDOWN] = "shutdown",
	[END_BLOCKED] = "blocked",
	[END_TROUBLE] = "trouble",
};

_Static_assert(ARRAY_LEN(endings) == END_COUNT, "a word for every ending");

static const char *const fates[] = {
	[FATE_DELIVERED] = "delivered",
	[FATE_QUEUED] = "queued",
	[FATE_REFUSED] = "refused",
};

/* Who and from where: the same in both lines. */
static void
log_client(struct log_line *l, const struct session *s)
{
	char proxy[INET6_ADDRSTRLEN];

	log_str(l, "user", s->user);
	log_str(l, "client", s->address);
	log_u64(l, "port", s->origin.port);
	if (s->origin.proxied) {
		origin_text(&s->origin.proxy, proxy);
		log_str(l, "proxy", proxy);
	}
	if (s->tls) {
		log_str(l, "tls", s->tls_version);
		log_str(l, "cipher", s->tls_cipher);
	}
}

void
session_log_end(const struct session *s)
{
	struct log_line l;

	/* a balancer looks after us every few seconds */
	log_begin(&l,
	    s->origin.probe && !s->authenticated ? LOG_LEVEL_DEBUG
						 : LOG_LEVEL_INFO,
	    s->id, "session");
	log_client(&l, s);
	if (s->tls)
		log_u64(&l, "resumed", s->tls_resumed);
	log_str(&l, "listener", s->listener->name);
	log_str(&l, "helo", s->helo);
	if (s->authenticated)
		log_str(&l, "mechanism", s->mechanism);
	log_u64(&l, "auth_failures", s->auth_failures);
	log_u64(&l, "messages", s->messages);
	log_u64(&l, "commands", s->commands);
	log_u64(&l, "errors", s->errors);
	log_u64(&l, "ms", clock_ms() - s->started_ms);
	log_str(&l, "end", endings[s->ending]);
	if (s->tls_error != NULL)
		log_str(&l, "tls_error", s->tls_error);
	log_end(&l);
}

/* RFC 6409, 5.2: most often it is a client that is set up badly. */
void
session_log_rejection(const struct session *s, struct slice reply)
{
	const char *end = memchr(reply.p, '\r', reply.n);
	struct log_line l;

	if (end != NULL) /* its first line will do */
		reply.n = (size_t)(end - reply.p);
	log_begin(&l, LOG_LEVEL_INFO, s->id, "rejected");
	log_client(&l, s);
	log_slice(&l, "reply", reply);
	log_end(&l);
}

/* What became of the header, and which message it is for everybody else. */
static void
log_header(struct log_line *l, const struct fixup *f)
{
	struct buf names = buf_new(LIMIT_LOG_VALUE);

	fixup_add_names(&names, f->done);
	if (names.n > 0)
		log_slice(l, "fixup", buf_slice(&names));
	buf_free(&names);
	if (f->message_id[0] != '\0')
		log_str(l, "message_id", f->message_id);
	if (f->notes.foreign[0] != '\0')
		log_str(l, "foreign", f->notes.foreign);
	if (f->notes.fault[0] != '\0')
		log_str(l, "header_fault", f->notes.fault);
	if (f->notes.detail.n > 0)
		log_slice(l, "detail", buf_slice(&f->notes.detail));
}

void
session_log_message(const struct session *s, const struct msg_mail_done *done)
{
	const struct tx *tx = s->tx;
	struct log_line l;

	log_begin(&l, LOG_LEVEL_INFO, s->id, "message");
	log_str(&l, "id", tx->queue_id);
	log_client(&l, s);
	log_fmt(&l, "sender", "<%s>", tx->sender);
	log_u64(&l, "recipients", tx->recipient_count);
	log_u64(&l, "size", tx->written);
	if (tx->options.has_priority)
		log_fmt(&l, "priority", "%d", (int)tx->options.priority);
	log_str(&l, "fate", fates[done->fate]);
	log_u64(&l, "code", done->code);
	log_slice(&l, "enhanced", done->enhanced);
	log_slice(&l, "smarthost", done->smarthost);
	log_slice(&l, "reply", done->text);
	log_header(&l, &tx->fixup);
	if (tx->content_since_ms != 0) {
		log_u64(
		    &l, "upload_ms", tx->last_octet_ms - tx->content_since_ms);
		log_u64(&l, "hand_over_ms", clock_ms() - tx->last_octet_ms);
	}
	log_end(&l);
}

void
session_log_clear_auth(const struct session *s)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARN, s->id, "password_in_clear");
	log_str(&l, "client", s->address);
	log_u64(&l, "port", s->origin.port);
	log_str(&l, "listener", s->listener->name);
	log_end(&l);
}
