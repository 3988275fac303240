"""The main job: what is submitted arrives, and nothing else does."""

import pytest

from conftest import compose

AWKWARD = b"\r\n".join([
    b".", b"..", b".a line that begins with a dot", b"", b"trailing space ",
    b"\ttab", b"From the start of a line", bytes(range(0x80, 0x100)),
    "grüße".encode(), b"x" * 998, b"", b"", b"the last line"]) + b"\r\n"


def stuffed(content):
    return b"\r\n".join(b"." + line if line.startswith(b".") else line
                        for line in content.split(b"\r\n"))


def as_delivered(content):
    return content.replace(b"\r\n", b"\n") + b"\n"


def test_message_arrives_byte_for_byte(gateway, postfix, implicit, token):
    content = compose(token, AWKWARD)
    with gateway.login(implicit=implicit) as client:
        client.command("MAIL FROM:<alice@example.org> BODY=8BITMIME")
        client.command("RCPT TO:<bob@example.org>")
        reply = client.data(stuffed(content))
    assert reply.code == 250, reply
    (delivered,) = postfix.wait(token)
    assert delivered.recipient == "bob@example.org"
    assert delivered.message["Return-Path"] == "<alice@example.org>"
    assert delivered.content() == as_delivered(content)


def test_every_recipient_gets_the_message(gateway, postfix, token, message):
    wanted = {f"r{i}@example.net" for i in range(40)}
    with gateway.login() as client:
        reply = client.mail("alice@example.org", sorted(wanted), message)
    assert reply.code == 250, reply
    assert {d.recipient for d in postfix.wait(token, len(wanted))} == wanted


def test_session_may_come_in_single_octets(gateway, postfix, token, message):
    with gateway.login() as client:
        script = (b"MAIL FROM:<alice@example.org>\r\n"
                  b"RCPT TO:<bob@example.org>\r\nDATA\r\n")
        for i in range(len(script)):
            client.send(script[i:i + 1])
        assert [client.reply().code for _ in range(3)] == [250, 250, 354]
        for octet in message + b"\r\n.\r\n":
            client.send(bytes([octet]))
        assert client.reply().code == 250
    assert len(postfix.wait(token)) == 1


def test_envelope_may_be_pipelined(gateway, postfix, token, message):
    with gateway.login() as client:
        client.send(b"MAIL FROM:<alice@example.org>\r\n"
                    b"RCPT TO:<bob@example.org>\r\n"
                    b"RCPT TO:<carol@example.org>\r\nDATA\r\n")
        assert [client.reply().code for _ in range(4)] == [250, 250, 250, 354]
        client.send(message + b"\r\n.\r\nNOOP\r\nQUIT\r\n")
        assert [client.reply().code for _ in range(3)] == [250, 250, 221]
        assert client.ended()
    assert len(postfix.wait(token, 2)) == 2


def test_one_session_carries_many_messages(gateway, postfix, token):
    with gateway.login() as client:
        for i in range(20):
            reply = client.mail("alice@example.org", ["bob@example.org"],
                                compose(f"{token}-{i}"))
            assert reply.code == 250, reply
    found = postfix.wait(token, 20)
    assert {d.message["Subject"] for d in found} == {
        f"{token}-{i}" for i in range(20)}


def test_received_field_names_us_and_hides_the_client(
        gateway, postfix, token, message):
    with gateway.login() as client:
        client.mail("alice@example.org", ["bob@example.org"], message)
    (delivered,) = postfix.wait(token)
    received = delivered.received()
    assert "by submit.example.org" in received
    assert "with ESMTPSA" in received
    assert "127.0.0.1" not in received and "client.example" not in received
    assert "alice" not in received
    assert delivered.id()


