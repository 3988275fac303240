"""Every answer a directory can give, cut and stopped at every octet.

One gateway for all of it, whose directory is never given up: what counts
here is the one answer.
"""

import pytest

from evilgateway import NO, TROUBLE, YES, evil_gateway, try_login
from evilldap import (BIND_RESPONSE, NOTICE, SEARCH_DONE, EvilLdap, Raw, entry,
                      integer, octets, reference, result, sequence, tlv)
from rig import wait_until
from servers import BASE, SERVICE_DN

ALICE = "uid=alice," + BASE
PATIENT = {"failures": 100, "retry_dead": "100ms", "threads": 1}

# Written anew from the requirements: what a user's bind may come to.
REFUSED = {19, 32, 33, 34, 36, 48, 49, 50}
OPERATOR = {1, 2, 7, 8, 12, 13}  # somebody must mend something: an error


class Stopped(bytes):
    """Octets after which nothing comes."""


class Scripted(EvilLdap):
    """Knows who an answer is for, and can stop in the middle of one."""

    def send(self, s, msgid, what, reply):
        if callable(what):
            what = what(msgid)
        if isinstance(what, (Stopped, Raw)):
            s.sendall(what)
            if isinstance(what, Stopped):
                self.closing.wait()
            raise EOFError
        super().send(s, msgid, what, reply)


@pytest.fixture(scope="module")
def scripted(ground):
    with Scripted() as directory:
        with evil_gateway(ground, directory, ldap={
                **PATIENT, "operation_timeout": "250ms"}) as gateway:
            yield gateway, directory


@pytest.fixture
def pair(scripted):
    """The two, and the directory healthy before and after."""
    gateway, directory = scripted
    directory.drop()
    directory.forget()
    yield gateway, directory
    heal(gateway, directory)


def heal(gateway, directory):
    for name in ("bind", "search"):
        directory.__dict__.pop(name, None)
    directory.drop()
    wait_until("it is trusted again", lambda: try_login(gateway) == YES)


def to_users(what):
    return lambda conn, dn, password: 0 if dn == SERVICE_DN else what


def user_binds(directory):
    return [b for b in directory.binds() if b[0] != SERVICE_DN]


# -- result codes ------------------------------------------------------------

CODES = [*range(1, 124), 4096, 16654, 2 ** 31 - 1]


def test_every_code_to_a_users_bind(pair):
    gateway, directory = pair
    for code in CODES:
        directory.bind = to_users(code)
        assert try_login(gateway) == (
            NO if code in REFUSED else TROUBLE), code


def test_every_code_to_a_search(pair):
    """4 is our own limit of two entries: not exactly one person."""
    gateway, directory = pair
    for code in CODES:
        directory.search = lambda conn, request: code
        assert try_login(gateway) == (NO if code == 4 else TROUBLE), code
        if code != 4:
            assert user_binds(directory) == []
        directory.forget()


def test_every_code_to_our_own_bind(pair):
    gateway, directory = pair
    for code in CODES:
        directory.bind = lambda conn, dn, password: code
        assert try_login(gateway) == TROUBLE, code
    assert user_binds(directory) == [] and directory.seen("search") == []


def test_every_code_to_starttls(ground):
    with EvilLdap() as directory:
        with evil_gateway(ground, directory, ldap={
                **PATIENT, "starttls": True}) as gateway:
            for code in CODES:
                directory.starttls = lambda conn: code
                assert try_login(gateway) == TROUBLE, code
        assert directory.binds() == [] and directory.seen("search") == []


@pytest.mark.parametrize("code", [*sorted(OPERATOR), 99])
def test_a_fault_of_the_set_up_is_told_to_the_operator(ground, code):
    with EvilLdap() as directory:
        directory.bind = to_users(code)
        with evil_gateway(ground, directory, ldap=PATIENT) as gateway:
            assert try_login(gateway) == TROUBLE
            found = gateway.process.wait_log("ldap_trouble server=.*")
            assert f"({code})" in found.string


# -- cut, and stopped --------------------------------------------------------


def whole_bind(msgid):
    return sequence(integer(msgid), result(BIND_RESPONSE, 0, "welcome"))


def whole_search(msgid):
    return (sequence(integer(msgid), entry(ALICE, uid=["alice"],
                                           mail=["a@example.org"]))
            + sequence(integer(msgid), result(SEARCH_DONE, 0)))


def every_cut(whole, kind):
    """What to answer, cut after each octet but the last."""
    for n in range(len(whole(1))):
        yield lambda msgid, n=n: kind(whole(msgid)[:n])


def test_an_answer_cut_at_any_octet_is_none(pair):
    gateway, directory = pair
    for what in every_cut(whole_bind, Raw):
        directory.bind = to_users(what)
        assert try_login(gateway) == TROUBLE
        heal(gateway, directory)
    for what in every_cut(whole_search, Raw):
        directory.search = lambda conn, request: what
        assert try_login(gateway) == TROUBLE
        heal(gateway, directory)


def test_an_answer_that_stops_at_any_octet_is_none(pair):
    gateway, directory = pair
    for what in every_cut(whole_bind, Stopped):
        directory.bind = to_users(what)
        assert try_login(gateway) == TROUBLE
        heal(gateway, directory)


