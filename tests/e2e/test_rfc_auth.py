"""AUTH to the letter: RFC 4954, 4616, 4422, 4013 and the LOGIN draft.

Framing is in tests/replay; here is what needs the real mechanisms, and a
directory that records what reached it.
"""

import base64
import re

import pytest

from conftest import compose
from evilgateway import NO, YES, recorded, try_login, user_binds
from rawsmtp import Smtp, b64, plain
from servers import PASSWORD
from smtpsink import OFFERS, SmtpSink

LONG = "l" * 255
PEOPLE = {
    **{user: (word, [f"{user}@example.org"])
       for user, word in PASSWORD.items()},
    LONG: ("w" * 255, ["long@example.org"]),
    "IX": ("prepared", ["nine@example.org"]),
    "jürgen": ("grün es", ["juergen@example.org"]),
    "ascii": (" \"quotes\" \\ * ( ) , ", ["ascii@example.org"]),
    "emoji": ("\U0001f600", ["emoji@example.org"]),
    "odd": ("ª", ["odd@example.org"]),
}


@pytest.fixture(scope="module")
def pair(ground):
    with recorded(ground, PEOPLE) as pair:
        yield pair


@pytest.fixture
def gateway(pair):
    pair[1].forget()
    return pair[0]


@pytest.fixture
def directory(pair, gateway):
    return pair[1]


def told(reply):
    return reply.code, reply.enhanced()


@pytest.fixture
def client(gateway):
    with gateway.connect() as client:
        client.ehlo()
        yield client


# -- the list and the words --------------------------------------------------


def test_mechanisms_are_listed_after_the_keyword(gateway, implicit):
    with gateway.connect(implicit) as client:
        lines = client.command("EHLO x.example").lines
    (auth,) = [x for x in lines if x.upper().startswith("AUTH")]
    assert re.fullmatch(r"AUTH( [A-Z0-9_-]{1,20})+", auth)


@pytest.mark.parametrize("name", [
    "ANONYMOUS", "CRAM-MD5", "DIGEST-MD5", "EXTERNAL", "GS2-KRB5", "GSSAPI",
    "NTLM", "OAUTHBEARER", "OTP", "SCRAM-SHA-1", "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS", "XOAUTH2", "NOSUCH", "A" * 21])
@pytest.mark.parametrize("initial", ["", " =", " dGVzdA=="])
def test_other_mechanisms_are_not_there(client, directory, name, initial):
    assert told(client.command(f"AUTH {name}{initial}")) == (504, "5.5.4")
    assert directory.seen("search") == []


def test_words_are_case_blind_and_base64_is_not(client):
    word = plain("alice", PASSWORD["alice"])
    assert client.command("aUtH pLaIn " + word.swapcase()).code in (501, 535)
    assert told(client.command("aUtH pLaIn " + word)) == YES


def test_empty_challenge_is_four_octets(client):
    client.send(b"AUTH PLAIN\r\n")
    assert client.sock.recv(100) == b"334 \r\n"


def test_prompts_of_login_are_those_clients_know(client):
    for word, challenge in ((None, b"334 VXNlcm5hbWU6\r\n"),
                            ("alice", b"334 UGFzc3dvcmQ6\r\n")):
        client.send((b64(word) if word else "AUTH LOGIN").encode() + b"\r\n")
        assert client.sock.recv(100) == challenge
    assert told(client.command(b64(PASSWORD["alice"]))) == YES


def test_success_is_one_line(client):
    reply = client.auth_plain("alice", PASSWORD["alice"])
    assert told(reply) == YES and len(reply.lines) == 1


def test_helo_is_enough_of_a_greeting(gateway):
    with gateway.connect() as client:
        assert client.command("HELO x.example").code == 250
        assert told(client.auth_plain("alice", PASSWORD["alice"])) == YES


def test_pipelined_plain_is_answered_in_order(client):
    client.send(("AUTH PLAIN " + plain("alice", PASSWORD["alice"])
                 + "\r\nMAIL FROM:<alice@example.org>\r\nRCPT TO:<x@example.net>"
                   "\r\nDATA\r\n").encode())
    assert [client.reply().code for _ in range(4)] == [235, 250, 250, 354]


