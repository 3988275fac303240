"""Who tries passwords, what it costs them, and who does not pay for it."""

import re
import time

import pytest

from evilldap import EvilLdap
from loginrig import gateways, user_binds
from rawsmtp import plain
from rig import wait_until
from servers import PASSWORD

# As the defaults are, but soon.
PATIENCE = {"pair_failures": 4, "address_failures": 12, "user_failures": 1000}
ALICE = PASSWORD["alice"]
LIMITED = (454, "4.7.0")


@pytest.fixture
def evil():
    with EvilLdap() as directory:
        yield directory


@pytest.fixture
def made(ground):
    yield from gateways(ground)


@pytest.fixture
def own(made, evil):
    return lambda **abuse: made(evil, abuse={**PATIENCE, **abuse})


def guess(gateway, user, times, source="127.0.0.1"):
    """So many wrong passwords, none of them twice."""
    for _ in range(times):
        guess.count += 1
        code = gateway.code(user, f"guess {guess.count}", source)
        assert code == 535
    return code


guess.count = 0


def is_banned(gateway, user, password, source="127.0.0.1"):
    reply = gateway.try_login(user, password, source)
    return (reply.code, reply.enhanced()) == LIMITED


def test_a_guesser_is_banned_with_this_user_at_this_address(own, evil):
    gateway = own()
    guess(gateway, "alice", 4)
    evil.forget()
    reply = gateway.try_login("alice", ALICE)  # right, and yet:
    assert (reply.code, reply.enhanced()) == LIMITED
    left = re.search(r"again in (\d+) seconds", reply.text)
    assert 890 <= int(left.group(1)) <= 900
    assert evil.seen("search") == [] and user_binds(evil) == []
    # others there, and Alice elsewhere, do not notice
    assert gateway.code("bob", PASSWORD["bob"]) == 235
    assert gateway.code("alice", ALICE, "127.0.0.2") == 235
    for words in (r"ban kind=pair address=127\.0\.0\.1 user=alice failures=4 "
                  "seconds=900",
                  "login user=alice .*verdict=limited reason=banned"):
        wait_until(words, lambda: re.search(words, gateway.log()))


def test_a_ban_ends(own):
    gateway = own(ban="1s")
    guess(gateway, "alice", 4)
    assert is_banned(gateway, "alice", ALICE)
    wait_until("the ban ends", lambda: gateway.code("alice", ALICE) == 235)


def test_names_that_are_nobodys_count_as_well(own):
    gateway = own()
    guess(gateway, "nosuchuser", 4)
    assert is_banned(gateway, "nosuchuser", "guess")


def test_all_mechanisms_and_workers_count_together(own):
    gateway = own()
    for i in range(4):
        with gateway.client() as client:
            login = client.auth_login if i % 2 else client.auth_plain
            assert login("alice", f"wrong {i}").code == 535
    for _ in range(8):  # whichever worker takes it
        with gateway.client() as client:
            assert client.auth_login("alice", ALICE).code == 454


def test_hanging_up_does_not_make_guesses_free(own):
    gateway = own()
    for i in range(4):
        client = gateway.client()
        client.send(b"AUTH PLAIN %s\r\n"
                    % plain("alice", f"wrong {i}").encode())
        client.close()
    wait_until("the ban", lambda: "ban kind=pair" in gateway.log())
    assert is_banned(gateway, "alice", ALICE)


def test_who_tries_many_users_is_banned_as_a_whole(own):
    gateway = own()
    for i in range(12):
        guess(gateway, f"user{i}", 1)
    with gateway.client() as client:
        reply = client.command("AUTH LOGIN")  # before any name is said
        assert (reply.code, reply.enhanced()) == LIMITED
    assert is_banned(gateway, "bob", PASSWORD["bob"])
    assert gateway.code("bob", PASSWORD["bob"], "127.0.0.2") == 235


def test_an_office_is_not_banned_for_some_phones(own):
    """Three of them, each beyond its number, beside two who are in."""
    gateway = own()
    for user in ("bob", "carol"):
        assert gateway.code(user, PASSWORD[user]) == 235
    for user in ("alice", "eve", "mallory"):
        guess(gateway, user, 4)
        assert is_banned(gateway, user, "guess")
    for user in ("bob", "carol"):
        assert gateway.code(user, PASSWORD[user]) == 235


