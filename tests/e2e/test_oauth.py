"""Bearer tokens: OAUTHBEARER (RFC 7628) and XOAUTH2, with keys of a file."""

import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from conftest import compose
from rawsmtp import Smtp, b64
from rig import wait_until
from test_accountability import forms, found_in_memory
from servers import PASSWORD

ISSUER = "https://id.example.org"
DISCOVERY = ISSUER + "/.well-known/openid-configuration"


class Authority:
    """An authorization server, as far as one needs it: keys and tokens."""

    def __init__(self):
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())

    def jwks(self):
        point = self.ec.public_key().public_numbers()

        def number(n):
            octets = n.to_bytes(32, "big")
            return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

        one = json.loads(RSAAlgorithm.to_jwk(self.rsa.public_key()))
        return json.dumps({"keys": [
            {**one, "kid": "r"},
            {"kty": "EC", "crv": "P-256", "x": number(point.x),
             "y": number(point.y), "kid": "e", "alg": "ES256"}]})

    def public_pem(self):
        return self.rsa.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo)

    def token(self, algorithm="ES256", key=None, kid=None, **claims):
        now = int(time.time())
        said = {"iss": ISSUER, "aud": "submit", "email": "alice@example.org",
                "scope": "openid smtp", "iat": now, "exp": now + 600,
                **claims}
        key = key or (self.ec if algorithm == "ES256" else self.rsa)
        kid = kid or {"ES256": "e", "RS256": "r"}.get(algorithm)
        return jwt.encode({k: v for k, v in said.items() if v is not None},
                          key, algorithm, headers=kid and {"kid": kid})


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def trusting(another, tmp_path, authority):
    path = tmp_path / "jwks.json"
    path.write_text(authority.jwks())
    return another(
        auth={"mechanisms": ["OAUTHBEARER", "XOAUTH2", "PLAIN"],
              "failure_delay": "0s"},
        oauth={"jwks_file": path, "issuer": ISSUER, "audience": "submit",
               "scope": "smtp", "discovery_url": DISCOVERY})


def bearer(token, lead="n,,", **pairs):
    extra = "".join(f"\1{k}={v}" for k, v in pairs.items())
    return b64(f"{lead}{extra}\1auth=Bearer {token}\1\1")


def xoauth2(token, user="alice@example.org"):
    return b64(f"user={user}\1auth=Bearer {token}\1\1")


def try_login(gateway, mechanism, message):
    """The last reply, and the JSON of the one before, if there was one."""
    with gateway.connect() as client:
        client.ehlo()
        reply = client.command(f"AUTH {mechanism} {message}")
        said = None
        if reply.code == 334:
            said = json.loads(base64.b64decode(reply.text))
            reply = client.command("AQ==")
        return reply, said


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_good_token_lets_in(trusting, authority, algorithm):
    token = authority.token(algorithm)
    for mechanism, message in [
            ("OAUTHBEARER", bearer(token)),
            ("OAUTHBEARER", bearer(token, "n,a=alice@example.org,",
                                   host="submit.example.org", port=587)),
            ("OAUTHBEARER", bearer(token, "n,a=alice,", nonsense="x")),
            ("XOAUTH2", xoauth2(token)), ("XOAUTH2", xoauth2(token, "alice")),
            ("XOAUTH2", xoauth2(token, "A.Example@example.org"))]:
        reply, said = try_login(trusting, mechanism, message)
        assert (reply.code, said) == (235, None), (mechanism, reply)


def test_a_verified_address_lets_in(trusting, authority):
    """Some say so in text."""
    for verified in (True, "true"):
        reply, _ = try_login(trusting, "OAUTHBEARER", bearer(
            authority.token(email_verified=verified)))
        assert reply.code == 235, verified


def test_guesses_at_the_password_keep_no_token_out(trusting, authority):
    """Nor is a token for nobody a guess at one."""
    trusting.reconfigure(abuse={"pair_failures": 3})
    trusting.stop()
    trusting.start()
    with trusting.connect() as client:
        client.ehlo()
        for guess in ("one", "two", "three"):
            assert client.auth_plain("alice@example.org", guess).code == 535
        assert client.auth_plain("alice@example.org",
                                 PASSWORD["alice"]).code == 454
    reply, _ = try_login(trusting, "OAUTHBEARER", bearer(authority.token()))
    assert reply.code == 235
    for _ in range(4):
        reply, _ = try_login(trusting, "OAUTHBEARER", bearer(
            authority.token(email="nobody@example.org")))
        assert reply.code == 535
    with trusting.connect() as client:  # so that the log has it all
        client.ehlo()
        client.auth_plain("somebody", "else")
    trusting.process.wait_log("user=somebody ")
    assert "ban kind=pair address=127.0.0.1 user=alice" in trusting.log()
    assert "user=nobody@example.org failures=" not in trusting.log()


