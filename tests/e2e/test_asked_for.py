"""What a client asks for beside delivery, and relay itself sees to.

The smarthost has no DSN and takes anything at once: what is held, and what
is reported, is the gateway's doing.
"""

import time

from conftest import compose
from rig import wait_until
from test_extensions import ALICE, BOB, arrived, poor, said

assert poor  # a fixture: one gateway and sink for this module, too


def hold(gateway, token, seconds):
    """Send one that asks to be held; the time.time() of its release."""
    with gateway.login() as client:
        released = time.time() + seconds
        assert said(client, f"{ALICE} HOLDFOR={seconds}", BOB) == [250, 250]
        reply = client.data(compose(token))
        assert reply.code == 250 and "queued" in reply.text, reply
    return released


def test_held_mail_is_not_sent_before_its_time(poor, token):
    gateway, sink = poor
    released = hold(gateway, token, 2)
    arrived(sink, token)
    assert time.time() >= released - 1  # times of day are whole seconds


def test_held_mail_stays_held_over_a_restart(poor, token):
    gateway, sink = poor
    released = hold(gateway, token, 4)
    gateway.stop()
    gateway.start()
    arrived(sink, token)
    assert time.time() >= released - 1


def test_handing_on_is_reported_to_who_asked(poor, token):
    gateway, sink = poor
    with gateway.login() as client:
        assert said(client, f"{ALICE} ENVID=QQ42x RET=HDRS",
                    f"{BOB} NOTIFY=SUCCESS ORCPT=rfc822;Bob@x.example",
                    "RCPT TO:<carol@example.net> NOTIFY=NEVER") == [250] * 3
        assert client.data(compose(token)).code == 250
    (report,) = wait_until("a report", lambda: [
        m for m in sink.taken if b"QQ42x" in m.content])
    assert report.recipients == ["alice@example.org"]
    text = report.content.decode()
    assert "Action: relayed\r\n" in text and "Status: 2.0.0\r\n" in text
    assert "Original-Recipient: rfc822; Bob@x.example\r\n" in text
    assert "carol" not in text
    assert not any("ENVID" in p for m in sink.taken for p in m.parameters)