def test_one_spoilt_octet_never_lets_anybody_in(pair):
    """... who was refused: a no with any octet changed is no yes, but for
    those that say so (the result code itself)."""
    gateway, directory = pair
    no = sequence(integer(1), result(BIND_RESPONSE, 49))
    code_at = no.index(b"\x0a\x01\x31") + 2
    for n in range(len(no)):
        for octet in (0x00, 0x30, 0x80, 0xFF):
            def spoilt(msgid, n=n, octet=octet):
                whole = bytearray(sequence(
                    integer(msgid), result(BIND_RESPONSE, 49)))
                whole[n] = octet
                return Raw(bytes(whole))

            if (n, octet) == (code_at, 0):
                continue
            directory.bind = to_users(spoilt)
            assert try_login(gateway) in (NO, TROUBLE), (n, octet)
            heal(gateway, directory)


YES_CODE = b"\x0a\x01\x00"
MALFORMED = {
    "nothing": b"", "no code": octets("") + octets(""),
    "only a code": YES_CODE, "no text": YES_CODE + octets(""),
    "code of 9 octets": b"\x0a\x09" + bytes(9) + octets("") + octets(""),
    "name beyond the end": YES_CODE + b"\x04\x7f" + octets(""),
    "text beyond the end": YES_CODE + octets("") + b"\x04\x01",
    "text of endless length": YES_CODE + octets("") + b"\x04\x80",
    "text of 4 GiB": YES_CODE + octets("") + b"\x04\x84\xff\xff\xff\xff",
    "text of another type": YES_CODE + octets("") + b"\x30\x01",
}


def test_a_yes_without_form_is_none(pair):
    gateway, directory = pair
    for name, inside in MALFORMED.items():
        directory.bind = to_users([tlv(BIND_RESPONSE, inside)])
        assert try_login(gateway) == TROUBLE, name
        heal(gateway, directory)


def test_controls_without_form_do_no_harm(pair):
    """libldap passes over some of them, and drops the answer for others."""
    gateway, directory = pair
    for controls in (b"\x30", tlv(0xA0, b"\x30\x7f"), tlv(0xA0, b"\x04\x00"),
                     tlv(0xA0, sequence(b"\x04\x7f"))):
        directory.bind = to_users([result(BIND_RESPONSE, 0) + controls])
        assert try_login(gateway) in (YES, TROUBLE), controls
        directory.bind = to_users([result(BIND_RESPONSE, 49) + controls])
        assert try_login(gateway) in (NO, TROUBLE), controls
        heal(gateway, directory)


# -- more than was asked for -------------------------------------------------


def test_a_notice_of_disconnection_is_no_answer(pair):
    gateway, directory = pair
    for step in ("search", "bind"):
        setattr(directory, step, lambda *asked: NOTICE)
        assert try_login(gateway) == TROUBLE
        heal(gateway, directory)


INTERMEDIATE = tlv(0x79, tlv(0x80, b"1.2.3") + tlv(0x81, b"x"))


def test_intermediate_responses_are_passed_over_or_no_answer(pair):
    """RFC 4511, 4.13: nothing of ours asks for any."""
    gateway, directory = pair
    directory.search = lambda conn, request: [
        INTERMEDIATE, entry(ALICE, uid=["alice"], mail=["a@example.org"]),
        INTERMEDIATE, result(SEARCH_DONE, 0)]
    assert try_login(gateway) == YES
    directory.search = lambda conn, request: [INTERMEDIATE] * 1000
    assert try_login(gateway) == TROUBLE
    heal(gateway, directory)
    directory.bind = to_users([INTERMEDIATE, result(BIND_RESPONSE, 0)])
    assert try_login(gateway) in (YES, TROUBLE)
    directory.bind = to_users([INTERMEDIATE, result(BIND_RESPONSE, 49)])
    assert try_login(gateway) in (NO, TROUBLE)


def test_large_entries_are_read_up_to_a_limit(pair):
    gateway, directory = pair
    for size, want in ((600_000, YES), (3_000_000, TROUBLE)):
        directory.search = lambda conn, request: [
            entry(ALICE, uid=["alice"], mail=["a@example.org"],
                  jpegPhoto=[b"x" * size]), result(SEARCH_DONE, 0)]
        assert try_login(gateway) == want, size
        heal(gateway, directory)


def test_answers_behind_an_answer_are_not_taken_for_the_next(pair):
    """A yes for a bind that was not sent yet, guessed and sent ahead."""
    gateway, directory = pair

    def ahead(msgid):
        return Raw(b"".join(
            sequence(integer(i), result(BIND_RESPONSE, 0 if i > msgid else 49))
            for i in range(msgid, msgid + 5)))

    directory.bind = to_users(ahead)
    for _ in range(3):
        assert try_login(gateway) in (NO, TROUBLE)
    directory.bind = to_users(49)
    assert try_login(gateway, password="wrong") == NO


def test_passwords_never_reach_the_host_of_a_referral(ground):
    """As result, as reference, in an extended answer, beside a yes."""
    with EvilLdap() as rogue, EvilLdap() as directory:
        url = f"{rogue.url}/{BASE}"
        refer = [result(SEARCH_DONE, 10, referrals=[url])]
        with evil_gateway(ground, directory, ldap=PATIENT) as gateway:
            for what, want in (
                    (refer, TROUBLE),
                    ([result(SEARCH_DONE, 0, referrals=[url])], NO),
                    ([reference(url), reference(url)] + refer, TROUBLE),
                    ([entry(ALICE, uid=["alice"])] + refer, TROUBLE)):
                directory.search = lambda conn, request: what
                assert try_login(gateway) == want
            del directory.search
            for code in (0, 9, 10, 49):
                directory.bind = to_users(
                    [result(BIND_RESPONSE, code, referrals=[url])])
                assert try_login(gateway) == {0: YES, 49: NO}.get(
                    code, TROUBLE)
        assert rogue.seen("connect") == []
