"""PROXY headers: whose word is taken, for what, and what is nobody's word.

The balancer is 127.0.0.2, a client past it 127.0.0.3; headers are written by
hand.
"""

import re
import signal
import socket
import struct
import uuid

import pytest

import servers
from conftest import compose
from gateway import Submitd
from rawsmtp import Smtp, client_hello
from rig import free_port, wait_until

BALANCER = "127.0.0.2"
STRANGER = "127.0.0.3"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LIMIT = 4  # connections from one address


def v1(client="192.0.2.7", port=4660):
    family = "TCP6" if ":" in client else "TCP4"
    other = "2001:db8::1" if ":" in client else "198.51.100.1"
    return f"PROXY {family} {client} {other} {port} 587\r\n".encode()


def v2(client="192.0.2.7", port=4660, command=0x21, tlvs=b""):
    if client is None:
        family, block = 0x00, b""
    else:
        af = socket.AF_INET6 if ":" in client else socket.AF_INET
        family = 0x21 if af == socket.AF_INET6 else 0x11
        block = (socket.inet_pton(af, client) * 2
                 + struct.pack(">HH", port, 587))
    return (SIGNATURE + bytes([command, family])
            + struct.pack(">H", len(block + tlvs)) + block + tlvs)


@pytest.fixture(scope="module")
def door(ground, slapd, postfix):
    """A gateway with `required` and `mixed` listeners, of both kinds of TLS."""
    gateway = Submitd(ground, slapd.uri, postfix.server,
                      name=f"door-{uuid.uuid4().hex[:8]}", workers=1,
                      received={"client_address": True},
                      log={"level": "debug"},
                      limits={"connections_per_address": LIMIT})
    gateway.ports = {(mode, tls): free_port() for mode in ("required", "mixed")
                     for tls in (False, True)}
    gateway.reconfigure(listen=gateway.config["listen"] + [
        {"address": "127.0.0.1", "port": port, "proxy": mode,
         "tls": "implicit" if tls else "starttls",
         "proxy_from": f"{BALANCER}/32"}
        for (mode, tls), port in gateway.ports.items()])
    ground.start(gateway).start()
    yield gateway
    gateway.stop()
    gateway.assert_sound()


@pytest.fixture(params=["required", "mixed"])
def mode(request):
    return request.param


def connect(door, mode, tls=False, header=b"", source=BALANCER, **options):
    return Smtp(door.ports[mode, tls], door.context() if tls else None,
                source=source, header=header, **options)


def port_of(client):
    """Ours: it finds the connection in the log."""
    return client.sock.getsockname()[1]


def inside(door, mode, tls, header):
    """A client behind the balancer, past TLS and EHLO."""
    client = connect(door, mode, tls, header)
    if not tls:
        client.ehlo()
        client.starttls(door.context())
    client.ehlo()
    return client


# -- what a header does --------------------------------------------------------

@pytest.mark.parametrize("header, text", [
    (v1(), "192.0.2.7"), (v2(), "192.0.2.7"),
    (v1("2001:db8::7"), "2001:db8::7"), (v2("2001:db8::7"), "2001:db8::7"),
    (v2("::ffff:192.0.2.7"), "192.0.2.7"),
    (v2(tlvs=b"\xe0\0\3abc\4\0\0"), "192.0.2.7"),
], ids=["v1", "v2", "v1-6", "v2-6", "mapped", "tlvs"])
def test_mail_is_the_named_clients(door, postfix, token, mode, implicit,
                                   header, text):
    mark = door.process.mark()
    with inside(door, mode, implicit, header) as client:
        client.auth_plain("alice", servers.PASSWORD["alice"])
        reply = client.mail("alice@example.org", ["bob@example.org"],
                            compose(token))
        assert reply.code == 250, reply
        client.command("QUIT")
    for event in ("message", "session"):
        door.process.wait_log(
            rf"\b{event} .*user=alice client={text} port=4660 "
            rf"proxy={BALANCER} ", since=mark)
    (delivered,) = postfix.wait(token)
    literal = f"IPv6:{text}" if ":" in text else text
    assert f"([{literal}])" in delivered.message.get_all("Received")[-1]


def test_directory_hears_of_the_named_client(door, mode):
    mark = door.process.mark()
    with inside(door, mode, False, v1("203.0.113.9")) as client:
        assert client.auth_plain("alice", "wrong").code == 535
    line = door.process.wait_log(r"auth\[\d+\] .*203\.0\.113\.9", since=mark)
    assert BALANCER not in line.string


@pytest.mark.parametrize("header", [v1(), v2(), v2(None, command=0x20),
                                    b"PROXY UNKNOWN\r\n"],
                         ids=["v1", "v2", "local", "unknown"])
@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "implicit"])
def test_header_may_come_octet_by_octet(door, mode, tls, header):
    with Smtp(door.ports[mode, tls], source=BALANCER, greet=False) as client:
        for i in range(len(header)):
            client.sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.sock.recv(1)
            client.sock.settimeout(15)
            client.send(header[i:i + 1])
        if tls:
            client.wrap(door.context())
        assert client.reply().code == 220


