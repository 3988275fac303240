"""What a client is offered follows the smarthost, and works as offered.

Each test waits until EHLO shows what the smarthost's own EHLO leads to, and
then uses it: what the sink gets is what the client sent.
"""

import re
import time

import pytest

from conftest import compose
from rawsmtp import Smtp
from rig import wait_until
from sinkgateway import sink_gateway

RICH = ("PIPELINING", "8BITMIME", "SIZE 100000", "CHUNKING", "BINARYMIME",
        "SMTPUTF8", "DSN", "REQUIRETLS", "DELIVERBY 60", "MT-PRIORITY")
POOR = ("SIZE 52428800",)
OWN = {"PIPELINING", "SIZE", "DSN", "CHUNKING", "FUTURERELEASE", "LIMITS",
       "ENHANCEDSTATUSCODES", "AUTH"}
ALICE = "MAIL FROM:<alice@example.org>"
BOB = "RCPT TO:<bob@example.net>"
FOREIGN = "RCPT TO:<b\xfccher@b\xfccher.example>"


def offers_of(gateway):
    with gateway.connect() as client:
        return client.ehlo()


def wait_offers(gateway, wanted):
    wait_until(f"EHLO offers {wanted}", lambda: set(offers_of(gateway)) == wanted)


def opened(ground, slapd, offers, wanted):
    """A module's gateway and sink, once EHLO shows what it should."""
    with sink_gateway(ground, slapd, offers=offers,
                      limits={"errors": 1000}) as (gateway, sink):
        wait_offers(gateway, wanted)
        yield gateway, sink
        assert sink.broken == []


@pytest.fixture(scope="module")
def rich(ground, slapd):
    yield from opened(ground, slapd, RICH, OWN | {
        word.split()[0] for word in RICH})


@pytest.fixture(scope="module")
def poor(ground, slapd):
    yield from opened(ground, slapd, POOR, OWN)


def said(client, *commands):
    """The reply code of each command."""
    return [client.command(text).code for text in commands]


def told(reply):
    return reply.code, reply.enhanced()


def bdat(client, octets, last=False):
    client.send(f"BDAT {len(octets)}{' LAST' * last}\r\n".encode() + octets)
    return client.reply()


def arrived(sink, token):
    (mail,) = sink.wait(token)
    return mail


# -- what EHLO says ----------------------------------------------------------


def test_parameters_of_keywords(rich):
    offers = offers_of(rich[0])
    assert offers["SIZE"].strip() == str(100000 - 4096)
    assert offers["DELIVERBY"].strip() == "60"
    assert offers["LIMITS"].strip() == "RCPTMAX=100"
    hold, until = offers["FUTURERELEASE"].split()
    assert hold == "604800"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", until)
    when = time.strptime(until, "%Y-%m-%dT%H:%M:%SZ")
    assert abs(time.mktime(when) - time.mktime(time.gmtime()) - 604800) < 60


def test_requiretls_is_offered_inside_tls_only(rich):
    with Smtp(rich[0].port) as client:
        clear = client.ehlo()
    assert "REQUIRETLS" not in clear and "STARTTLS" in clear
    assert "SMTPUTF8" in clear and "AUTH" not in clear


def test_offers_change_with_the_smarthost(ground, slapd):
    with sink_gateway(ground, slapd, offers=RICH,
                      smarthost={"retry_dead": "100ms"}) as (gateway, sink):
        wait_offers(gateway, OWN | {word.split()[0] for word in RICH})
        with gateway.login() as client:
            client.ehlo()
            sink.stop()
            sink.offers = ("8BITMIME",)
            sink.start()
            wait_offers(gateway, OWN | {"8BITMIME"})
            # who had been offered more is told at MAIL, not after the upload
            for parameter in ("SMTPUTF8", "BODY=BINARYMIME", "REQUIRETLS",
                              "MT-PRIORITY=0", "BY=600;R"):
                reply = client.command(f"{ALICE} {parameter}")
                assert told(reply) == (555, "5.5.4"), parameter
            assert said(client, f"{ALICE} BODY=8BITMIME") == [250]


def test_postfix_decides_what_is_offered(gateway):
    """A real smarthost: all it has that we know of, and no more."""
    wait_until("its offers are known",
               lambda: "SMTPUTF8" in offers_of(gateway))
    assert set(offers_of(gateway)) == OWN | {"8BITMIME", "SMTPUTF8"}


