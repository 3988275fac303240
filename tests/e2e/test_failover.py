"""Servers that stall, tire or come back: no mail waits longer than it must.

In docs/architecture.md, section 3, these are the cases where a server is
there but of little use: it is left in time, and not given up too soon.
"""

import itertools
import threading
import time
import uuid

import pytest

from conftest import FAST, compose
from gateway import Submitd
from rig import wait_until
from smtpsink import SILENT, SmtpSink
from test_smarthost_evil import queued, said_queued, submit

HAND_OVER = 10  # seconds; nothing here may take as long


@pytest.fixture(scope="module")
def cert(ground):
    return ground.certificate("smart.example.org", "localhost", "127.0.0.1")


@pytest.fixture
def sinks(cert):
    with SmtpSink(cert) as first, SmtpSink(cert) as second:
        yield first, second


@pytest.fixture
def make_gateway(ground, slapd):
    """make_gateway(sink, ..., option=...): one with these servers."""
    made = []

    def make(*sinks, spool=(), **smarthost):
        gateway = Submitd(
            ground, slapd.uri, sinks[0].server,
            name=f"submitd-{uuid.uuid4().hex[:8]}",
            spool={"retry_min": "1m", "retry_max": "1m", **dict(spool)},
            smarthost={"server": [s.server for s in sinks],
                       "connect_timeout": "1s",
                       "hand_over_timeout": f"{HAND_OVER}s", **smarthost},
            **FAST)
        made.append(ground.start(gateway))
        return gateway.start()

    yield make
    for gateway in made:
        gateway.assert_sound()
        gateway.kill()


def submit_all(gateway, tokens):
    """Submit all at once: for each its reply and its seconds."""
    results = {}

    def one(token):
        begun = time.monotonic()
        reply = submit(gateway, compose(token))
        results[token] = reply, time.monotonic() - begun

    threads = [threading.Thread(target=one, args=(x,)) for x in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(tokens), "some have no reply"
    return results


def assert_live(reply):
    assert reply.code == 250 and not said_queued(reply), reply


def assert_each_once(tokens, *sinks):
    for token in tokens:
        copies = [m for sink in sinks for m in sink.with_text(token)]
        assert len(copies) == 1, token


def assert_known_to_be_down(gateway, second, token):
    """The first server: the next message does not stand in line there."""
    begun = time.monotonic()
    assert_live(submit(gateway, compose(token)))
    assert time.monotonic() - begun < 1  # a turn takes two
    assert_each_once([token], second)


# -- servers that stall ------------------------------------------------------


def test_server_that_never_greets_is_left_for_the_second(
        sinks, make_gateway, token):
    first, second = sinks
    first.answers["GREETING"] = SILENT
    gateway = make_gateway(first, second)
    begun = time.monotonic()
    assert_live(submit(gateway, compose(token)))
    assert time.monotonic() - begun < HAND_OVER / 2
    assert_each_once([token], second)
    assert gateway.spooled() == []
    assert_known_to_be_down(gateway, second, f"{token}-later-")


def test_those_behind_a_stalled_transaction_go_to_the_second(
        sinks, make_gateway, token):
    """Two are caught in it, until their patience ends; the others are not."""
    first, second = sinks
    first.answers["MAIL"] = SILENT
    gateway = make_gateway(first, second, connections=2)
    tokens = [f"{token}-{i}-" for i in range(6)]
    results = submit_all(gateway, tokens)
    caught = [x for x in tokens if said_queued(results[x][0])]
    assert len(caught) <= 2
    for x in set(tokens) - set(caught):
        reply, seconds = results[x]
        assert_live(reply)
        assert seconds < HAND_OVER / 2
    assert_each_once(set(tokens) - set(caught), second)
    assert_known_to_be_down(gateway, second, f"{token}-later-")


# -- servers that tire -------------------------------------------------------


def test_connections_beyond_the_servers_limit_do_not_matter(
        cert, make_gateway, token):
    with SmtpSink(cert) as sink:
        sink.answers["GREETING"] = lambda _, connection: (
            "421 4.7.0 too many connections" if connection.rank() >= 2
            else None)
        # The first refusal comes while the other two are being set up.
        sink.answers["EHLO"] = lambda _, connection: wait_until(
            "one is refused",
            lambda: sink.connections > len(sink.open)) and None
        gateway = make_gateway(sink, connections=10)
        tokens = [f"{token}-{i}-" for i in range(20)]
        results = submit_all(gateway, tokens)
        for reply, _ in results.values():
            assert_live(reply)
        assert_each_once(tokens, sink)
        assert "smarthost_down" not in gateway.log()


def test_connection_that_has_had_enough_is_made_anew(
        cert, make_gateway, token):
    with SmtpSink(cert) as sink:
        def tires(sender, connection):
            mails = [x for x in sink.lines(connection.number)
                     if x.startswith("MAIL")]
            if len(mails) > 3:
                return "421 4.7.0 too many messages on this connection"
            return None

        sink.answers["MAIL"] = tires
        gateway = make_gateway(sink, connections=1)
        tokens = [f"{token}-{i}-" for i in range(10)]
        for x in tokens:
            assert_live(submit(gateway, compose(x)))
        assert_each_once(tokens, sink)
        assert sink.connections == 4
        assert "smarthost_down" not in gateway.log()


# -- servers that come back --------------------------------------------------


def test_queue_does_not_sleep_on_when_the_server_is_back(
        cert, make_gateway, token):
    """Somebody's new mail finds it; the old mail's back-off is a minute."""
    with SmtpSink(cert) as sink:
        sink.stop()
        gateway = make_gateway(sink, retry_dead="1s")
        tokens = [f"{token}-{i}-" for i in range(5)]
        for x in tokens:
            assert said_queued(submit(gateway, compose(x)))
        sink.start()
        news = (f"{token}-new-{i}-" for i in itertools.count())
        wait_until("new mail finds it", lambda: not said_queued(
            submit(gateway, compose(next(news)))))
        wait_until("the queue is empty", lambda: queued(gateway) == [], 10)
        assert_each_once(tokens, sink)
