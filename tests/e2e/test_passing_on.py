"""Offers follow the smarthosts, and each gets what it can take.

What all smarthosts known so far take is what the gateway counts on; what one
of them turns out to lack after all never reaches that one.  The scripted sink
holds us to its offers: sink.broken stays empty.
"""

import re
import uuid

import pytest

from conftest import FAST, compose
from gateway import Submitd
from rig import wait_until
from servers import Postfix
from smtpsink import SmtpSink
from test_configuration import submitctl
from test_smarthost_evil import held, queued, said_queued

EIGHTBIT = "Gr\xfc\xdfe.\r\n".encode()
BASE = ("PIPELINING", "CHUNKING")
MANY = ["a@example.org", "b@example.net", "c@example.org", "d@example.net",
        "e@example.org"]


@pytest.fixture(scope="module")
def cert(ground):
    return ground.certificate("smart.example.org", "localhost", "127.0.0.1")


@pytest.fixture
def make_sink(cert):
    """make_sink(offers): one that must not find us beyond its offers."""
    made = []

    def make(*offers, cert=cert):
        made.append(SmtpSink(cert, offers=offers))
        return made[-1]

    yield make
    for sink in made:
        sink.kill()
    for sink in made:
        assert sink.broken == []


@pytest.fixture
def make_gateway(ground, slapd):
    """make_gateway(sink, ..., option=...): one with these servers."""
    made = []

    def make(*servers, **smarthost):
        gateway = Submitd(
            ground, slapd.uri, servers[0].server,
            name=f"submitd-{uuid.uuid4().hex[:8]}",
            spool={"retry_min": "1s", "retry_max": "1s"},
            smarthost={"server": [s.server for s in servers],
                       "connect_timeout": "5s", "retry_dead": "100ms",
                       **smarthost}, **FAST)
        made.append(ground.start(gateway))
        return gateway.start()

    yield make
    for gateway in made:
        gateway.assert_sound()
        gateway.kill()


def offers(gateway):
    """What all smarthosts take, as relay sees it now; none while it starts."""
    found = re.search(r"^offers=(\S+)$", submitctl(gateway, "status")[1], re.M)
    return set(found.group(1).split(",")) if found else set()


def wait_offers(gateway, *wanted):
    wait_until(f"the offers are {wanted}",
               lambda: offers(gateway) == set(wanted))


def begin(client, recipients, parameters=""):
    reply = client.command(f"MAIL FROM:<alice@example.org>{parameters}")
    assert reply.code == 250, reply
    for recipient in recipients:
        reply = client.command(f"RCPT TO:<{recipient}>")
        assert reply.code == 250, reply


def submit(gateway, content, recipients=("bob@example.org",), parameters=""):
    with gateway.login() as client:
        begin(client, recipients, parameters)
        return client.data(content)


def open_data(client):
    """A client whose content is about to come, its MAIL long accepted."""
    begin(client, ["bob@example.org"], " BODY=8BITMIME")
    assert client.command("DATA").code == 354


def end_data(client, content):
    client.send(content + b"\r\n.\r\n")
    return client.reply()


# -- what is offered ---------------------------------------------------------


def test_offers_are_those_of_all_smarthosts(make_sink, make_gateway):
    rich = make_sink(*BASE, "8BITMIME", "SMTPUTF8", "BINARYMIME", "REQUIRETLS",
                     "MT-PRIORITY", "DELIVERBY 60", "SIZE 2000000")
    poor = make_sink("8BITMIME", "SIZE 1000000", "DELIVERBY 120")
    wait_offers(make_gateway(rich), "8BITMIME", "SMTPUTF8", "BINARYMIME",
                "REQUIRETLS", "MT-PRIORITY", "DELIVERBY=60", "SIZE=2000000")
    wait_offers(make_gateway(rich, poor), "8BITMIME", "DELIVERBY=120",
                "SIZE=1000000")
    # TLS that proves nothing is none to require
    wait_offers(make_gateway(rich, tls="may", ca_file=None), "8BITMIME", "SMTPUTF8",
                "BINARYMIME", "MT-PRIORITY", "DELIVERBY=60", "SIZE=2000000")


