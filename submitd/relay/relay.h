#ifndef SUBMITD_RELAY_H
#define SUBMITD_RELAY_H

/*
 * relay - what the parts of this process share.  One per process; owned by
 * main.c, whose parts it hands out.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

struct event_base;
struct jobs;
struct ledger;
struct ledgerstore;
struct schedule;
struct smarthosts;
struct spool;

struct relay {
	struct event_base *base;
	struct relay_config config;
	struct spool *spool;
	struct smarthosts *hosts;
	struct jobs *disk; /* threads for spool calls */
	struct schedule *schedule;
	struct ledgerstore *store;
	struct ledger *ledger; /* the store's */
	bool draining;

	uint64_t delivered; /* recipients */
	uint64_t refused;   /* the same */
	uint64_t queued;    /* messages */
	uint64_t held;      /* the same */
	uint64_t reports;   /* the same: ours */
	uint64_t grants_refused;
	uint64_t limited; /* messages, by a limit of their user */
};

#endif
