/* ldapname - a stranger's name is one value of the filter or DN it goes to. */

#include "fuzz.h"

#include <ldap.h>

#include "ldapname.h"
#include "limits.h"
#include "utf8.h"

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = memchr(digits, tolower((unsigned char)c), 16);

	assert_non_null(at);
	return (int)(at - digits);
}

/* RFC 4515, 3: what the value of (uid=...) stands for is the name. */
static void
assert_filter(struct slice name)
{
	struct buf b = buf_new(3 * name.n + 16);
	struct slice s;
	size_t i, n = 0;

	ldapname_add_filter(&b, "(uid=%u)", name);
	assert_true(buf_ok(&b) && b.n >= 6);
	assert_memory_equal(b.p, "(uid=", 5);
	s = (struct slice){ b.p + 5, b.n - 6 };
	assert_int_equal(b.p[b.n - 1], ')');
	for (i = 0; i < s.n; i++, n++) {
		char c = s.p[i];

		assert_null(memchr("()*\0", c, 4));
		if (c == '\\') {
			assert_true(i + 2 < s.n);
			c = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
			i += 2;
		}
		assert_true(n < name.n);
		assert_int_equal(c, name.p[n]);
	}
	assert_int_equal(n, name.n);
	buf_free(&b);
}

/* libldap reads two RDNs, the first of which has the name as its value. */
static void
assert_dn(struct slice name)
{
	struct buf b = buf_new(3 * name.n + 32);
	LDAPAVA *ava;
	LDAPDN dn;

	ldapname_add_dn(&b, "uid=%u,ou=people", name);
	assert_true(buf_ok(&b));
	buf_add(&b, "", 1);
	/* libldap takes UTF-8 only, and so do we, before we ask */
	if (!ldapname_is_sane(name)) {
		buf_free(&b);
		return;
	}
	assert_int_equal(
	    ldap_str2dn(b.p, &dn, LDAP_DN_FORMAT_LDAPV3), LDAP_SUCCESS);
	assert_true(dn[0] != NULL && dn[1] != NULL && dn[2] == NULL);
	assert_true(dn[0][0] != NULL && dn[0][1] == NULL);
	ava = dn[0][0];
	assert_slice(
	    (struct slice){ ava->la_value.bv_val, ava->la_value.bv_len }, name);
	ldap_dnfree(dn);
	buf_free(&b);
}

/* A mailbox to send as, or a domain to stand behind any local part. */
static void
assert_values(struct slice value)
{
	struct slice mailbox = ldapname_mailbox(value);
	struct slice domain = ldapname_domain(value);

	if (mailbox.n > 0) {
		assert_true(ldapname_is_mailbox(mailbox));
		assert_true(mailbox.p >= value.p &&
			    mailbox.p + mailbox.n == value.p + value.n);
	}
	if (domain.n > 0) {
		assert_in_range(domain.n, 1, LIMIT_DOMAIN);
		assert_true(utf8_is_valid(domain));
		assert_null(memchr(domain.p, '@', domain.n));
		assert_int_equal(ldapname_domain(domain).n, domain.n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice name = { (const char *)data, size };
	size_t i;

	assert_filter(name);
	assert_dn(name);
	assert_values(name);
	if (ldapname_is_sane(name)) {
		assert_in_range(name.n, 1, LIMIT_USER);
		assert_true(utf8_is_valid(name));
		for (i = 0; i < name.n; i++)
			assert_true((unsigned char)name.p[i] >= 0x20 &&
				    name.p[i] != 0x7f);
	}
	if (ldapname_is_mailbox(name)) {
		assert_true(ldapname_is_sane(name));
		assert_non_null(memchr(name.p, '@', name.n));
	}
	return 0;
}
