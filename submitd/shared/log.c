/*
 * log - one event, one line.
 *
 * Not a formatter for text of others: whatever is not a plain word is quoted
 * and escaped, so that each line can be split again without doubt.
 * Invariant: a line is written whole, by one write, or not at all.
 */

#include "log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "limits.h"

#define PATIENCE_MS 500 /* with a reader of stderr, once */

static const char bare[] = "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789._:@/+<>,=-[]%";
static const char tail[] = " cut=yes\n";

static const int priority[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARN] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

static struct {
	const char *role;
	enum log_target target;
	enum log_level level;
	bool journal;
} out = { .role = "submitd", .level = LOG_LEVEL_INFO };

static struct {
	pthread_mutex_t lock;
	uint64_t second; /* that lines is counted in */
	unsigned lines;
	uint64_t dropped; /* and not yet reported */
	bool stuck;       /* the reader of stderr stands still */
} flood = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* systemd names the stream it gave us; stderr may have been moved since. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) == -1)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void
log_open(const char *role, enum log_target target, enum log_level level)
{
	tzset(); /* reads a file that a chroot will hide */
	out.role = role;
	out.level = level;
	out.target = target;
	out.journal = stderr_is_journal();
	if (target == LOG_TO_SYSLOG)
		openlog("submitd", LOG_NDELAY, LOG_MAIL);
}

/* Append a field, or note that it was left out. */
static void
put(struct log_line *l, const char *p, size_t n)
{
	if (n > sizeof(l->text) - sizeof(tail) - l->n) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

PRINTF(2, 3)
static void
put_printf(struct log_line *l, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		put(l, text, strlen(text));
}

/* RFC 3339, with milliseconds and the local offset. */
static void
put_time(struct log_line *l)
{
	char date[32], zone[8];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm); /* +hhmm */
	put_printf(
	    l, "%s.%03ld%.3s:%s ", date, now.tv_nsec / 1000000, zone, zone + 3);
}

void
log_begin(struct log_line *l, enum log_level level, uint64_t session,
    const char *event)
{
	int saved = errno;

	l->level = level;
	l->wanted = level <= out.level;
	l->cut = false;
	l->n = 0;
	if (!l->wanted)
		return;
	if (out.target == LOG_TO_STDERR && out.journal)
		put_printf(l, "<%d>", priority[level]);
	else if (out.target == LOG_TO_STDERR)
		put_time(l);
	put_printf(l, "%s[%ld] ", out.role, (long)getpid());
	if (session == 0)
		put_printf(l, "- %s", event);
	else
		put_printf(l, "%016llx %s", (unsigned long long)session, event);
	errno = saved;
}

static bool
is_bare(struct slice v)
{
	size_t i;

	for (i = 0; i < v.n; i++)
		if (v.p[i] == '\0' || strchr(bare, v.p[i]) == NULL)
			return false;
	return v.n > 0;
}