def test_commands_may_follow_in_the_same_segment(door, mode):
    with connect(door, mode, header=v2() + b"EHLO x\r\nNOOP\r\n") as client:
        assert client.greeting.code == 220
        assert client.reply().code == 250
        assert client.reply().code == 250


def test_tls_may_follow_in_the_same_segment(door, mode):
    for header in (v1(), v2()):
        with Smtp(door.ports[mode, True], source=BALANCER, greet=False,
                  header=header + client_hello(b"localhost")) as client:
            assert client.sock.recv(1) == b"\x16", "a ServerHello"


# -- limits --------------------------------------------------------------------

def test_limit_counts_the_named_address(door, mode):
    open_now = []
    try:
        for last in range(2 * LIMIT):
            client = connect(door, mode,
                             header=v1(f"192.0.2.{last // LIMIT + 100}"))
            assert client.greeting.code == 220
            open_now.append(client)
        with connect(door, mode, header=v1("192.0.2.100")) as client:
            assert client.greeting.code == 421
        with connect(door, mode, header=v1("192.0.2.102")) as client:
            assert client.greeting.code == 220
    finally:
        for client in open_now:
            client.close()


def test_waiting_for_headers_has_a_limit_and_an_end(another):
    port = free_port()
    gateway = another(start=False, workers=1,
                      limits={"connections": 3, "preauth_timeout": "2s"})
    gateway.reconfigure(listen=gateway.config["listen"] + [
        {"address": "127.0.0.1", "port": port, "proxy": "required",
         "proxy_from": BALANCER}])
    gateway.start()
    # start-up's own connections count until they are told of
    gateway.process.wait_log(rf"session .*listener=\S+:{gateway.tls_port}")
    mark = gateway.process.mark()
    silent = [Smtp(port, source=BALANCER, greet=False) for _ in range(3)]
    with Smtp(port, source=BALANCER, greet=False) as client:
        assert client.ended(), "not a word before the header"
    gateway.process.wait_log("too_many_connections", since=mark)
    for client in silent:
        assert client.ended()
        client.close()
    wait_until("each is told", lambda: gateway.log().count(
        'reason="no header in time"') == 3)
    with Smtp(port, source=BALANCER, header=v1()) as client:
        assert client.greeting.code == 220


def test_end_does_not_wait_for_headers(another, postfix, token):
    """Messages in flight do have their time."""
    port = free_port()
    gateway = another(start=False, workers=1)
    gateway.reconfigure(listen=gateway.config["listen"] + [
        {"address": "127.0.0.1", "port": port, "proxy": "required",
         "proxy_from": BALANCER}])
    gateway.start()
    with gateway.login() as client, Smtp(port, source=BALANCER,
                                         greet=False) as waiting:
        client.command("MAIL FROM:<alice@example.org>")
        client.command("RCPT TO:<bob@example.org>")
        assert client.command("DATA").code == 354
        waiting.send(v1()[:10])
        gateway.process.signal(signal.SIGTERM)
        assert waiting.ended()
        client.send(compose(token) + b"\r\n.\r\n")
        assert client.reply().code == 250
    assert gateway.process.wait() == 0
    # long before its own time was over
    assert "no header in time" not in gateway.log()
    assert len(postfix.wait(token)) == 1


# -- whose word ----------------------------------------------------------------

@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "implicit"])
@pytest.mark.parametrize("octets", [v1(), v2(), b"EHLO x\r\n", b""],
                         ids=["v1", "v2", "none", "silent"])
def test_required_takes_nobody_else(door, octets, tls):
    mark = door.process.mark()
    with Smtp(door.ports["required", tls], source=STRANGER,
              greet=False) as client:
        port = port_of(client)
        try:
            client.send(octets)
        except (ConnectionResetError, BrokenPipeError):
            pass
        assert client.ended()
    door.process.wait_log(rf"proxy_refused peer={STRANGER} port={port} .*"
                          r'reason="not in proxy_from"', since=mark)


def test_mixed_takes_others_as_they_are(door, implicit):
    mark = door.process.mark()
    with connect(door, "mixed", implicit, source=STRANGER) as client:
        port = port_of(client)
        assert client.greeting.code == 220
        client.command("QUIT")
    line = door.process.wait_log(rf"\bsession .*client={STRANGER} port={port} "
                                 r".*end=quit", since=mark).string
    assert "proxy=" not in line


CLAIMED = "203.0.113.66"


def refused_as_garbage(client):
    """500 for each line of it, and the end: version 2 holds a NUL."""
    try:
        while True:
            assert client.reply().code == 500
    except (EOFError, ConnectionResetError):
        pass


@pytest.mark.parametrize("header", [v1(CLAIMED), v2(CLAIMED)],
                         ids=["v1", "v2"])
