"""What the smarthost receives is what the client sent, and what we put on top.

Several hundred messages of edge lengths in one session each, through a whole
gateway to a smarthost that takes DATA or BDAT.
"""

import random
import re

import pytest

from conftest import FAST
from gateway import Submitd
from smtpsink import OFFERS, SmtpSink

ALICE = "alice@example.org"
TO = "bob@example.org"
HEAD = b"From: <alice@example.org>\r\nTo: <bob@example.org>\r\nDate: " \
    b"Wed, 1 Jan 2025 00:00:00 +0000\r\nMessage-ID: <%d@example.org>\r\n\r\n"

# One field of ours stands in front (RFC 5321, 4.4), folded with TABs.
ADDED = re.compile(rb"\AReceived: [^\r\n]*\r\n(\t[^\r\n]*\r\n)*")

EDGES = (1000, 4096, 8192, 16384, 32768, 65536, 131072)
LENGTHS = [*range(0, 201), *(edge + k for edge in EDGES for k in range(-3, 4))]

WITHOUT_CHUNKING = tuple(o for o in OFFERS if o != "CHUNKING")


@pytest.fixture(scope="module", params=[OFFERS, WITHOUT_CHUNKING],
                ids=["bdat", "data"])
def pair(request, ground, slapd):
    """A gateway and the sink behind it."""
    cert = ground.certificate("smart.example.org", "localhost", "127.0.0.1")
    with SmtpSink(cert, offers=request.param) as sink:
        gateway = ground.start(Submitd(
            ground, slapd.uri, sink.server,
            name="submitd-roundtrip-" + str(len(request.param)),
            **FAST)).start()
        yield gateway, sink
        gateway.stop()
        gateway.assert_sound()


def lines(length, rng):
    """length octets of whole lines with many dots; 1 has none."""
    body = b""
    while len(body) < length:
        left = length - len(body)
        n = min(rng.choice((0, 1, 2, 60, 998)), left - 2)
        if left - n - 2 == 1:
            n = n - 1 if n > 0 else n + 1
        body += rng.choice((b".", b"x")) * n + b"\r\n"
    assert len(body) == length
    return body


def stuffed(content):
    return re.sub(rb"(?m)^\.", b"..", content) + b".\r\n"


def send(client, content, rng):
    """One message, its content in pieces cut at random."""
    wire = stuffed(content)
    for command in (f"MAIL FROM:<{ALICE}>", f"RCPT TO:<{TO}>"):
        assert client.command(command).code == 250
    assert client.command("DATA").code == 354
    cuts = sorted(rng.randrange(len(wire)) for _ in range(rng.randrange(3)))
    for start, end in zip([0, *cuts], [*cuts, len(wire)]):
        client.send(wire[start:end])
    reply = client.reply()
    assert reply.code == 250, reply


def test_each_length_arrives_as_it_was_sent(pair):
    gateway, sink = pair
    rng = random.Random(1)
    sent = []
    with gateway.login() as client:
        for n in LENGTHS:
            if n == 1:
                continue  # no line is that short
            content = HEAD % n + lines(n, rng)
            send(client, content, rng)
            sent.append(content)
    assert len(sink.taken) == len(sent)
    for content, mail in zip(sent, sink.taken):
        added = ADDED.match(mail.content)
        assert added, mail.content[:200]
        assert mail.content[added.end():] == content
