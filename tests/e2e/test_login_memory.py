"""What is remembered of logins: the directory is asked less, and not less
is true."""

import threading

import pytest

from evilldap import BIND_RESPONSE, SILENT, EvilLdap, result
from loginrig import gateways, user_binds
from rig import wait_until
from servers import PASSWORD, SERVICE_DN

ON = {"login_cache": "1h", "login_cache_stale": "2h",
      "wrong_password_memory": "1h"}
STALE_ONLY = {"login_cache_stale": "2h"}
ALICE = PASSWORD["alice"]


@pytest.fixture
def evil():
    with EvilLdap() as directory:
        yield directory


@pytest.fixture
def own(ground):
    yield from gateways(ground)


def test_an_old_phone_locks_no_account(own, evil):
    """20 times the same wrong password: one bind; and it is no guess."""
    gateway = own(evil, auth=ON, abuse={"pair_failures": 3})
    for _ in range(20):
        reply = gateway.try_login("alice", "old password")
        assert (reply.code, reply.enhanced()) == (535, "5.7.8"), reply
    assert len(user_binds(evil)) == 1
    assert gateway.code("alice", ALICE) == 235
    assert gateway.code("alice", ALICE, "127.0.0.2") == 235


def test_phones_elsewhere_and_other_passwords_are_asked_for(own, evil):
    gateway = own(evil, auth=ON)
    for source in ("127.0.0.1", "127.0.0.2"):
        for password in ("old password", "older password"):
            for _ in range(2):
                assert gateway.code("alice", password, source) == 535
    assert len(user_binds(evil)) == 4


def test_a_locked_account_is_left_alone(own, evil):
    """Active Directory's word for it; each bind might lock for longer."""
    gateway = own(evil, auth={**ON, "locked_memory": "1h"})
    text = "80090308: LdapErr: DSID-0C090400, AcceptSecurityContext error, "
    evil.bind = lambda conn, dn, password: 0 if dn == SERVICE_DN else [
        result(BIND_RESPONSE, 49, text + "data 775, v1db1")]
    for password in ("guess", ALICE, "guess", "another"):
        reply = gateway.try_login("alice", password)
        assert (reply.code, reply.enhanced()) == (535, "5.7.8"), reply
    assert len(user_binds(evil)) == 1
    assert gateway.reasons(4) == ["locked"] + 3 * ["still_locked"]
    del evil.__dict__["bind"]  # the operator opens it
    assert gateway.ctl("cache", "flush", "alice")[0] == 0
    assert gateway.code("alice", ALICE) == 235


def test_a_right_password_is_asked_for_once(own, evil):
    gateway = own(evil, auth=ON)
    for _ in range(5):
        assert gateway.code("alice", ALICE) == 235
    assert len(user_binds(evil)) == 1
    assert gateway.reasons(5) == ["ok"] + 4 * ["cached"]
    assert gateway.code("alice", ALICE + "x") == 535
    assert gateway.code("bob", ALICE) == 535
    assert gateway.code("bob", PASSWORD["bob"]) == 235
    assert len(user_binds(evil)) == 4


def test_a_cached_login_is_as_good_as_the_first(own, evil):
    """The same addresses, and no others."""
    gateway = own(evil, auth=ON)
    for _ in range(2):
        with gateway.client() as client:
            assert client.auth_plain("alice", ALICE).code == 235
            assert client.command("MAIL FROM:<alice@example.org>").code == 250
            client.command("RSET")
            assert client.command("MAIL FROM:<bob@example.org>").code == 550
    assert gateway.reasons(2) == ["ok", "cached"]


def test_a_new_password_ends_the_old_one(own, evil):
    gateway = own(evil, auth=ON)
    assert gateway.code("alice", ALICE) == 235
    evil.people["alice"] = ("new password", evil.people["alice"][1])
    assert gateway.code("alice", ALICE) == 235  # as long as login_cache
    assert gateway.code("alice", "new password") == 235
    assert gateway.code("alice", ALICE) == 535
    assert gateway.code("alice", "new password") == 235