def test_pipelined_refusal_lets_nothing_through(client):
    client.send(("AUTH PLAIN " + plain("alice", "wrong")
                 + "\r\nMAIL FROM:<alice@example.org>\r\nRCPT TO:<x@example.net>"
                   "\r\nDATA\r\nNOOP\r\n").encode())
    assert [client.reply().code for _ in range(5)] == [535, 530, 530, 530, 250]


def test_line_behind_a_challenge_is_its_answer(client):
    client.send(b"AUTH LOGIN\r\nMAIL FROM:<alice@example.org>\r\nNOOP\r\n")
    assert [client.reply().code for _ in range(3)] == [334, 501, 250]


def test_second_login_changes_nothing(client):
    assert told(client.auth_plain("alice", PASSWORD["alice"])) == YES
    assert told(client.auth_plain("bob", PASSWORD["bob"])) == (503, "5.5.1")
    assert client.command("MAIL FROM:<bob@example.org>").code == 550
    assert client.command("MAIL FROM:<alice@example.org>").code == 250
    assert told(client.auth_plain("bob", PASSWORD["bob"])) == (503, "5.5.1")
    assert client.command("RCPT TO:<x@example.net>").code == 250


def test_failed_login_may_be_repeated(client):
    assert told(client.auth_plain("alice", "wrong")) == NO
    assert client.command("NOOP").code == 250
    assert told(client.auth_plain("alice", PASSWORD["alice"])) == YES


# -- lengths -----------------------------------------------------------------


@pytest.mark.parametrize("spare", [0, 1, 2, 3])
def test_longest_response_is_judged(client, spare):
    room = (12288 - spare) // 4 * 3
    word = plain("alice", "x" * (room - len("\0alice\0")))
    assert 12284 <= len(word) <= 12288
    assert client.command("AUTH PLAIN").code == 334
    assert told(client.command(word)) == NO


@pytest.mark.parametrize("length", [12289, 12290, 20000, 65000])
def test_longer_response_is_one_refusal(client, length):
    assert client.command("AUTH PLAIN").code == 334
    assert told(client.command("A" * length)) == (500, "5.5.6")
    assert told(client.command("AUTH PLAIN " + "A" * length)) == (500, "5.5.6")
    assert client.command("NOOP").code == 250


def test_names_and_passwords_may_have_255_octets(gateway):
    assert try_login(gateway, LONG, "w" * 255) == YES
    assert try_login(gateway, LONG, "w" * 254) == NO
    assert try_login(gateway, LONG + "l", "w" * 255) == NO
    with gateway.connect() as client:
        client.ehlo()
        assert client.auth_login(LONG, "w" * 255).code == 235


# -- what is no login never reaches the directory ----------------------------

UNASKED = {
    "no NUL": b"alice", "one NUL": b"alice\0secret",
    "three NULs": b"\0alice\0correct horse\0",
    "NUL in the password": b"\0alice\0correct\0horse",
    "no name": b"\0\0correct horse", "no password": b"\0alice\0",
    "neither": b"\0\0", "nothing": b"", "blank name": b"\0 \0correct horse",
    "blank password": b"\0alice\0   ",
    "zero width space": "\0alice\0\u200b".encode(),
    "soft hyphens": "\0alice\0\u00ad\u00ad".encode(),
    "ideographic spaces": "\0alice\0\u3000".encode(),
    "name of soft hyphens": "\0\u00ad\0correct horse".encode(),
    "name of zero width spaces": "\0\u200b\0correct horse".encode(),
    "bell in the name": b"\0ali\x07ce\0correct horse",
    "bell in the password": b"\0alice\0correct\x07horse",
    "bidi name": "\0\u06271\0correct horse".encode(),
    "bidi password": "\0alice\0\u06271".encode(),
    "overlong name": b"\0al\xc0\x80ice\0correct horse",
    "overlong password": b"\0alice\0\xc0\x80",
    "surrogate": b"\0alice\0\xed\xa0\x80", "Latin-1": b"\0alice\0gr\xfcn",
    "0xFF": b"\0alice\0\xff", "private use": "\0alice\0\ue000".encode(),
}


@pytest.mark.parametrize("what", UNASKED)
def test_what_is_no_login_is_not_asked(client, directory, what):
    directory.bind = lambda conn, dn, password: 0  # it says yes to everything
    try:
        text = base64.b64encode(UNASKED[what]).decode() or "="
        assert client.command("AUTH PLAIN " + text).code in (501, 535)
        assert user_binds(directory) == [] and directory.seen("search") == []
        assert client.command("MAIL FROM:<alice@example.org>").code == 530
    finally:
        del directory.bind


