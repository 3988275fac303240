"""Listeners: each with its address, its name, its certificates and its TLS."""

import re
import socket
import ssl
import subprocess
import uuid

import pytest

import servers
from conftest import compose
from gateway import Submitd
from rawsmtp import Smtp, client_hello, tls_context
from rig import free_port, wait_until

# Names for the ports of the one gateway of this file.
PORTS = ("v6", "v6_tls", "other", "other_tls")


@pytest.fixture(scope="module")
def many(ground, slapd, postfix):
    """A gateway with six listeners and certificates for four names."""
    certs = [
        ground.certificate("submit.example.org", "localhost", "127.0.0.1"),
        ground.certificate("submit.example.org", "localhost", "127.0.0.1",
                           kind="rsa"),
        ground.certificate("b.example.org"),
        ground.certificate("wild.example.org", "*.wild.example.org")]
    own = ground.certificate("other.example.com")
    port = {name: free_port() for name in PORTS}
    gateway = Submitd(
        ground, slapd.uri, postfix.server, name=f"many-{uuid.uuid4().hex[:8]}",
        tls={"certificate": [c.chain for c in certs],
             "key": [c.key for c in certs]},
        received={"client_address": True})
    named = {"hostname": "other.example.com", "address": "127.0.0.1",
             "certificate": own.chain, "key": own.key}
    gateway.reconfigure(listen=gateway.config["listen"] + [
        {"address": "::1", "port": port["v6"]},
        {"address": "::1", "port": port["v6_tls"], "tls": "implicit"},
        {**named, "port": port["other"]},
        {**named, "port": port["other_tls"], "tls": "implicit"}])
    gateway.ports = port
    gateway.own = own
    ground.start(gateway).start()
    yield gateway
    gateway.stop()
    gateway.assert_sound()


def shown(gateway, name, port=None, sigalgs=None, versions=()):
    """Names in the certificate that is shown, and its kind of key."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect",
         f"127.0.0.1:{port or gateway.tls_port}", "-CAfile", gateway.cert.ca,
         *(["-servername", name] if name else ["-noservername"]),
         *(["-sigalgs", sigalgs] if sigalgs else []), *versions],
        input=b"QUIT\r\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=30).stdout.decode("utf-8", "replace")
    if "BEGIN CERTIFICATE" not in done:
        return None
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-text"],
        input=done.encode(), stdout=subprocess.PIPE).stdout.decode()
    line = next(x for x in text.splitlines() if "DNS:" in x)
    return (line.strip().split(",")[0].removeprefix("DNS:"),
            "rsa" if "rsaEncryption" in text else "ecdsa")


# -- which certificate ---------------------------------------------------------

@pytest.mark.parametrize("name, first", [
    (None, "submit.example.org"),
    ("submit.example.org", "submit.example.org"),
    ("nobody.example.org", "submit.example.org"),
    ("b.example.org", "b.example.org"),
    ("B.Example.ORG", "b.example.org"),
    ("x.wild.example.org", "wild.example.org"),
    ("x.y.wild.example.org", "submit.example.org"),
    ("other.example.com", "submit.example.org"),
])
def test_sni_chooses_the_certificate(many, name, first):
    assert shown(many, name) == (first, "ecdsa")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("sigalgs, kind", [
    ("ECDSA+SHA256", "ecdsa"),
    ("RSA-PSS+SHA256:RSA+SHA256", "rsa"),
    ("RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA256", "ecdsa"),
], ids=["ecdsa", "rsa", "both"])
def test_client_gets_the_kind_of_key_it_knows(many, version, sigalgs, kind):
    assert shown(many, "submit.example.org", sigalgs=sigalgs,
                 versions=[version]) == ("submit.example.org", kind)


def test_client_that_knows_no_kind_that_the_name_has_is_refused(many):
    assert shown(many, "b.example.org",
                 sigalgs="RSA-PSS+SHA256:RSA+SHA256") is None


def test_listener_shows_its_own_whatever_is_asked(many):
    for name in (None, "other.example.com", "submit.example.org"):
        assert shown(many, name, many.ports["other_tls"]) == (
            "other.example.com", "ecdsa")


def test_starttls_chooses_too(many):
    for name in ("b.example.org", "x.wild.example.org", "localhost"):
        with Smtp(many.port, name=name) as client:
            client.ehlo()
            client.starttls(many.context())  # verifies the name
            assert "AUTH" in client.ehlo()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3],
                         ids=["1.2", "1.3"])
def test_ticket_of_one_name_is_no_key_to_another(many, version):
    context = many.context(minimum_version=version, maximum_version=version)

    def visit(name, session, port=None):
        with Smtp(port or many.tls_port, context, session,
                  name=name) as client:
            client.ehlo()
            return client.sock.session, client.sock.session_reused

    session, _ = visit("b.example.org", None)
    assert visit("b.example.org", session)[1]
    # the name is verified here: it is the right certificate
    assert not visit("localhost", session)[1]
    assert not visit("x.wild.example.org", session)[1]
    session, _ = visit("localhost", None)
    assert visit("submit.example.org", session)[1], "the same certificate"
    assert not visit("other.example.com", session,
                     many.ports["other_tls"])[1]


def test_ticket_of_one_port_is_no_key_to_the_other(many):
    context = many.context()
    with Smtp(many.tls_port, context) as client:
        client.ehlo()
        session = client.sock.session
    with Smtp(many.port) as client:
        client.ehlo()
        client.starttls(context, session)
        client.ehlo()
        assert not client.sock.session_reused


@pytest.mark.parametrize("name", [
    b"a\\b", b"a" * 255, b"\xff\xfe.example.org", b"127.0.0.1",
    b"a\0.example.org", b"..", b"*.wild.example.org"],
    ids=["backslash", "long", "octets", "address", "nul", "dots", "pattern"])
def test_odd_names_end_in_the_first_certificate_or_an_alert(many, name):
    """A hand-made ClientHello: clients' libraries would refuse the name."""
    with socket.create_connection(("127.0.0.1", many.tls_port), 15) as s:
        s.sendall(client_hello(name))
        answer = s.recv(65536)
    assert answer[:1] in (b"\x15", b"\x16"), answer
    assert shown(many, None) == ("submit.example.org", "ecdsa")