def test_both_are_offered_in_tls_only(trusting, authority):
    with Smtp(trusting.port) as client:
        assert "AUTH" not in client.ehlo()
        reply = client.command("AUTH OAUTHBEARER " +
                               bearer(authority.token()))
        assert reply.code == 530
    with trusting.connect() as client:
        assert client.ehlo()["AUTH"].split() == ["OAUTHBEARER", "XOAUTH2",
                                                 "PLAIN"]
        # Without an initial response: the challenge is empty.
        reply = client.command("AUTH OAUTHBEARER")
        assert (reply.code, reply.text) == (334, "")
        assert client.command(bearer(authority.token())).code == 235
        assert client.mail("alice@example.org", ["bob@example.org"],
                           compose("by-token")).code == 250


def test_not_offered_unless_configured(gateway):
    with gateway.connect() as client:
        assert "OAUTH" not in client.ehlo()["AUTH"]
        for mechanism in ("OAUTHBEARER", "XOAUTH2"):
            reply = client.command(f"AUTH {mechanism} " + bearer("x"))
            assert (reply.code, reply.enhanced()) == (504, "5.5.4")


BAD = {
    "expired": lambda a: a.token(exp=int(time.time()) - 100),
    "endless": lambda a: a.token(exp=None),
    "early": lambda a: a.token(nbf=int(time.time()) + 100),
    "issuer": lambda a: a.token(iss="https://id.example.com"),
    "audience": lambda a: a.token(aud="imap"),
    "scope": lambda a: a.token(scope="openid"),
    "nobody": lambda a: a.token(email="nobody@example.org"),
    "nameless": lambda a: a.token(email=None),
    "filter": lambda a: a.token(email="*"),
    "unverified": lambda a: a.token(email_verified=False),
    "unverified, in text": lambda a: a.token(email_verified="false"),
    "unsigned": lambda a: unsigned(a),
    "confused": lambda a: hmac_with_public_key(a),
    "another key": lambda a: a.token(
        key=ec.generate_private_key(ec.SECP256R1())),
    "another kid": lambda a: a.token(kid="r"),
    "cut": lambda a: a.token()[:-10],
    "spoilt": lambda a: a.token()[:-10] + "AAAAAAAAAA",
    "not one": lambda a: "abc",
}


def part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unsigned(authority):
    head = part(b'{"alg":"none"}')
    return f"{head}.{authority.token().split('.')[1]}.x"


def hmac_with_public_key(authority):
    """HS256, keyed with what everybody knows of the RSA key."""
    claims = authority.token().split(".")[1]
    head = part(b'{"alg":"HS256","kid":"r"}')
    mac = hmac.new(authority.public_pem(), f"{head}.{claims}".encode(),
                   hashlib.sha256)
    return f"{head}.{claims}.{part(mac.digest())}"


def test_bad_tokens_are_refused_alike(trusting, authority):
    """In JSON first, then with 535, whatever is wrong."""
    for name, make in BAD.items():
        token = make(authority)
        for mechanism, message, wanted in [
                ("OAUTHBEARER", bearer(token),
                 {"status": "invalid_token", "scope": "smtp",
                  "openid-configuration": DISCOVERY}),
                ("XOAUTH2", xoauth2(token),
                 {"status": "400", "schemes": "bearer", "scope": "smtp"})]:
            reply, said = try_login(trusting, mechanism, message)
            assert said == wanted, (name, said)
            assert (reply.code, reply.enhanced()) == (535, "5.7.8"), name


def test_the_reason_is_in_the_log(trusting, authority):
    mark = trusting.process.mark()
    try_login(trusting, "OAUTHBEARER", bearer(BAD["expired"](authority)))
    trusting.process.wait_log("reason=token_expired", since=mark)


def test_a_client_may_give_up(trusting, authority):
    with trusting.connect() as client:
        client.ehlo()
        reply = client.command("AUTH OAUTHBEARER " + bearer("abc"))
        assert reply.code == 334
        assert client.command("*").code == 501
        assert client.command("AUTH OAUTHBEARER " +
                              bearer(authority.token())).code == 235


def test_nobody_acts_as_another(trusting, authority):
    token = authority.token()
    for mechanism, message in [
            ("OAUTHBEARER", bearer(token, "n,a=bob@example.org,")),
            ("OAUTHBEARER", bearer(token, "n,a=bob,")),
            ("XOAUTH2", xoauth2(token, "bob@example.org"))]:
        reply, _ = try_login(trusting, mechanism, message)
        assert reply.code == 535, (mechanism, reply)