/* Quote up to LIMIT_LOG_VALUE octets; at most 4 octets for each, and 5. */
static size_t
quote(char *to, struct slice v)
{
	static const char hex[] = "0123456789abcdef";
	bool cut = v.n > LIMIT_LOG_VALUE;
	size_t i, n = 0;

	if (cut)
		v.n = LIMIT_LOG_VALUE;
	to[n++] = '"';
	for (i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c < 0x20 || c > 0x7e) {
			to[n++] = '\\';
			to[n++] = 'x';
			to[n++] = hex[c >> 4];
			to[n++] = hex[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			to[n++] = '\\';
		to[n++] = (char)c;
	}
	for (i = 0; cut && i < 3; i++)
		to[n++] = '.';
	to[n++] = '"';
	return n;
}

void
log_slice(struct log_line *l, const char *key, struct slice value)
{
	char field[64 + 4 * LIMIT_LOG_VALUE + 5];
	size_t n;

	if (!l->wanted)
		return;
	n = strlen(key);
	BUG_ON(n > 60);
	field[0] = ' ';
	memcpy(field + 1, key, n);
	field[n + 1] = '=';
	n += 2;
	if (value.n <= LIMIT_LOG_VALUE && is_bare(value)) {
		memcpy(field + n, value.p, value.n);
		n += value.n;
	} else {
		n += quote(field + n, value);
	}
	put(l, field, n);
}

void
log_str(struct log_line *l, const char *key, const char *value)
{
	log_slice(l, key, slice_of(value));
}

void
log_u64(struct log_line *l, const char *key, uint64_t value)
{
	log_fmt(l, key, "%llu", (unsigned long long)value);
}

PRINTF(3, 0)
static void
field_va(struct log_line *l, const char *key, const char *fmt, va_list ap)
{
	char text[LIMIT_LOG_VALUE + 2]; /* one more than fits: seen as cut */
	int saved = errno;

	if (l->wanted && vsnprintf(text, sizeof(text), fmt, ap) >= 0)
		log_str(l, key, text);
	errno = saved;
}

void
log_fmt(struct log_line *l, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	field_va(l, key, fmt, ap);
	va_end(ap);
}

/*
 * May this line go out?  Stores how many before it did not, when it is time to
 * say so.
 */
static bool
admit(enum log_level level, uint64_t *dropped)
{
	uint64_t second = clock_ms() / 1000;
	bool yes;

	*dropped = 0;
	pthread_mutex_lock(&flood.lock);
	if (second != flood.second) {
		flood.second = second;
		flood.lines = 0;
		*dropped = flood.dropped;
		flood.dropped = 0;
	}
	yes = level == LOG_LEVEL_ERROR ||
	      flood.lines < LIMIT_LOG_LINES_PER_SECOND;
	if (yes)
		flood.lines++;
	else
		flood.dropped++;
	pthread_mutex_unlock(&flood.lock);
	return yes;
}

/* Nobody who reads our log slowly may stop us for longer than PATIENCE_MS. */
static bool
stderr_is_ready(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	bool ready;

	pthread_mutex_lock(&flood.lock);
	ready = poll(&p, 1, flood.stuck ? 0 : PATIENCE_MS) == 1;
	flood.stuck = !ready;
	if (!ready)
		flood.dropped++;
	pthread_mutex_unlock(&flood.lock);
	return ready;
}

static void
emit(struct log_line *l)
{
	ssize_t r;

	if (l->cut) {
		memcpy(l->text + l->n, tail, sizeof(tail) - 2);
		l->n += sizeof(tail) - 2;
	}
	if (out.target == LOG_TO_SYSLOG) {
		syslog(priority[l->level], "%.*s", (int)l->n, l->text);
		return;
	}
	l->text[l->n++] = '\n';
	if (!stderr_is_ready())
		return;
	do
		r = write(STDERR_FILENO, l->text, l->n);
	while (r == -1 && errno == EINTR);
}

void
log_end(struct log_line *l)
{
	struct log_line report;
	int saved = errno;
	uint64_t dropped;
	bool admitted;

	if (!l->wanted)
		return;
	admitted = admit(l->level, &dropped);
	if (dropped > 0) {
		log_begin(&report, LOG_LEVEL_ERROR, 0, "log_dropped");
		log_u64(&report, "lines", dropped);
		emit(&report);
	}
	if (admitted)
		emit(l);
	errno = saved;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	struct log_line l;
	va_list ap;

	log_begin(&l, level, 0, event);
	va_start(ap, fmt);
	field_va(&l, "text", fmt, ap);
	va_end(ap);
	log_end(&l);
}

void
log_errno(enum log_level level, const char *event, const char *fmt, ...)
{
	struct log_line l;
	char reason[128];
	va_list ap;
	int saved = errno;

	log_begin(&l, level, 0, event);
	va_start(ap, fmt);
	field_va(&l, "text", fmt, ap);
	va_end(ap);
	log_str(&l, "error", strerror_r(saved, reason, sizeof(reason)));
	log_end(&l);
	errno = saved;
}

void
fatal(const char *fmt, ...)
{
	struct log_line l;
	va_list ap;

	log_begin(&l, LOG_LEVEL_ERROR, 0, "fatal");
	va_start(ap, fmt);
	field_va(&l, "text", fmt, ap);
	va_end(ap);
	log_end(&l);
	exit(EXIT_FAILURE);
}
