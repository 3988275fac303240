"""A smarthost that misbehaves: what the client hears, and what becomes of it.

The table of docs/architecture.md, section 3, line by line, and three rules
behind it: what got 250 is not lost; it is sent twice only where nobody could
know; each message is one transaction with exactly its envelope.
"""

import itertools
import os
import signal
import subprocess
import uuid

import pytest

from conftest import FAST, compose
from gateway import Submitd
from rig import wait_until
from smtpsink import OFFERS, SILENT, Cut, Dribble, Late, Raw, SmtpSink

TO = ["bob@example.org", "carol@example.org"]
SPOOL = {"retry_min": "1s", "retry_max": "1s"}
SMARTHOST = {"connect_timeout": "1s", "retry_dead": "100ms",
             "hand_over_timeout": "1s"}


@pytest.fixture(scope="module")
def cert(ground):
    return ground.certificate("smart.example.org", "localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def make_gateway(ground, slapd):
    """make_gateway(sink, section={...}): not ended before the module."""
    def make(*sinks, spool=(), smarthost=(), **changes):
        gateway = Submitd(
            ground, slapd.uri, sinks[0].server,
            name=f"submitd-{uuid.uuid4().hex[:8]}",
            **{**FAST, "spool": {**SPOOL, **dict(spool)},
               "smarthost": {**SMARTHOST,
                             "server": [s.server for s in sinks],
                             **dict(smarthost)}, **changes})
        return ground.start(gateway)

    return make


@pytest.fixture(scope="module")
def shared_sink(cert):
    with SmtpSink(cert) as sink:
        yield sink


@pytest.fixture(scope="module")
def shared(make_gateway, shared_sink):
    gateway = make_gateway(shared_sink).start()
    yield gateway
    gateway.kill()


@pytest.fixture
def sink(shared, shared_sink):
    """The smarthost of the shared gateway, healthy again after the test."""
    shared_sink.heal()
    yield shared_sink
    shared_sink.heal()
    wait_until("nothing is queued", lambda: queued(shared) == [])
    for path in shared.spooled():
        path.unlink()  # held: for an operator who is not there


@pytest.fixture
def own(make_gateway, cert):
    """own(offers=..., section={...}): a sink and a gateway of one's own."""
    made = []

    def make(offers=OFFERS, start=True, **changes):
        sink = SmtpSink(cert, offers=offers)
        gateway = make_gateway(sink, **changes)
        made.extend([sink, gateway])
        if start:
            gateway.start()
        return sink, gateway

    yield make
    for thing in reversed(made):
        thing.kill()


def submit(gateway, content, recipients=TO, mail_parameters=""):
    with gateway.login() as client:
        reply = client.command(
            f"MAIL FROM:<alice@example.org>{mail_parameters}")
        assert reply.code == 250, reply
        for recipient in recipients:
            reply = client.command(f"RCPT TO:<{recipient}>")
            assert reply.code == 250, reply
        return client.data(content)


def said_queued(reply):
    return reply.code == 250 and ", queued" in reply.text.lower()


def in_spool(gateway, directory):
    return [p for p in gateway.spooled() if p.parent.name == directory]


def queued(gateway):
    return in_spool(gateway, "queue")


def held(gateway):
    return in_spool(gateway, "held")


def copies(sink, token):
    """What was sent, without the reports that return it."""
    return [m for m in sink.with_text(token) if m.sender]


def reports(sink, token):
    """What was reported to its sender."""
    return [m for m in sink.with_text(token) if not m.sender]


def assert_delivered_once(gateway, sink, token, recipients=None):
    """All is at rest, and each recipient got one copy."""
    sink.wait(token)
    wait_until("the queue is empty", lambda: queued(gateway) == [])
    got = [r for mail in copies(sink, token) for r in mail.recipients]
    assert sorted(got) == sorted(recipients or TO)


# -- the table, line by line -------------------------------------------------


def test_all_accepted(shared, sink, token, message):
    reply = submit(shared, message)
    assert reply.code == 250 and not said_queued(reply)
    assert "taken by the sink" in reply.text
    (mail,) = sink.with_text(token)
    assert (mail.sender, mail.recipients) == ("alice@example.org", TO)
    assert mail.content.endswith(message + b"\r\n")
    assert shared.spooled() == []
    assert len(sink.begun) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "CONTENT"])
