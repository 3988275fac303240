/*
 * clientcert - who a TLS client says it is.
 *
 * OpenSSL has judged chain, dates and purpose (clientAuth); here is only what
 * the names in it are, and whether its time has come since.
 */

#include "clientcert.h"

#include <openssl/x509v3.h>

#include "limits.h"
#include "pack.h"

#define SUBJECT_MAX 1024

bool
clientcert_is_good(const SSL *ssl)
{
	const X509 *x = ssl == NULL ? NULL : SSL_get0_peer_certificate(ssl);

	/* The verdict of a resumed session is as old as its ticket. */
	return x != NULL && SSL_get_verify_result(ssl) == X509_V_OK &&
	       X509_cmp_current_time(X509_get0_notAfter(x)) > 0;
}

/* The subject, as RFC 2253 and its successor RFC 4514 write it. */
static void
read_subject(const X509 *x, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (bio == NULL)
		return;
	if (X509_NAME_print_ex(bio, X509_get_subject_name(x), 0,
		XN_FLAG_RFC2253 & (unsigned long)~ASN1_STRFLGS_ESC_MSB) > 0) {
		n = BIO_get_mem_data(bio, &text);
		if (n > 0 && n <= SUBJECT_MAX)
			buf_add(out, text, (size_t)n);
	}
	BIO_free(bio);
}

static bool
is_sane(struct slice mailbox)
{
	size_t i;

	for (i = 0; i < mailbox.n; i++)
		if (mailbox.p[i] <= ' ' || mailbox.p[i] > '~')
			return false;
	return mailbox.n > 0 && mailbox.n <= LIMIT_USER;
}

static void
read_mailboxes(const X509 *x, struct clientcert *c)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct slice mailbox;

		if (name->type != GEN_EMAIL)
			continue;
		mailbox.p =
		    (const char *)ASN1_STRING_get0_data(name->d.rfc822Name);
		mailbox.n = (size_t)ASN1_STRING_length(name->d.rfc822Name);
		if (!is_sane(mailbox) ||
		    c->mailbox_count == LIMIT_CERTIFICATE_MAILBOXES)
			continue;
		pack_bytes(&c->mailboxes, mailbox);
		c->mailbox_count++;
	}
	GENERAL_NAMES_free(names);
}

bool
clientcert_read(const SSL *ssl, struct clientcert *c)
{
	const X509 *x;

	*c = (struct clientcert){
		.subject = buf_new(SUBJECT_MAX),
		.mailboxes = buf_new((size_t)LIMIT_CERTIFICATE_MAILBOXES *
				     (LIMIT_USER + sizeof(uint32_t))),
	};
	if (!clientcert_is_good(ssl))
		return false;
	x = SSL_get0_peer_certificate(ssl);
	read_subject(x, &c->subject);
	if (c->subject.n > 0)
		read_mailboxes(x, c);
	return c->subject.n > 0;
}

void
clientcert_free(struct clientcert *c)
{
	buf_free(&c->subject);
	buf_free(&c->mailboxes);
	c->mailbox_count = 0;
}
