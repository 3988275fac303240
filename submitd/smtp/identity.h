#ifndef SUBMITD_IDENTITY_H
#define SUBMITD_IDENTITY_H

/*
 * identity - the addresses of a user, as words for people and as what we put
 * into a header.
 */

#include <stdbool.h>

#include "buf.h"
#include "grant.h"
#include "slice.h"

/*
 * "a@x.example, any address at y.example and 3 more", the user's own before
 * those they write for: most often somebody mistyped theirs.
 */
void identity_add_names(struct buf *, const struct grant *);

/* They may send as nobody. */
bool identity_is_nobody(const struct grant *);

/*
 * The user's address for this message: the envelope sender, which MAIL has
 * checked, if it is their own, or else the first of the grant that is fit for
 * a header.  Who has none of their own goes by the envelope sender, too.
 * Empty: there is none.  Borrows from either.
 */
struct slice identity_address(const struct grant *, struct slice sender);

#endif
