"""Passwords that expire, accounts that lock: what the directory says of them.

Clients hear one 535 for all of it; the log has the reason.  A real slapd
with its policy overlay, and the words of Active Directory and of 389
Directory Server from a scripted one.
"""

import datetime

import pytest

from evilgateway import NO, TROUBLE, YES, evil_gateway, try_login
from evilldap import BIND_RESPONSE, EvilLdap, result, with_controls
from servers import BASE, PASSWORD, SERVICE_DN, Slapd, ssha

POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"
EXPIRED, EXPIRING = "2.16.840.1.113730.3.4.4", "2.16.840.1.113730.3.4.5"
WORD = "battery staple"


def generalized(days_ago):
    when = (datetime.datetime.now(datetime.timezone.utc)
            - datetime.timedelta(days=days_ago))
    return when.strftime("%Y%m%d%H%M%SZ")


def policy(name, **attributes):
    lines = "".join(f"{k}: {v}\n" for k, v in attributes.items())
    return (f"\ndn: cn={name},ou=policies,dc=example,dc=org\n"
            f"objectClass: device\nobjectClass: pwdPolicy\ncn: {name}\n"
            f"pwdAttribute: userPassword\n{lines}")


def person(name, days, policy_name=None, *more):
    lines = "".join(f"{x}\n" for x in more)
    if policy_name:
        lines += (f"pwdPolicySubentry: cn={policy_name},ou=policies,"
                  "dc=example,dc=org\n")
    return (f"\ndn: uid={name},{BASE}\nobjectClass: inetOrgPerson\n"
            f"uid: {name}\ncn: {name}\nsn: {name}\n"
            f"mail: {name}@example.org\nuserPassword: {ssha(WORD)}\n"
            f"pwdChangedTime: {generalized(days)}\n{lines}")


DAY = 86400


class PolicySlapd(Slapd):
    globals = "moduleload ppolicy"
    database = ("overlay ppolicy\nppolicy_use_lockout\n"
                "ppolicy_default cn=lock,ou=policies,dc=example,dc=org")

    @property
    def entries(self):
        return ("\ndn: ou=policies,dc=example,dc=org\n"
                "objectClass: organizationalUnit\nou: policies\n"
                + policy("lock", pwdLockout="TRUE", pwdMaxFailure=3,
                         pwdMustChange="TRUE")
                + policy("old", pwdMaxAge=DAY)
                + policy("grace", pwdMaxAge=DAY, pwdGraceAuthNLimit=3)
                + policy("soon", pwdMaxAge=30 * DAY, pwdExpireWarning=20 * DAY)
                + person("locked", 1) + person("reset", 1, None,
                                               "pwdReset: TRUE")
                + person("old", 9, "old") + person("grace", 9, "grace")
                + person("soon", 25, "soon"))


@pytest.fixture(scope="module")
def slapd(ground):
    slapd = ground.start(PolicySlapd(ground, "slapd-policy"))
    yield slapd
    slapd.kill()


@pytest.fixture(scope="module")
def strict(ground, slapd):
    slapd.url = slapd.uri
    with evil_gateway(ground, slapd) as gateway:
        yield gateway


def judged(gateway, user, password=WORD, typed=None):
    """What the client hears, the reason in the log, and the line there.

    The line may come after the reply: call it for each login of a test.
    """
    mark = gateway.process.mark()
    reply = try_login(gateway, typed or user, password)
    found = gateway.process.wait_log(
        rf" login user={user} .* reason=(\w+)", since=mark)
    return reply, found.group(1), found.string


def test_account_locks_after_wrong_passwords(strict):
    for _ in range(3):
        assert judged(strict, "locked", "wrong")[:2] == (NO, "password")
    for word in (WORD, "wrong"):
        assert judged(strict, "locked", word)[:2] == (NO, "locked")


def test_expired_password_is_refused(strict):
    assert judged(strict, "old")[:2] == (NO, "password_expired")
    assert judged(strict, "old", "wrong")[:2] == (NO, "password")


def test_grace_logins_are_counted_down(strict):
    for left in (2, 1, 0):
        reply, reason, line = judged(strict, "grace")
        assert (reply, reason) == (YES, "ok")
        assert f" grace_left={left} " in line
    assert judged(strict, "grace")[:2] == (NO, "password_expired")


def test_soon_to_expire_is_logged(strict):
    reply, reason, line = judged(strict, "soon")
    assert (reply, reason) == (YES, "ok")
    left = int(line.split(" password_expires_s=")[1].split()[0])
    assert 4.5 * DAY < left <= 5 * DAY


