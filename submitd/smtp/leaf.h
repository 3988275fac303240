#ifndef SUBMITD_SMTP_LEAF_H
#define SUBMITD_SMTP_LEAF_H

/*
 * leaf - what a certificate says of itself: names, kind of key, lifetime.
 */

#include <stdint.h>
#include <time.h>

#include "compiler.h"
#include "config.h"
#include "slice.h"

struct leaf {
	char **names; /* dNSNames, in lower case */
	uint32_t name_count;
	int key_type; /* EVP_PKEY_RSA, EVP_PKEY_EC, ... */
	char key[32]; /* the same for people: "RSA 2048" */
	time_t from;
	time_t until;
};

/* The first certificate in the text.  -1: none that can be read. */
NODISCARD int leaf_read(struct slice pem, struct leaf *out);

/* Any number of times. */
void leaf_free(struct leaf *);

/* Has it that very name, or (wildcard) one whose "*" covers it? */
NODISCARD bool leaf_has_name(
    const struct leaf *, const char *name, bool wildcard);

enum leaf_key {
	LEAF_KEY_FITS,
	LEAF_KEY_OTHER,  /* it is of another certificate */
	LEAF_KEY_NO_KEY, /* it cannot be read */
};

/* Is this the private key of the first certificate? */
enum leaf_key leaf_check_key(struct slice pem, struct slice key_pem);

#endif
