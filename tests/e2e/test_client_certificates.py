"""Certificates of clients: what each is worth, at first and when resumed, on
which listener, whose it is, and the programs that log in with one."""

import smtplib
import ssl
import subprocess

import pytest

from clientcert import Authority
from conftest import FAST
from gateway import Submitd
from rawsmtp import Smtp, b64
from rig import wait_until

V = ssl.TLSVersion
MECHANISMS = ["EXTERNAL", "PLAIN"]


@pytest.fixture(scope="session")
def authority(ground):
    return Authority(ground.directory("client-ca"))


@pytest.fixture(scope="session")
def stranger(ground):
    """Another authority, of the same name and unknown to the gateway."""
    directory = ground.directory("stranger-ca")
    return Authority(directory)


@pytest.fixture(scope="session")
def alice(authority):
    return authority.issue("email:alice@example.org")


@pytest.fixture(scope="session")
def shared_external(ground, slapd, postfix, authority):
    gateway = ground.start(Submitd(
        ground, slapd.uri, postfix.server, name="submitd-external",
        tls={"client_ca_file": authority.ca},
        auth={**FAST["auth"], "mechanisms": MECHANISMS}))
    yield ready(gateway.start())
    gateway.stop()
    gateway.assert_sound()


def ready(gateway):
    """Both workers know what auth offers: no LOGIN, which is not asked for.

    The kernel shares connections out by their ports, to two workers here.
    """
    def told():
        for _ in range(16):
            with connect(gateway) as client:
                if "LOGIN" in mechanisms(client):
                    return False
        return True

    wait_until("every worker knows the mechanisms", told)
    return gateway


@pytest.fixture
def another(another):
    def make(start=True, **changes):
        gateway = another(start=start, **changes)
        return ready(gateway) if start else gateway

    return make


@pytest.fixture
def gateway(shared_external):
    """Takes the place of the usual one in this file."""
    return shared_external


def context(gateway, certificate=None, version=None):
    made = gateway.context()
    if version is not None:
        made.minimum_version = made.maximum_version = version
    if certificate is not None:
        made.load_cert_chain(certificate.chain, certificate.key)
    return made


def connect(gateway, certificate=None, implicit=True, version=None,
            session=None):
    tls = context(gateway, certificate, version)
    if implicit:
        return Smtp(gateway.tls_port, tls, session)
    client = Smtp(gateway.port)
    client.ehlo()
    client.starttls(tls, session)
    return client


def mechanisms(client):
    return client.ehlo()["AUTH"].split()


def external(gateway, certificate, authzid=""):
    """The reply to a login by this certificate."""
    with connect(gateway, certificate) as client:
        assert "EXTERNAL" in mechanisms(client)
        return client.command("AUTH EXTERNAL " + (b64(authzid) or "="))


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3],
                         ids=["1.2", "1.3"])
def test_certificate_logs_in(gateway, alice, postfix, implicit, version,
                             message, token):
    with connect(gateway, alice, implicit, version) as client:
        assert mechanisms(client) == MECHANISMS
        reply = client.command("AUTH EXTERNAL =")
        assert reply.code == 235, reply
        reply = client.mail("alice@example.org", ["bob@example.org"], message)
        assert reply.code == 250, reply
    postfix.wait(token)
    gateway.process.wait_log(
        r"login .*user=\"?alice\"? .*mechanism=\"?EXTERNAL\"? "
        r"verdict=\"?accepted")


def test_others_send_as_nobody_else(gateway, alice):
    with connect(gateway, alice) as client:
        client.ehlo()
        assert client.command("AUTH EXTERNAL =").code == 235
        assert client.command("MAIL FROM:<bob@example.org>").code == 550


def test_subject_may_be_empty(gateway, authority):
    """RFC 5280, 4.1.2.6: then the names are in the subjectAltName."""
    certificate = authority.issue("email:alice@example.org", "/")
    assert external(gateway, certificate).code == 235


def test_empty_challenge_and_then_the_response(gateway, alice):
    with connect(gateway, alice) as client:
        client.ehlo()
        reply = client.command("AUTH EXTERNAL")
        assert (reply.code, reply.text) == (334, ""), reply
        assert client.command("").code == 235