def test_everything_refused_for_good(shared, sink, token, message, step):
    sink.answers[step] = "554 5.7.1 not \twanted\x1b here"
    reply = submit(shared, message)
    assert (reply.code, reply.enhanced()) == (554, "5.7.1"), reply
    assert "wanted" in reply.text and "\x1b" not in reply.text
    assert sink.with_text(token) == []
    assert shared.spooled() == []


def test_refusal_of_data_reaches_the_person(own, token, message):
    sink, gateway = own(offers=())
    sink.answers["DATA"] = "550 5.7.1 no"
    reply = submit(gateway, message)
    assert (reply.code, reply.enhanced()) == (550, "5.7.1"), reply
    assert gateway.spooled() == []


def test_some_accepted_some_refused(shared, sink, token, message):
    sink.answers["RCPT"] = lambda to, conn: (
        "550 5.1.1 nobody" if to == TO[0] else None)
    reply = submit(shared, message)
    assert reply.code == 250, reply
    (mail,) = copies(sink, token)
    assert mail.recipients == [TO[1]]
    sink.wait(token, 2)
    (report,) = reports(sink, token)
    assert report.recipients == ["alice@example.org"]
    assert TO[0].encode() in report.content
    assert TO[1].encode() not in report.content
    assert held(shared) == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "CONTENT"])
def test_temporary_refusal(shared, sink, token, message, step):
    sink.answers[step] = "451 4.3.0 not now"
    assert said_queued(submit(shared, message))
    assert sink.with_text(token) == []
    assert len(queued(shared)) == 1
    sink.answers.clear()
    assert_delivered_once(shared, sink, token)


def test_no_connection(shared, sink, token, message):
    sink.stop()
    assert said_queued(submit(shared, message))
    sink.start()
    assert_delivered_once(shared, sink, token)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "CONTENT"])
def test_silence(shared, sink, token, message, step):
    sink.answers[step] = SILENT
    assert said_queued(submit(shared, message))
    sink.heal()
    assert_delivered_once(shared, sink, token)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "CONTENT"])
@pytest.mark.parametrize("answer", [
    Cut(), Raw(b"250"), Raw(b"\0\0\0\0\r\n"), Raw(b"whatever\r\n"),
    Raw(b"999 ok\r\n"), Raw(b"250-a\r\n550 b\r\n"), Raw(b"2" * 200000),
    "421 4.3.2 closing"],
    ids=["cut", "half", "nul", "words", "999", "two-codes", "flood", "421"])
def test_no_usable_reply(shared, sink, token, message, step, answer):
    seen = []
    mark = shared.process.mark()
    sink.answers[step] = lambda argument, conn: (
        seen.append(step) or (answer if len(seen) == 1 else None))
    reply = submit(shared, message)
    assert reply.code == 250, reply
    if answer == b"250":
        sink.drop()  # nobody waits ten minutes for the other half
    sink.wait(token)
    wait_until("the queue is empty", lambda: queued(shared) == [])
    copies = len(sink.with_text(token))
    # A server that takes a message and says so in no words we know gets it
    # again, and the log says so.
    unsure = shared.process.find("may_be_sent_twice=yes", mark)
    assert copies == 1 or (copies == 2 and unsure), copies
    assert not (unsure and isinstance(answer, str)), "421 is an answer"


@pytest.fixture
def small_disk(ground):
    """A directory on a file system of 1 MB."""
    path = ground.directory(f"disk-{uuid.uuid4().hex[:8]}")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755",
                           "tmpfs", path], stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        pytest.skip("cannot mount")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_spool_cannot_take_it_either(small_disk, own, token, message):
    sink, gateway = own(spool={"directory": small_disk / "spool"},
                        limits={"message_size": 65536})
    body = (b"x" * 78 + b"\r\n") * 500
    sink.stop()
    replies = []
    while len(replies) < 50 and (not replies or replies[-1].code == 250):
        replies.append(begin_or_submit(
            gateway, compose(f"{token}-{len(replies)}-", body)))
    assert (replies[-1].code, replies[-1].enhanced()) == (452, "4.3.1")
    promised = len(replies) - 1
    assert promised > 3 and len(queued(gateway)) == promised
    sink.start()
    for i in range(promised):
        sink.wait(f"{token}-{i}-")
    wait_until("the queue is empty", lambda: queued(gateway) == [])
    assert len(sink.with_text(token)) == promised
    assert begin_or_submit(gateway, message).code == 250, "room again"


