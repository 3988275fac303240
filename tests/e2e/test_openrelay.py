"""Nobody who has not logged in gets a message through, on any port."""

import pytest

from conftest import compose
from rawsmtp import Smtp, plain

ENVELOPE = ("MAIL FROM:<alice@example.org>", "RCPT TO:<bob@example.org>",
            "DATA")


def attempt(client, content=None):
    """Try to mail whatever the answers; the codes."""
    codes = [client.command(text).code for text in ENVELOPE]
    if codes[-1] == 354:
        client.send((content or b"x") + b"\r\n.\r\n")
        codes.append(client.reply().code)
    return codes


def not_logged_in(client):
    client.ehlo()


def after_a_wrong_password(client):
    client.ehlo()
    assert client.auth_plain("alice", "wrong").code == 535


def after_a_cancelled_login(client):
    client.ehlo()
    assert client.command("AUTH PLAIN").code == 334
    assert client.command("*").code == 501


def after_half_a_login(client):
    client.ehlo()
    assert client.command("AUTH LOGIN").code == 334
    assert client.command("YWxpY2U=").code == 334
    assert client.command("*").code == 501


def as_somebody_else(client):
    """alice's password, but bob as the identity to act as."""
    client.ehlo()
    reply = client.command(
        "AUTH PLAIN " + plain("alice", "correct horse", authzid="bob"))
    assert reply.code == 535, reply


def after_rset(client):
    client.ehlo()
    assert client.command("RSET").code == 250


def with_helo_only(client):
    client.command("HELO client.example.org")


def with_auth_parameter(client):
    """RFC 4954, 5: a claim, never a proof."""
    client.ehlo()
    reply = client.command("MAIL FROM:<alice@example.org> "
                           "AUTH=alice@example.org")
    assert reply.code >= 500, reply


WAYS = [not_logged_in, after_a_wrong_password, after_a_cancelled_login,
        after_half_a_login, as_somebody_else, after_rset, with_helo_only,
        with_auth_parameter]


@pytest.mark.parametrize("way", WAYS, ids=lambda f: f.__name__)
def test_no_mail_without_login(gateway, postfix, implicit, way, token):
    with gateway.connect(implicit) as client:
        way(client)
        codes = attempt(client, compose(token))
    assert codes[0] == 530 and min(codes) >= 500, codes
    assert postfix.with_text(token) == []


# What made relays of other servers: routes, the percent hack, two at signs.
TRICKS = ["victim%ext.example@example.org", "@example.org:victim@ext.example",
          '"victim@ext.example"@example.org', "victim@ext.example@example.org",
          "ext.example!victim", "victim@[127.0.0.1]", "postmaster",
          "alice@example.org", "victim@ext.example"]


def test_no_address_opens_a_way(gateway, implicit):
    for name in ("submit.example.org", "localhost", "[127.0.0.1]"):
        with gateway.connect(implicit) as client:
            client.ehlo(name)
            for sender in ("", "alice@example.org", "postmaster@localhost"):
                assert client.command(f"MAIL FROM:<{sender}>").code == 530
            for address in TRICKS:
                assert client.command(f"RCPT TO:<{address}>").code == 530
            assert client.command("DATA").code == 530


def test_login_ends_with_its_connection(gateway, implicit):
    with gateway.login(implicit=implicit) as client:
        assert client.command("QUIT").code == 221
    with gateway.connect(implicit) as client:
        client.ehlo()
        assert attempt(client)[0] == 530


def test_whole_session_sent_blindly_gets_nowhere(
        gateway, postfix, implicit, token):
    content = compose(token)
    with gateway.connect(implicit) as client:
        client.send(b"EHLO x.example\r\nAUTH PLAIN AGFsaWNlAHdyb25n\r\n"
                    + "".join(f"{c}\r\n" for c in ENVELOPE).encode()
                    + content + b"\r\n.\r\nQUIT\r\n")
        codes = []
        while True:
            try:
                codes.append(client.reply().code)
            except (EOFError, OSError):
                break
    assert 354 not in codes and codes.count(250) == 1, codes
    assert postfix.with_text(token) == []


def test_nothing_but_tls_is_open_before_tls(gateway):
    with Smtp(gateway.port) as client:
        offered = client.ehlo()
        assert "STARTTLS" in offered and "AUTH" not in offered
        for text in ENVELOPE:
            assert client.command(text).code in (503, 530), text
        reply = client.command("AUTH PLAIN " + plain("alice", "correct horse"))
        assert 500 <= reply.code < 600 and reply.code != 535, reply
        assert client.command("AUTH LOGIN").code >= 500


def test_plain_text_gets_nothing_from_the_tls_port(gateway):
    with Smtp(gateway.tls_port, greet=False) as client:
        client.send(b"EHLO x.example\r\n" * 3)
        got = b""
        try:
            while True:
                more = client.sock.recv(4096)
                if not more:
                    break
                got += more
        except OSError:
            pass
    assert b"250" not in got and b"220" not in got
