"""SCRAM with keys in a real slapd: clients of our own and of others, channel
binding, and what a client learns of who exists."""

import pathlib
import ssl
import subprocess
import time

import pytest

import libgsasl
from clients import run
from conftest import compose
from rawsmtp import Smtp, b64
from rig import wait_until
from scram import Exchange, Keys, add_user, encode, login
from servers import PASSWORD, ssha
from test_accountability import found_in_memory

SECRET = "a pencil, sharp"
LDAP = {"scram_attribute": "authPassword"}
ALL = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"]


@pytest.fixture(scope="module")
def directory(slapd):
    """The shared slapd, with people who have stored keys."""
    keys = {scheme: Keys(scheme, SECRET) for scheme in ALL[:3]}
    add_user(slapd, "sam", *(k.rfc5803() for k in keys.values()))
    add_user(slapd, "sue", keys["SCRAM-SHA-256"].dovecot(),
             password=ssha(SECRET))
    add_user(slapd, "old", keys["SCRAM-SHA-1"].rfc5803())
    add_user(slapd, "odd", keys["SCRAM-SHA-1"].rfc5803(), ssha("no key"),
             password=ssha(SECRET))
    add_user(slapd, "two", "SCRAM-SHA-256$4096:bad$bad:bad",
             keys["SCRAM-SHA-256"].rfc5803().replace("$", " $ "))
    add_user(slapd, "bad", keys["SCRAM-SHA-256"].rfc5803().replace(
        "4096", "4294967295"))
    return slapd


def spoken(gateway):
    """Once both workers know what auth offers."""
    def knows():
        with gateway.connect() as client:
            return "SCRAM" in client.ehlo().get("AUTH", "")

    wait_until("auth has said what it offers",
               lambda: all(knows() for _ in range(8)))
    return gateway


@pytest.fixture
def scram(another, directory):
    """scram(**changes): a gateway that offers everything."""
    def make(**changes):
        changes.setdefault("auth", {})
        changes["auth"] = {"mechanisms": ALL, "failure_delay": "200ms",
                           "scram_iterations": 4096,
                           **changes["auth"]}
        return spoken(another(ldap={**LDAP, **changes.pop("ldap", {})},
                              **changes))
    return make


def told(reply):
    return reply.code, reply.enhanced()


YES, NO = (235, "2.7.0"), (535, "5.7.8")
TLS12 = {"maximum_version": ssl.TLSVersion.TLSv1_2}


def attempt(gateway, *args, **options):
    with gateway.connect() as client:
        client.ehlo()
        return told(login(client, *args, **options))


# -- logging in ----------------------------------------------------------------

def test_each_hash_and_form_lets_in(scram):
    gateway = scram()
    for scheme in ALL[:3]:
        assert attempt(gateway, scheme, "sam", SECRET) == YES
        assert attempt(gateway, scheme, "sam", "wrong") == NO
        assert attempt(gateway, scheme, "nobody", SECRET) == NO
        assert attempt(gateway, scheme, "alice", PASSWORD["alice"]) == NO
    assert attempt(gateway, "SCRAM-SHA-256", "sue", SECRET) == YES
    assert attempt(gateway, "SCRAM-SHA-256", "sam@example.org", SECRET) == YES
    assert attempt(gateway, "SCRAM-SHA-256", "two", SECRET) == YES
    assert attempt(gateway, "SCRAM-SHA-256", "old", SECRET) == NO
    assert attempt(gateway, "SCRAM-SHA-256", "bad", SECRET) == NO
    gateway.process.wait_log(r"stored_key .*user=bad .*reason=unusable")


def test_who_has_no_key_logs_in_by_password(scram):
    gateway = scram()
    gateway.login("alice").close()
    with gateway.connect() as client:
        client.ehlo()
        assert told(client.auth_plain("sue", SECRET)) == YES


def test_mail_goes_out_after_it(scram, postfix, token):
    gateway = scram()
    with gateway.connect() as client:
        client.ehlo()
        assert told(login(client, "SCRAM-SHA-256", "sam", SECRET)) == YES
        reply = client.mail("sam@example.org", ["bob@example.org"],
                            compose(token, sender="sam@example.org"))
        assert reply.code == 250, reply
        reply = client.command("MAIL FROM:<alice@example.org>")
        assert reply.code == 550, reply
    postfix.wait(token)