def test_password_to_be_changed_first(ground, slapd, strict):
    assert judged(strict, "reset")[:2] == (NO, "must_change")
    with evil_gateway(ground, slapd, ldap={"must_change": "allow"}) as gateway:
        assert judged(gateway, "reset")[:2] == (YES, "must_change")
        assert judged(gateway, "reset", "wrong")[:2] == (NO, "password")
        assert judged(gateway, "old")[:2] == (NO, "password_expired")
    # whoever binds by template could not even read the own entry
    with evil_gateway(ground, slapd, ldap={
            "dn_template": "uid=%u," + BASE, "base": None, "bind_dn": None,
            "bind_password_file": None}) as gateway:
        assert judged(gateway, "reset")[:2] == (NO, "must_change")


# -- what other directories say ----------------------------------------------


@pytest.fixture(scope="module")
def scripted(ground):
    with EvilLdap() as directory:
        with evil_gateway(ground, directory) as gateway:
            yield gateway, directory


@pytest.fixture
def answer(scripted):
    """answer(code, text, (OID, value)...): to every user's bind; judged."""
    gateway, directory = scripted

    def make(code, text="", *controls):
        reply = result(BIND_RESPONSE, code, text)
        if controls:
            reply = with_controls(reply, *controls)
        directory.bind = lambda conn, dn, password: (
            0 if dn == SERVICE_DN else [reply])
        return judged(gateway, "alice", PASSWORD["alice"])

    yield make
    directory.__dict__.pop("bind", None)


def test_policy_is_asked_for_where_people_bind(scripted):
    gateway, directory = scripted
    directory.drop()
    directory.forget()
    assert judged(gateway, "alice", PASSWORD["alice"])[:2] == (YES, "ok")
    assert dict(directory.seen("controls")) == {
        SERVICE_DN: [], directory.dn_of("alice"): [POLICY]}


AD = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext " \
    "error, data %s, v2580\0"
AD_CODES = {"525": "no_entry", "52e": "password", "52E": "password",
            "52f": "restricted", "530": "hours", "531": "place",
            "532": "password_expired", "533": "disabled",
            "701": "account_expired", "773": "must_change", "775": "locked",
            "999": "password", "": "password"}


def test_active_directory_says_why(answer):
    for code, reason in AD_CODES.items():
        assert answer(49, AD % code)[:2] == (NO, reason), code
    # and no text makes a yes of a no, or the other way round
    assert answer(0, AD % "533")[:2] == (YES, "ok")
    assert answer(51, AD % "533")[:2] == (TROUBLE, "busy")
    assert answer(49, "no alice, data 533, here")[:2] == (NO, "password")


def error(n):
    return POLICY, b"\x30\x03\x81\x01" + bytes([n])


def grace(n):
    return POLICY, b"\x30\x05\xa0\x03\x81\x01" + bytes([n])


def test_controls_beside_a_code(answer):
    assert answer(0, "", (POLICY, b"\x30\x00"))[:2] == (YES, "ok")
    assert answer(0, "", error(2))[:2] == (NO, "must_change")
    assert answer(49, "", error(0))[:2] == (NO, "password_expired")
    assert answer(49, "", error(1))[:2] == (NO, "locked")
    assert answer(19, "", error(1))[:2] == (NO, "locked")
    assert answer(53, "", error(1))[:2] == (NO, "locked")
    assert answer(52, "", error(1))[:2] == (TROUBLE, "unavailable")
    # Netscape's, alone and with the newer one
    assert answer(0, "", (EXPIRED, "0"))[:2] == (NO, "must_change")
    assert answer(49, "", (EXPIRED, "0"))[:2] == (NO, "password_expired")
    reply, reason, line = answer(0, "", (EXPIRED, "0"), grace(4))
    assert (reply, reason) == (YES, "ok") and " grace_left=4 " in line
    reply, reason, line = answer(0, "", (EXPIRING, "3600"))
    assert (reply, reason) == (YES, "ok")
    assert " password_expires_s=3600 " in line


def test_control_without_sense_changes_nothing(answer):
    whole = b"\x30\x08\xa0\x03\x81\x01\x02\x81\x01\x01"
    for n in range(len(whole)):
        assert answer(0, "", (POLICY, whole[:n]))[:2] == (YES, "ok"), n
    for value in (b"\x30\x84\xff\xff\xff\xff", b"\xff" * 300, b"\0" * 300):
        assert answer(0, "", (POLICY, value))[:2] == (YES, "ok")
        assert answer(49, "", (POLICY, value))[:2] == (NO, "password")


def test_unwilling_by_choice(ground, scripted):
    _, directory = scripted
    with evil_gateway(ground, directory,
                      ldap={"unwilling": "refuse"}) as gateway:
        directory.bind = lambda conn, dn, password: (
            0 if dn == SERVICE_DN else 53)
        assert judged(gateway, "alice")[:2] == (NO, "unwilling")
        directory.bind = lambda conn, dn, password: 53
        directory.drop()
        assert judged(gateway, "alice")[:2] == (TROUBLE, "service_bind")
        del directory.bind
