"""A directory that misbehaves: what the client hears, what it was asked.

535 makes a mail program throw a password away, so it is said only when the
directory spoke about this person; all else is 454.  And whatever happens, a
password goes nowhere but to the directory, inside TLS where TLS is wanted.
"""

import base64
import time
import uuid

import pytest

from evilldap import (BIND_RESPONSE, CLOSE, EXTENDED_RESPONSE, NOTICE,
                      SEARCH_DONE, SILENT, EvilLdap, Raw, Slow, entry, integer,
                      reference, result, sequence)
from gateway import Submitd
from rawsmtp import plain
from rig import free_port, wait_until
from servers import BASE, PASSWORD, SERVICE_DN

IMPATIENT = {"connect_timeout": "500ms", "operation_timeout": "1s",
             "retry_dead": "100ms"}
YES, NO, TROUBLE = (235, "2.7.0"), (535, "5.7.8"), (454, "4.7.0")
MODIFY_RESPONSE = 0x67
ALICE = "uid=alice," + BASE


@pytest.fixture(scope="module")
def directory():
    with EvilLdap() as directory:
        yield directory


@pytest.fixture(scope="module")
def shared(ground, directory):
    """One gateway for all tests that bend the directory only."""
    gateway = Submitd(ground, directory.url, f"127.0.0.1:{free_port()}",
                      name=f"submitd-{uuid.uuid4().hex[:8]}", ldap=IMPATIENT,
                      auth={"failure_delay": "20ms"},
                      limits={"auth_failures": 100})
    ground.start(gateway).start()
    yield gateway
    gateway.kill()


@pytest.fixture
def evil(directory, shared):
    """The directory, healthy again after the test; nothing seen yet."""
    directory.drop()
    directory.forget()
    yield directory
    for answer in ("bind", "search", "starttls"):
        directory.__dict__.pop(answer, None)
    directory.accept_silently = False
    directory.drop()
    wait_until("the gateway trusts it again",
               lambda: try_login(shared) == YES)


@pytest.fixture
def own(ground):
    """own(directory, ldap={...}): a gateway of one's own."""
    made = []

    def make(*directories, **ldap):
        gateway = Submitd(ground, directories[0].url,
                          f"127.0.0.1:{free_port()}",
                          name=f"submitd-{uuid.uuid4().hex[:8]}",
                          auth={"failure_delay": "20ms"},
                          ldap={**IMPATIENT,
                                "uri": [d.url for d in directories], **ldap})
        made.append(gateway)
        return ground.start(gateway).start()

    yield make
    for gateway in made:
        gateway.kill()


def try_login(gateway, user="alice", password=None):
    with gateway.connect() as client:
        client.ehlo()
        reply = client.auth_plain(
            user, PASSWORD["alice"] if password is None else password)
        return reply.code, reply.enhanced()


def users_bind(what):
    """Everybody but the service account gets this answer to a bind."""
    return lambda conn, dn, password: 0 if dn == SERVICE_DN else what


def user_binds(evil):
    return [b for b in evil.binds() if b[0] != SERVICE_DN]


# -- result codes ------------------------------------------------------------

REFUSE = {19, 32, 33, 34, 36, 48, 49, 50}


@pytest.mark.parametrize("code", [
    1, 2, 3, 4, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 21, 32, 33, 34, 36,
    48, 49, 50, 51, 52, 53, 54, 64, 71, 80, 118, 123])
def test_code_to_a_users_bind(shared, evil, code):
    evil.bind = users_bind(code)
    assert try_login(shared) == (NO if code in REFUSE else TROUBLE)


@pytest.mark.parametrize("code", [
    1, 2, 3, 8, 10, 11, 13, 32, 34, 48, 49, 50, 51, 52, 53, 80, 123])
@pytest.mark.parametrize("step", ["search", "service bind"])
def test_code_to_a_question_of_ours(shared, evil, step, code):
    if step == "search":
        evil.search = lambda conn, request: code
    else:
        evil.bind = lambda conn, dn, password: code
    assert try_login(shared) == TROUBLE
    assert user_binds(evil) == []


