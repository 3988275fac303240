"""LDAP to the letter: RFC 4511, 4513 and 4515, as seen by the directory.

test_ldap_evil.py has what a directory may answer; here is how we ask.
"""

import ssl
import subprocess
import time

import pytest

from evilgateway import (NO, TROUBLE, YES, evil_gateway, recorded, try_login,
                         user_binds)
from evilldap import SEARCH_DONE, SILENT, EvilLdap, result
from rawsmtp import plain
from rig import wait_until
from servers import BASE, PASSWORD, SERVICE_DN

IMPATIENT = {"connect_timeout": "500ms", "operation_timeout": "1s",
             "retry_dead": "100ms"}


@pytest.fixture(scope="module")
def pair(ground):
    with recorded(ground, ldap=IMPATIENT) as pair:
        yield pair


@pytest.fixture
def gateway(pair):
    pair[1].forget()
    return pair[0]


@pytest.fixture
def directory(pair, gateway):
    yield pair[1]
    for answer in ("bind", "search"):
        pair[1].__dict__.pop(answer, None)
    wait_until("the gateway trusts it again",
               lambda: try_login(pair[0]) == YES)


def certificate(ground, *names):
    made = ground.certificate(*names)
    return str(made.chain), str(made.key)


def test_version_is_three(gateway, directory):
    directory.drop()  # so that the service account binds anew, too
    assert try_login(gateway) == YES
    assert set(directory.seen("version")) == {b"\3"}
    assert {dn for dn, _ in directory.binds()} == {SERVICE_DN,
                                                   "uid=alice," + BASE}


def at_once(gateway, logins):
    """Several logins in flight; their replies."""
    clients = [gateway.connect() for _ in logins]
    for client in clients:
        client.ehlo()
    for client, (user, word) in zip(clients, logins):
        client.send(b"AUTH PLAIN " + plain(user, word).encode() + b"\r\n")
    codes = [client.reply().code for client in clients]
    for client in clients:
        client.close()
    return codes


def test_nothing_is_asked_before_a_bind_is_answered(ground):
    """RFC 4511, 4.2.1: also with more logins than threads."""
    def slow(conn, dn, password):
        directory.closing.wait(0.1)
        return EvilLdap.bind(directory, conn, dn, password)

    with recorded(ground, ldap={"threads": 2}) as (gateway, directory):
        directory.bind = slow
        codes = at_once(gateway, [("alice", PASSWORD["alice"]),
                                  ("bob", PASSWORD["bob"])] * 3)
        assert codes == [235] * 6
        assert directory.seen("early") == []


def test_nothing_is_asked_before_starttls_is_answered(ground):
    def slow(conn):
        directory.closing.wait(0.1)
        return 0

    with EvilLdap(tls=certificate(ground, "127.0.0.1")) as directory:
        directory.starttls = slow
        with evil_gateway(ground, directory,
                          ldap={"starttls": True}) as gateway:
            assert try_login(gateway) == YES
        assert directory.seen("starttls") and directory.seen("early") == []


def test_rights_of_one_login_are_not_those_of_the_next(gateway, directory):
    """Searches run as the service account, on connections of its own."""
    for user in ("alice", "bob") * 3:
        assert try_login(gateway, user, PASSWORD[user]) == YES
    searching = {conn for conn, what, _ in directory.log if what == "search"}
    binding = {conn for conn, what, detail in directory.log
               if what == "bind" and detail[0] != SERVICE_DN}
    assert searching and binding and not searching & binding


# RFC 4515, 3: what may not stand in a filter as it is.
HOSTILE = ["*", "u*", "a)(uid=*", "a\\29", "a\\00b", ")(|(uid=*", "(", "\\",
           "a\\2a", "&", "|(uid=*)", "alice)(!(uid=x)"]


@pytest.mark.parametrize("user", HOSTILE)
def test_hostile_name_is_one_value(gateway, directory, user):
    directory.bind = lambda conn, dn, password: 0
    directory.search = lambda conn, request: [result(SEARCH_DONE, 0)]
    assert try_login(gateway, user, "x") == NO
    (request,) = directory.seen("search")
    assert request.filter == f"(|(uid={user})(mail={user}))"
    assert user_binds(directory)[0][0].startswith("cn=submitd-no-such-entry")


# RFC 4514, 2.4: the same for a DN.
RDN = {'a"b': r'a\"b', "a+b": r"a\+b", "a,b": r"a\,b", "a;b": r"a\;b",
       "a<b": r"a\<b", "a>b": r"a\>b", "a\\b": r"a\\b", "#a": r"\#a",
       "a=b": r"a\=b", "cn=admin,dc=example": r"cn\=admin\,dc\=example"}


def test_hostile_name_is_one_value_of_the_template(ground):
    with recorded(ground, ldap={
            "dn_template": "uid=%u," + BASE, "base": None, "bind_dn": None,
            "bind_password_file": None}) as (gateway, directory):
        for user, escaped in RDN.items():
            directory.forget()
            assert try_login(gateway, user, "x") == NO
            assert directory.binds() == [(f"uid={escaped},{BASE}", "x")]
        directory.bind = lambda conn, dn, password: 0
        directory.forget()
        assert try_login(gateway, "alice", "") == NO
        assert directory.binds() == []


def test_names_are_escaped_beyond_ascii(gateway, directory):
    assert try_login(gateway, "jürgen", "x") == NO
    (request,) = directory.seen("search")
    assert request.filter == "(|(uid=jürgen)(mail=jürgen))"


# -- TLS ---------------------------------------------------------------------


def only(version):
    """A directory's handshake with nothing but one version of TLS."""
    def wrap(sock):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(*wrap.certificate)
        return context.wrap_socket(sock, server_side=True)
    return wrap


