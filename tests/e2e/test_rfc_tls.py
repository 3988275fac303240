"""TLS to the letter: RFC 3207, 8314, 9325 and 8996 from the outside.

Some of it as raw records, since no client can be made to send or show it.
"""

import socket
import ssl
import struct
import subprocess

import pytest

from rawsmtp import Smtp, plain
from rig import DEADLINE, wait_until
from servers import PASSWORD

V = ssl.TLSVersion
ALERT, HANDSHAKE = 21, 22
ALERT_CLOSE_NOTIFY, ALERT_PROTOCOL_VERSION, ALERT_NO_PROTOCOL = 0, 70, 120
KEY_SHARE = 51

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")


# -- raw records -------------------------------------------------------------


def lax_context(low, high):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = low, high
    return context


def client_hello(context):
    """An object that wants to shake hands, and its first octets."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return tls, incoming, outgoing, outgoing.read()


def record(sock):
    """The next record: type, payload."""
    def exactly(n):
        data = b""
        while len(data) < n:
            got = sock.recv(n - len(data))
            if not got:
                raise EOFError
            data += got
        return data

    kind, _, length = struct.unpack(">BHH", exactly(5))
    return kind, exactly(length)


def knock(gateway, implicit):
    """A socket on which TLS may begin."""
    if implicit:
        return Smtp(gateway.tls_port, greet=False).sock
    client = Smtp(gateway.port)
    client.ehlo()
    assert client.command("STARTTLS").code == 220
    return client.sock


@pytest.mark.parametrize("high", [V.TLSv1, V.TLSv1_1], ids=["1.0", "1.1"])
def test_old_version_is_told_why(gateway, implicit, high):
    """RFC 8996, 4 and 5: a protocol_version alert, and nothing of SMTP."""
    hello = client_hello(lax_context(V.TLSv1, high))[3]
    with knock(gateway, implicit) as sock:
        sock.sendall(hello)
        kind, payload = record(sock)
        assert kind == ALERT and payload == bytes([2, ALERT_PROTOCOL_VERSION])
        assert sock.recv(1) == b""


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303, 0x03ff],
                         ids=hex)
def test_record_version_of_the_hello_does_not_matter(
        gateway, implicit, version):
    """RFC 8996, 4: any {03,XX}; the versions offered stand inside."""
    tls, incoming, outgoing, hello = client_hello(
        lax_context(V.TLSv1_2, V.TLSv1_3))
    with knock(gateway, implicit) as sock:
        sock.sendall(hello[:1] + struct.pack(">H", version) + hello[3:])
        while True:
            incoming.write(sock.recv(16384))
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                pass
        sock.sendall(outgoing.read())
        assert tls.version() == "TLSv1.3"


def server_key(gateway):
    """The key share of a ServerHello, which is sent in clear."""
    hello = client_hello(lax_context(V.TLSv1_3, V.TLSv1_3))[3]
    with knock(gateway, True) as sock:
        sock.sendall(hello)
        kind, payload = record(sock)
    assert kind == HANDSHAKE and payload[0] == 2
    at = 4 + 2 + 32
    at += 1 + payload[at] + 2 + 1 + 2
    while at < len(payload):
        name, length = struct.unpack(">HH", payload[at:at + 4])
        if name == KEY_SHARE:
            return payload[at + 4:at + 4 + length]
        at += 4 + length
    raise AssertionError("no key share")


def test_ephemeral_keys_are_used_once(gateway):
    keys = [server_key(gateway) for _ in range(8)]
    assert len(set(keys)) == len(keys)


def test_other_protocol_is_told_so(gateway, implicit):
    """RFC 7301, 3.2: no_application_protocol."""
    context = lax_context(V.TLSv1_2, V.TLSv1_2)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with knock(gateway, implicit) as sock:
        sock.sendall(client_hello(context)[3])
        kind, payload = record(sock)
        assert kind == ALERT and payload == bytes([2, ALERT_NO_PROTOCOL])


@pytest.mark.parametrize("words", [
    b"NOOP\r\n", b"EHLO x.example\r\nNOOP\r\n", b"\x80\x2e\x01\x00\x02",
    b"\x16\x03\x01\xff\xff" + b"x" * 70000, b"\0" * 100])
def test_what_is_no_handshake_ends_it(gateway, implicit, words):
    """... and is never taken for SMTP (RFC 3207, 4.1)."""
    with knock(gateway, implicit) as sock:
        heard = b""
        try:
            sock.sendall(words)
            sock.shutdown(socket.SHUT_WR)
            while got := sock.recv(4096):
                heard += got
        except OSError:
            pass
    assert b"250" not in heard and b"220" not in heard


def test_nothing_is_said_in_clear_on_the_tls_port(gateway):
    """RFC 8314, 3.3: the first octet of the server is an answer to TLS."""
    hello = client_hello(lax_context(V.TLSv1_2, V.TLSv1_3))[3]
    with knock(gateway, True) as sock:
        for i in range(0, len(hello), 64):
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(1)
            sock.settimeout(DEADLINE)
            sock.sendall(hello[i:i + 64])
        assert record(sock)[0] == HANDSHAKE


# -- STARTTLS ----------------------------------------------------------------


def test_starttls_is_a_keyword_without_parameters(gateway):
    with Smtp(gateway.port) as client:
        lines = client.command("EHLO x.example").lines
        assert "STARTTLS" in lines
        reply = client.command("STARTTLS")
        assert (reply.code, reply.enhanced()) == (220, "2.0.0")


def test_no_second_greeting_inside_tls(gateway):
    """The first words inside TLS answer the first command there."""
    with Smtp(gateway.port) as client:
        client.ehlo()
        client.starttls(gateway.context())
        reply = client.command("NOOP")
        assert (reply.code, reply.enhanced()) == (250, "2.0.0")
        for text in ("MAIL FROM:<alice@example.org>",
                     "AUTH PLAIN " + plain("alice", PASSWORD["alice"])):
            reply = client.command(text)
            assert (reply.code, reply.enhanced()) == (503, "5.5.1")
        assert "STARTTLS" not in client.ehlo()
        assert client.command("STARTTLS").code == 503
        assert client.command("NOOP").code == 250


def test_only_the_name_given_inside_tls_is_kept(gateway):
    mark = gateway.process.mark()
    with Smtp(gateway.port) as client:
        client.ehlo("before.example.org")
        client.starttls(gateway.context())
        client.ehlo("behind.example.org")
        client.command("QUIT")
    line = gateway.process.wait_log(
        r" session .*helo=behind\.example\.org.* end=quit", since=mark).string
    assert "before" not in line
    assert "tls=TLSv1.3 cipher=TLS_" in line


def test_injected_octets_never_become_commands(gateway):
    """CVE-2011-0411: octet by octet, before and behind the 220."""
    evil = b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<x@evil.example>\r\n"
    for cut in (len(b"STARTTLS\r\n") + 1, len(evil)):
        with Smtp(gateway.port) as client:
            client.ehlo()
            for octet in evil[:cut]:
                try:
                    client.send(bytes([octet]))
                except OSError:
                    break
            heard = b""
            try:
                client.sock.shutdown(socket.SHUT_WR)  # no more will come
                while got := client.sock.recv(4096):
                    heard += got
            except OSError:
                pass
        codes = [line[:3] for line in heard.split(b"\r\n") if line]
        assert codes[:1] in ([b"220"], [b"554"], []), heard
        assert b"250" not in codes, heard


# -- the end -----------------------------------------------------------------


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3],
                         ids=["1.2", "1.3"])
def test_close_notify_comes_before_the_end(gateway, implicit, version):
    """RFC 8314, 3.4: else a cut connection could pass for a short answer."""
    with gateway.connect(implicit, minimum_version=version,
                         maximum_version=version) as client:
        # Without this Python takes a missing close_notify for an end.
        client.sock.suppress_ragged_eofs = False
        assert client.command("QUIT").code == 221
        assert client.sock.recv(1) == b""


@pytest.mark.parametrize("polite", [True, False])
def test_client_that_just_goes_is_no_trouble(gateway, implicit, polite):
    mark = gateway.process.mark()
    client = gateway.connect(implicit)
    client.ehlo("gone.example.org")
    if polite:
        client.sock.settimeout(0)
        try:
            client.sock.unwrap()
        except (ssl.SSLError, OSError):
            pass
    client.close()
    gateway.process.wait_log(r"helo=gone\.example\.org.* end=closed",
                             since=mark)
    assert not [x for x in gateway.process.lines[mark:]
                if " openssl=" in x or "tls_error" in x]


# -- what is agreed on -------------------------------------------------------


def s_client(gateway, *options, text=b"QUIT\r\n"):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}",
         "-CAfile", gateway.cert.ca, *options],
        input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=30)
    return done.stdout.decode("utf-8", "replace")


# option -> what it shows
SHOWN = {
    "secure renegotiation": (["-tls1_2"], "Secure Renegotiation IS supported"),
    "extended master secret": (["-tls1_2"], "Extended master secret: yes"),
    "no compression 1.2": (["-tls1_2"], "Compression: NONE"),
    "no compression 1.3": (["-tls1_3"], "Compression: NONE"),
    "digest 1.2": (["-tls1_2"], "Peer signing digest: SHA256"),
    "digest 1.3": (["-tls1_3"], "Peer signing digest: SHA256"),
    "P-256": (["-groups", "P-256"], "Server Temp Key: ECDH, prime256v1"),
    "X25519": (["-groups", "X25519"], "Server Temp Key: X25519"),
    "P-384": (["-groups", "P-384"], "Server Temp Key: ECDH, secp384r1"),
    "newest by itself": ([], "New, TLSv1.3"),
    "certificate": (["-verify_return_error", "-verify_hostname",
                     "submit.example.org"], "Verification: OK"),
    "no name": (["-noservername"], "Verification: OK"),
    "unknown name": (["-servername", "nope.example"], "Verification: OK"),
    "no SHA-1": (["-tls1_2", "-sigalgs", "ECDSA+SHA1:RSA+SHA1",
                  "-cipher", "ALL:@SECLEVEL=0"], "Cipher is (NONE)"),
    "no small group": (["-groups", "P-521"], "Cipher is (NONE)"),
}


@pytest.mark.parametrize("what", SHOWN)
def test_openssl_sees(gateway, what):
    options, shown = SHOWN[what]
    assert shown in s_client(gateway, *options)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_no_certificate_is_asked_of_clients(gateway, version):
    """RFC 8314, 4.2: nobody could log in with one."""
    said = s_client(gateway, version, "-state")
    assert "read server done" in said or "read finished" in said
    assert "certificate request" not in said


GOOD = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"}


def agreed(gateway, *ciphers):
    """What becomes of an offer of these, in this order; None: nothing."""
    context = lax_context(V.TLSv1_2, V.TLSv1_2)
    context.set_ciphers(":".join(ciphers) + ":@SECLEVEL=0")
    try:
        with Smtp(gateway.tls_port, context) as client:
            return client.sock.cipher()[0]
    except (OSError, EOFError):
        return None


def test_every_other_cipher_is_refused(gateway):
    context = lax_context(V.TLSv1_2, V.TLSv1_2)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    names = [c["name"] for c in context.get_ciphers()
             if not c["name"].startswith("TLS_")]
    assert len(names) > 60 and GOOD < set(names)
    taken = {name for name in names if agreed(gateway, name)}
    assert taken and taken <= GOOD
    # All at once, the bad ones first: a good one is chosen.
    bad = [name for name in names if name not in GOOD]
    assert agreed(gateway, *bad, *sorted(taken)) in GOOD


def test_our_order_of_ciphers_counts(gateway):
    taken = [name for name in sorted(GOOD) if agreed(gateway, name)]
    assert len(taken) >= 3
    chosen = {agreed(gateway, *order)
              for order in (taken, taken[::-1], taken[1:] + taken[:1])}
    assert len(chosen) == 1 and "GCM" in chosen.pop()


def test_tls_13_is_preferred(gateway, implicit):
    context = gateway.context(minimum_version=V.TLSv1_2)
    assert context.maximum_version in (V.MAXIMUM_SUPPORTED, V.TLSv1_3)
    with gateway.connect(implicit) as client:
        assert client.sock.version() == "TLSv1.3"
        assert client.sock.compression() is None


# -- resumption --------------------------------------------------------------


def resume(gateway, path):
    return s_client(gateway, "-tls1_3", "-sess_in", path)


@pytest.fixture
def ticket(gateway, tmp_path):
    """A session that s_client has written down."""
    path = tmp_path / "session.pem"
    done = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}",
         "-CAfile", gateway.cert.ca, "-tls1_3", "-quiet",
         "-sess_out", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    try:
        assert done.stdout.readline().startswith(b"220 ")
        done.stdin.write(b"QUIT\r\n")
        done.stdin.flush()
        assert done.stdout.readline().startswith(b"221 ")
        done.wait(DEADLINE)
    finally:
        done.kill()
        done.wait()
    wait_until("the session is written", path.exists)
    return path


def test_resumption_has_fresh_keys(gateway, ticket):
    """RFC 9325, 3.4: psk_dhe_ke; early data is not even possible."""
    said = resume(gateway, ticket)
    assert "Reused, TLSv1.3" in said
    assert "Server Temp Key: X25519" in said
    said = subprocess.run(
        ["openssl", "sess_id", "-in", ticket, "-noout", "-text"],
        stdout=subprocess.PIPE, check=True, text=True).stdout
    (hint,) = [int(x.split(":")[1].split()[0]) for x in said.splitlines()
               if "ticket lifetime hint" in x]
    assert 0 < hint <= 86400
    assert "Max Early Data: 0" in said or "Max Early Data" not in said


def test_early_data_is_refused(gateway, ticket, tmp_path):
    early = tmp_path / "early"
    early.write_bytes(b"EHLO early.example.org\r\n")
    mark = gateway.process.mark()
    said = s_client(gateway, "-tls1_3", "-sess_in", ticket, "-early_data",
                    early)
    assert "Early data was accepted" not in said
    assert not gateway.process.find("helo=early", since=mark)


def test_spoilt_ticket_means_a_full_handshake(gateway, ticket):
    der = ssl.PEM_cert_to_DER_cert(
        ticket.read_text().replace("SSL SESSION PARAMETERS", "CERTIFICATE"))
    seen = 0
    for back in (40, 60, 100):
        text = subprocess.run(
            ["openssl", "sess_id", "-in", ticket, "-noout", "-text"],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        rows = [x.split(" - ")[1][:47].replace("-", " ").split()
                for x in text.split("TLS session ticket:")[1].splitlines()
                if " - " in x]
        octets = bytes.fromhex("".join("".join(r) for r in rows))
        at = der.find(octets)
        assert at > 0 and len(octets) > 100
        spoilt = bytearray(der)
        spoilt[at + back] ^= 1
        path = ticket.with_suffix(".spoilt")
        path.write_text(ssl.DER_cert_to_PEM_cert(bytes(spoilt)).replace(
            "CERTIFICATE", "SSL SESSION PARAMETERS"))
        said = resume(gateway, path)
        assert "Reused" not in said and "New, TLSv1.3" in said
        seen += 1
    assert seen == 3