# -- who it is ---------------------------------------------------------------

DONE = result(SEARCH_DONE, 0)


@pytest.mark.parametrize("answer", [
    [entry(ALICE), entry("uid=other," + BASE), DONE],
    [entry(ALICE), entry("uid=other," + BASE), result(SEARCH_DONE, 4)],
    [entry(ALICE), result(SEARCH_DONE, 4)],
    [result(SEARCH_DONE, 4)],
    [entry(""), DONE],
    [reference("ldap://127.0.0.1/")] * 3 + [DONE],
    [DONE]])
def test_not_exactly_one_entry_is_nobody(shared, evil, answer):
    """... even where every bind succeeds, and at the same cost."""
    evil.search = lambda conn, request: answer
    evil.bind = lambda conn, dn, password: 0
    assert try_login(shared) == NO
    binds = user_binds(evil)
    assert len(binds) == 1
    assert binds[0][0] not in ("", ALICE)


def test_references_beside_an_entry_do_not_matter(shared, evil):
    evil.search = lambda conn, request: [
        reference("ldap://127.0.0.1/")] * 3 + [
        entry(ALICE, uid=["alice"], mail=["alice@example.org"]), DONE]
    assert try_login(shared) == YES


@pytest.mark.parametrize("user", ["*", "a*", "a)(uid=*", "a\\2a", "alice)",
                                  "alice,ou=x", "cn=admin,dc=example", "ä"])
def test_a_name_is_one_value_of_the_filter(shared, evil, user):
    assert try_login(shared, user, "x") == NO
    (request,) = evil.seen("search")
    assert request.filter == f"(|(uid={user})(mail={user}))"


def test_search_asks_for_what_it_needs(shared, evil):
    assert try_login(shared) == YES
    (request,) = evil.seen("search")
    assert (request.base, request.scope, request.deref) == (BASE, 2, 0)
    assert request.size_limit == 2 and request.time_limit > 0
    assert request.attributes and "*" not in request.attributes


@pytest.mark.parametrize("user", ["x,ou=admins", "x+y=z", " x", "#x", "x\\"])
def test_a_name_is_one_value_of_the_dn(own, user):
    escaped = {"x,ou=admins": r"x\,ou\=admins", "x+y=z": r"x\+y\=z",
               " x": "x", "#x": r"\#x", "x\\": r"x\\"}
    with EvilLdap() as evil:
        gateway = own(evil, dn_template="uid=%u," + BASE, base=None,
                      bind_dn=None, bind_password_file=None)
        assert try_login(gateway, user, "x") == NO
        assert evil.binds() == [(f"uid={escaped[user]},{BASE}", "x")]


# -- passwords ---------------------------------------------------------------


def test_empty_password_never_reaches_a_directory(shared, evil):
    evil.bind = lambda conn, dn, password: 0
    assert try_login(shared, password="") == NO
    with shared.connect() as client:
        client.ehlo()
        assert client.auth_login("alice", "").code == 535
    assert user_binds(evil) == [] and evil.seen("search") == []


def test_a_new_try_sends_the_new_password_only(shared, evil):
    with shared.connect() as client:
        client.ehlo()
        assert client.auth_plain("alice", "a much longer wrong one").code == 535
        assert client.auth_plain("alice", "x").code == 535
        assert client.auth_plain("alice", PASSWORD["alice"]).code == 235
    assert [p for _, p in user_binds(evil)] == [
        "a much longer wrong one", "x", PASSWORD["alice"]]


def test_searches_run_as_the_service_account(shared, evil):
    for user in ("alice", "bob", "alice", "bob"):
        assert try_login(shared, user, PASSWORD[user]) == YES
    bound = {}
    for conn, operation, detail in evil.log:
        if operation == "bind":
            bound[conn] = detail[0]
        if operation == "search":
            assert bound[conn] == SERVICE_DN


