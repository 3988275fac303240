#ifndef SUBMITD_LIMITS_H
#define SUBMITD_LIMITS_H

/*
 * limits - every number that bounds what a client or a peer can make grow,
 * unless the configuration sets it (config.h).  Octets and counts; times end
 * in _MS or _S.
 */

/* SMTP, client side of us */
#define LIMIT_COMMAND_LINE    4096  /* RFC 5321, 4.5.3.1.4 and extensions */
#define LIMIT_AUTH_LINE       12288 /* RFC 4954, 4: base64 octets */
#define LIMIT_REPLY_LINE      512   /* RFC 5321, 4.5.3.1.5 */
#define LIMIT_PATH            256   /* RFC 5321, 4.5.3.1.3 */
#define LIMIT_LOCAL_PART      128   /* RFC 5321, 4.5.3.1.1: 64, or more */
#define LIMIT_DOMAIN          255   /* RFC 5321, 4.5.3.1.2 */
#define LIMIT_EHLO_NAME       255
#define LIMIT_PARAMETERS      16  /* of one MAIL or RCPT */
#define LIMIT_ENVID           100 /* RFC 3461, 4.4 */
#define LIMIT_ORCPT           500 /* RFC 3461, 4.2 */
#define LIMIT_HOLD_REQUEST    64  /* RFC 4865, 3: "until;" and a date */
#define LIMIT_TIME_S          253402300799 /* the last second of the year 9999 */
#define LIMIT_RECIPIENTS_MAX  1000   /* highest configurable; ties to a frame */
#define LIMIT_RECEIVED        100    /* RFC 5321, 6.3 */
#define LIMIT_HEADER          262144 /* all header fields of a message */
#define LIMIT_HEADER_OUT      1048576 /* the same with what we add */
#define LIMIT_FIELD_NAME      997   /* RFC 5322, 2.1.1: a line with its colon */
#define LIMIT_COMMENT_DEPTH   32    /* comments in comments */
#define LIMIT_FIELD_ADDRESSES 10000 /* of one header field */
#define LIMIT_FIELD_AUTHORS   100   /* the same, of From and Sender */
#define LIMIT_HEADER_ADDRESS  512   /* one address in the header, canonical */
#define LIMIT_STEPS_PER_EVENT 32    /* of one session, then others run */
#define LIMIT_OUTPUT          65536 /* replies a client has not read yet */
#define LIMIT_INPUT           65536 /* read ahead from a client */
#define LIMIT_JUNK_COMMANDS   100   /* NOOP, RSET, ... before the login */
#define LIMIT_JUNK_LOGGED_IN  1000  /* the same between two messages */
#define LIMIT_CLOSING_MS      10000 /* to get our last words out */
#define LIMIT_HANDSHAKE_MS    30000 /* TLS; or the configuration's, if less */
#define LIMIT_PROXY_HEADER    4096  /* octets; its own length may say 65551 */
#define LIMIT_PROXY_MS        10000 /* for it to be whole; the same */

/* SASL */
#define LIMIT_USER                  255
#define LIMIT_USER_TYPED            1024 /* before SASLprep */
#define LIMIT_PASSWORD              1024
#define LIMIT_TOKEN                 8192 /* of OAuth */
#define LIMIT_JWKS_KEYS             64
#define LIMIT_MECHANISM             20   /* RFC 4422, 3.1 */
#define LIMIT_SCRAM_ITERATIONS_MIN  4096 /* RFC 7677, 4 */
#define LIMIT_SCRAM_ITERATIONS      10000000
#define LIMIT_SCRAM_SALT_MIN        8     /* octets, of those we make */
#define LIMIT_SCRAM_SALT            64    /* octets */
#define LIMIT_STORED_KEY            1024  /* one value in the directory */
#define LIMIT_STORED_KEYS           65536 /* all of one entry */
#define LIMIT_BINDING               64    /* octets that name a TLS channel */
#define LIMIT_BINDING_TYPE          32
#define LIMIT_CERTIFICATE_MAILBOXES 16    /* taken of a client's */
#define LIMIT_CERTIFICATE_SUBJECT   1024  /* octets of its name */
#define LIMIT_CERTIFICATE_CHAIN     32768 /* octets that a client may show */
#define LIMIT_CERTIFICATE_DEPTH     8     /* between it and its root */
#define LIMIT_AUTH_IN_FLIGHT        1024  /* exchanges per smtp worker */
#define LIMIT_AUTH_EXCHANGE_S                                                  \
	120 /* from AUTH to its end, challenges included */
