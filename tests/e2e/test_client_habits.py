"""What mail programs really send, as bytes: odd names, spaces, farewells.

None of it is what the RFCs would have; people's mail depends on it all the
same.
"""

import re
import socket
import struct

import pytest

from conftest import compose
from rawsmtp import Smtp, b64, plain
from servers import PASSWORD

ALICE = "alice@example.org"
BOB = "bob@example.org"
SECRET = PASSWORD["alice"]


def dialogue(client, text):
    """Send "> " lines, expect what the "< " lines begin with."""
    for line in text.strip().splitlines():
        mark, _, rest = line.strip().partition(" ")
        if mark == ">":
            client.send(rest.encode("utf-8") + b"\r\n")
        else:
            reply = client.reply()
            said = f"{reply.code} {reply.text}"
            assert said.startswith(rest), (line, said)


def send_one(client, token, recipient=BOB):
    reply = client.mail(ALICE, [recipient], compose(token))
    assert reply.code == 250, reply


def local_port(client):
    return client.sock.getsockname()[1]


def session_line(gateway, port, mark):
    """The log line of the end of the client's session, and its id."""
    found = gateway.process.wait_log(
        rf" (\w+) session .*\bport={port} .*", since=mark)
    return found.group(0), found.group(1)


def events(gateway, session, mark):
    """What the log says of a session, by the first word of its lines."""
    lines = gateway.process.lines[mark:]
    return [x.split(f" {session} ")[1].split()[0] for x in lines
            if f" {session} " in x]


def reset(client):
    """Close so that the other side gets a RST, and nothing of TLS."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack("ii", 1, 0))
    client.sock.close()


# -- names -------------------------------------------------------------------

NAMES = [
    b"DESKTOP3507CDS", b"localhost", b"_", b"my_pc.local", b"-", b"127.0.0.1",
    b"[127.0.0.1]", b"[IPv6:2001:db8::1]", b"[IPV6:2001:DB8::1]",
    b"[2001:db8::1]", b"[IPv6:2001:db8::]", b"[IPv6:fe80::1%eth0]", b"[what]",
    b"[", b"Alice's PC", "Jürgens-PC".encode(), "Jürgens-PC".encode("latin-1"),
    b"x" * 255]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:24]))
def test_no_client_is_turned_away_for_its_name(
        another_shown, postfix, token, name, implicit):
    gateway = another_shown
    with gateway.connect(implicit) as client:
        client.send(b"EHLO " + name + b"\r\n")
        assert client.reply().code == 250
        assert client.auth_plain("alice", SECRET).code == 235
        send_one(client, token)
    (delivered,) = postfix.wait(token)
    received = delivered.received()
    assert received.startswith("from ") and received.isascii(), received
    assert "by submit.example.org with ESMTPSA" in received
    assert delivered.content().startswith(b"From: <alice@example.org>\n")


@pytest.fixture(scope="module")
def another_shown(ground, slapd, postfix):
    """A gateway that shows the client's name in the Received field."""
    from gateway import Submitd
    gateway = ground.start(Submitd(ground, slapd.uri, postfix.server,
                                   name="submitd-shown",
                                   received={"client_address": True}))
    yield gateway.start()
    gateway.stop()
    gateway.assert_sound()


@pytest.mark.parametrize("verb", ["EHLO", "HELO"])
def test_name_is_needed_and_of_at_most_255_octets(gateway, verb, implicit):
    with gateway.connect(implicit) as client:
        for name in ("", " ", "x" * 256):
            reply = client.command(f"{verb} {name}")
            assert (reply.code, reply.enhanced()) == (501, "5.5.4"), reply
        assert client.command(f"{verb} {'x' * 255}").code == 250


# -- logging in --------------------------------------------------------------

