"""Real mail clients, on both ports, with a 10 MB attachment each."""

import hashlib
import os
import email.message
import email.policy

import pytest

import clients
from servers import PASSWORD

ATTACHMENT = os.urandom(10 << 20)


def account(gateway, implicit, user="alice", password=None):
    return clients.Account(gateway.tls_port if implicit else gateway.port,
                           implicit, gateway.cert.ca, user,
                           password or PASSWORD[user])


@pytest.fixture
def mail_file(tmp_path, token):
    """A message as mail programs make them, with LF as in a file."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"] = "Alice Example <alice@example.org>"
    mail["To"] = "bob@example.org"
    mail["Subject"] = token
    mail["Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    mail["Message-ID"] = f"<{token}@example.org>"
    mail.set_content("See the attachment.\n\n.\n..two dots\n-- \nAlice\n")
    mail.add_attachment(ATTACHMENT, maintype="application",
                        subtype="octet-stream", filename="ten.bin")
    path = tmp_path / "mail"
    path.write_bytes(mail.as_bytes().replace(b"\r\n", b"\n"))
    return path


@pytest.mark.parametrize("name", clients.ALL)
def test_ten_megabytes_arrive_byte_for_byte(
        gateway, postfix, mail_file, token, name, implicit):
    clients.ALL[name](account(gateway, implicit), "alice@example.org",
                      "bob@example.org", mail_file)
    (delivered,) = postfix.wait(token)
    sent = mail_file.read_bytes()
    # swaks ends the message with an empty line of its own.
    same = delivered.content() in (sent, sent + b"\n")
    assert same, (len(delivered.content()), len(sent))
    (attached,) = [part for part in delivered.message.walk()
                   if part.get_filename() == "ten.bin"]
    assert (hashlib.sha256(attached.get_payload(decode=True)).digest()
            == hashlib.sha256(ATTACHMENT).digest())
    delivered.path.unlink()


@pytest.mark.parametrize("name", clients.ALL)
def test_wrong_password_is_told_as_such(gateway, tmp_path, name, implicit):
    path = tmp_path / "mail"
    path.write_text("Subject: never sent\n\nno\n")
    with pytest.raises(clients.ClientError) as failure:
        clients.ALL[name](account(gateway, implicit, password="wrong"),
                          "alice@example.org", "bob@example.org", path)
    assert "535" in str(failure.value) or "denied" in str(failure.value) \
        or "authentication failed" in str(failure.value)


@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN"])
def test_password_in_utf8_works(gateway, tmp_path, auth, token, postfix):
    path = tmp_path / "mail"
    path.write_text(f"From: carol@example.org\nSubject: {token}\n\nhello\n")
    clients.swaks(account(gateway, False, "carol"), "carol@example.org",
                  "bob@example.org", path, auth=auth)
    postfix.wait(token)


def test_client_that_trusts_another_authority_stays_away(gateway, ground):
    other = ground.certificate("other.example.org", authority="other-ca")
    path = ground.path / "unsent"
    path.write_text("Subject: never sent\n\nno\n")
    wrong = account(gateway, True)
    wrong.ca = other.ca
    with pytest.raises(clients.ClientError):
        clients.python(wrong, "alice@example.org", "bob@example.org", path)