def begin_or_submit(gateway, content):
    """The first reply that is not as usual, or that to the content."""
    with gateway.login() as client:
        for command in ("MAIL FROM:<alice@example.org>",
                        "RCPT TO:<bob@example.org>", "DATA"):
            reply = client.command(command)
            if reply.code not in (250, 354):
                return reply
        client.send(content + b"\r\n.\r\n")
        return client.reply()


# -- every combination for two recipients ------------------------------------

SAYS = {"ok": None, "later": "450 4.2.1 later", "no": "550 5.1.1 no"}


@pytest.mark.parametrize("offers", [OFFERS, ()], ids=["one-flight", "plain"])
def test_every_combination_for_two_recipients(own, token, offers):
    sink, gateway = own(offers=offers)
    for first, second in itertools.product(SAYS, SAYS):
        name = f"{token}-{first}-{second}-"
        says = dict(zip(TO, (SAYS[first], SAYS[second])))
        sink.answers["RCPT"] = lambda to, conn: says.get(to)
        reply = submit(gateway, compose(name))
        both = {first, second}
        if both == {"no"}:
            assert reply.code == 550, (name, reply)
        else:
            assert reply.code == 250, (name, reply)
        assert said_queued(reply) == ("later" in both), (name, reply)
        sink.answers.clear()
        wanted = [r for r, w in zip(TO, (first, second)) if w != "no"]
        if wanted:
            assert_delivered_once(gateway, sink, name, wanted)
        told = "no" in both and len(both) == 2
        wait_until("what failed is reported",
                   lambda: len(reports(sink, name)) == told)
        assert held(gateway) == []
        sink.heal()


# -- nobody could know -------------------------------------------------------


def test_late_reply_cancels_the_queued_copy(shared, sink, token, message):
    sink.answers["CONTENT"] = Late("250 2.0.0 at last")
    assert said_queued(submit(shared, message))
    assert len(queued(shared)) == 1
    sink.release()
    wait_until("the queue is empty", lambda: queued(shared) == [])
    assert len(sink.with_text(token)) == 1
    assert len(sink.begun) == 1, "it was sent again"


def test_late_refusal_is_reported(shared, sink, token, message):
    sink.answers["CONTENT"] = lambda mail, conn: (
        Late("554 5.6.0 no, after all") if mail.sender else None)
    assert said_queued(submit(shared, message))
    sink.release()
    sink.wait(token, 1)
    (report,) = reports(sink, token)
    assert b"554 5.6.0 no, after all" in report.content
    wait_until("the queue is empty", lambda: queued(shared) == [])
    assert held(shared) == [] and copies(sink, token) == []


@pytest.mark.parametrize("taken", [False, True])
def test_connection_lost_behind_the_last_octet(
        shared, sink, token, message, taken):
    """Kept and sent again: twice at most, never not at all."""
    mark = shared.process.mark()
    sink.answers["CONTENT"] = Cut(taken=taken)
    reply = submit(shared, message)
    assert said_queued(reply)
    shared.process.wait_log("may_be_sent_twice=yes", since=mark)
    sink.answers.clear()
    sink.wait(token, 1 + taken)
    wait_until("the queue is empty", lambda: queued(shared) == [])
    assert len(sink.with_text(token)) == 1 + taken


def test_connection_lost_before_the_last_octet_is_not_unsure(
        own, token, message):
    sink, gateway = own(offers=())
    sink.answers["DATA"] = Cut()
    mark = gateway.process.mark()
    assert said_queued(submit(gateway, message))
    line = gateway.process.wait_log(r"relay\[\d+\] \S+ delivery ", since=mark).string
    assert "may_be_sent_twice" not in line
    sink.answers.clear()
    assert_delivered_once(gateway, sink, token)


@pytest.mark.parametrize("run", range(3))
def test_relay_killed_behind_its_promise(own, token, message, run):
    sink, gateway = own()
    sink.answers["MAIL"] = "451 4.3.0 not now"
    assert said_queued(submit(gateway, message))
    (victim,) = gateway.roles("submitd-relay")
    os.kill(victim, signal.SIGKILL)
    sink.answers.clear()
    assert_delivered_once(gateway, sink, token)
    assert len(sink.with_text(token)) == 1