def test_without_initial_response_the_challenge_is_empty(scram):
    gateway = scram()
    with gateway.connect() as client:
        client.ehlo()
        exchange = Exchange(client, "SCRAM-SHA-256", "sam", initial=False)
        assert exchange.prove(SECRET).code == 334
        assert exchange.challenge() == exchange.verifier
        assert told(exchange.say("")) == YES


def test_nothing_but_an_empty_line_answers_the_last_challenge(scram):
    gateway = scram()
    with gateway.connect() as client:
        client.ehlo()
        exchange = Exchange(client, "SCRAM-SHA-256", "sam")
        assert exchange.prove(SECRET).code == 334
        assert client.command("*").code == 501
        assert client.command("MAIL FROM:<sam@example.org>").code == 530
        exchange = Exchange(client, "SCRAM-SHA-256", "sam")
        assert exchange.prove(SECRET).code == 334
        assert told(exchange.say("x")) == NO
        assert told(login(client, "SCRAM-SHA-256", "sam", SECRET)) == YES


@pytest.mark.parametrize("text", [
    "x,,n=sam,r=a", "n,,n=s=am,r=a", "n,,m=x,n=sam,r=a", "n,,n=sam", "",
    "n,a=boss,n=sam", "y,,n=sam,r=abcd", "p=foo,,n=sam,r=abcd",
    "p=tls-exporter,,n=sam,r=abcd", "n,,n=sam,r=\0"])
def test_first_messages_that_are_none_are_refused(scram, text):
    gateway = scram()
    with gateway.connect() as client:
        client.ehlo()
        reply = client.command(f"AUTH SCRAM-SHA-256 {b64(text) or '='}")
        assert told(reply) == NO, reply
        assert told(login(client, "SCRAM-SHA-256", "sam", SECRET)) == YES


def test_the_nonce_and_the_other_identity_are_checked(scram):
    gateway = scram()
    with gateway.connect() as client:
        client.ehlo()
        seen = set()
        for nonce in ("abcd", "abcdx", None):
            exchange = Exchange(client, "SCRAM-SHA-256", "sam")
            seen.add(exchange.parts()[0])
            reply = exchange.prove(SECRET, nonce=nonce)
            assert (reply.code == 334) == (nonce is None), reply
            if nonce is None:
                assert told(exchange.say("")) == YES
        assert len(seen) == 3  # never the same nonce
    assert attempt(gateway, "SCRAM-SHA-256", "sam", SECRET,
                   header="n,a=alice,") == NO
    assert attempt(gateway, "SCRAM-SHA-256", "sam", SECRET,
                   header="n,a=sam,") == YES


# -- what a client is told -----------------------------------------------------

def offered(client):
    return client.ehlo().get("AUTH", "").split()


def test_the_strongest_first_and_login_last(scram, another, directory):
    gateway = scram(auth={"mechanisms": ["LOGIN", *ALL[:4]]})
    with gateway.connect() as client:
        assert offered(client) == [
            "SCRAM-SHA-512-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256-PLUS",
            "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN",
            "LOGIN"]
    gateway = spoken(another(ldap=LDAP))
    with gateway.connect() as client:
        assert offered(client) == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256",
                                   "PLAIN", "LOGIN"]


def test_plus_alone_is_for_who_can_bind(scram):
    gateway = scram(auth={"mechanisms": ["SCRAM-SHA-256-PLUS"]})
    with gateway.connect() as client:
        assert offered(client) == ["SCRAM-SHA-256-PLUS"]
        assert client.command("AUTH SCRAM-SHA-256 =").code == 504
        assert client.auth_plain("alice", PASSWORD["alice"]).code == 504