@pytest.mark.parametrize("name,code", [
    ("", 235), ("alice", 235), (" alice ", 235),
    ("sales@example.net", 235), ("bob@example.org", 535), ("bob", 535),
    ("alic", 535), ("alice\0", 535), ("alice\0bob", 535), ("root", 535),
    ("x" * 5000, 535),
])
def test_authorization_identity(gateway, alice, name, code):
    reply = external(gateway, alice, name)
    assert reply.code == code, reply


def test_smtplib_with_certificate(gateway, alice, postfix, message, token):
    with smtplib.SMTP("localhost", gateway.port) as client:
        client.starttls(context=context(gateway, alice))
        client.ehlo()
        code, _ = client.auth("EXTERNAL", lambda challenge=None: "")
        assert code == 235
        client.sendmail("alice@example.org", ["bob@example.org"], message)
    postfix.wait(token)


def test_without_certificate_all_is_as_before(gateway, implicit):
    with connect(gateway, None, implicit) as client:
        assert mechanisms(client) == ["PLAIN"]
        assert client.command("AUTH EXTERNAL =").code == 504
        assert client.command("AUTH EXTERNAL").code == 504
        assert client.auth_plain("alice", "correct horse").code == 235


def test_password_works_beside_a_certificate(gateway, alice):
    with connect(gateway, alice) as client:
        client.ehlo()
        assert client.auth_plain("bob", "battery staple").code == 235
        assert client.command("MAIL FROM:<bob@example.org>").code == 250


BAD = {
    "expired": dict(days=-1),
    "server": dict(usage="serverAuth"),
}


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3],
                         ids=["1.2", "1.3"])
@pytest.mark.parametrize("kind", ["expired", "server", "stranger"])
def test_bad_certificate_is_none(gateway, authority, stranger, kind, version):
    """The session goes on: there is a password, too."""
    issuer = stranger if kind == "stranger" else authority
    bad = issuer.issue("email:alice@example.org", **BAD.get(kind, {}))
    mark = gateway.process.mark()
    with connect(gateway, bad, version=version) as client:
        assert mechanisms(client) == ["PLAIN"]
        assert client.command("AUTH EXTERNAL =").code == 504
        gateway.process.wait_log("client_certificate .*refused=", since=mark)
        assert client.auth_plain("alice", "correct horse").code == 235


@pytest.mark.parametrize("san,subject", [
    ("email:nobody@example.org", "/CN=client"),
    ("email:alice", "/CN=client"),
    ("email:*@example.org", "/CN=client"),
    ("email:alice@example.org\\)(uid=*", "/CN=client"),
    ("DNS:alice.example.org", "/CN=alice@example.org"),
    (None, "/CN=alice/emailAddress=alice@example.org"),
    ("email:alice@example.org,email:bob@example.org", "/CN=client"),
    ("otherName:1.2.3.4;UTF8:alice@example.org", "/CN=client"),
], ids=str)
def test_certificate_of_nobody_in_particular(gateway, authority, san, subject):
    reply = external(gateway, authority.issue(san, subject))
    assert reply.code == 535, reply


def test_one_name_is_not_one_entry(gateway, authority):
    """Two entries with the same uid."""
    one = authority.issue("email:twin1@example.org")
    both = authority.issue("email:twin1@example.org,email:twin2@example.org")
    assert external(gateway, one).code == 235
    assert external(gateway, both).code == 535


def test_certificate_of_nobody_is_no_guess(another, authority):
    gateway = another(tls={"client_ca_file": authority.ca},
                      auth={"mechanisms": MECHANISMS},
                      abuse={"address_failures": 2})
    nobody = authority.issue("email:nobody@example.org")
    assert [external(gateway, nobody).code for _ in range(4)] == [535] * 4


def test_many_mailboxes_of_one_person(gateway, authority):
    many = ",".join(f"email:{name}@example.org" for name in
                    ["x1", "x2", "alice", "x3", "ALICE"])
    assert external(gateway, authority.issue(many)).code == 235


def test_mailbox_beyond_the_limit_does_not_count(gateway, authority):
    many = ["email:x%d@example.org" % i for i in range(16)]
    beyond = authority.issue(",".join(many + ["email:alice@example.org"]))
    assert external(gateway, beyond).code == 535
    within = authority.issue(",".join(many[1:] + ["email:alice@example.org"]))
    assert external(gateway, within).code == 235