def test_offers_change_with_a_restarted_smarthost(make_sink, make_gateway):
    sink = make_sink("8BITMIME", "SMTPUTF8")
    gateway = make_gateway(sink)
    wait_offers(gateway, "8BITMIME", "SMTPUTF8")
    sink.stop()
    sink.offers = ("MT-PRIORITY",)
    sink.start()
    wait_offers(gateway, "MT-PRIORITY")
    assert gateway.process.find("smarthost_offers")


def test_smarthost_never_seen_narrows_nothing_until_it_is(
        make_sink, make_gateway):
    sink, late = make_sink("8BITMIME", "SMTPUTF8"), make_sink("8BITMIME")
    late.stop()
    gateway = make_gateway(sink, late)
    wait_offers(gateway, "8BITMIME", "SMTPUTF8")
    late.start()
    wait_offers(gateway, "8BITMIME")


def test_status_shows_each_smarthost(make_sink, make_gateway):
    sink = make_sink("8BITMIME", "DSN", "LIMITS RCPTMAX=7 X=1 MAILMAX=none")
    gateway = make_gateway(sink)
    wait_until("its line is there", lambda: re.search(
        rf"^smarthost={sink.server} .*offers=8BITMIME,DSN,LIMITS,RCPTMAX=7$",
        submitctl(gateway, "status")[1], re.M))


def test_smarthost_without_ehlo_is_spoken_to_in_smtp(
        make_sink, make_gateway, token, message):
    sink = make_sink(cert=None)
    sink.answers["EHLO"] = "502 5.5.1 what is that"
    gateway = make_gateway(sink, tls="may", ca_file=None)
    wait_offers(gateway, "none")
    assert submit(gateway, message).code == 250
    (mail,) = sink.with_text(token)
    assert mail.parameters == []
    assert "HELO submit.example.org" in sink.lines()


# -- what one of them lacks --------------------------------------------------


def test_seven_bit_content_is_not_called_anything_else(
        make_sink, make_gateway, token, message):
    sink = make_sink(*BASE, "8BITMIME")
    gateway = make_gateway(sink)
    assert submit(gateway, message, parameters=" BODY=8BITMIME").code == 250
    (mail,) = sink.with_text(token)
    assert mail.parameters == []


def test_what_came_to_lack_it_is_passed_over(make_sink, make_gateway, token):
    """The first server appears, with less, after MAIL was accepted."""
    first, second = make_sink(*BASE), make_sink(*BASE, "8BITMIME")
    first.stop()
    gateway = make_gateway(first, second)
    wait_offers(gateway, "8BITMIME")
    with gateway.login() as client:
        open_data(client)
        first.start()
        wait_offers(gateway, "none")
        reply = end_data(client, compose(token, EIGHTBIT))
    assert reply.code == 250 and not said_queued(reply), reply
    (mail,) = second.with_text(token)
    assert mail.parameters == ["BODY=8BITMIME"]
    assert EIGHTBIT.strip() in mail.content
    assert first.begun == []


def test_what_nobody_takes_any_more_is_refused_and_not_sent(
        make_sink, make_gateway, token):
    sink = make_sink("8BITMIME", *BASE)
    gateway = make_gateway(sink)
    wait_offers(gateway, "8BITMIME")
    with gateway.login() as client:
        open_data(client)
        sink.stop()
        sink.offers = BASE
        sink.start()
        wait_offers(gateway, "none")
        reply = end_data(client, compose(token, EIGHTBIT))
    assert (reply.code, reply.enhanced()) == (554, "5.6.3"), reply
    assert sink.begun == [] and gateway.spooled() == []


def test_smarthost_that_may_take_it_is_waited_for(
        make_sink, make_gateway, token):
    """Down since the start: nobody knows that it could not."""
    sink, late = make_sink("8BITMIME", *BASE), make_sink("8BITMIME", *BASE)
    late.stop()
    gateway = make_gateway(sink, late)
    wait_offers(gateway, "8BITMIME")
    with gateway.login() as client:
        open_data(client)
        sink.stop()
        sink.offers = BASE
        sink.start()
        wait_offers(gateway, "none")
        assert said_queued(end_data(client, compose(token, EIGHTBIT)))
    late.start()
    late.wait(token)
    wait_until("the queue is empty", lambda: queued(gateway) == [])
    assert sink.begun == []