def test_nothing_is_remembered_when_it_is_off(own, evil):
    gateway = own(evil)  # the rig's defaults
    for _ in range(3):
        assert gateway.code("alice", ALICE) == 235
        assert gateway.code("alice", "wrong") == 535
    assert len(user_binds(evil)) == 6


def stop(evil):
    evil.__exit__()


def freeze(evil):
    """It takes connections and questions, and says nothing."""
    evil.bind = evil.search = lambda *_: SILENT


def hush(evil):
    """It takes connections only."""
    evil.accept_silently = True
    evil.drop()


@pytest.mark.parametrize("trouble", [stop, freeze, hush])
def test_who_was_in_gets_in_while_the_directory_is_down(own, evil, trouble):
    gateway = own(evil, auth=STALE_ONLY)
    assert gateway.code("alice", ALICE) == 235
    trouble(evil)
    assert gateway.code("alice", ALICE) == 235
    assert gateway.reasons(2)[1] == "cache_stale"
    for user, password in (("alice", "wrong"), ("alice", ""),
                           ("bob", PASSWORD["bob"]), ("nobody", ALICE)):
        reply = gateway.try_login(user, password)
        # an empty password is nobody's, whoever is asked
        assert reply.code == (535 if password == "" else 454), reply
    assert gateway.code("alice", ALICE) == 235


def test_nobody_gets_in_stale_while_one_server_is_well(own, evil):
    """One is gone, the other is not, and says no."""
    with EvilLdap() as second:
        gateway = own(second, evil, auth=STALE_ONLY)
        assert gateway.code("alice", ALICE) == 235
    del evil.people["alice"]
    assert gateway.code("alice", ALICE) == 535
    stop(evil)
    assert gateway.code("alice", ALICE) == 454


def test_a_directory_that_is_back_is_asked(own, evil):
    gateway = own(evil, auth=STALE_ONLY)
    assert gateway.code("alice", ALICE) == 235
    freeze(evil)
    assert gateway.code("alice", ALICE) == 235
    evil.people["alice"] = ("new password", evil.people["alice"][1])
    for answer in ("bind", "search"):
        evil.__dict__.pop(answer)
    evil.drop()
    wait_until("it is asked again",
               lambda: gateway.code("alice", ALICE) == 535)
    freeze(evil)
    assert gateway.code("alice", ALICE) == 454


def test_the_operator_flushes_one_user_or_all(own, evil):
    gateway = own(evil, auth=ON)
    for user in ("alice", "bob"):
        assert gateway.code(user, PASSWORD[user]) == 235
    assert gateway.code("alice", "typo") == 535
    evil.forget()
    status, text = gateway.ctl("cache", "flush", "alice")
    assert (status, text) == (0, "flushed=1\n")
    assert gateway.code("bob", PASSWORD["bob"]) == 235
    assert user_binds(evil) == []
    assert gateway.code("alice", ALICE) == 235
    assert gateway.code("alice", "typo") == 535
    assert len(user_binds(evil)) == 2
    assert gateway.ctl("cache", "flush") == (0, "flushed=2\n")
    assert gateway.code("bob", PASSWORD["bob"]) == 235
    assert len(user_binds(evil)) == 3


def test_a_burst_of_logins_stays_right(own, evil):
    """Right and wrong ones at once, on all threads and both workers."""
    gateway = own(evil, auth=ON)
    codes = {}

    def run(i):
        user = ("alice", "bob", "carol")[i % 3]
        right = i % 2 == 0
        password = PASSWORD[user] if right else f"wrong {i % 5}"
        codes[i] = (right, gateway.code(user, password,
                                        f"127.0.0.{1 + i % 7}"))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 200
    for right, code in codes.values():
        assert code == (235 if right else 535)
