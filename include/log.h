#ifndef SUBMITD_LOG_H
#define SUBMITD_LOG_H

/*
 * log - one event, one line: `role session event key=value ...`.
 *
 * Values are quoted and escaped here, so nothing a stranger sends can break a
 * line or forge a field; a value longer than LIMIT_LOG_VALUE is cut.  A flood
 * is thinned: beyond LIMIT_LOG_LINES_PER_SECOND lines below error level are
 * dropped and their number is logged.  Lines go to syslog or to stderr: to
 * the journal with a priority in front, elsewhere with a time stamp.  A reader
 * of stderr that stands still delays us once, then loses lines.
 *
 * No call here changes errno.
 *
 * Secrets have a type of their own (secret.h) that no call here accepts.
 * Thread-safe: each line is built by its caller and written whole.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "slice.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};
enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };

/* Bytes of one line, all keys included. */
#define LOG_LINE_MAX 4096

struct log_line {
	enum log_level level;
	bool wanted; /* false: every call on it is a no-op */
	bool cut;    /* a field did not fit: the line ends in cut=yes */
	size_t n;
	char text[LOG_LINE_MAX];
};

/* role: static string, e.g. "smtp".  Call before the chroot for syslog. */
void log_open(const char *role, enum log_target target, enum log_level level);

/*
 * Build one line on the caller's stack.  session: 0 when the event belongs to
 * none.  Keys are static strings.  log_end() writes it.
 */
void log_begin(
    struct log_line *, enum log_level, uint64_t session, const char *event);
void log_slice(struct log_line *, const char *key, struct slice value);
void log_str(struct log_line *, const char *key, const char *value);
void log_u64(struct log_line *, const char *key, uint64_t value);
void log_fmt(struct log_line *, const char *key, const char *fmt, ...)
    PRINTF(3, 4);
void log_end(struct log_line *);

/* The short form: `role - event text="..."`. */
void log_event(enum log_level, const char *event, const char *fmt, ...)
    PRINTF(3, 4);

/* The same with strerror(errno) in `error=`. */
void log_errno(enum log_level, const char *event, const char *fmt, ...)
    PRINTF(3, 4);

/* For main() and role start-up only: log at error level, exit 1. */
NORETURN void fatal(const char *fmt, ...) PRINTF(1, 2);

#endif