BROKEN = {"bare LF": b"a\nb", "bare CR": b"a\rb", "NUL": b"a\0b",
          "CR CR LF": b"a\r\r\nb", "CR at the end": b"a\r"}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_line_in_content_is_refused(gateway, postfix, token, what):
    with gateway.login() as client:
        content = compose(token, b"one\r\n" + BROKEN[what] + b"\r\ntwo\r\n")
        reply = client.mail("alice@example.org", ["bob@example.org"], content)
        assert reply.code == 550 and reply.enhanced() == "5.6.0", reply
        marker = token + "-after"
        reply = client.mail("alice@example.org", ["bob@example.org"],
                            compose(marker))
        assert reply.code == 250, reply
    postfix.wait(marker)
    assert len(postfix.with_text(token)) == 1


ENDINGS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r",
           b"\r.\r\n", b"\r\n\0.\r\n"]


@pytest.mark.parametrize("ending", ENDINGS, ids=repr)
def test_no_other_ending_ends_a_message(gateway, postfix, token, ending):
    """SMTP smuggling: a second message behind an end that is none."""
    smuggled = (b"MAIL FROM:<alice@example.org>\r\n"
                b"RCPT TO:<bob@example.org>\r\nDATA\r\n"
                + compose(token + "-smuggled"))
    with gateway.login() as client:
        reply = client.mail("alice@example.org", ["bob@example.org"],
                            compose(token) + ending + smuggled)
        assert reply.code == 550, reply
        assert client.command("NOOP").code == 250
        marker = "marker-" + token
        client.mail("alice@example.org", ["carol@example.org"],
                    compose("after", marker.encode() + b"\r\n"))
    postfix.wait(marker)
    assert postfix.with_text(f"Subject: {token}") == []


def test_too_big_a_message_is_refused_early_and_late(another, token):
    gateway = another(limits={"message_size": "64K"})
    with gateway.login() as client:
        reply = client.command("MAIL FROM:<alice@example.org> SIZE=70000")
        assert reply.code == 552 and reply.enhanced() == "5.3.4", reply
        big = compose(token, b"0123456789\r\n" * 10000)
        reply = client.mail("alice@example.org", ["bob@example.org"], big)
        assert reply.code == 552 and reply.enhanced() == "5.3.4", reply
        reply = client.mail("alice@example.org", ["bob@example.org"],
                            compose(token))
        assert reply.code == 250, reply
    assert gateway.spooled() == []


def test_too_many_recipients_are_told_to_wait(another, postfix, token):
    gateway = another(limits={"recipients": 3})
    with gateway.login() as client:
        client.command("MAIL FROM:<alice@example.org>")
        codes = [client.command(f"RCPT TO:<r{i}@example.org>").code
                 for i in range(4)]
        assert codes == [250, 250, 250, 452]
        assert client.data(compose(token)).code == 250
    postfix.wait(token, 3)


def test_extensions_are_those_we_have(gateway):
    with gateway.connect() as client:
        offered = client.ehlo()
    assert {"PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES",
            "AUTH"} <= set(offered)
    assert "STARTTLS" not in offered
    assert set(offered["AUTH"].split()) == {"PLAIN", "LOGIN"}


def test_no_command_tells_which_users_exist(gateway):
    with gateway.login() as client:
        assert (client.command("VRFY bob").code,
                client.command("VRFY nobody").code) == (252, 252)
        assert client.command("EXPN staff").code in (500, 502)
        client.command("MAIL FROM:<alice@example.org>")
        known = client.command("RCPT TO:<bob@example.org>")
        unknown = client.command("RCPT TO:<nosuchuser@example.org>")
        assert (known.code, known.text) == (unknown.code, unknown.text)


def test_client_that_leaves_in_content_leaves_nothing(
        gateway, postfix, token):
    client = gateway.login()
    client.command("MAIL FROM:<alice@example.org>")
    client.command("RCPT TO:<bob@example.org>")
    client.command("DATA")
    client.send(compose(token))
    client.close()
    marker = token + "-after"
    with gateway.login() as client:
        client.mail("alice@example.org", ["bob@example.org"], compose(marker))
    postfix.wait(marker)
    assert len(postfix.with_text(token)) == 1
    assert gateway.spooled() == []
