"""Fixtures: slapd, Postfix and a gateway, started once for the whole run.

A test that kills, freezes or reconfigures takes its own through `another` or
`own_postfix`; what they start ends with the test.
"""

import os
import sys
import uuid

import pytest

from gateway import Submitd
from rig import Ground
from servers import Postfix, Slapd

FAST = {"auth": {"failure_delay": "200ms"}}


def pytest_report_header():
    return "end to end" if os.getuid() == 0 else "not root: most is skipped"


@pytest.fixture(scope="session")
def ground():
    with Ground() as ground:
        yield ground


@pytest.fixture(scope="session")
def slapd(ground):
    return ground.start(Slapd(ground))


def need_root():
    if os.getuid() != 0:
        pytest.skip("needs root: a private Postfix, other users' processes")


@pytest.fixture(scope="session")
def postfix(ground):
    need_root()
    return ground.start(Postfix(ground))


@pytest.fixture(scope="session")
def shared_gateway(ground, slapd, postfix):
    gateway = ground.start(Submitd(ground, slapd.uri, postfix.server, **FAST))
    yield gateway.start()
    gateway.stop()
    gateway.assert_sound()


def show_log_on_failure(request, gateway, mark):
    report = getattr(request.node, "report_call", None)
    if report is not None and report.failed and gateway.process:
        sys.stderr.write("\n".join(gateway.process.lines[mark:][-60:]) + "\n")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture
def gateway(request, shared_gateway):
    """The gateway with the usual configuration; leave it as it was."""
    mark = shared_gateway.process.mark()
    yield shared_gateway
    show_log_on_failure(request, shared_gateway, mark)


@pytest.fixture
def another(request, ground, slapd, postfix):
    """another(section={...}): a gateway of one's own, ended with the test."""
    made = []

    def make(start=True, ldap_uri=None, user=None, **changes):
        new = Submitd(ground, ldap_uri or slapd.uri,
                      postfix.server, user=user,
                      name=f"submitd-{uuid.uuid4().hex[:8]}",
                      **{**FAST, **changes})
        made.append(ground.start(new))
        return new.start() if start else new

    yield make
    for one in made:
        show_log_on_failure(request, one, 0)
        one.kill()
    for one in made:
        if one.process is not None:
            one.assert_sound()


@pytest.fixture
def own_postfix(ground):
    """A Postfix that the test may stop and start."""
    need_root()
    postfix = ground.start(
        Postfix(ground, f"postfix-{uuid.uuid4().hex[:8]}"))
    yield postfix
    postfix.kill()


@pytest.fixture
def own_slapd(ground):
    """A slapd that the test may freeze and stop."""
    slapd = ground.start(Slapd(ground, f"slapd-{uuid.uuid4().hex[:8]}"))
    yield slapd
    slapd.kill()


@pytest.fixture
def token():
    """A word that is in no other message."""
    return "token-" + uuid.uuid4().hex


@pytest.fixture(params=[False, True], ids=["starttls", "implicit"])
def implicit(request):
    """Each of the two ports."""
    return request.param


@pytest.fixture
def message(token):
    """A small, complete message with the token in it."""
    return compose(token)


def compose(token, body=b"One line.\r\n", sender="alice@example.org"):
    head = (f"From: <{sender}>\r\nTo: <bob@example.org>\r\n"
            f"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{token}@example.org>\r\nSubject: {token}\r\n\r\n")
    return (head.encode() + body).removesuffix(b"\r\n")