def test_a_user_under_attack_still_gets_in(own):
    gateway = own(user_failures=6)
    assert gateway.code("alice", ALICE, "127.0.0.9") == 235
    for i in range(6):
        guess(gateway, "alice", 1, f"127.0.1.{i + 1}")
    wait_until("the guard", lambda: (
        "ban kind=user user=alice failures=6" in gateway.log()))
    wait_until("the alarm", lambda: re.search(
        r"alarm event=user_guessed_at user=alice .*last_address=127\.0\.1\.6",
        gateway.log()))
    # where she was before, she may err
    guess(gateway, "alice", 2, "127.0.0.9")
    assert gateway.code("alice", ALICE, "127.0.0.9") == 235
    # where she never was, she gets in, and a guesser has one try
    assert gateway.code("alice", ALICE, "127.0.0.10") == 235
    guess(gateway, "alice", 1, "127.0.1.100")
    assert is_banned(gateway, "alice", ALICE, "127.0.1.100")


def test_refusals_come_later_each_time(own, ground):
    gateway = own(pair_failures=0, max_delay="800ms")
    gateway.reconfigure(auth={"failure_delay": "100ms"})
    gateway.stop()
    gateway.start()
    took = []
    with gateway.client() as client:
        for i in range(6):
            begin = time.monotonic()
            assert client.auth_plain("alice", f"wrong {i}").code == 535
            took.append(time.monotonic() - begin)
        begin = time.monotonic()
        assert client.auth_plain("alice", ALICE).code == 235
        right = time.monotonic() - begin
    for seconds, least in zip(took, (0.1, 0.2, 0.4, 0.8, 0.8, 0.8)):
        assert seconds >= least, took
    assert right < 0.5 and took[5] < 1.5, (right, took)


def test_delays_do_not_keep_others_out(own, evil):
    """Guesses that wait for their answers leave room for logins."""
    gateway = own(pair_failures=0, address_failures=0, max_delay="30s")
    gateway.reconfigure(workers=1, limits={"connections_per_address": 2000,
                                           "auth_timeout": "60s"})
    gateway.stop()
    gateway.start()
    clients = [gateway.client() for _ in range(1100)]
    for i, client in enumerate(clients[:700]):
        client.send(b"AUTH PLAIN %s\r\n" % plain(f"u{i}", "guess").encode())
    wait_until("all guesses are judged", lambda: len(user_binds(evil)) >= 700,
               deadline=60)
    for client in clients[700:]:
        client.send(b"AUTH PLAIN %s\r\n" % plain("alice", ALICE).encode())
    assert {client.reply().code for client in clients[700:]} == {235}
    for client in clients:
        client.close()


def test_who_is_exempt_is_not_banned(own):
    gateway = own(exempt=["127.0.0.0/24"])
    guess(gateway, "alice", 20)
    assert gateway.code("alice", ALICE) == 235
    guess(gateway, "alice", 4, "127.0.1.1")
    assert is_banned(gateway, "alice", ALICE, "127.0.1.1")


def test_bans_are_shown_and_lifted(own):
    gateway = own()
    wait_until("auth can be asked", lambda: gateway.ctl("bans") == (0, ""))
    guess(gateway, "alice", 4)
    guess(gateway, "bob", 4)
    guess(gateway, "bob", 4, "127.0.0.2")
    status, text = gateway.ctl("bans")
    assert status == 0
    assert [re.sub(r"left_s=\d+ ", "", line) for line in text.splitlines()
            ] == ["kind=pair address=127.0.0.1 failures=4 user=alice",
                  "kind=pair address=127.0.0.1 failures=4 user=bob",
                  "kind=pair address=127.0.0.2 failures=4 user=bob"]
    assert gateway.ctl("unban", "nobody")[0] == 1
    assert gateway.ctl("unban", "bob@127.0.0.2") == (0, "lifted=1\n")
    assert gateway.code("bob", PASSWORD["bob"], "127.0.0.2") == 235
    assert gateway.ctl("unban", "127.0.0.1") == (0, "lifted=2\n")
    for user in ("alice", "bob"):
        assert gateway.code(user, PASSWORD[user]) == 235
    assert gateway.ctl("bans") == (0, "")
    guess(gateway, "alice", 4)
    assert gateway.ctl("unban", "all") == (0, "lifted=1\n")
    assert gateway.code("alice", ALICE) == 235
