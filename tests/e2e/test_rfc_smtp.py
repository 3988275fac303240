"""SMTP to the letter: RFC 5321 and 6409, with a smarthost that writes down.

Grammar and order octet by octet are in tests/unit and tests/replay; here is
what a client and the next server see of it.
"""

import re
import socket

import pytest

from conftest import compose
from rawsmtp import Smtp
from rig import wait_until
from sinkgateway import sink_gateway

ALICE = "alice@example.org"


@pytest.fixture(scope="module")
def pair(ground, slapd):
    with sink_gateway(ground, slapd, limits={"errors": 200},
                      received={"client_address": True}) as pair:
        yield pair


@pytest.fixture
def open_gateway(pair):
    return pair[0]


@pytest.fixture
def sink(pair):
    pair[1].taken.clear()
    return pair[1]


@pytest.fixture
def client(open_gateway, sink):
    with open_gateway.login() as client:
        yield client


def told(reply):
    return reply.code, reply.enhanced()


def codes(client, *commands):
    return [client.command(text).code for text in commands]


def header(mail):
    """The fields of a message as lists of lines, in order."""
    fields = []
    for line in mail.content.split(b"\r\n\r\n")[0].split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    return fields


# -- every reply there is ----------------------------------------------------

# RFC 5321, 4.2.3, 3207, 3030, 4954: what may be said; never 521.
CODES = {211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 450, 451, 452,
         454, 455, 500, 501, 502, 503, 504, 530, 534, 535, 550, 552, 553, 554,
         555}

# Which codes go with which (the registry of RFC 5248; RFC 6409, 4.2: 554;
# RFC 6531, 3.5: 553; RFC 5321, 4.2.2 has 214, 220, 221 and 250).
PAIRS = {
    "2.0.0": {214, 220, 221, 250}, "2.1.0": {250}, "2.1.5": {250},
    "2.5.0": {252}, "2.7.0": {235}, "4.3.0": {421, 451}, "4.3.1": {452},
    "4.3.2": {421}, "4.4.2": {421}, "4.5.3": {452}, "4.7.0": {421, 454},
    "5.1.2": {554}, "5.1.3": {501}, "5.1.7": {501}, "5.1.8": {554},
    "5.3.4": {552}, "5.4.6": {554}, "5.5.1": {500, 502, 503, 554},
    "5.5.2": {500, 501}, "5.5.4": {501, 504, 555}, "5.5.6": {500},
    "5.6.0": {550, 554}, "5.6.7": {550, 553}, "5.7.0": {501, 530},
    "5.7.1": {550}, "5.7.8": {535},
}

BEFORE_TLS = ["NOOP", "RSET", "HELP", "VRFY a", "EXPN a", "MAIL FROM:<a@b.c>",
              "RCPT TO:<a@b.c>", "DATA", "AUTH PLAIN AGEAYg==", "FOO", "",
              "EHLO", "HELO", "NOOP x", "RSET x", "STARTTLS x", "QUIT x",
              "HELO x", "EHLO x", "NOOP"]
INSIDE = [*BEFORE_TLS[:-1], "STARTTLS", "AUTH", "AUTH NOSUCH", "AUTH PLAIN !",
          "AUTH LOGIN", "*", "AUTH PLAIN AGFsaWNlAHg=", "ETRN a.example",
          "ATRN a.example", "TURN", "SEND FROM:<a@b.c>", "SOML FROM:<a@b.c>",
          "SAML FROM:<a@b.c>", "BURL imap://x LAST", "XCLIENT ADDR=127.0.0.1",
          "XFOO", "HELP MAIL", "NOOP " + "x" * 5000, "NOOP"]