# -- parameters --------------------------------------------------------------


def test_parameters_reach_the_smarthost(rich, token):
    gateway, sink = rich
    with gateway.login() as client:
        assert said(
            client, f"{ALICE} SIZE=2000 BODY=8BITMIME RET=HDRS ENVID=QQ+2B1 "
            "REQUIRETLS MT-PRIORITY=-4 AUTH=boss@example.org",
            "RCPT TO:<bob@example.net> NOTIFY=success,DELAY "
            "ORCPT=rfc822;Bob+2Bx@example.net") == [250, 250]
        assert client.data(compose(token, "gr\xfc\xdfe".encode())).code == 250
    mail = arrived(sink, token)
    assert {"RET=HDRS", "ENVID=QQ+2B1", "REQUIRETLS", "MT-PRIORITY=-4",
            "BODY=8BITMIME"} <= set(mail.parameters)
    assert not any(p.startswith("AUTH=") for p in mail.parameters)
    assert set(mail.asked["bob@example.net"]) == {
        "NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Bob+2Bx@example.net"}


def test_addresses_beyond_ascii_reach_the_smarthost(rich, token):
    gateway, sink = rich
    with gateway.login() as client:
        assert told(client.command(
            "MAIL FROM:<\xe4@example.org>")) == (550, "5.6.7")
        assert said(client, ALICE) == [250]
        assert told(client.command(FOREIGN)) == (553, "5.6.7")
        assert said(client, "RSET", f"{ALICE} SMTPUTF8", FOREIGN) == [250] * 3
        assert client.data(compose(token)).code == 250
    mail = arrived(sink, token)
    assert "SMTPUTF8" in mail.parameters
    assert mail.recipients == ["b\xfccher@b\xfccher.example"]
    assert b"with UTF8SMTPSA id " in mail.content


def test_what_the_smarthost_lacks_is_refused_before_the_upload(poor):
    with poor[0].login() as client:
        for parameter in ("SMTPUTF8", "BODY=8BITMIME", "BODY=BINARYMIME",
                          "REQUIRETLS", "MT-PRIORITY=0", "BY=600;R"):
            reply = client.command(f"{ALICE} {parameter}")
            assert told(reply) == (555, "5.5.4"), parameter
        assert told(client.command(
            "MAIL FROM:<\xe4@example.org> SMTPUTF8")) == (550, "5.6.7")
        assert said(client, ALICE) == [250]
        assert told(client.command(FOREIGN)) == (553, "5.6.7")


def test_eight_bits_nobody_takes_are_refused_while_they_come(poor, token):
    gateway, sink = poor
    with gateway.login() as client:
        reply = client.mail("alice@example.org", ["bob@example.net"],
                            compose(token, b"gr\xfc\xdfe"))
        assert told(reply) == (554, "5.6.1")
        reply = client.mail("alice@example.org", ["bob@example.net"],
                            compose(token))
        assert reply.code == 250
    assert b"One line." in arrived(sink, token).content


def test_size_leaves_room_for_our_fields(rich, token):
    gateway, sink = rich
    most = 100000 - 4096
    content = compose(token)
    content += b"\r\n" + (b"x" * 70 + b"\r\n") * 2000
    content = content[:most - 4] + b"yy"  # and what data() puts behind it
    with gateway.login() as client:
        assert told(client.command(
            f"{ALICE} SIZE={most + 1}")) == (552, "5.3.4")
        assert said(client, f"{ALICE} SIZE={most}", BOB) == [250, 250]
        assert client.data(content).code == 250
        assert said(client, ALICE, BOB) == [250, 250]
        assert told(client.data(content + b"\r\n" + b"z" * 70)) == (
            552, "5.3.4")
        assert said(client, "NOOP") == [250]
    assert arrived(sink, token).content.endswith(content[-100:] + b"\r\n")


def test_raised_priority_is_lowered_and_told(rich):
    with rich[0].login() as client:
        reply = client.command(f"{ALICE} MT-PRIORITY=5")
        assert told(reply) == (250, "2.3.6")
        assert reply.text.split()[1] == "0"


def test_each_recipient_counts(rich):
    with rich[0].login() as client:
        assert said(client, ALICE, "RCPT TO:<x>") == [250, 501]
        assert said(client, *[BOB] * 99) == [250] * 99
        assert told(client.command(BOB)) == (452, "4.5.3")
        assert told(client.command("RCPT TO:<x>")) == (452, "4.5.3")


