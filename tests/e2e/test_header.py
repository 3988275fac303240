"""The header on its way: what is added, taken out, refused; the rest stays."""

import contextlib
import re

import pytest

from conftest import compose
from smtpsink import SmtpSink

BOB = ["bob@example.org"]
OWN = b"From: Alice <alice@example.org>\r\n"
WHOLE = OWN + b"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <m@x.y>\r\n"
DATE = rb"Date: \w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r\n"


def submit(gateway, content, sender="alice@example.org"):
    with gateway.login() as client:
        return client.mail(sender, BOB, content)


@pytest.fixture
def sunk(another):
    """sunk(identity={...}): a gateway and the sink that it delivers to."""
    with contextlib.ExitStack() as stack:
        def make(**changes):
            sink = stack.enter_context(SmtpSink())
            return another(smarthost={"server": [sink.server], "tls": "none",
                                      "ca_file": None}, **changes), sink
        yield make


def behind_trace(mail):
    """What the sink got, without the gateway's own Received field."""
    trace, rest = re.match(rb"(Received: .*?\r\n)(?![ \t])(.*)", mail.content,
                           re.DOTALL).groups()
    assert b"submit.example.org" in trace
    return rest


def test_missing_fields_are_added_in_front(gateway, postfix, token):
    content = OWN + f"Subject: {token}\r\n\r\nx".encode()
    mark = gateway.process.mark()
    assert submit(gateway, content).code == 250
    (delivered,) = postfix.wait(token)
    head, rest = delivered.content().split(b"From: ", 1)
    queue_id = delivered.id()
    assert re.fullmatch(DATE.replace(rb"\r", b"") + b"Message-ID: <"
                        + queue_id.encode() + b"@submit.example.org>\n", head)
    assert b"From: " + rest == content.replace(b"\r\n", b"\n") + b"\n"
    line = gateway.process.wait_log(rf" message id={queue_id} ",
                                    since=mark).string
    assert "fixup=date,message-id" in line
    assert f"message_id=<{queue_id}@submit.example.org>" in line.replace(
        '"', "")


def test_secrets_are_taken_out(gateway, postfix, token):
    content = (b"Return-Path: <ceo@example.org>\r\n"
               b"authentication-RESULTS: (c) SUBMIT.example.org/1; auth=pass\r\n"
               b"Authentication-Results: other.example; auth=none\r\n"
               + WHOLE + b"Bcc: carol@example.net,\r\n\tdan@example.net\r\n"
               b"To: bob@example.org\r\nbcc : erin@example.net\r\n"
               + f"Subject: {token}\r\n\r\nBcc: body".encode())
    assert submit(gateway, content).code == 250
    (delivered,) = postfix.wait(token)
    want = (b"Authentication-Results: other.example; auth=none\r\n" + WHOLE
            + b"To: bob@example.org\r\n"
            + f"Subject: {token}\r\n\r\nBcc: body\r\n".encode())
    assert delivered.content() == want.replace(b"\r\n", b"\n")


def test_signed_mail_stays_as_it_was_signed(gateway, postfix, token):
    content = (b"DKIM-Signature: v=1; a=rsa-sha256; h=from:subject;\r\n"
               b"\tb=abc\r\n  def\r\n" + WHOLE
               + f"Subject:  {token} \r\n  \tand  more\r\n".encode()
               + b"X-8bit: \xe4\xff\r\nReceived: from a by b; x\r\n\r\n"
               b"body  \r\n\r\n")
    assert submit(gateway, content).code == 250
    (delivered,) = postfix.wait(token)
    assert delivered.content() == content.replace(b"\r\n", b"\n") + b"\n"