LOGIN = {
    "user name as initial response": f"""
        > AUTH LOGIN {b64('alice')}
        < 334 UGFzc3dvcmQ6
        > {b64(SECRET)}
        < 235 2.7.0""",
    "the same in lower case": f"""
        > auth login {b64('alice')}
        < 334 UGFzc3dvcmQ6
        > {b64(SECRET)}
        < 235 2.7.0""",
    "both prompts": f"""
        > AUTH LOGIN
        < 334 VXNlcm5hbWU6
        > {b64('alice')}
        < 334 UGFzc3dvcmQ6
        > {b64(SECRET)}
        < 235 2.7.0""",
    "PLAIN without initial response": f"""
        > AUTH PLAIN
        < 334
        > {plain('alice', SECRET)}
        < 235 2.7.0""",
    "two spaces before the response": f"""
        > AUTH PLAIN  {plain('alice', SECRET)}
        < 235 2.7.0""",
    "two spaces before the mechanism": f"""
        > AUTH  PLAIN {plain('alice', SECRET)}
        < 235 2.7.0""",
    "authorization identity": f"""
        > AUTH PLAIN {plain('alice', SECRET, 'alice')}
        < 235 2.7.0""",
    "upper case": f"""
        > AUTH PLAIN {plain('ALICE', SECRET)}
        < 235 2.7.0""",
    "mail address in any case": f"""
        > AUTH PLAIN {plain('Alice@Example.ORG', SECRET)}
        < 235 2.7.0""",
    "a space pasted behind the name": f"""
        > AUTH PLAIN {plain('alice ', SECRET)}
        < 235 2.7.0""",
    "first the address, then the name": f"""
        > AUTH PLAIN {plain('alice@elsewhere.example', SECRET)}
        < 535 5.7.8
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235 2.7.0""",
    "mechanisms tried in turn": f"""
        > AUTH CRAM-MD5
        < 504 5.5.4
        > AUTH NTLM TlRMTVNTUAABAAAA
        < 504 5.5.4
        > AUTH XOAUTH2
        < 504 5.5.4
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235 2.7.0""",
    "cancelled at the name": f"""
        > AUTH LOGIN
        < 334 VXNlcm5hbWU6
        > *
        < 501 5.7.0
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235 2.7.0""",
    "cancelled at the password": f"""
        > AUTH LOGIN {b64('alice')}
        < 334 UGFzc3dvcmQ6
        > *
        < 501 5.7.0
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235 2.7.0""",
    "no base64 at all": f"""
        > AUTH LOGIN
        < 334 VXNlcm5hbWU6
        > alice@example.org
        < 501 5.5.2
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235 2.7.0""",
    "an empty password": f"""
        > AUTH LOGIN {b64('alice')}
        < 334 UGFzc3dvcmQ6
        >
        < 535 5.7.8
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235 2.7.0""",
    "a NUL in the password": f"""
        > AUTH LOGIN {b64('alice')}
        < 334 UGFzc3dvcmQ6
        > {b64(SECRET + chr(0))}
        < 535 5.7.8""",
    "a very long user name": f"""
        > AUTH PLAIN {plain('x' * 200 + '@example.org', SECRET)}
        < 535 5.7.8""",
}


@pytest.mark.parametrize("what", LOGIN)
def test_login_as_clients_do_it(gateway, what, implicit):
    mark = gateway.process.mark()
    with gateway.connect(implicit) as client:
        client.ehlo()
        dialogue(client, LOGIN[what])
        port = local_port(client)
        assert client.command("QUIT").code == 221
    user = "alice" if "235" in LOGIN[what] else '""'
    assert f"user={user} " in session_line(gateway, port, mark)[0]


def test_empty_challenge_is_exactly_four_octets(gateway, implicit):
    with gateway.connect(implicit) as client:
        client.ehlo()
        client.send(b"AUTH PLAIN\r\n")
        assert client.line() == "334 "


def test_password_in_clear_is_not_even_looked_at(gateway):
    mark = gateway.process.mark()
    with Smtp(gateway.port) as client:
        client.ehlo()
        dialogue(client, f"""
            > AUTH PLAIN {plain('alice', SECRET)}
            < 530 5.7.0
            > AUTH LOGIN {b64('alice')}
            < 530 5.7.0""")
        client.starttls(gateway.context())
        client.ehlo()
        assert client.auth_plain("alice", SECRET).code == 235
        port = local_port(client)
    _, session = session_line(gateway, port, mark)
    gateway.process.wait_log(rf" {session} login .*accepted", since=mark)
    assert sorted(events(gateway, session, mark)) == [
        "login", "password_in_clear", "password_in_clear", "session"]
    assert plain("alice", SECRET) not in gateway.log()
    assert SECRET not in gateway.log()


