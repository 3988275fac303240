"""389 Directory Server: its policy's words, and accounts that are inactive.

Skipped where the package 389-ds-base is not installed; what it says is
scripted in test_ldap_policy.py, too.
"""

import pytest

from dirsrv import PROGRAM, Dirsrv, person
from evilgateway import NO, YES, evil_gateway
from servers import BASE
from test_ldap_policy import judged

WORD = "battery staple"

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="389-ds-base is not installed")


@pytest.fixture(scope="module")
def directory(ground):
    entries = "".join(person(name, WORD) for name in (
        "alice", "locked", "reset")) + person(
            "inactive", WORD, "nsAccountLock: TRUE")
    directory = ground.start(Dirsrv(ground, entries))
    directory.modify("cn=config", passwordLockout="on", passwordMaxFailure=3,
                     passwordMustChange="on")
    directory.modify(f"uid=reset,{BASE}", userPassword=WORD)
    yield directory
    directory.kill()


@pytest.fixture(scope="module")
def gateway(ground, directory):
    with evil_gateway(ground, directory) as gateway:
        yield gateway


def test_login(gateway):
    assert judged(gateway, "alice", WORD)[:2] == (YES, "ok")
    assert judged(gateway, "alice", "wrong")[:2] == (NO, "password")
    assert judged(gateway, "nosuch", WORD)[:2] == (NO, "unknown_user")


def test_account_locks_after_wrong_passwords(gateway):
    for _ in range(3):
        judged(gateway, "locked", "wrong")
    assert judged(gateway, "locked", WORD)[:2] == (NO, "locked")


def test_password_to_be_changed_first(gateway):
    assert judged(gateway, "reset", WORD)[:2] == (NO, "must_change")


def test_inactive_account(ground, directory, gateway):
    assert judged(gateway, "inactive", WORD)[:2] == (NO, "locked")
    with evil_gateway(ground, directory, ldap={
            "filter": "(&(uid=%u)(!(nsAccountLock=TRUE)))"}) as strict:
        assert judged(strict, "inactive", WORD)[:2] == (NO, "unknown_user")
        assert judged(strict, "alice", WORD)[:2] == (YES, "ok")
