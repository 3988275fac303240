"""Several directory servers: which one is asked, which one is left alone.

Two real ones, and scripted ones where it matters who was asked what.
"""

import contextlib
import pwd
import socket
import subprocess
import time
import uuid

import pytest

from evilgateway import NO, TROUBLE, YES, evil_gateway, try_login
from evilldap import EvilLdap
from rig import wait_until
from servers import BASE, SERVICE_DN, Slapd

QUICK = {"connect_timeout": "500ms", "operation_timeout": "1s",
         "retry_dead": "500ms"}


def status(gateway):
    """What submitctl status says of each server, by its URI."""
    found = {}
    said = subprocess.run(
        [gateway.bin / "submitctl", "-s", gateway.dir / "control", "status"],
        stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in said.splitlines():
        if line.startswith("ldap_server="):
            values = dict(x.split("=", 1) for x in line.split())
            found[values["ldap_server"]] = values
    return found


def well(gateway, server):
    return status(gateway)[server.uri]["well"] == "yes"


def answered_by(gateway):
    """Which server lets alice in, by the log.

    The line may come after the reply: call it for each login of a test.
    """
    mark = gateway.process.mark()
    assert try_login(gateway) == YES
    return gateway.process.wait_log(
        r" login .* server=(\S+)", since=mark).group(1)


@pytest.fixture(scope="module")
def pair(ground):
    made = [ground.start(Slapd(ground, f"slapd-{uuid.uuid4().hex[:8]}"))
            for _ in range(2)]
    yield made
    for slapd in made:
        slapd.kill()


def test_fails_over_and_back(another, pair):
    first, second = pair
    gateway = another(ldap={**QUICK, "uri": [first.uri, second.uri]})
    assert answered_by(gateway) == first.uri
    first.stop()
    for _ in range(3):
        assert answered_by(gateway) == second.uri
    gateway.process.wait_log(
        rf"ldap_trouble server={first.uri} reason=server_down down=yes")
    assert not well(gateway, first) and well(gateway, second)
    first.start()
    wait_until("the first is well again", lambda: well(gateway, first))
    gateway.process.wait_log(f"ldap_back .*{first.uri} answers again")
    assert answered_by(gateway) == first.uri


def test_frozen_server_costs_one_login_its_time_out(another, pair):
    first, second = pair
    gateway = another(ldap={**QUICK, "uri": [first.uri, second.uri]})
    assert answered_by(gateway) == first.uri
    first.freeze()
    try:
        assert answered_by(gateway) == second.uri
        begin = time.monotonic()
        for _ in range(5):
            assert answered_by(gateway) == second.uri
        assert time.monotonic() - begin < 1
    finally:
        first.thaw()
    wait_until("the first is well again", lambda: well(gateway, first))
    assert answered_by(gateway) == first.uri


def asked(gateway):
    return {uri: int(v["asked"]) for uri, v in status(gateway).items()}


def test_balanced_servers_share_the_logins(another, pair):
    first, second = pair
    gateway = another(ldap={**QUICK, "uri": [first.uri, second.uri],
                            "order": "balanced"})
    for _ in range(30):
        assert try_login(gateway) == YES
    shares = sorted(asked(gateway).values())
    assert shares[0] >= 10 and shares[1] - shares[0] <= 16
    first.stop()
    before = asked(gateway)
    for _ in range(10):
        assert try_login(gateway) == YES
    assert asked(gateway)[first.uri] - before[first.uri] <= 1
    first.start()
    wait_until("the first is well again", lambda: well(gateway, first))
    before = asked(gateway)
    for _ in range(30):
        assert try_login(gateway) == YES
    assert asked(gateway)[first.uri] - before[first.uri] >= 7


@contextlib.contextmanager
def full_backlog():
    """A port whose connections never stand: what a firewall that drops does."""
    with socket.socket() as listening, contextlib.ExitStack() as stack:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(address)
        yield f"ldap://127.0.0.1:{address[1]}"


def test_connection_that_never_stands_costs_its_own_time_out(ground):
    with full_backlog() as dropped, EvilLdap() as directory:
        with evil_gateway(ground, directory, ldap={
                **QUICK, "uri": [dropped, directory.url]}) as gateway:
            begin = time.monotonic()
            assert try_login(gateway) == YES
            assert 0.5 <= time.monotonic() - begin < 2
            gateway.process.wait_log(
                f"server={dropped} reason=timeout down=yes "
                ".*Connection timed out")
            begin = time.monotonic()
            for _ in range(5):
                assert try_login(gateway) == YES
            assert time.monotonic() - begin < 1


# -- all of them down --------------------------------------------------------


def test_nobody_waits_for_servers_known_to_be_dead(ground):
    with EvilLdap() as one, EvilLdap() as other:
        for dead in (one, other):
            dead.accept_silently = True
        with evil_gateway(ground, one, ldap={
                **QUICK, "uri": [one.url, other.url],
                "retry_dead": "1h"}) as gateway:
            assert try_login(gateway) == TROUBLE  # finds it out
            connections = len(one.seen("connect") + other.seen("connect"))
            begin = time.monotonic()
            for _ in range(5):
                assert try_login(gateway) == TROUBLE
                assert try_login(gateway, password="wrong") == TROUBLE
            assert time.monotonic() - begin < 1
            assert connections == len(
                one.seen("connect") + other.seen("connect"))
            gateway.process.wait_log("verdict=trouble reason=all_down")


def test_a_server_that_is_back_is_found_without_a_login(ground):
    with EvilLdap() as directory:
        with evil_gateway(ground, directory, ldap=QUICK) as gateway:
            directory.accept_silently = True
            assert try_login(gateway) == TROUBLE
            wait_until("it is probed",
                       lambda: len(directory.seen("connect")) >= 3)
            directory.forget()
            directory.accept_silently = False
            gateway.process.wait_log("ldap_back")
            # as a login does, but for a person's bind
            assert directory.seen("search") == []
            assert directory.seen("probe")[0].base == BASE
            assert {dn for dn, _ in directory.binds()} == {SERVICE_DN}
            assert try_login(gateway) == YES


def test_a_busy_server_is_left_alone_after_some_failures(ground):
    with EvilLdap() as busy, EvilLdap() as free:
        busy.search = lambda conn, request: 51
        with evil_gateway(ground, busy, ldap={
                **QUICK, "uri": [busy.url, free.url], "failures": 4,
                "retry_dead": "1h"}) as gateway:
            for _ in range(8):
                assert try_login(gateway) == YES
            for down in ("no", "yes"):
                gateway.process.wait_log(
                    f"server={busy.url} reason=busy down={down}")
            assert len(busy.seen("search")) == 4
            assert len(free.seen("search")) == 8


def test_a_server_that_answers_wrongly_is_not_dead(ground):
    """Our account is refused: 454, an error in the log, but it is asked."""
    with EvilLdap() as directory:
        directory.bind = lambda conn, dn, password: 49
        with evil_gateway(ground, directory, ldap=QUICK) as gateway:
            for _ in range(5):
                assert try_login(gateway) == TROUBLE
            assert len(directory.binds()) == 5
            gateway.process.wait_log("reason=service_bind down=no")


# -- who we are to the directory ---------------------------------------------


def role_user():
    """Who submitd-auth becomes when it is started as root."""
    for name in ("submitd-auth", "submitd", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue


class TrustingSlapd(Slapd):
    """The user of submitd-auth, at the local socket, is the service account."""

    globals = (
        "authz-regexp gidNumber={0.pw_gid}\\\\+uidNumber={0.pw_uid},"
        "cn=peercred,cn=external,cn=auth {1}".format(role_user(), SERVICE_DN))


def test_external_bind_needs_no_password(ground, another):
    slapd = ground.start(TrustingSlapd(ground, "slapd-external"))
    try:
        gateway = another(ldap={
            **QUICK, "uri": [slapd.socket_uri], "bind": "external",
            "bind_dn": None, "bind_password_file": None})
        assert try_login(gateway) == YES
        assert try_login(gateway, "alice", "wrong") == NO
        slapd.stop()
        assert try_login(gateway) == TROUBLE
        slapd.start()
        wait_until("it is found again", lambda: try_login(gateway) == YES)
        code, said = gateway.check("--dial")
        assert "bind     ok     EXTERNAL" in said, said
        assert code == 0
    finally:
        slapd.kill()


def test_external_bind_refused_is_our_trouble(another, slapd):
    gateway = another(ldap={
        **QUICK, "uri": [slapd.socket_uri], "bind": "external",
        "bind_dn": None, "bind_password_file": None})
    assert try_login(gateway) == TROUBLE
    assert try_login(gateway, "alice", "wrong") == TROUBLE
