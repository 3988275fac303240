#ifndef SUBMITD_MESSAGE_PRIVATE_H
#define SUBMITD_MESSAGE_PRIVATE_H

/*
 * message_private - shared by message.c (what comes next), messageclient.c
 * (what an smtp worker wants), messageattempt.c (handing over),
 * messagereport.c (what the sender is told later), messageuser.c (what it
 * means for its user) and messagetable.c (finding, telling), by nobody else.
 */

#include "allowance.h"
#include "log.h"
#include "message.h"
#include "smtpclient.h"
#include "spool.h"

struct delivery;
struct delivery_word;
struct disk_request;
struct event;
struct message_word;

enum stored { STORED_NOWHERE, STORED_QUEUE, STORED_HELD };

struct message {
	uint64_t id; /* first: the table's key */
	struct relay *relay;
	struct envelope *env;
	struct message_client client; /* link 0: nobody waits */
	struct event *patience;       /* the client's, while handing over */
	bool unwanted;                /* the client was told no meanwhile */
	bool open;                    /* content is not complete yet */
	bool brought;                 /* by a client, in this life */

	int fd;
	uint64_t content_at;
	uint64_t size;
	uint64_t begun_ms; /* content complete, or loaded */

	enum stored stored;
	bool disk_busy;
	bool dirty;          /* a status changed since it was stored */
	struct event *again; /* a disk request that failed, once more */
	uint32_t again_ms;

	struct delivery *delivery;
	struct smtpclient_mail mail; /* of the attempt; owns recipients */
	size_t *index;               /* of mail.recipients[i] in env */
	bool tried;
	bool scheduled;         /* schedule.c counts on schedule_tried() */
	unsigned tries;         /* before this life */
	struct smtpreply reply; /* of the last attempt */
	char server[256];       /* that gave it; "": none */

	struct message_word **words; /* messagereport.c's */
	bool promised; /* it was taken, and the client knows: owed a report */
	bool gave_up;  /* its time was over */
	bool late;     /* its sender is to hear that, if not yet told */
	bool asleep;   /* ends as a held one */

	bool charging;                /* its user's count is not settled */
	struct allowance_want charge; /* reserved until then */
};

/* messagetable.c */
struct message *message_new(struct relay *, uint64_t id);
struct message *message_find(uint64_t id);
/* Sets *m to NULL.  Nothing may be under way for it. */
void message_end(struct message **m);
/* Call for each; fn may change but not end it. */
void messages_each(void (*fn)(struct message *, void *arg), void *arg);
/* What every line about a message starts with: who answers for it. */
void message_log_begin(struct log_line *, enum log_level,
    const struct message *, const char *event);
void message_log(enum log_level, const struct message *, const char *event);
/* Tell the client, if it still waits; once. */
void message_answer(struct message *, enum mail_fate, unsigned code,
    const char *enhanced, const char *text);
void message_answer_reply(struct message *, enum mail_fate);
void message_answer_trouble(struct message *, enum spool_status);

/* It was taken for everybody, or nearly so. */
void message_answer_taken(struct message *);

/* messagereport.c: times */
bool message_is_early(const struct message *); /* held until later */
bool message_by_is_over(const struct message *);
bool message_is_over(const struct message *);
uint64_t message_look_s(const struct message *);
/* What was said of recipient i; server NULL: by us. */
void message_note(
    struct message *, size_t i, const struct smtpreply *, const char *server);
void message_forget_words(struct message *);
/* What recipient i has become, which a server took. */
enum recipient_status message_taken_status(
    const struct message *, size_t i, const struct delivery_word *);
/* Is there a report to be made?  Make it, then settle. */
bool message_report_due(struct message *);
void message_report(struct message *);
/* Somebody failed, and there is nobody to tell. */
bool message_is_unreportable(const struct message *);
/* Failures of which nobody wants to hear are done. */
void message_drop_unwanted(struct message *);

/*
 * messageuser.c.  May it be begun?  If not, *done says why; its text is valid
 * until the next call.
 */
bool message_may_open(struct relay *, const struct envelope *,
    struct allowance_want *, struct msg_mail_done *done);
void message_reserve(struct message *, const struct allowance_want *);
/* May it be taken, now that its size is known? */
bool message_may_commit(struct message *, struct msg_mail_done *done);
/* It counts; it does not.  Nothing, if that is settled. */
void message_charge(struct message *);
void message_uncharge(struct message *);
/* So many recipients were taken, and refused for good. */
void message_judged(struct message *, uint64_t taken, uint64_t refused);
/* Its user is stopped: nothing is tried for it. */
bool message_is_stopped(const struct message *);
/* Nor is there a time when to look again.  Ends it. */
void message_rest(struct message *);

/* messageattempt.c: settles later */
void message_attempt(struct message *);

/* message.c */
void message_settle(struct message *);
/* One disk request for it; it is no longer busy; once more in a while. */
void message_disk(struct message *, struct disk_request *);
struct message *message_returned(struct disk_request *);
void message_try_disk_again(struct message *);
void message_store(struct message *, enum spool_place);

#endif
