"""TLS: what is spoken, what is refused, and where it starts anew."""

import os
import ssl
import subprocess

import pytest

from rawsmtp import Smtp
from rig import wait_until

V = ssl.TLSVersion


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3],
                         ids=["1.2", "1.3"])
def test_version_is_spoken(gateway, implicit, version):
    with gateway.connect(implicit, minimum_version=version,
                         maximum_version=version) as client:
        assert client.ehlo()
        assert client.sock.version() == {
            V.TLSv1_2: "TLSv1.2", V.TLSv1_3: "TLSv1.3"}[version]


def s_client(gateway, *options):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}",
         "-CAfile", gateway.cert.ca, *options],
        input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=30)
    return done.stdout.decode("utf-8", "replace")


@pytest.mark.parametrize("options", [
    ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
    ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"),
    ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"),
    ("-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"),
], ids=lambda o: " ".join(o))
def test_weak_offer_is_refused(gateway, options):
    assert "Cipher is (NONE)" in s_client(gateway, *options)


def test_chain_verifies_and_early_data_is_off(gateway):
    said = s_client(gateway, "-tls1_3", "-verify_return_error",
                    "-verify_hostname", "submit.example.org")
    assert "Verification: OK" in said
    assert "Early data was not sent" in said
    assert "Max Early Data: 0" in said or "Max Early Data" not in said


def test_bytes_behind_starttls_are_refused(gateway):
    """CVE-2011-0411: commands smuggled into TLS from before it."""
    with Smtp(gateway.port) as client:
        client.ehlo()
        client.send(b"STARTTLS\r\nEHLO injected.example.org\r\n")
        reply = client.reply()
        assert reply.code >= 500, reply
        with pytest.raises((EOFError, OSError, AssertionError)):
            while client.reply().code != 250:
                pass


def test_bytes_behind_starttls_are_no_command_later(gateway):
    """The same where 220 was already on its way."""
    with Smtp(gateway.port) as client:
        client.ehlo()
        assert client.command("STARTTLS").code == 220
        client.send(b"EHLO injected.example.org\r\n")
        with pytest.raises((ssl.SSLError, OSError, EOFError)):
            client.wrap(gateway.context())
            client.reply()


def test_session_starts_anew_inside_tls(gateway):
    with Smtp(gateway.port) as client:
        client.ehlo("before.example.org")
        client.starttls(gateway.context())
        reply = client.command("MAIL FROM:<alice@example.org>")
        assert reply.code in (503, 530), reply
        assert client.command("AUTH PLAIN AGEAYg==").code == 503
        assert "STARTTLS" not in client.ehlo()
        assert client.command("STARTTLS").code == 503


def test_starttls_takes_no_argument(gateway):
    with Smtp(gateway.port) as client:
        client.ehlo()
        assert client.command("STARTTLS now").code == 501
        client.starttls(gateway.context())
        assert client.ehlo()


def sockets_of(pid):
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
        except OSError:
            pass
    return count


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3],
                         ids=["1.2", "1.3"])
def test_resumption_crosses_workers_and_carries_no_login(
        gateway, version, implicit):
    context = gateway.context(minimum_version=version,
                              maximum_version=version)

    def connect(session):
        if implicit:
            return Smtp(gateway.tls_port, context, session)
        client = Smtp(gateway.port)
        client.ehlo()
        client.starttls(context, session)
        return client

    with connect(None) as client:
        client.ehlo()
        assert client.auth_plain("alice", "correct horse").code == 235
        assert not client.sock.session_reused
        session = client.sock.session
        assert session.has_ticket
    workers = gateway.roles("submitd-smtp")
    assert len(workers) == 2
    before = {pid: sockets_of(pid) for pid in workers}
    open_now = []
    try:
        for _ in range(24):
            client = connect(session)
            open_now.append(client)
            assert client.sock.session_reused
            assert "AUTH" in client.ehlo()
            reply = client.command("MAIL FROM:<alice@example.org>")
            assert reply.code == 530, reply
        assert all(sockets_of(pid) > n for pid, n in before.items()), \
            "one worker had them all: nothing is proven"
    finally:
        for client in open_now:
            client.close()
    wait_until("the connections are gone", lambda: sum(
        sockets_of(pid) for pid in workers) <= sum(before.values()))