def test_utf8_mailbox(gateway, authority):
    """RFC 8398: SmtpUTF8Mailbox."""
    san = "otherName:1.3.6.1.5.5.7.8.9;UTF8:alice@example.org"
    assert external(gateway, authority.issue(san)).code == 235


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3],
                         ids=["1.2", "1.3"])
def test_resumed_session_keeps_its_certificate(gateway, alice, version):
    tls = context(gateway, alice, version)
    with Smtp(gateway.tls_port, tls) as client:
        assert "EXTERNAL" in mechanisms(client)
        session = client.sock.session
    for _ in range(4):
        with Smtp(gateway.tls_port, tls, session) as client:
            assert client.sock.session_reused
            assert "EXTERNAL" in mechanisms(client)
            assert client.command("AUTH EXTERNAL =").code == 235
    # and one that began without gets none from a client that now has one
    bare = context(gateway, None, version)
    with Smtp(gateway.tls_port, bare) as client:
        assert mechanisms(client) == ["PLAIN"]
        session = client.sock.session
    bare.load_cert_chain(alice.chain, alice.key)
    with Smtp(gateway.tls_port, bare, session) as client:
        assert client.sock.session_reused
        assert mechanisms(client) == ["PLAIN"]


def test_session_of_a_bad_certificate_stays_bad(gateway, stranger):
    tls = context(gateway, stranger.issue("email:alice@example.org"))
    with Smtp(gateway.tls_port, tls) as client:
        assert mechanisms(client) == ["PLAIN"]
        session = client.sock.session
    with Smtp(gateway.tls_port, tls, session) as client:
        assert client.sock.session_reused
        assert mechanisms(client) == ["PLAIN"]
        assert client.command("AUTH EXTERNAL =").code == 504


def test_certificate_is_of_one_listener(another, authority, alice):
    """587 does not ask, 465 does; a ticket carries nothing across."""
    gateway = another(start=False, auth={"mechanisms": MECHANISMS})
    listen = gateway.config["listen"]
    listen[1]["client_ca_file"] = authority.ca
    gateway.reconfigure(listen=listen)
    ready(gateway.start())
    tls = context(gateway, alice)
    with Smtp(gateway.tls_port, tls) as client:
        assert "EXTERNAL" in mechanisms(client)
        session = client.sock.session
    with connect(gateway, alice, implicit=False) as client:
        assert mechanisms(client) == ["PLAIN"]
        assert client.command("AUTH EXTERNAL =").code == 504
    with Smtp(gateway.port) as client:
        client.ehlo()
        client.starttls(tls, session)
        assert not client.sock.session_reused
        assert mechanisms(client) == ["PLAIN"]


def test_revoked_certificate_is_bad(another, authority, ground):
    revoked = authority.issue("email:alice@example.org")
    good = authority.issue("email:alice@example.org")
    both = ground.directory("client-crl") / "ca-and-crl.pem"
    both.write_text(authority.ca.read_text()
                    + authority.revocations(revoked))
    gateway = another(tls={"client_ca_file": both},
                      auth={"mechanisms": MECHANISMS})
    with connect(gateway, revoked) as client:
        assert mechanisms(client) == ["PLAIN"]
    gateway.process.wait_log("client_certificate .*revoked")
    assert external(gateway, good).code == 235


PEOPLE = "/DC=org/DC=example/OU=people"


@pytest.fixture(scope="module")
def by_subject(ground, slapd, postfix, authority):
    gateway = ground.start(Submitd(
        ground, slapd.uri, postfix.server, name="submitd-subject",
        tls={"client_ca_file": authority.ca},
        ldap={"certificate_filter": "(entryDN=%s)"},
        auth={**FAST["auth"], "mechanisms": MECHANISMS}))
    yield ready(gateway.start())
    gateway.stop()
    gateway.assert_sound()


@pytest.mark.parametrize("subject,code", [
    (f"{PEOPLE}/UID=alice", 235),
    (f"{PEOPLE}/CN=Second Twin", 235),
    (f"{PEOPLE}/UID=nobody", 535),
    (f"{PEOPLE}/CN=x, uid=alice", 535),
    (f"{PEOPLE}/CN=*)(uid=*", 535),
    ("/CN=alice", 535),
    ("/", 504),
])
def test_subject_is_the_entry(by_subject, authority, subject, code):
    """Where the authority knows the directory: its names are entries."""
    certificate = authority.issue(None, subject)
    with connect(by_subject, certificate) as client:
        assert "EXTERNAL" in mechanisms(client)
        reply = client.command("AUTH EXTERNAL =")
    assert reply.code == code, reply


