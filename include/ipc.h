#ifndef SUBMITD_IPC_H
#define SUBMITD_IPC_H

/*
 * ipc - one end of a link between two roles.
 *
 * A link is a SOCK_SEQPACKET socketpair: one frame per read, a descriptor
 * tied to its frame.  A frame is a 16-octet header (payload length u32, type
 * u16, reserved u16 = 0, id u64; big-endian) and a payload of at most
 * LIMIT_FRAME octets, with at most one descriptor.
 *
 * The receiver's table says for each type which handler takes it, how long
 * its payload may be, whether a descriptor must come with it, and in which
 * phases of the link it is allowed.  Anything else is malformed, and so is a
 * frame whose handler says so: the link is closed, the fact logged and counted,
 * and the owner told through its callback, from the event loop, never from
 * inside a call.  A bad peer never takes the process down.
 *
 * Ids belong to the asking side, are unique per link and never reused.  An
 * answer whose id nobody waits for is dropped by its handler: not an error.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

struct event_base;
struct ipc;

struct ipc_frame {
	uint16_t type;
	uint64_t id;
	struct slice payload; /* valid during the handler; wiped after it */
	int fd; /* -1, or the handler's to keep: set to -1 when taken */
};

enum ipc_verdict { IPC_FINE, IPC_MALFORMED };

typedef enum ipc_verdict ipc_handler(void *arg, struct ipc_frame *);
typedef void ipc_closed(void *arg);

struct ipc_row {
	uint16_t type;
	ipc_handler *handler;
	uint32_t max;    /* payload octets */
	bool fd;         /* a descriptor must come with it; without: must not */
	unsigned phases; /* bit set of the owner's making; 0: any */
};

struct ipc_table {
	const struct ipc_row *rows;
	size_t n;
};

/*
 * Takes the descriptor (made non-blocking).  name is a static string for logs;
 * arg goes to the handlers and to closed, which is called once, later, when
 * the peer is gone, broke the rules or does not read; never after ipc_free().
 */
struct ipc *ipc_new(struct event_base *, int fd, const char *name,
    const struct ipc_table *, ipc_closed *closed, void *arg);
void ipc_free(struct ipc **);

/* Phase bits now in force; starts as all. */
void ipc_phase(struct ipc *, unsigned phases);

/*
 * Queue a frame.  payload may be NULL.  The descriptor, if not -1, is taken
 * (closed here once sent or dropped).  Never fails towards the caller: trouble
 * ends in closed().
 */
void ipc_send(struct ipc *, uint16_t type, uint64_t id,
    const struct buf *payload, int fd);

/* Frames queued and not yet handed to the kernel. */
size_t ipc_pending(const struct ipc *);

/* Malformed frames this process has seen, all links. */
uint64_t ipc_malformed_count(void);

#endif