LOGGED_IN = ["MAIL FROM:<bob@example.org>", "MAIL FROM:<a b@example.org>",
             "MAIL FROM:<alice@host>", f"MAIL FROM:<{ALICE}> SIZE=99999999999",
             f"MAIL FROM:<{ALICE}> FOO=1", "RCPT TO:<a@example.net>", "DATA",
             f"MAIL FROM:<{ALICE}>", "RCPT TO:<@>", "RCPT TO:<a@host>", "DATA",
             "RCPT TO:<a@example.net> FOO=1", f"MAIL FROM:<{ALICE}>",
             "RCPT TO:<a@example.net>", "VRFY a", "EXPN a", "RSET", "NOOP"]


def check_line(raw, command):
    """One reply line as RFC 5321, 4.2, RFC 2034, 4 and RFC 3463, 2 have it."""
    assert len(raw) + 2 <= 512, (command, raw)
    found = re.fullmatch(r"([2-5]\d\d)([- ])([ -~]*)", raw)
    named = found[1] in ("221", "421") or command is None
    assert not named or "submit.example.org" in raw.split()[1:3], raw
    assert found and int(found[1]) in CODES, (command, raw)
    bare = command in ("", None) or command[:4] in ("EHLO", "HELO")
    if found[1][0] == "3" or bare and found[1] == "250" or command is None:
        assert not re.match(r"\d\.\d", found[3]), (command, raw)
    else:
        code = re.match(r"([245])\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2}) \S",
                        found[3])
        assert code and code[1] == found[1][0], (command, raw)
        pair = found[3].split(" ")[0]
        assert int(found[1]) in PAIRS[pair], (command, raw)
    return found[1], found[2] == " "


def speak(client, commands):
    """Say each, check every line of its one reply; the codes."""
    said = []
    for command in commands:
        client.send(command.encode() + b"\r\n")
        seen = set()
        while True:
            code, last = check_line(client.line(), command)
            seen.add(code)
            if last:
                break
        assert len(seen) == 1, (command, seen)
        said.append(int(code))
    assert client.buffer == b""
    return said


def test_every_reply_is_well_formed(open_gateway, sink):
    with Smtp(open_gateway.port, greet=False) as client:
        check_line(client.line(), None)
        speak(client, BEFORE_TLS)
        client.starttls(open_gateway.context())
        speak(client, INSIDE)
        client.ehlo()
        assert client.auth_plain("alice", "correct horse").code == 235
        assert speak(client, [*LOGGED_IN, "QUIT"])[-2:] == [250, 221]
    assert sink.taken == []


def test_greeting_names_us_and_no_version(open_gateway):
    with Smtp(open_gateway.port) as client:
        assert client.greeting.lines == ["submit.example.org ESMTP submitd"]


def test_minimum_commands_are_there(client):
    said = codes(client, "EHLO x", "HELO x", f"MAIL FROM:<{ALICE}>",
                 "RCPT TO:<a@example.net>", "DATA")
    assert said == [250, 250, 250, 250, 354]
    client.send(compose("minimum") + b"\r\n.\r\n")
    assert client.reply().code == 250
    assert codes(client, "RSET", "NOOP", "VRFY a", "QUIT") == [
        250, 250, 252, 221]
    assert client.ended()


# RFC 5321, 4.1.1: white space before CRLF; arguments where none may be.
SPACES = {"NOOP  ": 250, "NOOP\t": 250, "RSET ": 250, "RSET \t ": 250,
          "NOOP hello world": 250, "RSET foo": 501, "QUIT foo": 501,
          "DATA foo": 501, "VRFY": 501, "EXPN": 501, "EHLO": 501, "MAIL": 501,
          "RCPT": 501, "HELP \t": 214, "VRFY a \t": 252, "FOO": 500,
          "XFOO x": 500, "EXPN a": 502, "noop": 250, "rSeT": 250,
          f"MAIL FROM:<{ALICE}> \t": 250, "RCPT TO:<a@example.net>\t": 250,
          "DATA foo ": 501, "EHLO ": 501, "NOOP": 250, "DATA \t": 354}