def test_all_killed_behind_the_promise(own, token, message):
    sink, gateway = own()
    sink.stop()
    assert said_queued(submit(gateway, message))
    gateway.kill()
    sink.start()
    gateway.start()
    assert_delivered_once(gateway, sink, token)


# -- servers of all kinds ----------------------------------------------------


@pytest.mark.parametrize("offers", [
    (), ("PIPELINING",), ("CHUNKING",), ("PIPELINING", "CHUNKING"),
    ("SIZE 1000000",), OFFERS], ids=lambda o: "+".join(o) or "none")
def test_content_arrives_octet_for_octet(own, token, offers):
    sink, gateway = own(offers=offers)
    body = (b".\r\n..\r\n.x\r\n" + bytes(range(32, 127)) + b"\r\n") * 3000
    content = compose(token, body)
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    reply = submit(gateway, stuffed)
    assert reply.code == 250 and not said_queued(reply), reply
    (mail,) = sink.with_text(token)
    assert mail.content.endswith(b"\r\n" + content + b"\r\n")
    assert (f"SIZE={len(mail.content)}" in mail.parameters) == any(
        o.startswith("SIZE") for o in offers)


def test_8bit_content_needs_8bitmime(own, token):
    sink, gateway = own(offers=("PIPELINING", "CHUNKING"))
    content = compose(token, "Gr\u00fc\u00dfe\r\n".encode())
    with gateway.login() as client:
        wait_until("it is known", lambda: "8BITMIME" not in client.ehlo())
        reply = client.command("MAIL FROM:<alice@example.org> BODY=8BITMIME")
        assert (reply.code, reply.enhanced()) == (555, "5.5.4"), reply
    reply = submit(gateway, content)
    assert (reply.code, reply.enhanced()) == (554, "5.6.1"), reply
    assert sink.begun == [] and gateway.spooled() == []
    sink.offers = OFFERS
    sink.drop()
    with gateway.login() as client:
        wait_until("it is known", lambda: "8BITMIME" in client.ehlo())
    reply = submit(gateway, content, mail_parameters=" BODY=8BITMIME")
    assert reply.code == 250, reply
    (mail,) = sink.with_text(token)
    assert "BODY=8BITMIME" in mail.parameters


def test_reply_in_single_octets(shared, sink, token, message):
    for step in ("MAIL", "RCPT"):
        sink.answers[step] = Dribble("250 2.1.0 fine\nreally")
    sink.answers["CONTENT"] = Dribble("250-2.0.0 taken\nat\nlast")
    reply = submit(shared, message)
    assert reply.code == 250 and not said_queued(reply), reply


@pytest.mark.parametrize("step,answer", [
    ("GREETING", "554 5.7.1 go away"), ("GREETING", "421 4.3.2 later"),
    ("GREETING", Raw(b"SSH-2.0-OpenSSH\r\n")), ("GREETING", Cut()),
    ("EHLO", "550 5.7.1 not you"), ("EHLO", Cut()),
    ("STARTTLS", "454 4.7.0 no"), ("STARTTLS", "502 5.5.1 no"),
    ("STARTTLS", Cut()), ("STARTTLS", Raw(b"220 go\r\n250 fine\r\n"))],
    ids=lambda v: v if isinstance(v, str) else type(v).__name__)
def test_refusal_of_us_is_not_one_of_the_message(
        own, token, message, step, answer):
    """... but for the operator to mend: nobody's mail is refused for it."""
    sink, gateway = own(start=False)
    sink.answers[step] = answer
    gateway.start()
    assert said_queued(submit(gateway, message))
    assert sink.begun == []
    sink.answers.clear()
    assert_delivered_once(gateway, sink, token)