# The answers to Username: and Password:, and what the last one earns.
LOGIN = {
    "stop at the name": (["*"], 501),
    "stop at the password": ([b64("alice"), "*"], 501),
    "bad base64 for the name": (["a!"], 501),
    "bad base64 for the password": ([b64("alice"), "a!"], 501),
    "empty name": (["", b64("x")], 535),
    "empty password": ([b64("alice"), ""], 535),
    "'=' for a password": ([b64("alice"), "="], 501),
    "blank password": ([b64("alice"), b64("  ")], 535),
    "NUL in the password": ([b64("alice"), b64("correct horse\0")], 535),
    "NUL in the name": ([b64("alice\0")], 535),
}


@pytest.mark.parametrize("what", LOGIN)
def test_login_that_is_none_is_not_asked(client, directory, what):
    answers, code = LOGIN[what]
    assert client.command("AUTH LOGIN").code == 334
    replies = [client.command(text) for text in answers]
    assert [r.code for r in replies[:-1]] == [334] * (len(answers) - 1)
    assert replies[-1].code == code, replies
    assert directory.seen("search") == []
    assert told(client.auth_plain("alice", PASSWORD["alice"])) == YES


# -- one spelling ------------------------------------------------------------

SPELLINGS = {
    "as it is": ("jürgen", "grün es"),
    "decomposed": ("ju\u0308rgen", "gru\u0308n es"),
    "no-break space": ("jürgen", "grün\u00a0es"),
    "soft hyphen": ("jür\u00adgen", "grün\u00ad es"),
    "fullwidth": ("\uff4aürgen", "\uff47rün es"),
    "pasted with a space": (" jürgen ", "grün es"),
}


@pytest.mark.parametrize("how", SPELLINGS)
def test_one_person_has_one_spelling(gateway, directory, how):
    user, word = SPELLINGS[how]
    mark = gateway.process.mark()
    assert try_login(gateway, user, word) == YES
    ((dn, password),) = user_binds(directory)
    assert dn.startswith("uid=jürgen,") and password == "grün es"
    gateway.process.wait_log(r'login user="j\S+rgen" .*verdict=accepted',
                             since=mark)
    with gateway.connect() as client:
        client.ehlo()
        assert client.auth_login(user, word).code == 235


SAMPLES = {"I\u00adX": YES, "\u2168": YES, "IX": YES, "ix": NO}


@pytest.mark.parametrize("user", SAMPLES)
def test_samples_of_rfc_4013(gateway, user):
    assert try_login(gateway, user, "prepared") == SAMPLES[user]


@pytest.mark.parametrize("user", ["ascii", "emoji"])
def test_password_arrives_unchanged(gateway, directory, user):
    assert try_login(gateway, user, PEOPLE[user][0]) == YES
    assert [p for _, p in user_binds(directory)] == [PEOPLE[user][0]]


def test_passwords_may_go_on_as_they_came(ground, gateway):
    """For a directory that was filled without preparing them."""
    assert try_login(gateway, "odd", "ª") == NO  # an "a" is asked for
    with recorded(ground, PEOPLE, auth={"prepare_password": False}) as pair:
        assert try_login(pair[0], "odd", "ª") == YES
        assert try_login(pair[0], "jürgen", "gru\u0308n es") == NO
        assert try_login(pair[0], "ju\u0308rgen", "grün es") == YES
        pair[1].forget()
        with pair[0].connect() as client:
            client.ehlo()
            latin = base64.b64encode(b"\0alice\0gr\xfcn").decode()
            assert told(client.command("AUTH PLAIN " + latin)) == NO
            assert told(client.auth_plain("alice", "")) == NO
            assert told(client.auth_plain("alice", "  ")) == NO
        assert [p for _, p in user_binds(pair[1])] == ["gr\udcfcn"]


# -- who may act as whom -----------------------------------------------------


@pytest.mark.parametrize("authzid,verdict", [
    ("", YES), ("alice", YES), ("bob", NO), ("Alice", YES), ("nobody", NO),
    ("alice@example.org", NO)])
def test_nobody_acts_as_somebody_else(client, authzid, verdict):
    word = plain("alice", PASSWORD["alice"], authzid)
    assert told(client.command("AUTH PLAIN " + word)) == verdict


