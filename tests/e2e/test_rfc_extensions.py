"""Extensions to the letter: what EHLO lists works, what it does not is 555."""

import re

import pytest

from conftest import compose
from rawsmtp import Smtp
from rig import wait_until
from sinkgateway import sink_gateway
from smtpsink import Cut

ALICE = "alice@example.org"
EVIL = "evil@example.net"


@pytest.fixture(scope="module")
def pair(ground, slapd):
    with sink_gateway(ground, slapd, limits={
            "errors": 1000, "future_release": "0"}) as pair:
        yield pair


@pytest.fixture
def sink(pair):
    pair[1].taken.clear()
    yield pair[1]
    pair[1].answers.clear()


@pytest.fixture
def client(pair, sink):
    with pair[0].login() as client:
        yield client


def told(reply):
    return reply.code, reply.enhanced()


# Keyword -> its parameters, as each RFC has them.
FORMS = {"PIPELINING": "", "8BITMIME": "", "SIZE": r"[1-9]\d{0,9}",
         "ENHANCEDSTATUSCODES": "", "STARTTLS": "", "DSN": "", "CHUNKING": "",
         "BINARYMIME": "", "SMTPUTF8": "", "REQUIRETLS": "", "MT-PRIORITY": "",
         "DELIVERBY": r"|[1-9]\d{0,8}",
         "LIMITS": r"RCPTMAX=[1-9]\d{0,5}",
         "FUTURERELEASE": r"[1-9]\d{0,8} \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
         "AUTH": r"[A-Z0-9_-]{1,20}( [A-Z0-9_-]{1,20})*"}
ALWAYS = {"PIPELINING", "8BITMIME", "SIZE", "ENHANCEDSTATUSCODES", "DSN",
          "CHUNKING", "LIMITS"}


def test_keywords_have_their_form(pair):
    gateway = pair[0]
    with Smtp(gateway.port) as client:
        clear = client.command("EHLO x.example").lines
        client.starttls(gateway.context())
        inside = client.command("EHLO x.example").lines
    for lines, extra in ((clear, "STARTTLS"), (inside, "AUTH")):
        assert lines[0] == "submit.example.org"
        seen = set()
        for line in lines[1:]:
            word, _, rest = line.partition(" ")
            assert word in FORMS and re.fullmatch(FORMS[word], rest), line
            assert word not in seen, "listed twice"
            seen.add(word)
        assert ALWAYS | {extra} <= seen
        assert not {"STARTTLS", "AUTH"} - {extra} & seen


# What is not in the list, as parameters of MAIL and RCPT, and as commands.
NOT_OFFERED = {
    "HOLDFOR=30": "MAIL", "HOLDUNTIL=2030-01-01T00:00:00Z": "MAIL",
    "REQUIRETLS": "MAIL", "MT-PRIORITY=3": "MAIL", "BY=120;R": "MAIL",
    "SOLICIT=x": "MAIL", "MTRK=x": "MAIL", "CONPERM": "MAIL",
    "TRANSID=<x@y>": "MAIL", "FOO": "MAIL", "RRVS=2020-01-01T00:00:00Z": "RCPT",
    "CONNEG": "RCPT", "FOO=1": "RCPT",
}


@pytest.mark.parametrize("parameter", NOT_OFFERED)
def test_what_is_not_offered_is_refused(client, parameter):
    where = NOT_OFFERED[parameter]
    mail = f"MAIL FROM:<{ALICE}>"
    if where == "RCPT":
        assert client.command(mail).code == 250
        mail = "RCPT TO:<a@example.net>"
    assert told(client.command(f"{mail} {parameter}")) == (555, "5.5.4")
    assert client.command(mail).code == 250
    for command in ("BURL imap://x LAST", "ETRN a.example", "ATRN a.example"):
        assert client.command(command).code in (500, 502)


def test_some_verbs_take_any_words(client):
    for text in ("VRFY a SMTPUTF8", "VRFY \u00fc SMTPUTF8", "VRFY <a@b> x y"):
        assert told(client.command(text)) == (252, "2.5.0")


def test_declared_size_does_not_end_content(client, sink):
    content = compose("size", b"more than was said\r\n" * 100)
    client.command(f"MAIL FROM:<{ALICE}> SIZE=10")
    client.command("RCPT TO:<a@example.net>")
    assert client.data(content).code == 250
    assert content in sink.taken[0].content


def test_many_commands_in_one_write(client):
    """One reply each and in order, also behind errors."""
    group = [("NOOP", 250), ("FOO", 500), ("RSET x", 501), ("VRFY a", 252),
             ("EXPN a", 502), ("RCPT TO:<a@b.example>", 503), ("MAIL", 501),
             (f"MAIL FROM:<{ALICE}> FOO", 555), ("RSET", 250),
             ("MAIL FROM:<bob@example.org>", 550)] * 20
    client.send("".join(f"{text}\r\n" for text, _ in group).encode())
    assert [client.reply().code for _ in group] == [code for _, code in group]
    assert client.command("NOOP").code == 250


def test_refused_data_in_a_group_does_no_harm(client, sink):
    """RFC 2920, 3.1: the content of a refused DATA arrives as commands."""
    client.send((f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<@>\r\nDATA\r\n"
                 f"From: <{EVIL}>\r\n\r\nMAIL FROM:<{EVIL}>\r\n"
                 f"RCPT TO:<@>\r\nsome text\r\n.\r\nRSET\r\nNOOP\r\n"
                 ).encode())
    codes = [client.reply().code for _ in range(11)]
    assert codes[:3] == [250, 501, 554] and codes[-2:] == [250, 250]
    assert all(500 <= code < 600 for code in codes[3:-2]), codes
    assert sink.taken == [] and client.command("NOOP").code == 250


# The smarthost's words -> what the client must hear of them.
WORDS = {"550 5.7.23 SPF says no": (550, "5.7.23"),
         "550 5.7.26 several": (550, "5.7.26"),
         "554 5.7.1 <x> is no friend": (554, "5.7.1"),
         "556 5.1.10 null MX": (556, "5.1.10")}


@pytest.mark.parametrize("words", WORDS)
def test_words_of_the_smarthost_reach_the_client(client, sink, words):
    sink.answers["RCPT"] = lambda argument, conn: words
    reply = client.mail(ALICE, ["a@example.net"], compose("words"))
    assert told(reply) == WORDS[words]
    assert words.split(" ", 2)[2] in reply.text


def test_copy_in_doubt_bears_the_same_names(ground, slapd):
    """RFC 1047: a reader can tell that both are one message."""
    with sink_gateway(ground, slapd, spool={"retry_min": "1s"},
                      smarthost={"retry_dead": "100ms"}) as (gateway, sink):
        sink.answers["CONTENT"] = Cut(taken=True)
        with gateway.login() as client:
            reply = client.mail(ALICE, ["a@example.net"], compose("twice"))
        assert reply.code == 250 and "queued" in reply.text
        sink.answers.clear()
        wait_until("it comes again", lambda: len(sink.taken) == 2)
        first, second = (m.content for m in sink.taken)
        assert first == second