def test_many_names_cost_no_memory(many):
    """However many strangers make up names."""
    def memory():
        return sum(int(line.split()[1])
                   for pid in many.roles("submitd-smtp")
                   for line in open(f"/proc/{pid}/status")
                   if line.startswith("VmRSS"))

    def visits(count, tag):
        for i in range(count):
            with socket.create_connection(
                    ("127.0.0.1", many.tls_port), 15) as s:
                s.sendall(client_hello(f"{tag}{i}.example.net".encode()))
                assert s.recv(5)[:1] == b"\x16"

    visits(400, "warm")
    before = memory()
    visits(1200, "name")
    assert memory() - before < 1200, "kB: less than one for each name"


# -- what submitd -t says of it ------------------------------------------------

def test_check_tells_what_each_listener_shows(another, ground):
    soon = ground.certificate("soon.example.org", "*.soon.example.org",
                              days=5)
    over = ground.certificate("over.example.org", kind="rsa", days=-1)
    gateway = another(start=False)
    gateway.reconfigure(listen=gateway.config["listen"] + [{
        "address": "::1", "port": 2587, "hostname": "a.soon.example.org",
        "certificate": [soon.chain, over.chain],
        "key": [soon.key, over.key]}])
    status, said = gateway.check()
    assert status == 0, said
    assert re.search(
        rf"listen 127.0.0.1 port {gateway.port}, STARTTLS, as "
        rf"submit.example.org\n"
        rf"  certificate {gateway.cert.chain}\n"
        rf"    submit.example.org localhost\n"
        rf"    ECDSA 256, until 20..-..-..: (29|30) days left\n", said), said
    own = said[said.index("listen ::1 port 2587, STARTTLS"):]
    assert re.search(r"soon.example.org \*.soon.example.org\n    ECDSA 256, "
                     r"until .*: [45] days left\n    WARNING: it expires soon",
                     own), own
    assert re.search(r"over.example.org\n    RSA 2048, until .*: 0 days left"
                     r"\n    WARNING: it has expired", own), own
    assert said.count("WARNING") == 2, "a wildcard names a.soon.example.org"


