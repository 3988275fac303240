"""The real HAProxy in front of both ports, configured as docs/balancer.md says.

Only ports, addresses and numbers of that file are replaced, and version 1 of the
protocol is tried beside version 2.
"""

import re
import socket
import uuid

import pytest

import clients
import servers
from conftest import compose
from gateway import Submitd
from rawsmtp import Smtp, tls_context
from rig import ROOT, Process, free_port, wait_until

BALANCER = "127.0.0.9"


def documented():
    """The configuration in the manual."""
    text = (ROOT / "docs/balancer.md").read_text()
    return re.search(r"```haproxy\n(.*?)```", text, re.S).group(1)


class Haproxy:
    """HAProxy before one gateway; version: what it sends."""

    def __init__(self, ground, gateway, version):
        self.dir = ground.directory(f"haproxy-{uuid.uuid4().hex[:8]}",
                                    mode=0o777)
        self.stats = self.dir / "stats"
        self.port, self.tls_port = free_port(), free_port()
        text = documented()
        for ours, documented_port, theirs in (
                (self.port, 587, gateway.door), (self.tls_port, 465,
                                                 gateway.tls_door)):
            text = text.replace(f"bind :{documented_port}\n",
                                f"bind 127.0.0.1:{ours}\n")
            text = re.sub(
                rf"server (gw\d) 192.0.2.\d+:{documented_port}",
                rf"server \1 127.0.0.1:{theirs} source {BALANCER}", text)
        assert "192.0.2." not in text
        text = text.replace("inter 5s", "inter 200ms")
        text = text.replace("maxconn 20000", "maxconn 200")
        if version == 1:
            text = text.replace("send-proxy-v2", "send-proxy")
        text = text.replace("global\n", f"global\n    stats socket "
                            f"{self.stats} level admin\n", 1)
        file = self.dir / "haproxy.cfg"
        file.write_text(text)
        self.process = Process(["haproxy", "-db", "-f", file])

    def checks(self):
        """What became of the checks: {(backend, server): (status, check)}."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(self.stats))
                s.sendall(b"show stat\n")
                table = s.makefile().read()
        except OSError:
            return {}
        head, *rows = [line.split(",") for line in table.splitlines() if line]
        column = {name.lstrip("# "): i for i, name in enumerate(head)}
        return {(r[0], r[1]): (r[column["status"]], r[column["check_status"]])
                for r in rows if r[1].startswith("gw")}

    def kill(self):
        self.process.kill()


@pytest.fixture(scope="module")
def gateway(ground, slapd, postfix):
    """One gateway whose own clients are the balancer's."""
    new = Submitd(ground, slapd.uri, postfix.server,
                  name=f"behind-{uuid.uuid4().hex[:8]}",
                  log={"level": "debug"}, received={"client_address": True})
    new.door, new.tls_door = free_port(), free_port()
    new.reconfigure(listen=new.config["listen"] + [
        {"address": "127.0.0.1", "port": new.door, "proxy": "required",
         "tls": "starttls", "proxy_from": BALANCER},
        {"address": "127.0.0.1", "port": new.tls_door, "proxy": "required",
         "tls": "implicit", "proxy_from": BALANCER}])
    ground.start(new).start()
    yield new
    new.stop()
    new.assert_sound()


@pytest.fixture(scope="module", params=[1, 2], ids=["v1", "v2"])
def haproxy(request, ground, gateway):
    new = ground.start(Haproxy(ground, gateway, request.param))
    wait_until("every check is passed", lambda: len(new.checks()) == 4 and all(
        status == "UP" and check in ("L4OK", "L7OK")
        for status, check in new.checks().values()))
    yield new
    new.kill()


@pytest.mark.parametrize("name", ["swaks", "curl", "msmtp"])
def test_mail_of_a_real_client(gateway, haproxy, postfix, tmp_path, token,
                               name, implicit):
    path = tmp_path / "mail"
    path.write_bytes(compose(token).replace(b"\r\n", b"\n") + b"\n")
    mark = gateway.process.mark()
    account = clients.Account(
        haproxy.tls_port if implicit else haproxy.port, implicit,
        gateway.cert.ca, "alice", servers.PASSWORD["alice"])
    clients.ALL[name](account, "alice@example.org", "bob@example.org", path)
    (delivered,) = postfix.wait(token)
    line = gateway.process.wait_log(r"\bsession user=alice", since=mark).string
    assert "client=127.0.0.1 " in line and f"proxy={BALANCER} " in line
    assert "([127.0.0.1])" in delivered.message.get_all("Received")[-1]


def test_named_client_is_who_connected(gateway, haproxy):
    mark = gateway.process.mark()
    with Smtp(haproxy.port, source="127.0.0.77") as client:
        port = client.sock.getsockname()[1]
        client.command("QUIT")
    gateway.process.wait_log(
        rf"session .*client=127.0.0.77 port={port} proxy={BALANCER} ",
        since=mark)


def test_session_is_resumed_through_it(gateway, haproxy):
    context = tls_context(gateway.cert.ca)
    with Smtp(haproxy.tls_port, context) as client:
        client.ehlo()
        session = client.sock.session
    with Smtp(haproxy.tls_port, context, session) as client:
        assert client.sock.session_reused


def test_checks_are_passed_and_are_no_trouble(gateway, haproxy):
    """Of both kinds: with EHLO and QUIT, and by connecting alone."""
    checks = haproxy.checks()
    assert {name for name, _ in checks} == {"submission", "submissions"}
    mark = gateway.process.mark()
    checked = rf"session .*client={BALANCER} .*"
    line = gateway.process.wait_log(
        checked + rf"listener=\S+:{gateway.door} helo=balancer.example.net "
        ".*end=", since=mark).string
    assert "proxy=" in line
    gateway.process.wait_log(checked + rf"listener=\S+:{gateway.tls_door} ",
                             since=mark)
    assert not gateway.process.find("proxy_refused", since=mark)
    level = re.compile(r"<[0-4]>|\berror\b|\bwarn", re.I)
    assert not [line for line in gateway.process.lines[mark:]
                if BALANCER in line and level.search(line)]


def test_whoever_goes_past_it_is_not_let_in(gateway, haproxy):
    for port in (gateway.door, gateway.tls_door):
        with Smtp(port, source="127.0.0.77", greet=False) as client:
            assert client.ended()