# -- chunks ------------------------------------------------------------------

DOTTED = b".\r\n..\r\n.x\r\n\r\nQUIT\r\n"


@pytest.mark.parametrize("fixture", ["rich", "poor"])
def test_chunks_arrive_as_they_were_sent(request, fixture, token):
    """To a smarthost with CHUNKING, and to one that has to be sent DATA."""
    gateway, sink = request.getfixturevalue(fixture)
    content = compose(token, DOTTED) + b"\r\n"
    cut = len(content) // 2
    with gateway.login() as client:
        assert said(client, ALICE, BOB) == [250, 250]
        assert bdat(client, content[:cut]).code == 250
        assert said(client, "NOOP", "DATA") == [250, 503]
        assert bdat(client, b"").code == 250
        assert bdat(client, content[cut:], last=True).code == 250
        assert bdat(client, b"QUIT\r\n", last=True).code == 503
        assert said(client, "NOOP") == [250]
    assert arrived(sink, token).content.endswith(DOTTED)


def test_chunks_may_be_pipelined_and_cut_anywhere(rich, token):
    gateway, sink = rich
    parts = [compose(token, DOTTED) + b"\r\n", b"", DOTTED, b"x"]
    script = f"{ALICE}\r\n{BOB}\r\n".encode()
    for part in parts:
        script += b"BDAT %d\r\n" % len(part) + part
    script += b"BDAT 2 LAST\r\n\r\nNOOP\r\n"
    with gateway.login() as client:
        client.send(script)
        assert [client.reply().code for _ in range(8)] == [250] * 8
        for octet in script:
            client.send(bytes([octet]))
        assert [client.reply().code for _ in range(8)] == [250] * 8
    wait_until("both came", lambda: len(sink.with_text(token)) == 2)
    first, second = (m.content for m in sink.with_text(token))
    assert first.endswith(DOTTED + DOTTED + b"x\r\n")
    assert second.endswith(DOTTED + DOTTED + b"x\r\n")


def test_binary_content_arrives_octet_for_octet(rich, token):
    gateway, sink = rich
    octets = bytes(range(256)) * 300
    with gateway.login() as client:
        assert said(client, f"{ALICE} BODY=BINARYMIME", BOB,
                    "DATA") == [250, 250, 503]
        content = compose(token) + b"\r\n" + octets
        assert bdat(client, content[:70000]).code == 250
        assert bdat(client, content[70000:], last=True).code == 250
    mail = arrived(sink, token)
    assert "BODY=BINARYMIME" in mail.parameters
    assert mail.content.endswith(octets)


def test_chunks_nobody_asked_for_are_never_commands(rich, token):
    gateway, sink = rich
    evil = (f"{ALICE}\r\n{BOB}\r\nDATA\r\n".encode() + compose(token) +
            b"\r\n.\r\n")
    with gateway.connect() as client:
        client.ehlo()
        assert told(bdat(client, evil)) == (530, "5.7.0")
        assert said(client, "NOOP") == [250]
    with gateway.login() as client:
        assert told(bdat(client, evil, last=True)) == (503, "5.5.1")
        assert said(client, ALICE, "RCPT TO:<x>") == [250, 501]
        assert told(bdat(client, evil, last=True)) == (554, "5.5.1")
        assert said(client, "BURL imap://x/ LAST", "NOOP") == [502, 250]
        reply = client.command("BDAT 99999999999999999999")
        assert told(reply) == (501, "5.5.4")
        assert client.ended()
    assert sink.with_text(token) == []


def test_message_too_big_in_chunks_is_refused_and_the_session_lives(
        rich, token):
    gateway, sink = rich
    with gateway.login() as client:
        assert said(client, ALICE, BOB) == [250, 250]
        assert bdat(client, compose(token) + b"\r\n").code == 250
        chunk = b"BDAT 20000\r\n" + (b"x" * 78 + b"\r\n") * 250
        client.send(chunk * 8 + b"NOOP\r\n")
        codes = [client.reply().code for _ in range(9)]
        assert codes == [250] * 4 + [552, 503, 503, 503, 250]
        assert said(client, ALICE) == [250]
    assert sink.with_text(token) == []
