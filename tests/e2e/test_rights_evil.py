"""A directory that misbehaves in the searches behind a right password.

Whoever would be let in with fewer addresses than they have, or although
nobody can say that they may send, hears 454 instead.
"""

import pytest

from evilgateway import (NO, TROUBLE, YES, evil_gateway, recorded, try_login,
                         user_binds)
from evilldap import (CLOSE, NOTICE, SEARCH_DONE, SILENT, EvilLdap, Raw, Slow,
                      entry, integer, reference, result, sequence)
from rawsmtp import b64, plain
from rig import wait_until
from servers import BASE, PASSWORD

ALICE = "uid=alice," + BASE
GROUPS, MAILBOXES = "ou=groups,dc=x", "ou=mailboxes,dc=x"
SUSPENDED, MAY_SEND = "(state=suspended)", "(state=active)"
LDAP = {"group_base": GROUPS, "group_filter": "(member=%d)",
        "delegate_base": MAILBOXES, "delegate_filter": "(|(boss=%d)(boss=%u))",
        "suspended_filter": SUSPENDED, "may_send_filter": MAY_SEND,
        "operation_timeout": "400ms", "retry_dead": "100ms", "failures": 100,
        "threads": 1}
DONE = result(SEARCH_DONE, 0)
STEPS = ["suspended", "may send", "groups", "mailboxes"]


def group(n):
    return entry(f"cn=g{n},{GROUPS}", mail=[f"g{n}@example.org"])


def mailbox(n):
    return entry(f"uid=m{n},{MAILBOXES}", uid=[f"m{n}"],
                 mail=[f"m{n}@example.org"])


class Rights(EvilLdap):
    """Answers the four searches; bent: the answer to one of them."""

    def __init__(self):
        super().__init__()
        self.answers = {"suspended": [DONE],
                        "may send": [entry(ALICE), DONE],
                        "groups": [group(1), group(2), DONE],
                        "mailboxes": [mailbox(1), DONE]}
        self.bent = {}

    def step(self, request):
        steps = {GROUPS: "groups", MAILBOXES: "mailboxes"}
        by_filter = {SUSPENDED: "suspended", MAY_SEND: "may send"}
        return steps.get(request.base) or by_filter.get(request.filter)

    def search(self, conn, request):
        step = self.step(request)
        if step is None:
            return super().search(conn, request)
        return self.bent.get(step, self.answers[step])


@pytest.fixture(scope="module")
def started(ground):
    with Rights() as directory:
        with evil_gateway(ground, directory, ldap=LDAP) as gateway:
            yield gateway, directory


@pytest.fixture
def pair(started):
    """Gateway and directory, nothing seen yet; healthy again afterwards."""
    gateway, directory = started
    directory.drop()
    directory.forget()
    yield gateway, directory
    directory.bent = {}
    directory.drop()
    wait_until("it is trusted again", lambda: try_login(gateway) == YES)


def allowed(gateway, *addresses):
    """What MAIL says to each, after a login."""
    with gateway.connect() as client:
        client.ehlo()
        assert client.auth_plain("alice", PASSWORD["alice"]).code == 235
        codes = []
        for address in addresses:
            codes.append(client.command(f"MAIL FROM:<{address}>").code)
            client.command("RSET")
        return codes


def test_what_is_asked_and_in_which_order(pair):
    gateway, directory = pair
    assert allowed(gateway, "alice@example.org", "g2@example.org",
                   "m1@example.org", "m2@example.org") == [250] * 3 + [550]
    asked = [r for r in directory.seen("search") + directory.seen("probe")]
    found = {directory.step(r): r for r in asked if directory.step(r)}
    assert set(found) == set(STEPS)
    for step in ("suspended", "may send"):
        assert (found[step].base, found[step].scope) == (ALICE, 0)
        assert found[step].attributes == ["1.1"]
    assert found["groups"].filter == f"(member={ALICE})"
    assert found["mailboxes"].filter == f"(|(boss={ALICE})(boss=alice))"
    for step in ("groups", "mailboxes"):
        assert (found[step].scope, found[step].size_limit) == (2, 500)


def test_nothing_is_asked_for_a_wrong_password(pair):
    gateway, directory = pair
    assert try_login(gateway, password="wrong") == NO
    assert try_login(gateway, user="nosuch") == NO
    asked = directory.seen("search") + directory.seen("probe")
    assert not any(directory.step(r) for r in asked)


CODES = [1, 2, 3, 8, 10, 11, 12, 16, 18, 21, 32, 34, 48, 49, 50, 51, 52, 53,
         80, 118, 123]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("step", STEPS)
