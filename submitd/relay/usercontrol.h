#ifndef SUBMITD_USERCONTROL_H
#define SUBMITD_USERCONTROL_H

/*
 * usercontrol - what submitctl asks relay of a user:
 *
 *	user show USER
 *	user block USER [REASON]
 *	user unblock USER
 *	user release USER
 *	user limits reset USER
 *
 * A change is answered when it is on disk.
 */

#include <stdint.h>

struct msg_control_ask;
struct relay;

/* Answers through role_answer(), now or later. */
void usercontrol_ask(
    struct relay *, uint64_t id, const struct msg_control_ask *);

#endif
