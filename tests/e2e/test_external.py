"""Logging in by client certificate: EXTERNAL (RFC 4422, appendix A)."""

import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from conftest import compose
from rawsmtp import Smtp, b64
from servers import PASSWORD

DAY = datetime.timedelta(days=1)


class Authority:
    """Who vouches for clients: a root, and certificates of it."""

    def __init__(self, directory):
        self.dir = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = self.named("Clients' CA")
        self.cert = self.sign(
            self.name, self.key, [(x509.BasicConstraints(True, None), True)])
        self.file = self.write("ca.pem", self.cert)

    @staticmethod
    def named(common_name):
        return x509.Name([
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name)])

    def sign(self, name, key, extensions, days=30):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(name)
                   .issuer_name(self.name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now - 60 * DAY)
                   .not_valid_after(now + days * DAY))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def write(self, name, cert, key=None):
        path = self.dir / name
        data = cert.public_bytes(serialization.Encoding.PEM)
        if key is not None:
            data += key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption())
        path.write_bytes(data)
        return path

    def client(self, name, mailboxes=(), days=30,
               usage=ExtendedKeyUsageOID.CLIENT_AUTH):
        """A file with certificate and key, for load_cert_chain()."""
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = [(x509.ExtendedKeyUsage([usage]), False)]
        if mailboxes:
            extensions.append((x509.SubjectAlternativeName(
                [x509.RFC822Name._init_without_validation(m) for m in mailboxes]), False))
        cert = self.sign(self.named(name), key, extensions, days)
        return self.write(f"{name}-{cert.serial_number}.pem", cert, key)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def asking(another, authority):
    return another(tls={"client_ca_file": authority.file},
                   auth={"mechanisms": ["EXTERNAL", "PLAIN"],
                         "failure_delay": "0s"})


def connect(gateway, file=None, session=None, version=None):
    context = gateway.context()
    if version is not None:
        context.maximum_version = version
    if file is not None:
        context.load_cert_chain(file)
    return Smtp(gateway.tls_port, context, session)


def external(client, authzid=""):
    client.ehlo()
    return client.command("AUTH EXTERNAL " + (b64(authzid) or "="))


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
def test_a_certificate_lets_in(asking, authority, version):
    file = authority.client("Alice", ["alice@example.org"])
    for authzid in ("", "alice", "alice@example.org", "A.Example@example.org"):
        with connect(asking, file, version=version) as client:
            assert client.ehlo()["AUTH"].split() == ["EXTERNAL", "PLAIN"]
            assert external(client, authzid).code == 235, authzid
            assert client.mail("alice@example.org", ["bob@example.org"],
                               compose("by-certificate")).code == 250


def test_over_starttls_and_in_two_steps(asking, authority):
    file = authority.client("Alice", ["alice@example.org"])
    context = asking.context()
    context.load_cert_chain(file)
    with Smtp(asking.port) as client:
        client.ehlo()
        client.starttls(context)
        client.ehlo()
        reply = client.command("AUTH EXTERNAL")
        assert (reply.code, reply.text) == (334, "")
        assert client.command("").code == 235


def test_nobody_is_somebody_else(asking, authority):
    file = authority.client("Alice", ["alice@example.org"])
    for authzid in ("bob", "bob@example.org", "alice2"):
        with connect(asking, file) as client:
            assert external(client, authzid).code == 535, authzid


