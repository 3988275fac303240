#ifndef SUBMITD_IDENTITY_H
#define SUBMITD_IDENTITY_H

/*
 * identity - the addresses of a user, as words for people and as what we put
 * into a header.
 */

#include "buf.h"
#include "grant.h"
#include "slice.h"

/* "a@x.example, b@x.example and 3 more": most often somebody mistyped theirs.
 */
void identity_add_names(struct buf *, const struct grant *);

/*
 * The user's address for this message: the envelope sender, which MAIL has
 * checked, or else the first of the grant that is fit for a header.  Empty:
 * there is none.  Borrows from either.
 */
struct slice identity_address(const struct grant *, struct slice sender);

#endif