def test_white_space_and_arguments(client):
    assert {text: client.command(text).code for text in SPACES} == SPACES
    client.send(compose("spaces") + b"\r\n.\r\n")
    assert client.reply().code == 250  # the bad EHLO left all as it was


def test_some_commands_need_no_hello(open_gateway):
    with Smtp(open_gateway.port) as client:
        assert codes(client, "NOOP", "RSET", "NOOP x", "VRFY a", "HELP",
                     "STARTTLS", "QUIT") == [250, 250, 250, 530, 530, 503, 221]


def test_hello_again_drops_the_message_and_not_the_login(client):
    for hello in ("EHLO x", "HELO x"):
        assert codes(client, f"MAIL FROM:<{ALICE}>", "RCPT TO:<a@example.net>",
                     hello, "DATA", f"MAIL FROM:<{ALICE}>", "RSET", "DATA"
                     ) == [250, 250, 250, 503, 250, 250, 503]


def test_quit_drops_what_was_begun(client, sink):
    assert codes(client, f"MAIL FROM:<{ALICE}>", "RCPT TO:<a@example.net>",
                 "QUIT") == [250, 250, 221]
    assert client.ended() and sink.taken == []


# A name that says little or nothing true is no reason to refuse.
HELLOS = ["x", "localhost", "127.0.0.1", "[192.0.2.1]", "[IPv6:2001:db8::1]",
          "[Tag:some.thing]", "wrong.example.com", "[192.0.2.1] foo bar",
          "a" * 255, "submit.example.org"]


@pytest.mark.parametrize("name", HELLOS, ids=lambda n: n[:20])
def test_hello_is_not_judged(client, name):
    assert codes(client, "EHLO " + name, f"MAIL FROM:<{ALICE}>") == [250, 250]


# -- sizes -------------------------------------------------------------------

LABELS = ".".join(["d" * 63] * 3)


def domain(n):
    return (LABELS + "." + "e" * 63)[:n - 4] + ".org"


SIZES = {
    "local part of 64": ("l" * 64 + "@example.net", 250),
    "local part of 5000": ("l" * 4000 + "@example.net", 501),
    "domain of 252": ("a@" + domain(252), 250),
    "path of 256": ("l" * 54 + "@" + domain(199), 250),
    "path of 300": ("l" * 64 + "@" + domain(233), 501),
    "domain of 256": ("a@" + ".".join(["d" * 50] * 5) + ".e", 501),
    "label of 64": ("a@" + "d" * 64 + ".example", 501),
}


@pytest.mark.parametrize("what", SIZES)
def test_sizes_of_addresses(client, sink, what):
    mailbox, code = SIZES[what]
    client.command(f"MAIL FROM:<{ALICE}>")
    reply = client.command(f"RCPT TO:<{mailbox}>")
    assert reply.code == code, reply
    if code == 250:
        assert client.data(compose("sizes")).code == 250
        assert sink.taken[0].recipients == [mailbox]
    else:
        assert reply.enhanced() == "5.1.3"


def test_sizes_of_commands(client):
    for n in (512, 513, 1036, 4096):
        assert client.command("NOOP " + "x" * (n - 7)).code == 250
    for n in (4100, 8192, 12000, 40000):
        assert told(client.command("NOOP " + "x" * n)) == (500, "5.5.2")
        assert client.command("NOOP").code == 250


def test_hundred_recipients_and_no_more(client, sink):
    client.command(f"MAIL FROM:<{ALICE}>")
    wanted = [f"r{i}@example.net" for i in range(100)]
    assert set(codes(client, *(f"RCPT TO:<{r}>" for r in wanted))) == {250}
    for _ in range(3):
        assert told(client.command("RCPT TO:<more@example.net>")) == (
            452, "4.5.3")
    assert client.data(compose("hundred")).code == 250
    (mail,) = sink.taken  # one copy for all
    assert mail.recipients == wanted
    assert b"r1@" not in mail.content and b" for " not in mail.content