# -- order -------------------------------------------------------------------

BEFORE_TLS = {
    "STARTTLS before EHLO": """
        > STARTTLS
        < 503 5.5.1 Send EHLO first""",
    "antivirus took STARTTLS away": """
        > EHLO client
        < 250
        > XXXXXXXX
        < 500 5.5.1""",
    "HELP, NOOP, RSET first": """
        > NOOP
        < 250
        > RSET
        < 250
        > HELP
        < 530 5.7.0""",
}


@pytest.mark.parametrize("what", BEFORE_TLS)
def test_slip_before_tls_does_not_end_the_session(gateway, what):
    with Smtp(gateway.port) as client:
        dialogue(client, BEFORE_TLS[what])
        client.ehlo()
        client.starttls(gateway.context())
        client.ehlo()
        assert client.auth_plain("alice", SECRET).code == 235


ORDER = {
    "no EHLO after STARTTLS": f"""
        > AUTH PLAIN {plain('alice', SECRET)}
        < 503 5.5.1 Send EHLO first
        > MAIL FROM:<{ALICE}>
        < 503 5.5.1 Send EHLO first""",
    "EHLO after the login": f"""
        > EHLO client
        < 250
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235
        > MAIL FROM:<{ALICE}>
        < 250
        > EHLO client
        < 250
        > RCPT TO:<{BOB}>
        < 503 5.5.1 Send MAIL first
        > MAIL FROM:<{ALICE}>
        < 250
        > RCPT TO:<{BOB}>
        < 250""",
    "HELO only": f"""
        > HELO copier
        < 250 submit.example.org
        > AUTH LOGIN {b64('alice')}
        < 334
        > {b64(SECRET)}
        < 235
        > MAIL FROM:<{ALICE}>
        < 250
        > RCPT TO:<{BOB}>
        < 250""",
    "login twice": f"""
        > EHLO client
        < 250
        > AUTH PLAIN {plain('alice', SECRET)}
        < 235
        > AUTH PLAIN {plain('alice', SECRET)}
        < 503 5.5.1 Already
        > MAIL FROM:<{ALICE}>
        < 250""",
}


@pytest.mark.parametrize("what", ORDER)
def test_order_as_clients_have_it(gateway, what, implicit):
    with gateway.connect(implicit) as client:
        dialogue(client, ORDER[what])
        assert client.command("QUIT").code == 221


# -- spelling ----------------------------------------------------------------

SPELLING = [
    (f"mail from:<{ALICE}>", "250"),
    (f"MAIL FROM: <{ALICE}>", "250"),
    (f"MAIL FROM:\t<{ALICE}>", "250"),
    (f"MAIL  FROM:  <{ALICE}>  ", "250"),
    (f"MAIL FROM: <{ALICE}> SIZE=123 BODY=8BITMIME", "250"),
    (f"Mail From:<{ALICE}> size=123 body=8bitmime", "250"),
    (f"MAIL FROM:<{ALICE.upper()}>", "250"),
    (f"RCPT TO: <{BOB}>", "250"),
    (f"rcpt to:<{BOB}>", "250"),
    (f"RCPT  TO:  <{BOB}>  ", "250"),
    (f"RCPT TO:<'{BOB}'>", "501 5.1.3"),
    (f"RCPT TO:<Bob <{BOB}>>", "501 5.1.3"),
    ("RCPT TO:<" + "x" * 3000 + ">", "501 5.1.3"),
    ("NOOP " + "x" * 4000, "250"),
    ("RSET ", "250"),
    ("rset", "250"),
    ("quit", "221"),
]


@pytest.mark.parametrize("line,want", SPELLING,
                         ids=[line[:40] for line, _ in SPELLING])
def test_spelling_as_clients_have_it(gateway, line, want):
    with gateway.login() as client:
        if "RCPT" in line.upper():
            client.command(f"MAIL FROM:<{ALICE}>")
        dialogue(client, f"> {line}\n< {want}")