#define LIMIT_PRESENCE_USERS    20000  /* whose last logins are remembered */
#define LIMIT_PRESENCE_SESSIONS 262144 /* logged in, on all workers */

/* What auth remembers of logins */
#define LIMIT_LOGIN_CACHE          16384    /* users, some 600 octets each */
#define LIMIT_LOGIN_CACHE_OCTETS   67108864 /* of their addresses */
#define LIMIT_WRONG_PASSWORDS      10       /* kept of a user at a client */
#define LIMIT_WRONG_PASSWORD_PAIRS 8192     /* of these; 8 MB at most */
/* Clients, users, pairs: each so many; 30 MB in all. */
#define LIMIT_ABUSE_RECORDS 32768
#define LIMIT_LOCKOUTS      8192    /* users, some 200 octets each */
#define LIMIT_BANS_TOLD     1000000 /* octets, to the operator */

/* Grants */
#define LIMIT_GRANT_ADDRESSES 500
#define LIMIT_GRANT           49152

/* Links between roles */
/* Payload of one frame; 100 recipients with all they may bring fit. */
#define LIMIT_FRAME         131072
#define LIMIT_LINK_QUEUE    4096 /* frames waiting; then the peer is dead */
#define LIMIT_LINK_BACKLOG  512  /* frames; then it is asked nothing new */
#define LIMIT_CONFIG        8388608
#define LIMIT_CONFIG_FILE   1048576
#define LIMIT_CONTROL_LINE  1024 /* a request of submitctl */
#define LIMIT_CONTROL_WORDS 16
#define LIMIT_BLOCKED       2000 /* accounts; each a frame to who starts */
#define LIMIT_HOOK_RUNNING  4    /* of the operator's alarm command */
#define LIMIT_HOOK_WAITING  64
#define LIMIT_WORKERS       64
#define LIMIT_LISTENERS     64
#define LIMIT_CERTIFICATES  64 /* of one listener */

/* Relay */
#define LIMIT_MESSAGES_OPEN 4096 /* spool files open at once */
#define LIMIT_REPLY_LINES   128  /* of one smarthost reply */
#define LIMIT_REPLY_TEXT    1024 /* kept of it, sanitised */
#define LIMIT_EXTENSIONS    64   /* EHLO lines of a smarthost */
#define LIMIT_SMARTHOSTS    16
#define LIMIT_RESULT_TEXT   400 /* smarthost text passed to a client */
#define LIMIT_REPORT_CONTENT                                                   \
	1048576 /* a larger message is not returned whole in a report */
#define LIMIT_REPORT_HEADER 65536    /* returned of it then */
#define LIMIT_REPORT        12582912 /* a report, 1000 recipients in it */

/* What relay remembers of users; a page is a 32nd of them */
#define LIMIT_KNOWN_RECIPIENTS 10000  /* of one user */
#define LIMIT_PAGE_ACCOUNTS    2000   /* in one page */
#define LIMIT_PAGE_KNOWN       200000 /* recipients of all users of a page */
#define LIMIT_PAGE_FILE        33554432
#define LIMIT_ACCOUNT_NETWORKS 32 /* of one user, in the last hour */
#define LIMIT_STOP_REASON      64

/* Logs */
#define LIMIT_LOG_VALUE            512
#define LIMIT_LOG_LINES_PER_SECOND 2000

#endif