@pytest.mark.parametrize("which", ["mixed", "off"])
def test_header_of_a_stranger_is_garbage(door, header, which):
    """The address in it must appear nowhere, but as somebody's garbage."""
    mark = door.process.mark()
    port = door.port if which == "off" else door.ports["mixed", False]
    with Smtp(port, source=STRANGER, header=header) as client:
        ours = port_of(client)
        assert client.greeting.code == 220
        refused_as_garbage(client)
    door.process.wait_log("proxy_header_unexpected", since=mark)
    door.process.wait_log(rf"\bsession .*client={STRANGER} port={ours} ",
                          since=mark)
    assert not door.process.find(re.escape(CLAIMED), since=mark)


@pytest.mark.parametrize("header", [v1(CLAIMED), v2(CLAIMED)],
                         ids=["v1", "v2"])
def test_header_of_a_stranger_is_no_handshake(door, header):
    mark = door.process.mark()
    with Smtp(door.ports["mixed", True], source=STRANGER,
              greet=False) as client:
        port = port_of(client)
        client.send(header)
        try:
            answer = client.sock.recv(4096)
        except ConnectionResetError:
            answer = b""
        assert answer == b"" or answer[:1] == b"\x15"
    door.process.wait_log(rf"\bsession .*client={STRANGER} port={port} .*"
                          r"end=tls_failed", since=mark)


@pytest.mark.parametrize("header", [v1(), v2()], ids=["v1", "v2"])
def test_second_header_is_not_another_word(door, mode, header):
    """Whoever is behind the balancer cannot name himself."""
    mark = door.process.mark()
    first = v1("203.0.113.77", port=77)
    with connect(door, mode, header=first + header) as client:
        assert client.greeting.code == 220
        refused_as_garbage(client)
    door.process.wait_log(r"\bsession .*client=203.0.113.77 port=77 ",
                          since=mark)


# -- what is none --------------------------------------------------------------

BAD = {
    "none": b"EHLO client.example.org\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01",
    "lf": v1().replace(b"\r\n", b"\n"),
    "spaces": v1().replace(b" 4660", b"  4660"),
    "zero": v1("01.2.3.4"),
    "port": v1(port=65536),
    "family": v1().replace(b"TCP4", b"TCP6"),
    "endless": b"PROXY UNKNOWN " + b"x" * 107,
    "version-1": v2(command=0x11),
    "version-3": v2(command=0x31),
    "command": v2(command=0x22),
    "short": SIGNATURE + b"\x21\x11\0\x04abcd",
    "unix-dgram": SIGNATURE + b"\x21\x32\0\xd8" + bytes(216),
    "huge": SIGNATURE + b"\x21\x11\xff\xff",
    "checksum": v2(tlvs=b"\3\0\4abcd"),
    "tlv": v2(tlvs=b"\xe0\0\xffx"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "implicit"])
def test_anything_else_is_cut_off_without_a_word(door, mode, tls, name):
    mark = door.process.mark()
    with Smtp(door.ports[mode, tls], source=BALANCER,
              greet=False) as client:
        refused = rf"proxy_refused peer={BALANCER} port={port_of(client)} "
        client.send(BAD[name])
        assert client.ended()
    line = door.process.wait_log(refused, since=mark).string
    assert 'reason="no valid header"' in line
    assert len(re.findall(refused, "\n".join(door.process.lines[mark:]))) == 1


def test_half_a_header_gets_nothing(door, mode):
    for header in (v1(), v2()):
        for n in (1, 5, 11, len(header) - 1):
            mark = door.process.mark()
            with Smtp(door.ports[mode, False], source=BALANCER,
                      greet=False) as client:
                port = port_of(client)
                client.send(header[:n])
                client.sock.shutdown(socket.SHUT_WR)
                assert client.ended()
            door.process.wait_log(
                rf'port={port} .*reason="closed before the header',
                since=mark)


def test_tls_of_the_balancer_is_not_ours(door, mode):
    """PP2_TYPE_SSL says that the balancer had TLS with the client."""
    ssl_tlv = b"\x20\0\5\7\0\0\0\0"
    with connect(door, mode, header=v2(tlvs=ssl_tlv)) as client:
        assert "AUTH" not in client.ehlo()
        assert client.command("MAIL FROM:<alice@example.org>").code == 530


# -- health checks -------------------------------------------------------------

@pytest.mark.parametrize("header", [v2(None, command=0x20),
                                    v2(command=0x20),
                                    b"PROXY UNKNOWN a b c\r\n"],
                         ids=["local", "local-with-addresses", "unknown"])
def test_check_by_the_balancer_itself_is_not_told(door, mode, header):
    mark = door.process.mark()
    with connect(door, mode, header=header) as client:
        port = port_of(client)
        assert client.greeting.code == 220
        assert client.command("QUIT").code == 221
    door.process.wait_log(rf"\bsession .*client={BALANCER} port={port} "
                          rf"proxy={BALANCER} .*end=quit", since=mark)
    with connect(door, mode, greet=False) as client:
        silent = port_of(client)  # a check that only connects
    with connect(door, mode, header=v1("192.0.2.8", port=port)) as client:
        client.command("QUIT")
    door.process.wait_log(rf"client=192.0.2.8 port={port} .*end=quit",
                          since=mark)
    assert not door.process.find(rf"port={silent} ", since=mark)