def test_empty_lines_are_errors_one_by_one(gateway, implicit):
    with gateway.login(implicit=implicit) as client:
        for _ in range(5):
            reply = client.command("")
            assert (reply.code, reply.enhanced()) == (500, "5.5.2"), reply
        client.send(b"\r\n" * 100)
        replies = [client.reply() for _ in range(15)]
        assert {reply.code for reply in replies} == {500}
        assert client.reply().code == 421
        assert client.ended()


# -- long sessions -----------------------------------------------------------

def test_reset_between_messages(gateway, postfix, token, implicit):
    with gateway.login(implicit=implicit) as client:
        for i in range(20):
            assert client.command("RSET").code == 250
            send_one(client, f"{token}-{i}")
            assert client.command("RSET").code == 250
    postfix.wait(token, 20)


@pytest.mark.parametrize("verb", ["NOOP", "RSET"])
def test_hundreds_of_idle_commands_between_messages(
        gateway, postfix, token, verb):
    with gateway.login() as client:
        for i in range(3):
            client.send(f"{verb}\r\n".encode() * 500)
            assert {client.reply().code for _ in range(500)} == {250}
            send_one(client, f"{token}-{i}")
    postfix.wait(token, 3)


def test_flood_of_idle_commands_ends_the_session(gateway):
    with gateway.login() as client:
        client.send(b"NOOP\r\n" * 2000)
        codes = []
        while not codes or codes[-1] == 250:
            codes.append(client.reply().code)
        assert codes[-1] == 421 and len(codes) > 1000
        assert client.ended()


# -- farewells ---------------------------------------------------------------

def quit_and_reset(client):
    client.send(b"QUIT\r\n")
    reset(client)


def quit_and_close(client):
    client.send(b"QUIT\r\n")
    client.close()


FAREWELLS = {"QUIT, then RST": quit_and_reset, "RST": reset,
             "QUIT, then closed": quit_and_close, "closed": Smtp.close}


@pytest.mark.parametrize("how", FAREWELLS)
def test_farewell_takes_no_mail_back_and_is_no_trouble(
        gateway, postfix, token, how, implicit):
    mark = gateway.process.mark()
    client = gateway.login(implicit=implicit)
    send_one(client, token)
    port = local_port(client)
    FAREWELLS[how](client)
    postfix.wait(token)
    line, session = session_line(gateway, port, mark)
    assert re.search(r" end=(quit|closed)$", line), line
    assert set(events(gateway, session, mark)) <= {
        "login", "message", "delivery", "session"}


@pytest.mark.parametrize("size", [100, 3 << 20])
def test_last_octets_and_farewell_in_one_go(
        gateway, postfix, token, size, implicit):
    """Everything that came before the end is taken before it is noticed."""
    body = b"0123456789abcdef\r\n" * (size // 18)
    client = gateway.login(implicit=implicit)
    client.command(f"MAIL FROM:<{ALICE}>")
    client.command(f"RCPT TO:<{BOB}>")
    client.command("DATA")
    client.send(compose(token, body) + b"\r\n.\r\nQUIT\r\n")
    client.close()
    (delivered,) = postfix.wait(token)
    assert delivered.content().endswith(body[-18:].replace(b"\r\n", b"\n"))


# -- pipelined logins --------------------------------------------------------

def whole_session(password, token):
    return (f"AUTH PLAIN {plain('alice', password)}\r\n"
            f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n").encode() \
        + compose(token) + b"\r\n.\r\nQUIT\r\n"


def test_pipelined_login_is_waited_for(gateway, postfix, token, implicit):
    with gateway.connect(implicit) as client:
        client.ehlo()
        client.send(whole_session(SECRET, token))
        codes = [client.reply().code for _ in range(6)]
        assert codes == [235, 250, 250, 354, 250, 221]
    postfix.wait(token)


def test_pipelined_login_that_fails_lets_nothing_through(
        gateway, postfix, token, implicit):
    with gateway.connect(implicit) as client:
        client.ehlo()
        client.send(whole_session("wrong", token))
        assert [client.reply().code for _ in range(4)] == [535, 530, 530, 530]
        while not client.ended() and client.buffer:
            assert client.reply().code in (221, 421, 500, 501, 503)
    marker = token + "-after"
    with gateway.login() as client:
        send_one(client, marker)
    postfix.wait(marker)
    assert postfix.with_text(f"Subject: {token}\n") == []