VERSIONS = {ssl.TLSVersion.TLSv1: TROUBLE, ssl.TLSVersion.TLSv1_1: TROUBLE,
            ssl.TLSVersion.TLSv1_2: YES, ssl.TLSVersion.TLSv1_3: YES}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_old_tls_hears_no_password(ground, version):
    with EvilLdap(tls=certificate(ground, "127.0.0.1"),
                  ldaps=True) as directory:
        directory.wrap = only(version)
        directory.wrap.certificate = directory.tls
        with evil_gateway(ground, directory, ldap=IMPATIENT) as gateway:
            assert try_login(gateway) == VERSIONS[version]
        assert bool(directory.binds()) == (VERSIONS[version] == YES)


def revocation_list(directory, serial):
    """A list of the authority in directory, with one serial number."""
    (directory / "index").write_text(
        f"R\t300101000000Z\t260101000000Z\t{serial}\tunknown\t/CN=x\n")
    (directory / "ca.cnf").write_text(
        f"[ca]\ndefault_ca = c\n[c]\ndatabase = {directory}/index\n"
        f"certificate = {directory}/ca.pem\n"
        f"private_key = {directory}/ca.key\n"
        "default_md = sha256\ndefault_crl_days = 1\n")
    return subprocess.run(
        ["openssl", "ca", "-gencrl", "-config", directory / "ca.cnf"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
        text=True).stdout


@pytest.mark.parametrize("revoked", [True, False])
def test_revoked_directory_hears_no_password(ground, revoked):
    """RFC 9325, 7.5: by a list in ca_file."""
    made = ground.certificate("127.0.0.1", authority="strict-ca")
    serial = subprocess.run(
        ["openssl", "x509", "-in", made.chain, "-noout", "-serial"],
        stdout=subprocess.PIPE, check=True, text=True).stdout
    serial = serial.split("=")[1].strip() if revoked else "1234567890ABCDEF"
    trusted = ground.directory(f"strict-{revoked}") / "ca.pem"
    trusted.write_text(made.ca.read_text()
                       + revocation_list(made.ca.parent, serial))
    with EvilLdap(tls=(str(made.chain), str(made.key)),
                  ldaps=True) as directory:
        with evil_gateway(ground, directory,
                          ldap={**IMPATIENT, "ca_file": trusted}) as gateway:
            assert try_login(gateway) == (TROUBLE if revoked else YES)
        assert bool(directory.binds()) == (not revoked)


def test_nobodys_ldap_conf_weakens_us(ground, monkeypatch, tmp_path):
    """ldap.conf(5): files and variables that would switch the check off."""
    careless = tmp_path / "ldaprc"
    careless.write_text("TLS_REQCERT never\nREFERRALS on\nDEREF always\n")
    monkeypatch.setenv("LDAPTLS_REQCERT", "never")
    monkeypatch.setenv("LDAPCONF", str(careless))
    monkeypatch.setenv("LDAPRC", str(careless))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ldaprc").write_text(careless.read_text())
    with EvilLdap(tls=certificate(ground, "other.example.org"),
                  ldaps=True) as directory:
        with evil_gateway(ground, directory, ldap=IMPATIENT) as gateway:
            assert try_login(gateway) == TROUBLE
            gateway.process.wait_log(r"ldap_trouble .*certificate")
        assert directory.binds() == []


# -- several servers, and those that hang ------------------------------------


def test_dead_first_server_does_not_cost_every_login(ground):
    with EvilLdap() as dead, EvilLdap() as well:
        dead.accept_silently = True
        with evil_gateway(ground, dead, ldap={
                **IMPATIENT, "uri": [dead.url, well.url], "threads": 1,
                "retry_dead": "1h"}) as gateway:
            begin = time.monotonic()
            for _ in range(10):
                assert try_login(gateway) == YES
            assert time.monotonic() - begin < 8  # ten time-outs are more
            asked = len(dead.seen("connect"))
            assert try_login(gateway) == YES
            assert len(dead.seen("connect")) == asked


def test_changed_password_counts_at_once(gateway, directory):
    """There is no cache: neither of a yes nor of a no."""
    assert try_login(gateway, "bob", PASSWORD["bob"]) == YES
    assert try_login(gateway, "bob", "new word") == NO
    directory.people["bob"] = ("new word", ["bob@example.org"])
    try:
        assert try_login(gateway, "bob", PASSWORD["bob"]) == NO
        assert try_login(gateway, "bob", "new word") == YES
    finally:
        directory.people["bob"] = (PASSWORD["bob"], ["bob@example.org"])


def test_sessions_go_on_while_the_directory_hangs(gateway, directory):
    directory.search = lambda conn, request: SILENT
    with gateway.connect() as other:
        other.ehlo()
        with gateway.connect() as waiting:
            waiting.ehlo()
            waiting.send(b"AUTH PLAIN AGFsaWNlAHg=\r\n")
            wait_until("the directory hangs",
                       lambda: directory.seen("search"))
            slowest = 0
            for _ in range(20):
                begin = time.monotonic()
                assert other.command("NOOP").code == 250
                slowest = max(slowest, time.monotonic() - begin)
            assert waiting.reply().code == 454
    assert slowest < 0.5


def test_nobody_can_tell_why(gateway, directory):
    """Unknown, wrong, locked, ambiguous: one answer."""
    told = set()
    for user, code in (("nosuch", 0), ("alice", 49), ("alice", 19),
                       ("alice", 50), ("alice", 48)):
        directory.bind = lambda conn, dn, password, code=code: (
            0 if dn == SERVICE_DN else code)
        with gateway.connect() as client:
            client.ehlo()
            reply = client.auth_plain(user, "x")
            told.add((reply.code, reply.text))
    assert len(told) == 1 and told.pop()[0] == 535