def test_users_and_strangers_hear_the_same(scram):
    def first(gateway, user):
        with gateway.connect() as client:
            client.ehlo()
            begin = time.monotonic()
            exchange = Exchange(client, "SCRAM-SHA-256", user)
            _, salt, iterations = exchange.parts()
            last = exchange.prove("wrong")
            return salt, iterations, last.text, time.monotonic() - begin

    gateway = scram()
    first(gateway, "warm")
    everybody = ["sam", "alice", "twin", "nobody", "Nobody", "old", "bad"]
    heard = {user: first(gateway, user) for user in everybody}
    assert len({(len(x[0]), x[1], x[2]) for x in heard.values()}) == 1
    assert heard["sam"][0] == b"a salt of 16 oct"
    assert heard["nobody"][0] == heard["Nobody"][0]
    assert len({x[0] for x in heard.values()}) == len(everybody) - 1
    again = scram()  # another gateway, another start
    for user in everybody:
        assert first(again, user)[:2] == heard[user][:2]
    times = [x[3] for x in heard.values()]
    assert min(times) >= 0.2 and max(times) - min(times) < 0.15, times


def test_counts_that_differ_are_told_to_the_operator(scram):
    gateway = scram(auth={"scram_iterations": 5000})
    assert attempt(gateway, "SCRAM-SHA-256", "sam", SECRET) == YES
    gateway.process.wait_log(r"scram_differs .*4096 iterations")


def test_who_has_a_key_may_be_held_to_it(scram):
    gateway = scram(auth={"scram_only": True, "mechanisms": [
        "SCRAM-SHA-256", "PLAIN"]})
    with gateway.connect() as client:
        client.ehlo()
        # the second time it is remembered that the password is right
        for _ in range(2):
            reply = client.auth_plain("sue", SECRET)
            assert told(reply) == (534, "5.7.9"), reply
        assert told(client.auth_plain("sue", "wrong")) == NO
        assert told(client.auth_plain("nobody", "wrong")) == NO
        assert told(login(client, "SCRAM-SHA-256", "sue", SECRET)) == YES
    gateway.login("alice").close()
    with gateway.connect() as client:  # a key for what is not offered
        client.ehlo()
        assert told(client.auth_plain("odd", SECRET)) == YES


def test_who_has_none_may_be_told(scram):
    gateway = scram(auth={"scram_transition": True})
    assert attempt(gateway, "SCRAM-SHA-256", "alice",
                   PASSWORD["alice"]) == (432, "4.7.12")
    assert attempt(gateway, "SCRAM-SHA-256", "nobody", "x") == NO
    assert attempt(gateway, "SCRAM-SHA-256", "sam", "x") == NO


def test_trouble_of_the_directory_is_told_as_such(another, own_slapd):
    add_user(own_slapd, "sam", Keys("SCRAM-SHA-256", SECRET).rfc5803())
    gateway = another(ldap_uri=own_slapd.uri, ldap=LDAP)
    with gateway.connect() as client:
        client.ehlo()
        assert told(login(client, "SCRAM-SHA-256", "sam", "x")) == NO
        own_slapd.stop()
        assert told(login(client, "SCRAM-SHA-256", "sam", SECRET)) == (
            454, "4.7.0")
        own_slapd.start()
        wait_until("logins work again", lambda: told(login(
            client, "SCRAM-SHA-256", "sam", SECRET)) == YES)