def test_passwords_are_in_no_log(ground):
    word = "canary-" + uuid.uuid4().hex
    with EvilLdap(people={"alice": (word, ["alice@example.org"])}) as evil:
        gateway = ground.start(Submitd(
            ground, evil.url, f"127.0.0.1:{free_port()}",
            name=f"submitd-{uuid.uuid4().hex[:8]}", log={
                "target": "stderr", "level": "debug"})).start()
        try:
            assert try_login(gateway, "alice", word) == YES
            assert try_login(gateway, "alice", word + "-wrong") == NO
            with gateway.connect() as client:
                client.ehlo()
                assert client.auth_login("alice", word).code == 235
            evil.bind = users_bind(80)
            assert try_login(gateway, "alice", word) == TROUBLE
        finally:
            gateway.kill()
        log = gateway.log()
        assert "verdict=accepted" in log and "verdict=refused" in log
        for secret in (word, plain("alice", word)[:24],
                       base64.b64encode(word.encode()).decode()[:24]):
            assert secret not in log


# -- silence and nonsense ----------------------------------------------------

STAGES = {
    "connection": lambda e: setattr(e, "accept_silently", True),
    "service bind": lambda e: setattr(e, "bind", lambda *a: SILENT),
    "search": lambda e: setattr(e, "search", lambda *a: SILENT),
    "user's bind": lambda e: setattr(e, "bind", users_bind(SILENT)),
    "search, dribbling": lambda e: setattr(
        e, "search", lambda *a: Slow(b"\x30\x82\x01\x00\x02\x01\x02" + b"d" * 200)),
}


@pytest.mark.parametrize("stage", STAGES)
def test_silence_ends_in_time(shared, evil, stage):
    STAGES[stage](evil)
    begin = time.monotonic()
    assert try_login(shared) == TROUBLE
    assert time.monotonic() - begin < 4