def test_a_search_that_fails_lets_nobody_in(pair, step, code):
    gateway, directory = pair
    directory.bent = {step: code}
    assert try_login(gateway) == TROUBLE
    assert try_login(gateway, password="wrong") == NO
    if step in ("groups", "mailboxes"):  # with something that was found
        some = directory.answers[step][:1]
        directory.bent = {step: some + [result(SEARCH_DONE, code)]}
        assert try_login(gateway) == TROUBLE


@pytest.mark.parametrize("step", ["suspended", "may send"])
def test_a_limit_on_one_entry_is_our_trouble(pair, step):
    gateway, directory = pair
    directory.bent = {step: 4}
    assert try_login(gateway) == TROUBLE


NONSENSE = {
    "not LDAP": Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "cut": Raw(b"\x30\x20\x02\x01\x02"),
    "huge": Raw(b"\x30\x84\xff\xff\xff\xff" + b"x" * 100),
    "another id": Raw(sequence(integer(99), DONE)),
    "another operation": [result(0x67, 0)],
    "too many entries": [group(1)] * 5000 + [DONE],
    "no end": [group(1)],
    "dribbling": Slow(b"\x30\x82\x01\x00\x02\x01\x02" + b"d" * 200),
    "silent": SILENT,
    "closed": CLOSE,
    "notice of disconnection": NOTICE,
    "referral": [result(SEARCH_DONE, 10, referrals=["ldap://127.0.0.1:1/"])],
}


@pytest.mark.parametrize("what", NONSENSE)
@pytest.mark.parametrize("step", STEPS)
def test_nonsense_lets_nobody_in(pair, step, what):
    gateway, directory = pair
    directory.bent = {step: NONSENSE[what]}
    assert try_login(gateway) == TROUBLE


@pytest.mark.parametrize("step,reason,answer", [
    ("suspended", "suspended", [entry(ALICE), DONE]),
    ("may send", "may_not_send", [DONE])])
def test_flags(pair, step, reason, answer):
    gateway, directory = pair
    directory.bent = {step: answer}
    mark = gateway.process.mark()
    assert try_login(gateway) == (535, "5.7.13")
    gateway.process.wait_log(
        f"login user=alice .*verdict=suspended reason={reason}", since=mark)
    asked = [directory.step(r) for r in directory.seen("search")]
    assert "groups" not in asked, "nobody is there to use them"


def test_who_is_suspended_twice_over_is_told_the_first(pair):
    gateway, directory = pair
    directory.bent = {"suspended": [entry(ALICE), DONE], "may send": [DONE]}
    mark = gateway.process.mark()
    assert try_login(gateway) == (535, "5.7.13")
    gateway.process.wait_log("reason=suspended", since=mark)


@pytest.mark.parametrize("answer", [
    [group(n) for n in range(500)] + [result(SEARCH_DONE, 4)],
    [group(n) for n in range(3)] + [result(SEARCH_DONE, 4)],
    [group(n) for n in range(520)] + [DONE]],
    ids=["our limit", "the server's limit", "a server that knows none"])
def test_too_many_are_told_and_let_in(pair, answer):
    gateway, directory = pair
    directory.bent = {"groups": answer}
    mark = gateway.process.mark()
    assert allowed(gateway, "g0@example.org", "alice@example.org",
                   "g510@example.org") == [250, 250, 550]
    gateway.process.wait_log(
        "ldap_entry user=alice reason=too_many_addresses", since=mark)


def test_entries_beyond_the_limit_are_not_read(pair):
    """A server that knows no limit, and the same address all over."""
    gateway, directory = pair
    directory.bent = {"groups": [group(1)] * 500 + [group(2), DONE]}
    mark = gateway.process.mark()
    assert allowed(gateway, "g1@example.org", "g2@example.org") == [250, 550]
    gateway.process.wait_log(
        "ldap_entry user=alice reason=too_many_addresses", since=mark)


def test_as_many_as_fit_are_not_told(pair):
    gateway, directory = pair
    directory.bent = {"groups": [group(n) for n in range(499)] + [DONE]}
    mark = gateway.process.mark()
    assert allowed(gateway, "g498@example.org") == [250]
    assert not [x for x in gateway.process.lines[mark:]
                if "too_many_addresses" in x]


def test_references_are_passed_over(pair):
    gateway, directory = pair
    with EvilLdap() as elsewhere:
        away = reference(elsewhere.url + "/ou=groups")
        directory.bent = {
            "groups": [away, group(1), away, DONE],
            "mailboxes": [mailbox(1)] + [away] * 3 + [DONE],
            "may send": [away, entry(ALICE), DONE]}
        assert allowed(gateway, "g1@example.org", "m1@example.org") == [250] * 2
        assert elsewhere.seen("connect") == []