# Each would show somebody else's name, or none, to some reader.
SPOOFED = {
    "other": (b"From: boss@example.org\r\n", "5.7.1"),
    "name": (b"From: alice@example.org <boss@example.org>\r\n", "5.6.0"),
    "quoted name": (b'From: "alice@example.org" <boss@example.org>\r\n',
                    "5.7.1"),
    "encoded name": (b"From: =?utf-8?q?alice=40example.org?="
                     b" <boss@example.org>\r\n", "5.7.1"),
    "encoded address": (b"From: =?utf-8?b?Ym9zc0BleGFtcGxlLm9yZw==?=,"
                        b" <alice@example.org>\r\n", "5.6.0"),
    "list": (b"From: <alice@example.org>, <boss@example.org>\r\n", "5.7.1"),
    "folded list": (b"From: alice@example.org\r\n , boss@example.org\r\n",
                    "5.7.1"),
    "group": (b"From: us: alice@example.org, boss@example.org;\r\n", "5.7.1"),
    "empty group": (b"From: us:;\r\n", "5.7.1"),
    "two fields": (OWN + b"From: boss@example.org\r\n", "5.6.0"),
    "two fields, odd": (b"FROM : boss@example.org\r\n" + OWN, "5.6.0"),
    "route": (b"From: <@boss.example:alice@example.org>\r\n", "5.6.0"),
    "comment": (b"From: (<boss@example.org>) alice@example.org\r\n", "5.6.0"),
    "inner comment": (b"From: alice(@boss.example)@example.org\r\n", "5.6.0"),
    "two brackets": (b"From: <boss@example.org> <alice@example.org>\r\n",
                     "5.6.0"),
    "sender": (OWN + b"Sender: boss@example.org\r\n", "5.7.1"),
    "resent": (b"Resent-From: boss@example.org\r\n" + OWN, "5.7.1"),
    "redirected": (b"Resent-From: alice@example.org\r\n"
                   b"From: boss@example.org\r\n", "5.7.1"),
    "broken": (b"From: broken@@x\r\n", "5.6.0"),
    "Latin-1": (b"From: J\xf6rg <alice@example.org>\r\n", "5.6.0"),
    "none": (b"", "5.6.0"),
    "first line folded": (b" From: alice@example.org\r\n", "5.6.0"),
    "in the body": (b"no field\r\n" + OWN, "5.6.0"),
}


@pytest.mark.parametrize("trick", SPOOFED)
def test_nobody_else_can_be_shown(gateway, postfix, token, trick):
    head, enhanced = SPOOFED[trick]
    content = head + f"Subject: {token}\r\n\r\nx".encode()
    reply = submit(gateway, content)
    assert reply.code in (550, 554) and reply.enhanced() == enhanced, reply
    if reply.code == 550:
        assert "alice@example.org" in reply.text, "does not say what one may"
    assert postfix.with_text(token) == []


def test_refusal_leaves_the_session_in_step(gateway, postfix, token):
    with gateway.login() as client:
        for content in (b"", b"x", b"From: boss@example.org\r\n\r\nx"):
            reply = client.mail("alice@example.org", BOB, content)
            assert reply.code in (550, 554), reply
        reply = client.mail("alice@example.org", BOB, compose(token))
        assert reply.code == 250, reply
    assert len(postfix.wait(token)) == 1


@pytest.mark.parametrize("field", [
    b"To: broken@@x", b"Cc: bob@sales", b"Reply-To: a b", b"To: a@b.c; d@e.f"])
def test_addresses_that_are_none_are_refused(gateway, field):
    reply = submit(gateway, WHOLE + field + b"\r\n\r\nx")
    assert (reply.code, reply.enhanced()) == (554, "5.6.0"), reply
    assert field.split(b":")[0].decode() in reply.text


@pytest.mark.parametrize("field", [
    b"To: undisclosed-recipients:;", b"Cc:", b"To: J. Doe <j@d.e> (x), k@l.m",
    b"To: =?utf-8?q?J=C3=B6rg?= <j@x.y>", "To: Jörg <jörg@x.y>".encode(),
    b'To: "a, b" <"a b"@c.d>,\r\n\t<@r.s:t@u.v>', b"Reply-To: a@[1.2.3.4]"])
def test_odd_but_right_addresses_pass(gateway, field):
    reply = submit(gateway, WHOLE + field + b"\r\n\r\nx")
    assert reply.code == 250, reply


def test_loop_ends(gateway, postfix, token):
    trace = b"Received: from a by b; x\r\n"
    tail = WHOLE + f"Subject: {token}\r\n\r\nx".encode()
    reply = submit(gateway, trace * 100 + tail)
    assert (reply.code, reply.enhanced()) == (554, "5.4.6"), reply
    assert postfix.with_text(token) == []
    assert submit(gateway, trace * 30 + tail).code == 250
    postfix.wait(token)