NONSENSE = {
    "not LDAP": Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "cut": Raw(b"\x30\x20\x02\x01\x02"),
    "huge": Raw(b"\x30\x84\xff\xff\xff\xff" + b"x" * 100),
    "endless length": Raw(b"\x30\xff" + b"\xff" * 200),
    "another id": Raw(sequence(integer(99), result(SEARCH_DONE, 0))),
    "another operation": [result(MODIFY_RESPONSE, 0)],
    "no operation": Raw(sequence(integer(2))),
    "many entries": [entry(ALICE)] * 5000 + [DONE],
    "closed": CLOSE,
    "notice of disconnection": NOTICE,
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_our_trouble(shared, evil, what):
    evil.search = lambda conn, request: NONSENSE[what]
    assert try_login(shared) == TROUBLE
    del evil.search
    evil.bind = users_bind(NONSENSE[what])
    assert try_login(shared) == TROUBLE


def test_a_late_yes_changes_nothing(shared, evil):
    def late(conn, dn, password):
        if dn != SERVICE_DN:
            evil.closing.wait(1.3)
        return 0

    evil.bind = late
    with shared.connect() as client:
        client.ehlo()
        assert client.auth_plain("alice", PASSWORD["alice"]).code == 454
        evil.closing.wait(0.6)  # for the late answer to arrive
        assert client.command("MAIL FROM:<alice@example.org>").code == 530


def test_a_connection_that_died_in_peace_costs_nobody_a_login(shared, evil):
    for _ in range(4):
        assert try_login(shared) == YES
        evil.drop()


@pytest.mark.parametrize("step", ["search", "bind"])
def test_a_connection_that_dies_under_a_question_is_made_anew(own, step):
    with EvilLdap() as evil:
        gateway = own(evil, threads=1)
        assert try_login(gateway) == YES
        answers = [CLOSE]

        def once(*asked):
            return answers.pop() if answers else healthy(*asked)

        healthy = getattr(evil, step)
        setattr(evil, step, once)
        assert try_login(gateway) == YES
        assert answers == []


# -- several servers ---------------------------------------------------------


@pytest.mark.parametrize("what", [51, 52, 3, 11, 80, SILENT, CLOSE, NOTICE],
                         ids=lambda w: str(w) if isinstance(w, int) else "odd")
@pytest.mark.parametrize("step", ["search", "bind"])
def test_the_next_server_answers_for_a_sick_one(own, step, what):
    with EvilLdap() as sick, EvilLdap() as well:
        if step == "search":
            sick.search = lambda conn, request: what
        else:
            sick.bind = lambda conn, dn, password: what
        gateway = own(sick, well)
        assert try_login(gateway) == YES
        assert try_login(gateway, password="wrong") == NO


def test_a_no_is_not_asked_again_elsewhere(own):
    with EvilLdap() as first, EvilLdap() as second:
        gateway = own(first, second)
        assert try_login(gateway, password="wrong") == NO
        assert second.seen("connect") == []


def test_referrals_are_not_followed(own):
    with EvilLdap() as rogue, EvilLdap() as evil:
        url = rogue.url + "/"
        refer = [result(SEARCH_DONE, 10, referrals=[url])]
        gateway = own(evil)
        evil.search = lambda conn, request: refer
        assert try_login(gateway) == TROUBLE
        evil.search = lambda conn, request: [reference(url), DONE]
        assert try_login(gateway) == NO
        del evil.search
        evil.bind = users_bind([result(BIND_RESPONSE, 10, referrals=[url])])
        assert try_login(gateway) == TROUBLE
        assert rogue.seen("connect") == []


# -- TLS ---------------------------------------------------------------------


def certificate(ground, *names, **options):
    made = ground.certificate(*names, **options)
    return str(made.chain), str(made.key)


WRONG = {
    "another name": lambda g: certificate(g, "other.example.org"),
    "another authority": lambda g: certificate(
        g, "127.0.0.1", authority="other-ca"),
}


@pytest.mark.parametrize("ldaps", [True, False], ids=["ldaps", "starttls"])
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_certificate_hears_no_password(own, ground, ldaps, wrong):
    with EvilLdap(tls=WRONG[wrong](ground), ldaps=ldaps) as evil:
        gateway = own(evil, starttls=not ldaps)
        assert try_login(gateway) == TROUBLE
        assert evil.binds() == []


def test_starttls_comes_before_any_bind(own, ground):
    with EvilLdap(tls=certificate(ground, "127.0.0.1")) as evil:
        gateway = own(evil, starttls=True)
        assert try_login(gateway) == YES
        first = {}
        for conn, operation, _ in evil.log:
            if operation != "connect":
                first.setdefault(conn, operation)
        assert set(first.values()) == {"starttls"}


def injected(conn):
    """Success of StartTLS, and in the same clear segment that of a bind."""
    return Raw(sequence(integer(1), result(EXTENDED_RESPONSE, 0))
               + sequence(integer(2), result(BIND_RESPONSE, 0)))


@pytest.mark.parametrize("answer", [
    lambda c: 1, lambda c: 2, lambda c: 52, lambda c: SILENT, lambda c: CLOSE,
    injected], ids=["1", "2", "52", "silent", "closed", "injected"])
def test_without_starttls_no_password_is_sent(own, answer):
    with EvilLdap() as evil:
        evil.starttls = answer
        gateway = own(evil, starttls=True)
        assert try_login(gateway) == TROUBLE
        assert evil.binds() == []


@pytest.mark.parametrize("ldaps", [True, False], ids=["ldaps", "starttls"])
def test_silence_in_the_handshake_ends_in_time(own, ldaps):
    with EvilLdap() as evil:
        if ldaps:
            evil.accept_silently = True
            evil.url = evil.url.replace("ldap:", "ldaps:")
        else:  # a yes to StartTLS, and then nothing
            def hush(s):
                evil.closing.wait()
                raise EOFError

            evil.wrap = hush
            evil.starttls = lambda conn: 0
        gateway = own(evil, starttls=not ldaps)
        begin = time.monotonic()
        assert try_login(gateway) == TROUBLE
        assert time.monotonic() - begin < 4
        assert evil.binds() == []
