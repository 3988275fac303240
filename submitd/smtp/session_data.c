/*
 * session_data - DATA: the content up to its final dot (RFC 5321, 4.1.1.4).
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <sys/uio.h>

#include "clock.h"
#include "session.h"
#include "worker.h"

#define CHUNKS 16 /* of input looked at in one go */

enum verdict
verb_data(struct session *s, const struct command *cmd)
{
	(void)cmd;
	return session_content_open(s) ? AGAIN
				       : session_reject(s, R_451_NO_RELAY);
}

/* Feed what is in the buffer's chunks.  True at the end of data. */
static bool
take_content(struct session *s, struct evbuffer *in)
{
	struct evbuffer_iovec v[CHUNKS];
	struct slice chunk, run;
	enum dot_status st;
	size_t used = 0;
	int i, n = evbuffer_peek(in, -1, NULL, v, CHUNKS);
	bool end = false;

	for (i = 0; i < n && i < CHUNKS && !end; i++) {
		chunk = (struct slice){ v[i].iov_base, v[i].iov_len };
		s->tx->received += chunk.n;
		while ((st = dot_next(&s->tx->dot, &chunk, &run)) == DOT_RUN)
			session_content_take(s, run);
		end = st == DOT_END;
		s->tx->received -= chunk.n; /* what is behind the end */
		used += v[i].iov_len - chunk.n;
	}
	evbuffer_drain(in, used);
	return end;
}

enum verdict
step_content(struct session *s)
{
	struct evbuffer *in = bufferevent_get_input(s->bev);
	uint64_t max = s->worker->config.max_message_size;

	if (evbuffer_get_length(in) == 0)
		return WAIT_CLIENT;
	s->tx->last_octet_ms = clock_ms();
	if (!take_content(s, in)) {
		return s->tx->received > 2 * max ? session_content_endless(s)
						 : AGAIN;
	}
	return session_content_end(s);
}
