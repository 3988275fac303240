"""The processes: what each may do, how they start, how they end."""

import pathlib
import re
import stat
import threading

import pytest

from conftest import compose
from rawsmtp import Smtp
from rig import RigError, descendants, status_field, wait_until

ROLES = {"submitd-smtp", "submitd-auth", "submitd-relay"}
FORBIDDEN = {
    "submitd": ("libssl", "libcrypto", "libldap", "liblber", "libsasl2"),
    "submitd-smtp": ("libldap", "liblber", "libsasl2", "libconfuse"),
    "submitd-auth": ("libssl", "libconfuse"),
    "submitd-relay": ("libldap", "liblber", "libconfuse"),
}
HAS = {"submitd-smtp": "libssl", "submitd-auth": "libldap",
       "submitd-relay": "libssl"}


def everybody(gateway):
    return {"submitd": [gateway.process.pid], **gateway.roles()}


@pytest.mark.parametrize("program", FORBIDDEN)
def test_process_holds_only_the_libraries_of_its_job(gateway, program):
    for pid in everybody(gateway)[program]:
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
        assert program in maps
        if program in HAS:
            assert HAS[program] in maps, "the test looks at the wrong place"
        for library in FORBIDDEN[program]:
            assert library not in maps


def test_each_role_runs_as_often_as_it_should(gateway):
    assert {name: len(pids) for name, pids in gateway.roles().items()} == {
        "submitd-smtp": 2, "submitd-auth": 1, "submitd-relay": 1}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_role_has_given_up_root(gateway, role):
    for pid in gateway.roles(role):
        assert "0" not in status_field(pid, "Uid").split()
        assert "0" not in status_field(pid, "Gid").split()
        assert status_field(pid, "Groups") == ""
        for field in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            assert int(status_field(pid, field), 16) == 0, field
        assert status_field(pid, "NoNewPrivs") == "1"
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits)


@pytest.mark.parametrize("role", ["submitd-smtp", "submitd-relay"])
def test_role_sees_only_its_own_directory(gateway, role):
    """Not the spool for smtp, nothing but the spool for relay."""
    for pid in gateway.roles(role):
        root = pathlib.Path(f"/proc/{pid}/root")
        assert not (root / "etc/passwd").exists()
        if role == "submitd-smtp":
            assert list(root.iterdir()) == []


def test_worker_holds_no_file_of_the_spool(gateway):
    for pid in gateway.roles("submitd-smtp"):
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(fd.readlink())
            except OSError:
                continue
            assert "spool" not in target and "secret" not in target


def test_ordinary_user_gets_everything_but_the_walls(
        another, postfix, token):
    gateway = another(user="nobody")
    with gateway.login() as client:
        reply = client.mail("alice@example.org", ["bob@example.org"],
                            compose(token))
        assert reply.code == 250, reply
    postfix.wait(token)
    gateway.process.wait_log(r"\bunprivileged\b")
    for pids in gateway.roles().values():
        for pid in pids:
            assert status_field(pid, "NoNewPrivs") == "1"
    gateway.stop()


def test_sigterm_lets_a_message_in_flight_finish(another, postfix, token):
    gateway = another()
    with gateway.login() as client, gateway.login() as idle:
        client.command("MAIL FROM:<alice@example.org>")
        client.command("RCPT TO:<bob@example.org>")
        assert client.command("DATA").code == 354
        content = compose(token, b"first\r\nsecond\r\n")
        client.send(content[:-8])
        mark = gateway.process.mark()
        gateway.process.signal(15)
        gateway.process.wait_log(r"\bstopping\b", since=mark)
        assert idle.reply().code == 421  # nothing in flight: told at once
        client.send(content[-8:] + b"\r\n.\r\n")
        reply = client.reply()
        assert reply.code == 250, reply
    assert gateway.process.wait() == 0
    assert len(postfix.wait(token)) == 1


def test_sigterm_does_not_wait_for_ever(another):
    gateway = another(limits={"shutdown_timeout": "500ms"})
    with gateway.login() as client:
        client.command("MAIL FROM:<alice@example.org>")
        client.command("RCPT TO:<bob@example.org>")
        assert client.command("DATA").code == 354
        gateway.stop(deadline=5)
    assert gateway.spooled() == []


def test_end_leaves_nothing_running(another):
    gateway = another()
    assert set(gateway.roles()) == ROLES
    gateway.stop()  # RigError if anything is left
    assert not descendants(gateway.process.pid)


def test_good_configuration_is_said_to_be_good(another):
    status, said = another(start=False).check()
    assert status == 0, said


MISTAKES = {
    "unknown key": ({"spool": {"directry": "/x"}}, "directry"),
    "not a number": ({"limits": {"recipients": "many"}}, "recipients"),
    "not a choice": ({"smarthost": {"hand_over": "maybe"}}, "hand_over"),
    "out of range": ({"limits": {"recipients": 0}}, "recipients"),
    "not a filter": ({"ldap": {"filter": "(uid=%u"}}, "filter"),
    "no certificate": ({"tls": {"certificate": "/nonexistent/cert.pem"}},
                       "/nonexistent/cert.pem"),
    "plain ldap far away": ({"ldap": {"uri": ["ldap://192.0.2.1"]}}, "uri"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_mistake_is_told_with_its_place(another, what):
    changes, word = MISTAKES[what]
    gateway = another(start=False, **changes)
    status, said = gateway.check()
    assert status == 1, said
    assert re.search(rf"{re.escape(str(gateway.file))}:\d+:", said), said
    assert word in said


@pytest.mark.parametrize("which", ["secret", "key"])
def test_secret_that_others_can_read_is_refused(another, which):
    gateway = another(start=False)
    path = gateway.secret if which == "secret" else gateway.dir / "tls.key"
    path.chmod(0o644)
    status, said = gateway.check()
    assert status == 1 and str(path) in said, said
    path.chmod(0o600)
    assert gateway.check()[0] == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_dial_tells_each_step(another, slapd, postfix):
    status, said = another(
        start=False, ldap={"uri": [slapd.tls_uri]}).check("--dial")
    assert status == 0, said
    for word in (slapd.tls_uri, postfix.server, "TLS"):
        assert word in said, said


def test_dial_tells_what_is_wrong(another, ground, postfix):
    other = ground.certificate("other.example.org", authority="other-ca")
    gateway = another(start=False, smarthost={"ca_file": other.ca})
    status, said = gateway.check("--dial")
    assert status == 1, said
    assert re.search(r"smarthost .*FAILED.*certificate", said, re.I), said


def test_control_socket_answers_its_owner_alone(another):
    gateway = another()
    path = gateway.dir / "control"
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert path.stat().st_mode & 0o007 == 0


def test_clients_beyond_the_limit_are_told_to_wait(another):
    gateway = another(workers=1, limits={"connections_per_address": 3})
    inside = []

    def fill():
        """Start-up's own connections may still count for a moment."""
        client = Smtp(gateway.port)
        if client.greeting.code == 220:
            inside.append(client)
        return len(inside) == 3

    wait_until("three are let in", fill)
    with Smtp(gateway.port) as client:
        assert client.greeting.code == 421
        assert client.ended()
    inside.pop().close()
    wait_until("one more is let in", fill)


def test_many_clients_at_once_are_served(gateway, postfix, token):
    problems = []

    def one(number):
        try:
            with gateway.login() as client:
                reply = client.mail("alice@example.org", ["bob@example.org"],
                                    compose(f"{token}-{number}-"))
                if reply.code != 250:
                    problems.append(reply)
        except (OSError, EOFError, RigError, AssertionError) as error:
            problems.append(error)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(postfix.wait(token, 40)) == 40
