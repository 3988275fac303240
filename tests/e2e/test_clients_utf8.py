"""Real mail clients and a recipient whose local part is not ASCII.

Those that know SMTPUTF8 (RFC 6531) deliver; those that put the address on
the wire without it are told so.  s-nail does neither: it refuses such an
address before it connects.
"""

import email.message
import email.policy

import pytest

import clients
from conftest import compose
from rig import wait_until
from servers import PASSWORD

RECIPIENT = "bób@example.org"

ABLE = ["curl", "smtplib", "aiosmtplib", "nodemailer", "mutt", "neomutt"]
UNABLE = ["swaks", "msmtp", "Net::SMTP", "git send-email"]


def account(gateway, implicit):
    return clients.Account(gateway.tls_port if implicit else gateway.port,
                           implicit, gateway.cert.ca, "alice",
                           PASSWORD["alice"])


@pytest.fixture
def mail_file(tmp_path, token):
    mail = email.message.EmailMessage(policy=email.policy.SMTPUTF8)
    mail["From"] = "Alice Example <alice@example.org>"
    mail["To"] = RECIPIENT
    mail["Subject"] = f"Größe ✓ {token}"
    mail["Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    mail["Message-ID"] = f"<{token}@example.org>"
    mail.set_content(f"Grüße\n{token}\n", cte="8bit")
    path = tmp_path / "mail"
    path.write_bytes(mail.as_bytes().replace(b"\r\n", b"\n"))
    return path


@pytest.fixture
def offered(gateway, token):
    """The gateway knows by now that the smarthost takes such addresses: the
    first message told it."""
    with gateway.login() as client:
        client.mail("alice@example.org", ["bob@example.org"],
                    compose("before-" + token[-8:]))

    def says_so():
        with gateway.connect() as client:
            return "SMTPUTF8" in client.ehlo()

    # of each worker; which of them answers is chance
    wait_until("SMTPUTF8 is offered",
               lambda: all(says_so() for _ in range(8)))


def test_every_client_is_told_of():
    assert {*ABLE, *UNABLE, "s-nail"} == set(clients.ALL)


@pytest.mark.parametrize("name", ABLE)
def test_recipient_in_utf8_gets_the_mail(
        gateway, offered, postfix, mail_file, token, name, implicit):
    clients.ALL[name](account(gateway, implicit), "alice@example.org",
                      RECIPIENT, mail_file)
    (delivered,) = postfix.wait(token)
    assert f"\nDelivered-To: {RECIPIENT}\n".encode() in delivered.raw
    assert b"(Postfix) with UTF8SMTP" in delivered.raw
    sent = email.message_from_bytes(delivered.content(),
                                    policy=email.policy.default)
    assert str(sent["To"]) == RECIPIENT
    assert str(sent["Subject"]) == f"Größe ✓ {token}"
    assert sent.get_content() == f"Grüße\n{token}\n"


@pytest.mark.parametrize("name", UNABLE)
def test_client_that_knows_no_smtputf8_is_told_so(
        gateway, postfix, mail_file, token, name, implicit):
    with pytest.raises(clients.ClientError) as failure:
        clients.ALL[name](account(gateway, implicit), "alice@example.org",
                          RECIPIENT, mail_file)
    assert "5.6.7" in str(failure.value), failure.value
    assert postfix.with_text(token) == []