def bad_certificates(authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    alice = ["alice@example.org"]
    return {
        "another authority's": other.client("Alice", alice),
        "expired": authority.client("Alice", alice, days=-1),
        "a server's": authority.client(
            "Alice", alice, usage=ExtendedKeyUsageOID.SERVER_AUTH),
        "none": None,
    }


def test_a_bad_certificate_is_none(asking, authority, tmp_path):
    """It offers nothing, and the password still counts."""
    for name, file in bad_certificates(authority, tmp_path).items():
        with connect(asking, file) as client:
            assert client.ehlo()["AUTH"].split() == ["PLAIN"], name
            reply = external(client)
            assert (reply.code, reply.enhanced()) == (504, "5.5.4"), name
            assert client.auth_plain("bob", PASSWORD["bob"]).code == 235, name


def test_whose_certificate_it_is(asking, authority):
    """Every mailbox that is known must be the same person's."""
    for mailboxes, code in [
            (["sales@example.net", "alice@example.org"], 235),
            (["nobody@example.org", "alice@example.org"], 235),
            (["alice@example.org", "nobody@example.org"], 235),
            (["alice@example.org", "bob@example.org"], 535),
            (["nobody@example.org"], 535),
            (["*"], 535), (["alice@example.org)(uid=*"], 535), ([], 535)]:
        with connect(asking, authority.client("X", mailboxes)) as client:
            assert external(client).code == code, mailboxes


def test_a_suspended_owner_is_an_owner(another, authority):
    """Two people stay two, whatever may be said of one of them."""
    gateway = another(tls={"client_ca_file": authority.file},
                      auth={"mechanisms": ["EXTERNAL", "PLAIN"],
                            "failure_delay": "0s"},
                      ldap={"suspended_filter": "(uid=alice)"})
    alice, bob, carol = (f"{name}@example.org"
                         for name in ("alice", "bob", "carol"))
    for mailboxes, enhanced in [
            ([alice], "5.7.13"), ([alice, "A.Example@example.org"], "5.7.13"),
            (["nobody@example.org", alice], "5.7.13"),
            ([bob], "2.7.0"), ([alice, bob], "5.7.8"),
            ([bob, alice], "5.7.8"), ([alice, bob, carol], "5.7.8"),
            ([alice, bob, bob], "5.7.8"), ([bob, alice, bob], "5.7.8")]:
        with connect(gateway, authority.client("X", mailboxes)) as client:
            assert external(client).enhanced() == enhanced, mailboxes


def test_a_mailbox_of_two_people_is_no_stranger(another, authority):
    gateway = another(tls={"client_ca_file": authority.file},
                      auth={"mechanisms": ["EXTERNAL", "PLAIN"],
                            "failure_delay": "0s"},
                      ldap={"certificate_filter": "(uid=%m)"})
    for mailboxes, code in [(["bob"], 235), (["bob", "nobody"], 235),
                            (["twin"], 535), (["twin", "bob"], 535),
                            (["bob", "twin"], 535)]:
        with connect(gateway, authority.client("X", mailboxes)) as client:
            assert external(client).code == code, mailboxes


def test_a_subject_can_be_mapped(another, authority):
    gateway = another(tls={"client_ca_file": authority.file},
                      auth={"mechanisms": ["EXTERNAL", "PLAIN"],
                            "failure_delay": "0s"},
                      ldap={"certificate_filter": "(description=%s)"})
    for name, code in [("Alice", 235), ("alice", 235), ("Al*", 535),
                       ("*", 535), ("Bob", 535)]:
        with connect(gateway, authority.client(name)) as client:
            assert external(client).code == code, name


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
def test_a_resumed_session_is_the_same_client(asking, authority, version):
    context = asking.context()
    context.maximum_version = version
    context.load_cert_chain(
        authority.client("Alice", ["alice@example.org"]))
    with Smtp(asking.tls_port, context) as client:
        assert external(client).code == 235
        session = client.sock.session
    with Smtp(asking.tls_port, context, session) as client:
        assert client.sock.session_reused
        assert external(client).code == 235


def test_mistakes_are_told(another, authority):
    for changes, want in [
            ({}, "needs tls { client_ca_file }"),
            ({"tls": {"client_ca_file": authority.file},
              "ldap": {"base": None, "bind_dn": None,
                       "bind_password_file": None,
                       "dn_template": "uid=%u,dc=example"}},
             "needs ldap { base }")]:
        gateway = another(start=False, auth={"mechanisms": ["EXTERNAL"]},
                          **changes)
        status, said = gateway.check()
        assert status == 1 and want in said, said