def test_manager_acts_as_the_mailbox(another, authority, alice):
    gateway = another(
        tls={"client_ca_file": authority.ca},
        ldap={"delegate_filter": "(manager=%d)"},
        auth={"mechanisms": MECHANISMS})
    with connect(gateway, alice) as client:
        client.ehlo()
        assert client.command("AUTH EXTERNAL " + b64("office")).code == 235
        assert client.command("MAIL FROM:<office@example.org>").code == 250
    assert external(gateway, alice, "bob").code == 535


def test_suspended_account_hears_so(another, authority):
    gateway = another(
        tls={"client_ca_file": authority.ca},
        ldap={"suspended_filter": "(employeeType=suspended)",
              "certificate_filter": "(|(mail=%m)(uid=%m))"},
        auth={"mechanisms": MECHANISMS})
    reply = external(gateway, authority.issue("email:suspended"))
    assert (reply.code, reply.enhanced()) == (535, "5.7.13"), reply


def test_no_key_no_login(gateway, alice, authority):
    """A certificate is public: without its key the handshake fails."""
    other = authority.issue("email:bob@example.org")
    tls = gateway.context()
    with pytest.raises(ssl.SSLError):
        tls.load_cert_chain(alice.chain, other.key)


def test_long_chain_is_refused(gateway, authority, ground):
    """What a stranger may make us keep before a login is limited."""
    good = authority.issue("email:alice@example.org")
    long = ground.directory("long-chain") / "chain.pem"
    long.write_text(good.chain.read_text()
                    + authority.ca.read_text() * 200)
    good.chain = long
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        with connect(gateway, good) as client:
            client.ehlo()
    with connect(gateway) as client:
        assert client.ehlo()


@pytest.fixture
def mail_file(tmp_path, message):
    path = tmp_path / "message.eml"
    path.write_bytes(message.replace(b"\r\n", b"\n") + b"\n")
    return path


def curl(gateway, certificate, implicit, path):
    return subprocess.run([
        "curl", "-sSv",
        (f"smtps://localhost:{gateway.tls_port}" if implicit
         else f"smtp://localhost:{gateway.port}"), "--ssl-reqd",
        "--cacert", gateway.cert.ca, "--cert", certificate.chain,
        "--key", certificate.key, "--user", "alice:",
        "--login-options", "AUTH=EXTERNAL",
        "--mail-from", "alice@example.org",
        "--mail-rcpt", "bob@example.org", "--crlf", "--upload-file", path],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60, text=True)


def msmtp(gateway, certificate, implicit, path):
    with open(path, encoding="ascii") as mail:
        return subprocess.run([
            "msmtp", "--file=/dev/null", "--host=localhost",
            f"--port={gateway.tls_port if implicit else gateway.port}",
            "--tls=on", f"--tls-starttls={'off' if implicit else 'on'}",
            f"--tls-trust-file={gateway.cert.ca}",
            f"--tls-cert-file={certificate.chain}",
            f"--tls-key-file={certificate.key}",
            # without a user it ends its AUTH behind the space, and takes
            # our question for a welcome
            "--auth=external", "--user=alice", "--from=alice@example.org",
            "bob@example.org"],
            stdin=mail, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=60, text=True)


@pytest.mark.parametrize("client", [curl, msmtp], ids=lambda c: c.__name__)
def test_real_client_logs_in_by_certificate(
        gateway, alice, postfix, implicit, client, mail_file, token):
    mark = gateway.process.mark()
    done = client(gateway, alice, implicit, mail_file)
    assert done.returncode == 0, done.stdout
    postfix.wait(token)
    gateway.process.wait_log("login .*EXTERNAL.* verdict=\"?accepted",
                             since=mark)


@pytest.mark.parametrize("client", [curl, msmtp], ids=lambda c: c.__name__)
def test_real_client_hears_that_its_certificate_is_nobodys(
        gateway, authority, client, mail_file):
    nobody = authority.issue("email:nobody@example.org")
    done = client(gateway, nobody, True, mail_file)
    assert done.returncode != 0
    assert "535" in done.stdout or "denied" in done.stdout, done.stdout
