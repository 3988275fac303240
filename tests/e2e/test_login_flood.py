"""A thousand people log in at once, and the directory takes its time."""

import threading
import time

import pytest

from conftest import compose
from evilldap import EvilLdap
from rawsmtp import Smtp, plain
from servers import PASSWORD

LOGINS = 1000
PACE = 0.05  # seconds that the directory takes for each answer


class SlowLdap(EvilLdap):
    """Takes PACE for each answer, once the gate is open."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.asked = threading.Semaphore(0)

    def bind(self, conn, dn, password):
        return self.later(super().bind(conn, dn, password))

    def search(self, conn, request):
        return self.later(super().search(conn, request))

    def later(self, answer):
        self.asked.release()
        self.gate.wait()
        time.sleep(PACE)
        return answer


@pytest.fixture
def slow():
    with SlowLdap() as directory:
        yield directory
        directory.gate.set()


def test_senders_do_not_feel_a_flood_of_logins(another, slow, token):
    """Not one of the thousand is turned away, and none is answered before the
    message of a session that is logged in, sent behind all of them."""
    gateway = another(ldap_uri=slow.url,
                      limits={"connections_per_address": 2 * LOGINS,
                              "auth_timeout": "60s"})
    with gateway.connect() as sender:
        sender.ehlo()
        assert sender.auth_plain("alice", PASSWORD["alice"]).code == 235
        waiting = [Smtp(gateway.tls_port, tls=gateway.context())
                   for _ in range(LOGINS)]
        for client in waiting:
            client.ehlo()
        slow.gate.clear()
        for client in waiting:
            client.send(b"AUTH PLAIN %s\r\n"
                        % plain("bob", PASSWORD["bob"]).encode())
        slow.asked.acquire()
        for _ in range(20):
            reply = sender.mail("alice@example.org", ["bob@example.org"],
                                compose(token))
            assert reply.code == 250, reply
        slow.gate.set()
        codes = [client.reply().code for client in waiting]
        assert codes == [235] * LOGINS
        for client in waiting:
            client.close()