def test_text_lines_of_998_octets_pass(client, sink):
    lines = [b"x" * 998, b"." + b"y" * 997, b"." * 998]
    content = compose("lines", b"\r\n".join(lines))
    client.command(f"MAIL FROM:<{ALICE}>")
    client.command("RCPT TO:<a@example.net>")
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    assert client.data(stuffed).code == 250
    assert sink.taken[0].content.endswith(b"\r\n\r\n" + b"\r\n".join(lines)
                                          + b"\r\n")


@pytest.mark.parametrize("n", [999, 10000, 200000])
def test_longer_lines_are_refused_whole(client, sink, n):
    reply = client.mail(ALICE, ["a@example.net"],
                        compose("long", b"a\r\n" + b"x" * n + b"\r\nb\r\n"))
    assert told(reply) == (554, "5.6.0")
    assert sink.taken == [] and client.command("NOOP").code == 250


@pytest.mark.parametrize("edge", [4096, 8192, 16384, 32768, 65536])
def test_end_is_found_wherever_it_stands(client, sink, edge):
    """RFC 5321, 4.5.2: also across buffers and TLS records."""
    base = len(compose("edge", b""))
    for off in range(-4, 4):
        body = b"0123456\r\n" * ((edge + off - base) // 9 - 1)
        body += b"y" * (edge + off - base - len(body))
        assert client.mail(ALICE, ["a@example.net"],
                           compose("edge", body)).code == 250
        assert sink.taken[-1].content.endswith(body + b"\r\n")
    assert len(sink.taken) == 8


# -- what is sent on ---------------------------------------------------------

# The path as the client gives it, and as the smarthost gets it.
PATHS = {
    "<MiXed.Case+Tag@Ext.Example>": "MiXed.Case+Tag@Ext.Example",
    "<@a.example,@b.example:u@c.example>": "u@c.example",
    '<"a b@c\\"d"@x.example>': '"a b@c\\"d"@x.example',
    "<o'hara=x!y%z@x.example>": "o'hara=x!y%z@x.example",
    "<pOsTmAsTeR@example.org>": "pOsTmAsTeR@example.org",
    "<POSTmaster>": "postmaster@submit.example.org",
}


@pytest.mark.parametrize("path", PATHS)
def test_recipient_is_sent_on_as_it_is(client, sink, path):
    client.command(f"mAiL fRoM:<{ALICE}> sIzE=100")
    assert client.command(f"rcpt to:{path}").code == 250
    assert client.data(compose("path")).code == 250
    (mail,) = sink.taken
    assert mail.recipients == [PATHS[path]] and mail.sender == ALICE


def test_empty_sender_stays_empty(client, sink):
    assert client.mail("", ["a@example.net"], compose("null")).code == 250
    assert sink.taken[0].sender == ""


def test_route_of_the_sender_is_dropped(client, sink):
    client.command(f"MAIL FROM:<@relay.example,@b.example:{ALICE}>")
    client.command("RCPT TO:<a@example.net>")
    assert client.data(compose("route")).code == 250
    assert sink.taken[0].sender == ALICE


BAD_PATHS = ["<@>", "<a@b..c>", "<a@b_c.example>", "<a@-b.example>", "<bob>",
             "<a@[999.1.1.1]>", "<a@[IPv6:zz]>", "<a b@c.example>",
             "<a@c.example", "<a@c.example>>", "<a@c.example>x", "a@c.example>",
             "<'a@c.example'>", "<Name <a@c.example>>", "<\"a@c.example>", ""]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_bad_recipient_changes_nothing(client, path):
    client.command(f"MAIL FROM:<{ALICE}>")
    reply = client.command(f"RCPT TO:{path}")
    assert reply.code == 501 and reply.enhanced() in ("5.1.3", "5.5.4"), reply
    assert codes(client, "DATA", "RCPT TO:<a@example.net>") in (
        [503, 250], [554, 250])


RECEIVED = re.compile(
    rb"Received: from (\S+) \(\[127\.0\.0\.1\]\)\r\n"
    rb"\tby submit\.example\.org with (ESMTPSA|SMTP) id (\S+)\r\n"
    rb"\ttls (TLS_[A-Z0-9_]+);\r\n"
    rb"\t(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4}"
    rb" \d\d:\d\d:\d\d [+-]\d{4}")


def test_received_is_on_top_and_the_others_stay(client, sink):
    old = b"".join(b"Received: from h%d by h%d with ESMTPSA id %d;\r\n"
                   b"\t(odd)  Mon, 23 Nov 26 10:00 EST\r\n" % (i, i + 1, i)
                   for i in range(5))
    content = old + compose("trace")
    assert client.mail(ALICE, ["a@example.net"], content).code == 250
    fields = header(sink.taken[0])
    assert RECEIVED.fullmatch(fields[0]), fields[0]
    assert old in sink.taken[0].content
    assert sum(f.lower().startswith(b"received:") for f in fields) == 6


@pytest.mark.parametrize("verb,word", [("EHLO", b"ESMTPSA"), ("HELO", b"SMTP")])
def test_received_tells_the_protocol(open_gateway, sink, implicit, verb, word):
    with open_gateway.login(implicit=implicit) as client:
        client.command(f"{verb} name.example.org")
        assert client.mail(ALICE, ["a@example.net"],
                           compose("with")).code == 250
    found = RECEIVED.fullmatch(header(sink.taken[0])[0])
    assert (found[1], found[2]) == (b"name.example.org", word)


# RFC 5321, 7.2 and what others fell to: an EHLO that writes a field.
EVIL_HELLOS = ["x) by evil.example (", "x;\tevil", "x (", "x\x80\xff", "\\", "\"",
               "x for <evil@example.net>", "a\\\r\n b", "(((((", "]", "[",
               "<x@y>"]


@pytest.mark.parametrize("name", EVIL_HELLOS)
def test_hello_cannot_write_into_received(client, sink, name):
    line = f"EHLO {name}".replace("\r\n", "").encode("latin-1")
    client.send(line + b"\r\n")
    reply = client.reply()
    assert reply.code in (250, 501), reply
    assert client.mail(ALICE, ["a@example.net"], compose("evil")).code == 250
    found = RECEIVED.fullmatch(header(sink.taken[0])[0])
    assert found, header(sink.taken[0])[0]
    assert re.fullmatch(rb"[A-Za-z0-9._?:\[\]-]+", found[1])


def test_no_bare_line_end_is_ever_sent(client, sink):
    """RFC 5321, 2.3.8: neither to a client nor to a smarthost."""
    assert client.mail(ALICE, ["a@example.net"],
                       compose("ends", b"a\r\n\r\nb\r\n" * 500)).code == 250
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", sink.taken[0].content)
    client.send(b"HELP\r\nEHLO x\r\nVRFY a\r\nFOO\r\nNOOP\r\n")
    heard = b""
    while not heard.endswith(b"250 2.0.0 Ok\r\n"):
        heard += client.sock.recv(65536)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", heard)


ODD = (b"Resent-To: x@example.net\r\nX-Raw: \xe9\r\nSubject:\r\n"
       b"X-Empty: \r\n" + b"X-Many: y\r\n" * 200)


def test_odd_headers_pass(client, sink):
    """RFC 5321, 3.3: no defect of a header is a reason to refuse."""
    content = compose("odd").replace(b"Subject: odd\r\n", ODD)
    assert client.mail(ALICE, ["a@example.net"], content).code == 250
    assert ODD in sink.taken[0].content


# -- attacks and accidents ---------------------------------------------------


def test_early_words_are_answered_behind_the_greeting(open_gateway):
    with Smtp(open_gateway.port, greet=False) as client:
        client.send(b"EHLO early.example.org\r\n")
        assert [client.reply().code for _ in range(2)] == [220, 250]


def test_message_that_ends_with_the_connection_is_kept(client, sink):
    """The end of the message and of the connection arrive together."""
    content = compose("together")
    client.send((f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<a@example.net>\r\n"
                 "DATA\r\n").encode())
    assert [client.reply().code for _ in range(3)] == [250, 250, 354]
    client.send(content + b"\r\n.\r\n")
    client.sock.shutdown(socket.SHUT_WR)
    wait_until("the smarthost has it", lambda: sink.taken)
    assert content in sink.taken[0].content


END = b"\r\n.\r\n"


def test_cut_anywhere_leaves_one_copy_or_none(open_gateway, sink):
    """RFC 1047: none while the end is not whole, and one behind it."""
    for cut in range(len(END) + 1):
        client = open_gateway.login()
        for text in (f"MAIL FROM:<{ALICE}>", "RCPT TO:<a@example.net>", "DATA"):
            client.command(text)
        client.send(compose(f"cut-{cut}") + END[:cut])
        client.close()
    wait_until("the whole one arrives", lambda: sink.taken)
    with open_gateway.login() as client:
        assert client.mail(ALICE, ["a@example.net"],
                           compose("marker")).code == 250
    subjects = [re.search(rb"Subject: (\S+)", m.content)[1]
                for m in sink.taken]
    assert sorted(subjects) == [b"cut-5", b"marker"]
    assert open_gateway.spooled() == []


def half_a_hello(gateway):
    client = Smtp(gateway.tls_port, greet=False)
    client.send(b"\x16\x03\x01\x02\x00\x01\x00")
    return client


def behind_starttls(gateway):
    client = Smtp(gateway.port)
    client.ehlo()
    assert client.command("STARTTLS").code == 220
    return client


def inside(gateway, *commands, rest=b""):
    client = gateway.connect()
    client.ehlo()
    for command in commands:
        client.command(command)
    client.send(rest)
    return client


# Where a client may stop for good before it has logged in.
SLOW = {
    "silent": lambda g: Smtp(g.port),
    "silent, TLS": lambda g: Smtp(g.tls_port, greet=False),
    "half a hello": half_a_hello,
    "behind STARTTLS": behind_starttls,
    "half a line": lambda g: inside(g, rest=b"NOOP x"),
    "at a challenge": lambda g: inside(g, "AUTH LOGIN"),
    "half an answer": lambda g: inside(g, "AUTH LOGIN", rest=b"YWxp"),
    "in an overlong line": lambda g: inside(g, rest=b"x" * 20000),
}


def test_slow_clients_meet_an_end_wherever_they_stop(another):
    gateway = another(limits={"preauth_timeout": "2s"})
    clients = {name: begin(gateway) for name, begin in SLOW.items()}
    with gateway.login() as other:
        for name, client in clients.items():
            try:
                while client.sock.recv(4096):  # 421, or nothing
                    pass
            except OSError as e:
                assert "timed out" not in str(e), name
            client.close()
        assert other.command("NOOP").code == 250


def test_guessing_recipients_ends_the_session(gateway):
    with gateway.login() as client:
        client.command(f"MAIL FROM:<{ALICE}>")
        said = []
        while not said or said[-1] != 421:
            client.send(b"RCPT TO:<@>\r\n")
            said.append(client.reply().code)
            if len(said) == 20:
                said.append(client.reply().code)
        assert said == [501] * 20 + [421] and client.ended()


def test_content_refused_is_gone(client, sink):
    """RFC 5321, 4.2.5: nothing is kept of what got a 5yz."""
    sink.answers["CONTENT"] = lambda argument, conn: "554 5.6.0 not this one"
    try:
        reply = client.mail(ALICE, ["a@example.net"], compose("refused"))
        assert told(reply) == (554, "5.6.0")
    finally:
        sink.answers.clear()
    assert client.command("DATA").code == 503
    assert client.mail(ALICE, ["a@example.net"], compose("next")).code == 250
    (mail,) = sink.taken
    assert b"Subject: next" in mail.content