REFUSED = {
    "no attribute": ({"scram_attribute": None}, "SCRAM needs stored keys"),
    "in the clear": ({"uri": ["ldap://ldap.example.org"]}, "in the clear"),
    "template": ({"base": None, "bind_dn": None, "bind_password_file": None,
                  "dn_template": "uid=%u,dc=x"}, "scram_attribute needs base"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_configuration_that_cannot_be_is_refused(another, what):
    changes, text = REFUSED[what]
    gateway = another(start=False, ldap={**LDAP, **changes},
                      auth={"mechanisms": ["SCRAM-SHA-256"]})
    status, said = gateway.check()
    assert status != 0 and text in said, said


# -- channel binding -----------------------------------------------------------

def unique(client):
    return client.sock.get_channel_binding("tls-unique")


def plus(client, **options):
    options = {"header": "p=tls-unique,,", "binding": unique(client),
               **options}
    return told(login(client, "SCRAM-SHA-256-PLUS", "sam", SECRET, **options))


def test_tls_1_2_is_bound_by_its_first_finished(scram):
    gateway = scram()
    with gateway.connect(**TLS12) as client:
        assert "SCRAM-SHA-256-PLUS" in offered(client)
        other = unique(client)
        # octets of another connection, none, one changed
        assert plus(client, binding=b"x" * len(other)) == NO
        assert plus(client, binding=b"") == NO
        assert plus(client, binding=other[:-1]) == NO
        assert plus(client, header="p=tls-exporter,,") == NO
        assert plus(client, header="n,,", binding=b"") == NO
        gateway.process.wait_log(r"verdict=refused reason=binding")
    with gateway.connect(**TLS12) as client:
        client.ehlo()
        assert unique(client) != other
        assert plus(client, binding=other) == NO
        assert plus(client) == YES


def test_a_resumed_session_is_bound_by_the_servers_finished(scram):
    gateway = scram(workers=1)
    context = gateway.context(**TLS12)
    session = None
    for resumed in (False, True):
        with Smtp(gateway.tls_port, context, session) as client:
            client.ehlo()
            session = client.sock.session
            assert client.sock.session_reused == resumed
            assert plus(client) == YES


NO_EXTENDED_MASTER_SECRET = 1  # OpenSSL's SSL_OP_


def test_without_extended_master_secret_nothing_is_bound(scram):
    gateway = scram(auth={"mechanisms": ["SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"]})

    def connect(**options):
        context = gateway.context(**options)
        context.options |= NO_EXTENDED_MASTER_SECRET
        return Smtp(gateway.tls_port, context)

    with connect(**TLS12) as client:
        assert offered(client) == ["SCRAM-SHA-256"]
        for name in ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"):
            reply = client.command(f"AUTH {name} {b64('p=tls-unique,,n=sam')}")
            assert told(reply) == (504, "5.5.4"), reply
        # nothing was offered that it could have bound to
        assert told(login(client, "SCRAM-SHA-256", "sam", SECRET,
                          header="y,,")) == YES
    gateway = scram(auth={"mechanisms": ["SCRAM-SHA-256-PLUS"]})
    with connect(**TLS12) as client:
        assert "AUTH" not in client.ehlo()
        assert client.auth_plain("alice", PASSWORD["alice"]).code == 504


def test_y_is_no_answer_to_plus(scram):
    gateway = scram()
    with gateway.connect(**TLS12) as client:
        client.ehlo()
        assert told(login(client, "SCRAM-SHA-256", "sam", SECRET,
                          header="y,,")) == NO
        assert told(login(client, "SCRAM-SHA-256", "sam", SECRET)) == YES


# -- clients of others ---------------------------------------------------------

def test_libgsasl_binds_to_tls_1_3(scram):
    gateway = scram()
    for scheme in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
        with libgsasl.Exported(gateway.tls_port, gateway.cert.ca) as client:
            assert f"{scheme}-PLUS" in offered(client)
            reply, _ = libgsasl.login(client, f"{scheme}-PLUS", "sam", SECRET,
                                      bytes(32))
            assert told(reply) == NO
            reply, _ = libgsasl.login(client, f"{scheme}-PLUS", "sam", "wrong",
                                      client.exporter())
            assert told(reply) == NO
            reply, trusts = libgsasl.login(
                client, f"{scheme}-PLUS", "sam", SECRET, client.exporter())
            assert told(reply) == YES and trusts


def test_the_exporters_value_serves_one_connection(scram):
    gateway = scram()
    with libgsasl.Exported(gateway.tls_port, gateway.cert.ca) as one, \
            libgsasl.Exported(gateway.tls_port, gateway.cert.ca) as other:
        one.ehlo()
        reply, _ = libgsasl.login(one, "SCRAM-SHA-256-PLUS", "sam", SECRET,
                                  other.exporter())
        assert told(reply) == NO
        # tls-unique is nothing over TLS 1.3 (RFC 9266, 3)
        assert told(login(one, "SCRAM-SHA-256-PLUS", "sam", SECRET,
                          header="p=tls-unique,,",
                          binding=one.sock.get_finished())) == NO
        # over TLS 1.3 too, who sees -PLUS and says y was lied to
        assert told(login(one, "SCRAM-SHA-256", "sam", SECRET,
                          header="y,,")) == NO


def test_libgsasl_logs_in_unbound(scram):
    gateway = scram()
    for scheme in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
        with gateway.connect() as client:
            client.ehlo()
            reply, trusts = libgsasl.login(client, scheme, "sam", SECRET)
            assert told(reply) == YES and trusts


MSMTP = """\
account default
host localhost
port {port}
tls on
tls_starttls on
tls_trust_file {ca}
from sam@example.org
auth {auth}
user sam
password {password}
"""


@pytest.mark.parametrize("auth", ["scram-sha-256", "scram-sha-1"])
def test_msmtp_sends(scram, postfix, token, tmp_path, auth):
    gateway = scram()
    file = tmp_path / "msmtprc"
    file.write_text(MSMTP.format(port=gateway.port, ca=gateway.cert.ca,
                                 auth=auth, password=f'"{SECRET}"'))
    file.chmod(0o600)
    message = tmp_path / "message"
    message.write_bytes(compose(token, sender="sam@example.org"))
    with open(message, "rb") as text:
        run(["msmtp", f"--file={file}", "bob@example.org"], stdin=text)
    gateway.process.wait_log(
        r"user=sam .*mechanism=SCRAM-SHA-(256|1) verdict=accepted")
    postfix.wait(token)


PERL = r"""
use strict;
use Authen::SCRAM::Client;
use MIME::Base64;
$| = 1;
my $client = Authen::SCRAM::Client->new(
    username => $ARGV[1], password => $ARGV[2], digest => $ARGV[0]);
print encode_base64($client->first_msg, ''), "\n";
print encode_base64($client->final_msg(decode_base64(scalar <STDIN>)), ''),
    "\n";
$client->validate(decode_base64(scalar <STDIN>)) and print "trusted\n";
"""


@pytest.mark.parametrize("digest", ["SHA-512", "SHA-256", "SHA-1"])
def test_perls_client_logs_in(scram, digest):
    gateway = scram()
    with gateway.connect() as smtp, subprocess.Popen(
            ["perl", "-e", PERL, digest, "sam", SECRET],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as perl:
        def says():
            return perl.stdout.readline().strip()

        def hears(text):
            perl.stdin.write(text + "\n")
            perl.stdin.flush()

        smtp.ehlo()
        reply = smtp.command(f"AUTH SCRAM-{digest} {says()}")
        hears(reply.text)
        reply = smtp.command(says())
        assert reply.code == 334
        hears(reply.text)
        assert says() == "trusted"
        assert told(smtp.command("")) == YES


# -- what is left of it ----------------------------------------------------------

def test_keys_and_proofs_are_forgotten_and_never_told(scram):
    gateway = scram(workers=1, log={"level": "debug"})
    roles = {name: pids[0] for name, pids in gateway.roles().items()}
    maps = pathlib.Path(f"/proc/{roles['submitd-auth']}/maps").read_text()
    if "libasan" in maps:
        pytest.skip("AddressSanitizer keeps freed memory on purpose")
    said = []
    for user, password in (("sam", SECRET), ("sam", "wrong"), ("bad", SECRET)):
        with gateway.connect() as client:
            client.ehlo()
            exchange = Exchange(client, "SCRAM-SHA-256", user)
            reply = exchange.prove(password)
            said.append(exchange.proof)
            if reply.code == 334:
                exchange.say("")
    keys = Keys("SCRAM-SHA-256", SECRET)
    secrets = [*said, keys.stored, keys.server, keys.client,
               SECRET.encode()]
    secrets += [encode(x).encode() for x in secrets]
    for name, pid in roles.items():
        for secret in secrets:
            wait_until(f"{name} has forgotten {secret}",
                       lambda pid=pid, secret=secret:
                       found_in_memory(pid, secret) == 0)
    log = gateway.log()
    assert "mechanism=SCRAM-SHA-256" in log
    for secret in secrets[len(secrets) // 2:]:
        assert secret.decode() not in log
    assert SECRET not in log