def test_odd_entries_are_harmless(pair):
    gateway, directory = pair
    directory.bent = {
        "groups": [entry(""), entry("cn=x", mail=[]),
                   entry("cn=y", mail=["", "@", "no mailbox", "\x00@x.y",
                                       "a" * 300 + "@x.y", "ok@x.example"])],
        "mailboxes": [entry("uid=z", uid=["", "\x07"], mail=["z@x.example"])]}
    for step in directory.bent:
        directory.bent[step].append(DONE)
    assert allowed(gateway, "ok@x.example", "z@x.example",
                   "g1@example.org") == [250, 250, 550]


def test_names_with_brackets_stay_values(ground):
    """The canonical name and the DN are the directory's, and escaped."""
    dn = "uid=a*)(b\\2C,ou=people"
    with recorded(ground, ldap=LDAP) as (gateway, directory):
        directory.search = lambda conn, request: [
            entry(dn, uid=["a*)(b"], mail=["a@example.org"]), DONE]
        directory.bind = lambda conn, name, password: 0
        # suspended, as each search finds an entry: nothing else is asked
        assert try_login(gateway) == (535, "5.7.13")
        assert [b for b in user_binds(directory)] == [(dn, PASSWORD["alice"])]
        directory.forget()

        def careful(conn, request):
            if request.filter == SUSPENDED:
                return [DONE]
            return [entry(dn, uid=["a*)(b"], mail=["a@example.org"]), DONE]

        directory.search = careful
        assert try_login(gateway) == YES
        filters = {r.base: r.filter for r in directory.seen("search")}
        assert filters[GROUPS] == f"(member={dn})"
        assert filters[MAILBOXES] == f"(|(boss={dn})(boss=a*)(b))"


def test_a_delegate_is_named_as_the_directory_names_them(pair):
    gateway, directory = pair
    for name, code in (("m1", 235), ("M1", 235), ("m2", 535), ("g1", 535)):
        with gateway.connect() as client:
            client.ehlo()
            word = plain("alice", PASSWORD["alice"], name)
            assert client.command("AUTH PLAIN " + word).code == code, name


def test_another_server_is_asked_for_all_of_it(ground):
    with Rights() as sick, Rights() as well:
        sick.bent = {"mailboxes": 51}
        well.answers["groups"] = [DONE]
        with evil_gateway(ground, sick, ldap={
                **LDAP, "uri": [sick.url, well.url]}) as gateway:
            assert allowed(gateway, "m1@example.org", "alice@example.org",
                           "g1@example.org") == [250, 250, 550]


# -- before a proof ----------------------------------------------------------


def asked_before_the_proof(gateway, directory, user):
    """The searches until a client of SCRAM hears salt and count."""
    directory.forget()
    with gateway.connect() as client:
        client.ehlo()
        first = b64(f"n,,n={user},r=abcdefgh")
        assert client.command("AUTH SCRAM-SHA-256 " + first).code == 334
        assert client.command("*").code == 501
    asked = directory.seen("search") + directory.seen("probe")
    return [directory.step(r) or "who" for r in asked]


def test_nobody_can_tell_by_time_who_there_is(ground):
    """As many searches for strangers and for the suspended as for others."""
    with Rights() as directory:
        ldap = {**LDAP, "scram_attribute": "authPassword"}
        with evil_gateway(ground, directory, ldap=ldap) as gateway:
            usual = asked_before_the_proof(gateway, directory, "alice")
            assert sorted(usual) == sorted(STEPS + ["who"])
            assert asked_before_the_proof(gateway, directory, "nosuch") == usual
            directory.bent = {"suspended": [entry(ALICE), DONE]}
            assert asked_before_the_proof(gateway, directory, "alice") == usual


@pytest.mark.parametrize("step", STEPS)
def test_a_search_for_nobody_that_fails_is_trouble_too(ground, step):
    with Rights() as directory:
        ldap = {**LDAP, "scram_attribute": "authPassword"}
        with evil_gateway(ground, directory, ldap=ldap) as gateway:
            directory.bent = {step: 51}
            for user in ("alice", "nosuch"):
                with gateway.connect() as client:
                    client.ehlo()
                    reply = client.command("AUTH SCRAM-SHA-256 " +
                                           b64(f"n,,n={user},r=abcdefgh"))
                assert (reply.code, reply.enhanced()) == TROUBLE, user