def test_refusals_are_the_same_octets(client):
    refusals = set()
    for user, word in (("alice", "wrong"), ("nosuch", "wrong"), ("", "x"),
                       ("alice", ""), ("a\x07", "x"), ("x" * 300, "x"),
                       ("alice", "\u00ad"), ("*", "x")):
        client.send(b"AUTH PLAIN " + plain(user, word).encode() + b"\r\n")
        refusals.add(client.line())
    assert len(refusals) == 1


def test_filter_decides_who_may_submit(another):
    """A right password is not enough: RFC 5068, 3.1."""
    gateway = another(ldap={"filter": "(&(uid=%u)(mail=*))"})
    assert try_login(gateway, "bob", PASSWORD["bob"]) == YES
    assert try_login(gateway, "nomail", PASSWORD["bob"]) == NO


def test_one_identity_whatever_was_typed(shared_gateway):
    """The directory's rule for names makes them one (uid: case-blind)."""
    for typed in ("ALICE", "alice", " Alice ", "alice@example.org",
                  "Alice@Example.ORG"):
        mark = shared_gateway.process.mark()
        assert try_login(shared_gateway, typed, PASSWORD["alice"]) == YES
        shared_gateway.process.wait_log(r"login user=alice .*accepted",
                                        since=mark)


def test_one_identity_without_a_name_for_it(another):
    """Not what was typed: a second spelling would be a second user."""
    gateway = another(ldap={"user_attribute": "employeeNumber"})
    dn = "uid=alice,ou=people,dc=example,dc=org"
    for typed in ("alice", "alice@example.org"):
        mark = gateway.process.mark()
        assert try_login(gateway, typed, PASSWORD["alice"]) == YES
        gateway.process.wait_log(rf"login user={dn} .*accepted",
                                 since=mark)
        gateway.process.wait_log(
            rf"ldap_entry user={dn} reason=no_user_attribute", since=mark)


# -- AUTH= of MAIL -----------------------------------------------------------

XTEXT = "+61" * 60 + "+40" + "+62" * 60 + "+2E" + "+63" * 35 + "+2E" + "de"

CLAIMS = {
    "<>": 250, "alice@example.org": 250, "a+2Bb@example.org": 250,
    "boss@example.org": 250, XTEXT: 250, "+ZZ": 501, "foo": 501, "": 501,
    "a@b@c": 501, "<> AUTH=<>": 501,
}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c[:20] or "empty")
def test_claimed_submitter_is_checked_for_form(gateway, claim):
    assert len(XTEXT) > 470
    with gateway.login() as client:
        reply = client.command(f"MAIL FROM:<alice@example.org> aUtH={claim}")
        assert reply.code == CLAIMS[claim], reply


def test_claimed_submitter_goes_no_further(another, ground, token):
    """We log in to no smarthost, so none hears of a submitter."""
    with SmtpSink(ground.certificate("smart.example.org", "localhost",
                                     "127.0.0.1"),
                  offers=(*OFFERS, "AUTH PLAIN")) as sink:
        gateway = another(smarthost={"server": [sink.server]})
        with gateway.login() as client:
            for claim in ("", " AUTH=<>", " AUTH=boss@example.org"):
                client.command("MAIL FROM:<alice@example.org>" + claim)
                client.command("RCPT TO:<x@example.net>")
                assert client.data(compose(token)).code == 250
        mails = sink.taken
        assert len(mails) == 3
        assert not any("AUTH" in p.upper() for m in mails
                       for p in m.parameters)


def test_clear_channel_never_tells(pair):
    """RFC 8314, 4.1: right or wrong, the answer is the same, unasked."""
    gateway, directory = pair
    directory.forget()
    answers = set()
    with Smtp(gateway.port) as client:
        assert "AUTH" not in client.ehlo()
        for text in ("AUTH PLAIN " + plain("alice", PASSWORD["alice"]),
                     "AUTH PLAIN " + plain("alice", "wrong"), "AUTH PLAIN",
                     "AUTH LOGIN", "AUTH LOGIN " + b64("alice"),
                     "AUTH NOSUCH"):
            client.send(text.encode() + b"\r\n")
            answers.add(client.line())
    assert len(answers) == 1 and answers.pop().startswith("530 5.7.0 ")
    assert directory.seen("search") == [] and user_binds(directory) == []