def test_content_beyond_the_smarthosts_size_is_not_sent(
        make_sink, make_gateway, token):
    sink = make_sink(*BASE, "8BITMIME", "SIZE 9000")
    gateway = make_gateway(sink)
    wait_offers(gateway, "8BITMIME", "SIZE=9000")
    body = b"x" * 70 + b"\r\n"
    reply = submit(gateway, compose(token, body * 200))
    assert (reply.code, reply.enhanced()) == (552, "5.3.4"), reply
    assert sink.begun == []
    assert submit(gateway, compose(token, body * 10)).code == 250
    (mail,) = sink.with_text(token)
    assert mail.parameters == [f"SIZE={len(mail.content)}"]


# -- limits (RFC 9422) -------------------------------------------------------


def assert_each_once(sink, token):
    got = [r for m in sink.with_text(token) for r in m.recipients]
    assert sorted(got) == MANY


@pytest.mark.parametrize("limits, connections, transactions", [
    ("RCPTMAX=2", 1, 3), ("RCPTMAX=5", 1, 1), ("RCPTMAX=1 MAILMAX=2", 3, 5),
    ("RCPTDOMAINMAX=1", 2, 2), ("RCPTDOMAINMAX=1 RCPTMAX=2", 3, 3),
    ("RCPTMAX=nonsense MAILMAX=00 NEW=1", 1, 1)])
def test_recipients_go_in_parts(make_sink, make_gateway, token, message,
                                limits, connections, transactions):
    sink = make_sink(*BASE, "8BITMIME", f"LIMITS {limits}")
    gateway = make_gateway(sink)
    wait_offers(gateway, "8BITMIME")
    reply = submit(gateway, message, MANY)
    assert reply.code == 250 and not said_queued(reply), reply
    assert len(sink.begun) == transactions
    assert_each_once(sink, token)
    used = {n for n, line in sink.commands if line.startswith("MAIL")}
    assert len(used) == connections


def test_limits_are_those_of_the_ehlo_in_tls(
        make_sink, make_gateway, message):
    sink = make_sink("PIPELINING")
    said = []
    sink.answers["EHLO"] = lambda _, connection: said.append(1) or (
        "250 sink\nLIMITS RCPTMAX=1\nSMTPUTF8\n8BITMIME\nSTARTTLS"
        if len(said) % 2 == 1 else "250 sink\nPIPELINING")
    gateway = make_gateway(sink)
    wait_offers(gateway, "none")
    assert submit(gateway, message, MANY).code == 250
    assert len(sink.begun) == 1


def test_part_that_fails_is_the_only_one(
        make_sink, make_gateway, token, message):
    sink = make_sink(*BASE, "8BITMIME", "LIMITS RCPTMAX=2")
    sink.answers["MAIL"] = lambda *_: (
        "451 4.3.0 not now" if len(sink.begun) == 2 else None)
    gateway = make_gateway(sink)
    assert said_queued(submit(gateway, message, MANY))
    wait_until("the queue is empty", lambda: queued(gateway) == [])
    assert_each_once(sink, token)
    assert held(gateway) == []


# -- a real server -----------------------------------------------------------


def test_postfix_is_taken_at_its_word(another, ground, postfix, token):
    gateway = another()
    wait_offers(gateway, "8BITMIME", "SIZE=52428800", "SMTPUTF8")
    reply = submit(gateway, compose(token, EIGHTBIT),
                   parameters=" BODY=8BITMIME")
    assert reply.code == 250, reply
    (delivered,) = postfix.wait(token)
    assert EIGHTBIT.strip() in delivered.raw
    plain = ground.start(Postfix(
        ground, f"postfix-{uuid.uuid4().hex[:8]}",
        smtputf8_enable="no", smtpd_discard_ehlo_keywords="chunking, dsn"))
    gateway = another(smarthost={"server": [plain.server, postfix.server]})
    wait_offers(gateway, "8BITMIME", "SIZE=52428800")
    plain.kill()
