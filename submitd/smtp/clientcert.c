/*
 * clientcert - the certificate that a client has shown, and whom it names.
 *
 * Not the check itself, which is OpenSSL's in the handshake (tls.c), and not
 * the answer to whose it is, which is the directory's.
 *
 * Invariant: a name is taken whole or not at all.  One that was cut, at a NUL
 * or at a limit, could be somebody else's.
 */

#include "clientcert.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "limits.h"
#include "pack.h"
#include "utf8.h"

/* RFC 4514, and what is not ASCII in UTF-8 as people read it. */
#define SUBJECT_FLAGS (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB)

#define MAILBOX_MAX (LIMIT_PATH - 2) /* RFC 5321, 4.5.3.1.3: less its <> */

enum clientcert_status
clientcert_check(const SSL *ssl, const char **why)
{
	const X509 *cert = SSL_get0_peer_certificate(ssl);
	long result = SSL_get_verify_result(ssl);

	*why = NULL;
	if (cert == NULL)
		return CLIENTCERT_NONE;
	if (result == X509_V_OK && SSL_session_reused((SSL *)ssl) == 1 &&
	    X509_cmp_current_time(X509_get0_notAfter(cert)) != 1)
		result = X509_V_ERR_CERT_HAS_EXPIRED;
	if (result == X509_V_OK)
		return CLIENTCERT_GOOD;
	*why = X509_verify_cert_error_string(result);
	return CLIENTCERT_BAD;
}

/* A DEL, or one of Unicode's two rows of controls, is in it. */
static bool
has_controls(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < s.n &&
		    (unsigned char)s.p[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static bool
is_text(struct slice s)
{
	return s.n > 0 && utf8_is_valid(s) && !has_controls(s);
}

static void
take_subject(struct clientcert *c, const X509 *cert)
{
	const X509_NAME *name = X509_get_subject_name(cert);
	BIO *bio = BIO_new(BIO_s_mem());
	struct slice s = { "", 0 };
	char *p;

	if (bio != NULL && X509_NAME_entry_count(name) > 0 &&
	    X509_NAME_print_ex(bio, name, 0, SUBJECT_FLAGS) > 0) {
		s.n = (size_t)BIO_get_mem_data(bio, &p);
		s.p = p;
	}
	if (s.n <= LIMIT_CERTIFICATE_SUBJECT && is_text(s))
		buf_add(&c->subject, s.p, s.n);
	BIO_free(bio);
}

/* The string in a name that may be a mailbox; NULL: it is another. */
static const ASN1_STRING *
mailbox_of(const GENERAL_NAME *name, bool *ascii)
{
	const OTHERNAME *other;

	*ascii = name->type == GEN_EMAIL;
	if (name->type == GEN_EMAIL)
		return name->d.rfc822Name;
	if (name->type != GEN_OTHERNAME)
		return NULL;
	other = name->d.otherName;
	if (OBJ_obj2nid(other->type_id) != NID_id_on_SmtpUTF8Mailbox ||
	    other->value->type != V_ASN1_UTF8STRING)
		return NULL;
	return other->value->value.utf8string;
}

static void
take_mailbox(struct clientcert *c, const GENERAL_NAME *name)
{
	bool ascii;
	const ASN1_STRING *string = mailbox_of(name, &ascii);
	struct slice s;

	if (string == NULL || c->mailbox_count == LIMIT_CERTIFICATE_MAILBOXES)
		return;
	s.p = (const char *)ASN1_STRING_get0_data(string);
	s.n = (size_t)ASN1_STRING_length(string);
	if (s.n > MAILBOX_MAX || !is_text(s) || (ascii && !utf8_is_ascii(s)))
		return;
	pack_bytes(&c->mailboxes, s);
	c->mailbox_count++;
}

struct clientcert
clientcert_read(const X509 *cert)
{
	struct clientcert c = {
		.subject = buf_new(LIMIT_CERTIFICATE_SUBJECT),
		.mailboxes = buf_new(
		    (size_t)LIMIT_CERTIFICATE_MAILBOXES * (MAILBOX_MAX + 4)),
	};
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int i;

	take_subject(&c, cert);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		take_mailbox(&c, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return c;
}

void
clientcert_free(struct clientcert *c)
{
	buf_free(&c->subject);
	buf_free(&c->mailboxes);
	c->mailbox_count = 0;
}