def test_header_has_a_limit(gateway):
    reply = submit(gateway, WHOLE + b"X: y\r\n" * 50000 + b"\r\nx")
    assert (reply.code, reply.enhanced()) == (552, "5.3.4"), reply


def test_mode_rewrite(sunk):
    gateway, sink = sunk(identity={"header_from": "rewrite"})
    reply = submit(gateway, b"Sender: boss@example.org\r\n"
                   b"From: The Boss <boss@example.org>\r\n"
                   + WHOLE.removeprefix(OWN) + b"\r\nx")
    assert reply.code == 250, reply
    assert behind_trace(sink.taken[0]) == (
        b"From: The Boss <alice@example.org>\r\n"
        b"Original-From: The Boss <boss@example.org>\r\n"
        + WHOLE.removeprefix(OWN) + b"\r\nx\r\n")
    gateway.process.wait_log(r"fixup=from,sender .*foreign=")


def test_mode_log(sunk):
    gateway, sink = sunk(identity={"header_from": "log"})
    content = (b"From: The Boss <boss@example.org>\r\n"
               + WHOLE.removeprefix(OWN) + b"\r\nx\r\n")
    assert submit(gateway, content[:-2], "").code == 250
    assert behind_trace(sink.taken[0]) == (
        b"Sender: <alice@example.org>\r\n" + content)
    gateway.process.wait_log(r'foreign="From <boss@example\.org>"')


def test_mode_off(sunk):
    gateway, sink = sunk(identity={"header_from": "off",
                                   "header_syntax": "log"})
    content = (b"From: boss@@example.org\r\nTo: (\r\n"
               + WHOLE.removeprefix(OWN) + b"\r\nx\r\n")
    assert submit(gateway, content[:-2]).code == 250
    assert behind_trace(sink.taken[0]) == content
    assert submit(gateway, b"hello").code == 250
    assert re.fullmatch(DATE + rb"Message-ID: <\w+@submit.example.org>\r\n"
                        rb"From: <alice@example.org>\r\n\r\nhello\r\n",
                        behind_trace(sink.taken[1]))


def test_single_labels_are_completed(sunk):
    gateway, sink = sunk(identity={"complete_domain": "example.org"})
    with gateway.login() as client:
        for command, code in (("MAIL FROM:<alice@example.org>", 250),
                              ("RCPT TO:<bob@sales>", 250),
                              ("RCPT TO:<bob>", 501)):
            assert client.command(command).code == code, command
        reply = client.data(WHOLE.replace(b"alice@example.org", b"alice")
                            + b"To: bob@sales, Carol <carol>\r\n\r\nx")
        assert reply.code == 250, reply
    assert sink.taken[0].recipients == ["bob@sales.example.org"]
    assert behind_trace(sink.taken[0]) == (
        WHOLE + b"To: bob@sales.example.org, Carol <carol@example.org>\r\n"
        b"\r\nx\r\n")


def header_of(size):
    """A header of that many octets, its empty line included."""
    n = max(0, size - len(WHOLE) - len(b"X: \r\n\r\n"))
    return (WHOLE + b"X: " + b"y" * (n % 64)
            + (b"\r\n " + b"y" * 61) * (n // 64) + b"\r\n\r\n")


def edges():
    for edge in (4096, 16384, 65536):
        yield from range(edge - 3, edge + 4)
    yield from range(len(WHOLE) + 2, len(WHOLE) + 12)


def test_every_length_arrives_as_it_was_sent(sunk):
    gateway, sink = sunk()
    filler = b"".join(b"line %d.\r\n" % i for i in range(9000))
    sent = []
    with gateway.login() as client:
        for size in edges():
            for content in ((WHOLE + b"\r\n" + filler)[:size].rstrip(b"\r\n"),
                            header_of(size) + b"body"):
                reply = client.mail("alice@example.org", BOB, content)
                assert reply.code == 250, (size, reply)
                sent.append(content + b"\r\n")
    assert [behind_trace(mail) for mail in sink.taken] == sent