@pytest.mark.parametrize("message", [
    b64("\1"), b64("n,,\1\1"), b64("n,,"), b64("p=tls-exporter,,\1auth=Bearer x\1\1"),
    b64("n,,\1auth=Bearer x\1"), b64("n,,\1auth=Basic x\1\1"), "AQ=="])
def test_what_is_no_message_fails(trusting, message):
    reply, said = try_login(trusting, "OAUTHBEARER", message)
    assert reply.code in (501, 535) and said is None, reply


def test_trouble_of_the_directory_is_no_bad_token(trusting, authority):
    trusting.reconfigure(ldap={"uri": ["ldap://127.0.0.1:1"]})
    trusting.stop()
    trusting.start()
    reply, said = try_login(trusting, "OAUTHBEARER",
                            bearer(authority.token()))
    assert (reply.code, reply.enhanced(), said) == (454, "4.7.0", None)


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_curl_sends_with_a_token(trusting, authority, tmp_path, mechanism):
    mail = tmp_path / "mail"
    mail.write_bytes(compose("curl-" + mechanism) + b"\r\n")
    subprocess.run(
        ["curl", "-sS", "--cacert", trusting.cert.ca,
         "--url", f"smtps://localhost:{trusting.tls_port}",
         "--user", "alice@example.org",
         "--oauth2-bearer", authority.token(),
         "--login-options", f"AUTH={mechanism}",
         "--mail-from", "alice@example.org", "--mail-rcpt", "bob@example.org",
         "--upload-file", mail], check=True, timeout=30)


def test_no_token_is_in_the_log(another, tmp_path, authority):
    path = tmp_path / "jwks.json"
    path.write_text(authority.jwks())
    gateway = another(log={"level": "debug"},
                      auth={"mechanisms": ["OAUTHBEARER", "PLAIN"]},
                      oauth={"jwks_file": path, "issuer": ISSUER,
                             "audience": "submit"})
    for token in (authority.token(), BAD["expired"](authority)):
        mark = gateway.process.mark()
        try_login(gateway, "OAUTHBEARER", bearer(token))
        gateway.process.wait_log("verdict=", since=mark)
        text = "\n".join(gateway.process.lines)
        for part in token.split("."):
            assert part not in text
        assert bearer(token) not in text


def test_a_token_is_forgotten_by_every_process(trusting, authority):
    """Its signature, so that none of it is of use to anybody."""
    roles = [pid for pids in trusting.roles().values() for pid in pids]
    for pid in roles:
        if "libasan" in pathlib.Path(f"/proc/{pid}/maps").read_text():
            pytest.skip("AddressSanitizer keeps freed memory on purpose")
    tokens = [authority.token(), authority.token("RS256"),
              BAD["expired"](authority)]
    for token in tokens:
        try_login(trusting, "OAUTHBEARER", bearer(token))
        try_login(trusting, "XOAUTH2", xoauth2(token))
    for token in tokens:
        for form in forms(token.split(".")[2].encode()):
            for pid in roles:
                wait_until(f"{pid} has forgotten {form}", lambda pid=pid,
                           form=form: not found_in_memory(pid, form))


def test_mistakes_are_told(another, tmp_path, authority):
    path = tmp_path / "jwks.json"
    good = {"jwks_file": path, "issuer": ISSUER, "audience": "submit"}
    for text, oauth, mechanisms, want in [
            (authority.jwks(), {}, ["XOAUTH2"], "need oauth { jwks_file }"),
            (authority.jwks(), {"jwks_file": path}, ["PLAIN"],
             "issuer and audience"),
            ("none", good, ["PLAIN"], "holds no JSON object")]:
        path.write_text(text)
        gateway = another(start=False, auth={"mechanisms": mechanisms},
                          oauth=oauth)
        status, said = gateway.check()
        assert status == 1 and want in said, said
    path.write_text(authority.jwks())
    for mechanism in ("OAUTHBEARER", "XOAUTH2"):
        gateway = another(start=False, auth={"mechanisms": [mechanism]},
                          oauth=good,
                          ldap={"base": None, "bind_dn": None,
                                "bind_password_file": None,
                                "dn_template": "uid=%u,dc=example"})
        status, said = gateway.check()
        assert status == 1 and "needs ldap { base }" in said, said
    path.write_text('{"keys": []}')
    gateway = another(start=False, auth={"mechanisms": ["XOAUTH2"]},
                      oauth=good)
    assert gateway.check()[0] == 0
    status, said = gateway.check("--dial")
    assert status == 1 and "oauth: no key to judge tokens by" in said, said
    path.write_text(authority.jwks())
    gateway = another(start=False, auth={"mechanisms": ["XOAUTH2"]},
                      oauth=good)
    status, said = gateway.check("--dial")
    assert status == 0 and "sasl offers XOAUTH2\n" in said, said
