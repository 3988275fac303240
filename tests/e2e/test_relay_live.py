"""Hand-over while the client waits: its 250 is the smarthost's 250."""

import pytest

from conftest import compose
from rig import free_port, wait_until

TO_BOB = ["bob@example.org"]


def submit(gateway, recipients, content):
    with gateway.login() as client:
        return client.mail("alice@example.org", recipients, content)


def test_accepted_message_is_stored_nowhere(gateway, postfix, token, message):
    reply = submit(gateway, TO_BOB, message)
    assert reply.code == 250, reply
    (delivered,) = postfix.wait(token)
    assert delivered.id() in reply.text, "the reply does not give our id"
    assert gateway.spooled() == []


def test_final_refusal_reaches_the_person(gateway, postfix, token, message):
    reply = submit(gateway, ["refused@example.org"], message)
    assert (reply.code, reply.enhanced()) == (550, "5.1.1"), reply
    assert "no such mailbox here" in reply.text
    assert postfix.with_text(token) == []
    assert gateway.spooled() == []


def test_refusal_of_the_content_reaches_the_person(gateway):
    """A destination the smarthost does not serve."""
    reply = submit(gateway, ["x@elsewhere.example"], compose("x"))
    assert 550 <= reply.code <= 554, reply


def test_temporary_refusal_is_queued(another):
    gateway = another()
    reply = submit(gateway, ["later@example.org"], compose("later"))
    assert reply.code == 250, reply
    assert ", queued" in reply.text.lower()
    assert len(gateway.spooled()) == 1


def test_accepted_ones_are_delivered_beside_refused_ones(
        another, postfix, token, message):
    gateway = another()
    reply = submit(gateway, ["bob@example.org", "refused@example.org",
                             "carol@example.org"], message)
    assert reply.code == 250, reply
    found = postfix.wait(token, 2)
    assert {d.recipient for d in found} == {"bob@example.org",
                                            "carol@example.org"}


def test_only_the_recipients_still_open_are_tried_again(
        another, postfix, token, message):
    gateway = another(spool={"retry_min": "1s", "retry_max": "1s"})
    reply = submit(gateway, ["bob@example.org", "later@example.org"], message)
    assert reply.code == 250, reply
    postfix.wait(token, 1)
    log = postfix.dir / "log"
    wait_until("the open recipient was tried again", lambda:
               log.read_text().count("451 4.2.1 <later@example.org>") >= 3)
    assert len(postfix.with_text(token)) == 1


def test_connections_are_kept_and_used_again(another, postfix, token):
    gateway = another(smarthost={"connections": 1})
    log = postfix.dir / "log"
    with gateway.login() as client:
        before = None
        for i in range(10):
            reply = client.mail("alice@example.org", TO_BOB,
                                compose(f"{token}-{i}"))
            assert reply.code == 250, reply
            if before is None:
                before = log.read_text().count(": connect from")
    assert log.read_text().count(": connect from") == before
    postfix.wait(token, 10)


def test_second_server_takes_over(another, postfix, token, message):
    gateway = another(smarthost={
        "server": [f"127.0.0.1:{free_port()}", postfix.server]})
    reply = submit(gateway, TO_BOB, message)
    assert reply.code == 250, reply
    postfix.wait(token)
    assert gateway.spooled() == []


def test_smarthost_with_tls_from_the_start(another, postfix, token, message):
    gateway = another(smarthost={"server": [postfix.tls_server],
                                 "tls": "implicit"})
    assert submit(gateway, TO_BOB, message).code == 250
    (delivered,) = postfix.wait(token)
    assert b"TLSv1.3" in delivered.raw


def test_hand_over_is_encrypted(gateway, postfix, token, message):
    assert submit(gateway, TO_BOB, message).code == 250
    (delivered,) = postfix.wait(token)
    smarthosts_own = delivered.message.get_all("Received")[0]
    assert "using TLSv1.3" in smarthosts_own


@pytest.mark.parametrize("why", ["authority", "name"])
def test_smarthost_that_cannot_prove_itself_gets_nothing(
        another, ground, postfix, token, message, why):
    if why == "authority":
        other = ground.certificate("other.example.org", authority="other-ca")
        gateway = another(smarthost={"ca_file": other.ca})
    else:  # reached by an address that is not in its certificate
        gateway = another(smarthost={
            "server": [f"localhost.localdomain:{postfix.port}"]})
    reply = submit(gateway, TO_BOB, message)
    assert reply.code == 250 and ", queued" in reply.text.lower(), reply
    assert postfix.with_text(token) == []
    assert len(gateway.spooled()) == 1


def test_queue_mode_queues_and_then_delivers(
        another, postfix, token, message):
    gateway = another(smarthost={"hand_over": "queue"})
    reply = submit(gateway, TO_BOB, message)
    assert reply.code == 250 and ", queued" in reply.text.lower(), reply
    postfix.wait(token)
    wait_until("the spool is empty", lambda: gateway.spooled() == [])
