"""evilgateway - a gateway whose directory is scripted and keeps a record.

What a person types must be seen where it arrives: which bind, which search,
with which octets, or none at all.
"""

import contextlib
import uuid

from evilldap import EvilLdap
from gateway import Submitd
from rig import free_port
from servers import PASSWORD, SERVICE_DN

YES, NO, TROUBLE = (235, "2.7.0"), (535, "5.7.8"), (454, "4.7.0")

# Refusals at once, and as many as a test needs.
FAST = {"auth": {"failure_delay": "20ms"}, "limits": {"auth_failures": 100}}


@contextlib.contextmanager
def evil_gateway(ground, directory, **changes):
    """A started gateway that asks directory; no smarthost behind it."""
    sections = {name: {**FAST.get(name, {}), **changes.pop(name, {})}
                for name in {*FAST, *changes}}
    gateway = Submitd(ground, directory.url, f"127.0.0.1:{free_port()}",
                      name=f"submitd-{uuid.uuid4().hex[:8]}", **sections)
    ground.start(gateway).start()
    try:
        yield gateway
    finally:
        gateway.kill()
    gateway.assert_sound()


@contextlib.contextmanager
def recorded(ground, people=None, **changes):
    """The same with a healthy directory of its own; (gateway, directory)."""
    with EvilLdap(people) as directory:
        with evil_gateway(ground, directory, **changes) as gateway:
            yield gateway, directory


def try_login(gateway, user="alice", password=None):
    """Code and enhanced code of one AUTH PLAIN."""
    with gateway.connect() as client:
        client.ehlo()
        reply = client.auth_plain(
            user, PASSWORD["alice"] if password is None else password)
        return reply.code, reply.enhanced()


def user_binds(directory):
    """DN and password of each bind but the service account's."""
    return [b for b in directory.binds() if b[0] != SERVICE_DN]
