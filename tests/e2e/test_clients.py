"""Real mail clients, on both ports, with a 10 MB attachment each."""

import email
import email.message
import email.policy
import hashlib
import os
import re

import pytest

import clients
from servers import PASSWORD

ATTACHMENT = os.urandom(10 << 20)


def account(gateway, implicit, user="alice", password=None):
    return clients.Account(gateway.tls_port if implicit else gateway.port,
                           implicit, gateway.cert.ca, user,
                           password or PASSWORD[user])


TEXT = "See the attachment, Jürgen.\n\n.\n..two dots\n-- \nAlice\n{}\n"


@pytest.fixture
def mail_file(tmp_path, token):
    """A message as mail programs make them, with LF as in a file; its
    subject is UTF-8 as it is."""
    mail = email.message.EmailMessage(policy=email.policy.SMTPUTF8)
    mail["From"] = "Alice Example <alice@example.org>"
    mail["To"] = "bob@example.org"
    mail["Subject"] = f"Prüfung ✓ {token}"
    mail["Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    mail["Message-ID"] = f"<{token}@example.org>"
    mail.set_content(TEXT.format(token), cte="8bit")
    mail.add_attachment(ATTACHMENT, maintype="application",
                        subtype="octet-stream", filename="ten.bin")
    # As git has it in its files, and asks for it in others.
    mail["Content-Transfer-Encoding"] = "8bit"
    path = tmp_path / "mail"
    path.write_bytes(mail.as_bytes().replace(b"\r\n", b"\n"))
    return path


def digest(message):
    """What a person sees of a message, its attachment as a hash."""
    (attached,) = [part for part in message.walk() if part.get_filename()]
    return (str(message["From"]), str(message["To"]), str(message["Subject"]),
            message.get_body().get_content().strip("\n"),
            attached.get_filename(),
            hashlib.sha256(attached.get_content()).hexdigest())


def parse(content):
    return email.message_from_bytes(content, policy=email.policy.default)


@pytest.mark.parametrize("name", clients.ALL)
def test_ten_megabytes_arrive(
        gateway, postfix, mail_file, token, name, implicit):
    clients.ALL[name](account(gateway, implicit), "alice@example.org",
                      "bob@example.org", mail_file)
    (delivered,) = postfix.wait(token)
    sent = mail_file.read_bytes()
    assert delivered.recipient == "bob@example.org"
    assert delivered.message["Return-Path"] == "<alice@example.org>"
    assert digest(parse(delivered.content())) == digest(parse(sent))
    if name not in clients.COMPOSERS:
        # swaks ends the message with an empty line of its own.
        same = delivered.content() in (sent, sent + b"\n")
        assert same, (len(delivered.content()), len(sent))
    delivered.path.unlink()


REFUSED = re.compile(r"535|5\.7\.8|denied|authentication failed", re.I)


@pytest.mark.parametrize("name", clients.ALL)
def test_wrong_password_is_told_as_such(
        gateway, tmp_path, token, name, implicit):
    path = tmp_path / "mail"
    path.write_text(f"From: alice@example.org\nSubject: {token}\n\nno\n")
    mark = gateway.process.mark()
    with pytest.raises(clients.ClientError) as failure:
        clients.ALL[name](account(gateway, implicit, password="wrong"),
                          "alice@example.org", "bob@example.org", path)
    assert REFUSED.search(str(failure.value)), failure.value
    gateway.process.wait_log(r"login user=alice .*verdict=refused",
                             since=mark)


@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN"])
def test_password_in_utf8_works(gateway, tmp_path, auth, token, postfix):
    path = tmp_path / "mail"
    path.write_text(f"From: carol@example.org\nSubject: {token}\n\nhello\n")
    clients.swaks(account(gateway, False, "carol"), "carol@example.org",
                  "bob@example.org", path, auth=auth)
    postfix.wait(token)


# Without a terminal neomutt keeps its reasons to itself.
DISTRUST = re.compile(r"certificat|^neomutt exit 1: $", re.I)


@pytest.mark.parametrize("name", clients.ALL)
def test_client_that_trusts_another_authority_stays_away(
        gateway, ground, tmp_path, name, implicit):
    """So the tests above prove that certificates are verified."""
    other = ground.certificate("other.example.org", authority="other-ca")
    path = tmp_path / "mail"
    path.write_text("From: alice@example.org\nSubject: unsent\n\nno\n")
    wrong = account(gateway, implicit)
    wrong.ca = other.ca
    with pytest.raises(clients.ClientError) as failure:
        clients.ALL[name](wrong, "alice@example.org", "bob@example.org", path)
    assert DISTRUST.search(str(failure.value)), failure.value
