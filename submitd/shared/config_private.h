#ifndef SUBMITD_CONFIG_PRIVATE_H
#define SUBMITD_CONFIG_PRIVATE_H

/*
 * config_private - the fields of the configuration's structs, one row each:
 * configfields.c has the rows, config.c walks them.
 */

#include <stddef.h>

#include "config.h"

enum kind {
	KIND_U32,
	KIND_BOOL,
	KIND_QUOTA,
	KIND_STRING,
	KIND_STRINGS,
	KIND_SECRET,
	KIND_ROLE,
	KIND_PEM_FILES,
	KIND_LISTENS,
};

struct field {
	const char *name;
	size_t offset;
	enum kind kind;
};

struct table {
	const struct field *fields;
	size_t n;
	size_t size; /* of the struct */
};

extern const struct table role_table, pem_table, listen_table, smtp_table,
    auth_table, relay_table;

#endif
