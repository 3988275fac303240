#ifndef SUBMITD_SANDBOX_H
#define SUBMITD_SANDBOX_H

/*
 * sandbox - what a role gives up before it reads its first byte from outside.
 *
 * Always: no_new_privs, no core dumps, not traceable, resource limits.
 * As root: chroot to the directory given (an unnamed empty one if none is),
 * then group and user ids, checked.  Where the kernel has Landlock: no file
 * beyond the paths listed, also for an ordinary user.  What could not be had
 * is logged once, in one line.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "compiler.h"

#define SANDBOX_PATHS 16

struct sandbox_path {
	const char *path; /* static or outliving the call; may not exist */
	bool write;       /* also create, write, link, rename and remove files
			   * beneath, but no directories */
};

struct sandbox {
	bool chroot_wanted; /* false: Landlock only (a resolver's files) */
	int root_fd;        /* directory to become /; -1: an unnamed empty one.
			     * Gives no right by itself: list its path, too */
	struct sandbox_path paths[SANDBOX_PATHS]; /* readable beneath */
	unsigned path_count;
	uint64_t max_file_size; /* octets; 0: no file can grow */
	uint64_t max_files;     /* descriptors; 0: as inherited */
	bool network; /* may connect out; else TCP only on sockets it was given
		       */
	bool threads; /* may start threads, once inside */
};

/* First thing in main(): dumpable off, core limit 0. */
void sandbox_no_dumps(void);

/*
 * Enter.  uid/gid are taken when as_root.  -1: logged; do not go on.  The
 * process must have one thread still: Landlock would not bind the others.
 * Descriptors that are open stay as useful as they were, so a role reaches its
 * files through them, whether or not there was a chroot.
 */
NODISCARD int sandbox_enter(
    const struct sandbox *, bool as_root, uid_t uid, gid_t gid);

#endif