def test_second_server_takes_over_at_any_step(
        make_gateway, cert, token):
    with SmtpSink(cert) as first, SmtpSink(cert) as second:
        gateway = make_gateway(first, second).start()
        try:
            steps = [("MAIL", "451 4.3.0 no"), ("MAIL", "421 4.3.2 no"),
                     ("RCPT", "451 4.3.0 no"), ("RCPT", Raw(b"x\r\n")),
                     ("CONTENT", "451 4.3.0 no"), ("GREETING", Cut()),
                     ("EHLO", "421 4.3.2 no")]
            for i, (step, answer) in enumerate(steps):
                first.answers[step] = answer
                if step in ("GREETING", "EHLO"):
                    first.drop()
                reply = submit(gateway, compose(f"{token}-{i}-"))
                assert reply.code == 250, reply
                if not isinstance(answer, Raw):
                    assert not said_queued(reply), (step, answer)
                    assert second.with_text(f"{token}-{i}-")
                first.heal()
                wait_until("at rest", lambda: gateway.spooled() == [])
                copies = (first.with_text(f"{token}-{i}-")
                          + second.with_text(f"{token}-{i}-"))
                assert len(copies) == 1, (step, answer)
        finally:
            gateway.kill()


def test_only_the_open_recipients_go_to_the_second_server(
        make_gateway, cert, token, message):
    with SmtpSink(cert) as first, SmtpSink(cert) as second:
        first.answers["RCPT"] = lambda to, conn: (
            "450 4.2.1 later" if to == TO[0] else None)
        gateway = make_gateway(first, second).start()
        try:
            reply = submit(gateway, message)
            assert reply.code == 250 and not said_queued(reply), reply
            assert [m.recipients for m in first.taken] == [[TO[1]]]
            assert [m.recipients for m in second.taken] == [[TO[0]]]
            assert gateway.spooled() == []
        finally:
            gateway.kill()


# -- connections that are kept -----------------------------------------------


def test_connection_that_died_unnoticed_costs_nothing(
        shared, sink, token):
    for i in range(5):
        reply = submit(shared, compose(f"{token}-{i}-"))
        assert reply.code == 250 and not said_queued(reply), reply
        sink.drop()
    for i in range(5):
        assert len(sink.with_text(f"{token}-{i}-")) == 1


def test_n_messages_are_n_transactions(shared, sink, token):
    """What looks like the end of a message inside one begins no other."""
    bodies = [b"x\r\n", b".\r\n" * 10, b"..\r\n.\r\nMAIL FROM:<a@b>\r\n",
              b"\r\n.\r\nQUIT\r\n", b"BDAT 10 LAST\r\n", b"." * 900 + b"\r\n"]
    for i, body in enumerate(bodies):
        content = compose(f"{token}-{i}-", body)
        reply = submit(shared, content.replace(b"\r\n.", b"\r\n.."), TO[:1])
        assert reply.code == 250 and not said_queued(reply), reply
    assert len(sink.begun) == len(sink.taken) == len(bodies)
    for mail in sink.begun:
        assert (mail.sender, mail.recipients) == ("alice@example.org", TO[:1])


def test_poison_does_not_block_the_others(shared, sink, token):
    """One message that makes the server hang up, and others around it."""
    sink.answers["CONTENT"] = lambda mail, conn: (
        Cut() if b"poison" in mail.content else None)
    assert said_queued(submit(shared, compose(f"{token}-poison")))
    for i in range(5):
        reply = submit(shared, compose(f"{token}-{i}-"))
        assert reply.code == 250 and not said_queued(reply), reply
    sink.answers.clear()
    assert_delivered_once(shared, sink, f"{token}-poison")


def test_server_is_not_asked_while_it_is_known_to_be_down(make_gateway, cert):
    with SmtpSink(cert) as sink:
        sink.answers["GREETING"] = "421 4.3.2 later"
        gateway = make_gateway(sink, smarthost={"retry_dead": "60s"},
                               spool={"retry_min": "60s",
                                      "retry_max": "60s"}).start()
        try:
            for i in range(5):
                assert said_queued(submit(gateway, compose(f"{i}")))
            # the question at the start, and the first message's own
            assert sink.connections == 2
        finally:
            gateway.kill()


def test_unreachable_and_then_back(make_gateway, cert, token):
    sink = SmtpSink(cert)
    sink.stop()
    gateway = make_gateway(sink).start()
    try:
        for i in range(10):
            assert said_queued(submit(gateway, compose(f"{token}-{i}-")))
        assert len(queued(gateway)) == 10
        sink.start()
        for i in range(10):
            sink.wait(f"{token}-{i}-")
        wait_until("the queue is empty", lambda: queued(gateway) == [])
        assert len(sink.with_text(token)) == 10
    finally:
        gateway.kill()
        sink.kill()
