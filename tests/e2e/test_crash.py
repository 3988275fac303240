"""kill -9 of each role under load: the others go on, nothing is lost."""

import ctypes
import os
import signal
import socket
import threading
import time

import pytest

from conftest import compose
from rig import RigError, ended, wait_until
from servers import PASSWORD

CLIENTS = 4
SYS_PIDFD_GETFD = 438
LINK_TO_MASTER = 3
ROLES = ["submitd-smtp", "submitd-auth", "submitd-relay"]


class Load:
    """Clients that log in and send until told to stop; who got 250."""

    def __init__(self, gateway, token):
        self.gateway = gateway
        self.token = token
        self.accepted = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(i,))
                        for i in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _client(self, number):
        sent = 0
        while not self.over.is_set():
            try:
                with self.gateway.login() as client:
                    for _ in range(5):
                        sent += 1
                        name = f"{self.token}-{number}-{sent}-"
                        reply = client.mail("alice@example.org",
                                            ["bob@example.org"],
                                            compose(name, b"x\r\n" * 1000))
                        if reply.code == 250:
                            self.accepted.append(name)
            except (OSError, EOFError, AssertionError, RigError):
                # A role was away: come back, as a mail client does.
                self.over.wait(0.02)

    def more(self, count=10):
        """Wait until that many more were accepted."""
        target = len(self.accepted) + count
        wait_until("messages go on being accepted",
                   lambda: len(self.accepted) >= target)


def pids(gateway):
    return {pid: name for name, found in gateway.roles().items()
            for pid in found}


@pytest.mark.parametrize("role", ROLES)
def test_killed_role_comes_back_and_nothing_is_lost(
        another, postfix, token, role):
    gateway = another(spool={"retry_min": "1s", "retry_max": "1s"})
    with Load(gateway, token) as load:
        load.more()
        before = pids(gateway)
        victim = next(pid for pid, name in before.items() if name == role)
        killed = time.monotonic()
        os.kill(victim, signal.SIGKILL)

        def back():
            now = pids(gateway)
            return (victim not in now
                    and sorted(now.values()) == sorted(before.values()))

        wait_until(f"{role} is back", back, deadline=2)
        load.more()
        assert time.monotonic() - killed < 5
        others = {p for p in before if p != victim}
        assert others <= set(pids(gateway)), "another role went with it"
    for name in load.accepted:
        postfix.wait(name)
    wait_until("the spool is empty", lambda: gateway.spooled() == [])
    gateway.stop()


def test_roles_do_not_outlive_their_master(another):
    gateway = another()
    family = list(pids(gateway))
    os.kill(gateway.process.pid, signal.SIGKILL)
    gateway.process.wait()

    wait_until("all roles have ended", lambda: all(map(ended, family)))


def test_role_that_cannot_stay_up_is_not_restarted_in_a_rush(another):
    """Back-off: being killed at once, again and again, costs little."""
    gateway = another()
    seen = set()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        for pid in gateway.roles("submitd-auth"):
            if pid not in seen:
                seen.add(pid)
                os.kill(pid, signal.SIGKILL)
        threading.Event().wait(0.01)
    assert len(seen) <= 15, len(seen)
    wait_until("logins work again", gateway.serves, deadline=60)


def sockets_of(pid):
    """The descriptors of another process that are sockets, as our own."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    for entry in os.listdir(f"/proc/{pid}/fd"):
        if not os.readlink(f"/proc/{pid}/fd/{entry}").startswith("socket:"):
            continue
        fd = libc.syscall(SYS_PIDFD_GETFD, pidfd, int(entry), 0)
        if fd != -1:
            yield int(entry), socket.socket(fileno=fd)
    os.close(pidfd)


def test_broken_links_are_made_anew(another, postfix, token, message):
    """Both ends live, the link between them is gone: mail goes on soon."""
    gateway = another()
    for pid in gateway.roles("submitd-smtp"):
        for number, link in sockets_of(pid):
            with link:
                if link.family == socket.AF_UNIX and number != LINK_TO_MASTER:
                    link.shutdown(socket.SHUT_RDWR)
    before = {role: gateway.roles(role) for role in gateway.roles()}
    gateway.process.wait_log(r"rejoin .*to auth")
    gateway.process.wait_log(r"rejoin .*to relay")

    def mail_goes():
        with gateway.connect() as client:
            client.ehlo()
            if client.auth_plain("alice", PASSWORD["alice"]).code != 235:
                return False
            return client.mail("alice@example.org", ["bob@example.org"],
                               message).code == 250

    wait_until("mail goes", mail_goes)
    postfix.wait(token)
    assert {role: gateway.roles(role) for role in gateway.roles()} == before