def test_name_that_is_in_no_certificate_is_warned_of(another):
    status, said = another(
        start=False, hostname="elsewhere.example.org").check()
    assert status == 0
    assert said.count("WARNING: no certificate names elsewhere") == 2


# -- names ---------------------------------------------------------------------

def test_each_listener_greets_by_its_name(many):
    for port, name in ((many.port, "submit.example.org"),
                       (many.ports["other"], "other.example.com")):
        with Smtp(port) as client:
            assert client.greeting.text.startswith(f"{name} ESMTP")
            assert client.command("EHLO x").lines[0].startswith(name)
    with Smtp(many.ports["other_tls"], tls_context(many.own.ca),
              name="other.example.com") as client:
        assert client.greeting.text.startswith("other.example.com ESMTP")


def received(postfix, token):
    (delivered,) = postfix.wait(token)
    return next(x for x in delivered.message.get_all("Received")
                if "ESMTPSA" in x)


def test_received_field_has_the_listeners_name(many, postfix, token, message):
    with Smtp(many.ports["other"], name="other.example.com") as client:
        client.ehlo()
        client.starttls(many.context())
        client.ehlo()
        client.auth_plain("alice", servers.PASSWORD["alice"])
        assert client.mail("alice@example.org", ["bob@example.org"],
                           message).code == 250
    assert "by other.example.com with ESMTPSA" in received(postfix, token)


# -- IPv6 ----------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["v6", "v6_tls"])
def test_mail_over_ipv6(many, postfix, token, kind):
    mark = many.process.mark()
    context = many.context()
    if kind == "v6":
        client = Smtp(many.ports[kind], address="::1")
        client.ehlo()
        client.starttls(context)
    else:
        client = Smtp(many.ports[kind], context, address="::1")
    with client:
        client.ehlo()
        client.auth_plain("alice", servers.PASSWORD["alice"])
        assert client.mail("alice@example.org", ["bob@example.org"],
                           compose(token)).code == 250
    many.process.wait_log(r"\bsession user=alice client=::1 .*"
                          rf"listener=\[::1\]:{many.ports[kind]} ",
                          since=mark)
    assert "([IPv6:::1])" in received(postfix, token)


# -- the wrong port ------------------------------------------------------------

def test_tls_on_the_starttls_port_ends_at_once(many):
    mark = many.process.mark()
    with Smtp(many.port) as client:
        client.send(client_hello(b"localhost"))
        assert client.ended()
    line = many.process.wait_log("tls_on_starttls_port", since=mark).string
    assert "port 465" in line and "client=127.0.0.1" in line


def test_real_client_with_the_wrong_port_hears_of_it_at_once(many):
    with socket.create_connection(("127.0.0.1", many.port), 15) as s:
        with pytest.raises((ssl.SSLError, OSError)):
            many.context().wrap_socket(s, server_hostname="localhost")


def test_client_that_waits_for_a_greeting_on_the_tls_port(another):
    """Set up for STARTTLS on 465: it waits, and so do we, not for ever."""
    gateway = another(limits={"preauth_timeout": "1s"})
    mark = gateway.process.mark()
    with socket.create_connection(("127.0.0.1", gateway.tls_port), 15) as s:
        s.settimeout(15)
        assert s.recv(1) == b""
    line = gateway.process.wait_log("end=timeout", since=mark).string
    assert "silence: set up for STARTTLS?" in line


def test_smtp_in_the_clear_on_the_tls_port_gets_no_smtp(many):
    mark = many.process.mark()
    with socket.create_connection(("127.0.0.1", many.tls_port), 15) as s:
        s.sendall(b"EHLO x\r\n")
        try:
            answer = s.recv(4096)
        except ConnectionResetError:
            answer = b""
    assert answer == b"" or answer[:1] == b"\x15", "nothing, or an alert"
    wait_until("it is told", lambda: many.process.find(
        r"session .*end=tls_failed", since=mark))
