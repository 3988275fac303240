"""What the directory lets a user do beyond the own entry: groups, mailboxes
of others, whole domains, flags of the account, limits."""

import contextlib

import pytest

import scram
import test_directory_users
import test_oauth
from conftest import compose
from rawsmtp import plain
from servers import PASSWORD

GROUPS = {"group_base": "ou=groups,dc=example,dc=org",
          "group_filter": "(&(objectClass=groupOfNames)(member=%d))"}
DELEGATES = {"delegate_filter": "(manager=%d)"}
WORD = PASSWORD["bob"]
BOB = ["bob@example.org"]


def login(gateway, user="alice", word=PASSWORD["alice"], authzid=""):
    """A client and the answer to its AUTH."""
    client = gateway.connect()
    client.ehlo()
    return client, client.command("AUTH PLAIN " + plain(user, word, authzid))


@contextlib.contextmanager
def logged_in(*args, **options):
    client, reply = login(*args, **options)
    with client:
        assert reply.code == 235, reply
        yield client


def try_login(*args, **options):
    client, reply = login(*args, **options)
    client.close()
    return reply.code, reply.enhanced()


def senders(client, *addresses):
    """The codes that MAIL gets."""
    codes = []
    for address in addresses:
        codes.append(client.command(f"MAIL FROM:<{address}>").code)
        client.command("RSET")
    return codes


# -- groups ------------------------------------------------------------------


def test_addresses_of_groups_are_own(another, postfix, token):
    gateway = another(ldap=GROUPS)
    message = compose(token, sender="press@example.org")
    with logged_in(gateway) as client:
        assert client.mail("press@example.org", BOB, message).code == 250
    (delivered,) = postfix.wait(token)
    assert delivered.message["From"] == "<press@example.org>"
    assert delivered.message["Sender"] is None
    with logged_in(gateway, "bob", WORD) as client:
        assert senders(client, "press@example.org",
                       "bob@example.org") == [550, 250]


def test_groups_are_found_by_name_too(another):
    gateway = another(ldap={**GROUPS, "group_filter": "(&(cn=press)(cn=%u))"})
    with logged_in(gateway) as client:
        assert senders(client, "press@example.org") == [550]
    gateway = another(ldap={**GROUPS, "group_filter": "(!(cn=%u))",
                            "group_attributes": ["mail"]})
    with logged_in(gateway) as client:
        assert senders(client, "press@example.org") == [250]


def test_without_a_filter_groups_are_nothing(gateway):
    with gateway.login() as client:
        assert senders(client, "press@example.org") == [550]


def test_people_search_with_their_own_rights(another):
    """dn_template: no service account, and what one may not see is not
    taken for nothing."""
    alone = {"base": None, "bind_dn": None, "bind_password_file": None,
             "dn_template": "uid=%u,ou=people,dc=example,dc=org"}
    gateway = another(ldap={**alone, **GROUPS})
    with logged_in(gateway) as client:
        assert senders(client, "press@example.org") == [250]
    gateway = another(ldap={**alone, **GROUPS, "group_base":
                            "ou=services,dc=example,dc=org"})
    assert try_login(gateway) == (454, "4.7.0")


def test_a_base_that_is_not_there_is_our_trouble(another):
    gateway = another(ldap={**GROUPS, "group_base": "ou=gone,dc=example,dc=org"})
    mark = gateway.process.mark()
    assert try_login(gateway) == (454, "4.7.0")
    gateway.process.wait_log(r"login user=alice .*reason=no_entry", since=mark)


# -- mailboxes of others -----------------------------------------------------


def test_a_mailbox_of_another_gets_a_sender(another, postfix, token):
    gateway = another(ldap=DELEGATES)
    message = compose(token, sender="reception@example.org")
    with logged_in(gateway) as client:
        assert client.mail("office@example.org", BOB, message).code == 250
    (delivered,) = postfix.wait(token)
    assert delivered.message["Return-Path"] == "<office@example.org>"
    assert delivered.message["From"] == "<reception@example.org>"
    assert delivered.message["Sender"] == "<alice@example.org>"


def test_who_is_not_the_manager_may_not(another):
    gateway = another(ldap=DELEGATES)
    with logged_in(gateway, "bob", WORD) as client:
        assert senders(client, "office@example.org") == [550]


def test_the_refusal_names_all_one_may_use(another):
    gateway = another(ldap={**DELEGATES,
                            "delegate_attributes": ["mail"]})
    with logged_in(gateway) as client:
        reply = client.command("MAIL FROM:<boss@example.org>")
    assert (reply.code, reply.enhanced()) == (550, "5.7.1")
    for address in ("alice@example.org", "sales@example.net",
                    "office@example.org"):
        assert address in reply.text


# -- acting as another -------------------------------------------------------


def test_a_manager_acts_as_the_mailbox(another, postfix, token):
    gateway = another(ldap=DELEGATES)
    mark = gateway.process.mark()
    message = compose(token, sender="office@example.org")
    with logged_in(gateway, authzid="office") as client:
        assert senders(client, "alice@example.org",
                       "reception@example.org") == [550, 250]
        assert client.mail("office@example.org", BOB, message).code == 250
    (delivered,) = postfix.wait(token)
    assert delivered.message["Sender"] is None
    gateway.process.wait_log(
        r"login user=alice authzid=office .*verdict=accepted", since=mark)
    gateway.process.wait_log(r" message .*user=alice ", since=mark)


@pytest.mark.parametrize("user,authzid", [
    ("alice", "bob"), ("alice", "office@example.org"), ("alice", "nobody"),
    ("bob", "office"), ("office", "alice")])
def test_others_act_as_nobody(another, user, authzid):
    gateway = another(ldap=DELEGATES)
    mark = gateway.process.mark()
    word = PASSWORD.get(user, WORD)
    assert try_login(gateway, user, word, authzid) == (535, "5.7.8")
    gateway.process.wait_log(rf"login user={user} .*reason=authzid", since=mark)
    assert try_login(gateway, user, word) == (235, "2.7.0")


def test_a_wrong_password_acts_as_nobody(another):
    gateway = another(ldap=DELEGATES)
    assert try_login(gateway, word="wrong", authzid="office") == (535, "5.7.8")


def test_memory_knows_who_may_act_as_whom(another):
    gateway = another(ldap=DELEGATES, auth={"login_cache": "1h"})
    assert try_login(gateway) == (235, "2.7.0")
    mark = gateway.process.mark()
    with logged_in(gateway, authzid="office") as client:
        assert senders(client, "alice@example.org",
                       "office@example.org") == [550, 250]
    gateway.process.wait_log(r"authzid=office .*reason=cached", since=mark)
    with logged_in(gateway) as client:
        assert senders(client, "alice@example.org",
                       "office@example.org") == [250, 250]


SCRAM = "SCRAM-SHA-256"


@pytest.fixture
def dora(own_slapd):
    """A directory where dora has a stored key."""
    scram.add_user(own_slapd, "dora", scram.Keys(SCRAM, WORD).rfc5803())
    return own_slapd


def prove(gateway, user, header="n,,", word=WORD):
    with gateway.connect() as client:
        client.ehlo()
        reply = scram.login(client, SCRAM, user, word, header)
        return reply.code, reply.enhanced()


def test_a_proof_is_as_good_as_a_password(another, dora):
    gateway = another(
        ldap_uri=dora.uri, auth={"mechanisms": ["PLAIN", SCRAM]},
        ldap={"scram_attribute": "authPassword",
              "delegate_filter": "(&(uid=office)(!(uid=%u)))"})
    assert prove(gateway, "dora") == (235, "2.7.0")
    mark = gateway.process.mark()
    assert prove(gateway, "dora", "n,a=office,") == (235, "2.7.0")
    gateway.process.wait_log(r"login user=dora authzid=office ", since=mark)
    assert prove(gateway, "dora", "n,a=alice,") == (535, "5.7.8")
    assert prove(gateway, "dora", "n,a=office,", "wrong") == (535, "5.7.8")


def test_a_proof_does_not_help_who_is_suspended(another, dora):
    gateway = another(
        ldap_uri=dora.uri, auth={"mechanisms": ["PLAIN", SCRAM]},
        ldap={"scram_attribute": "authPassword",
              "suspended_filter": "(mail=dora@example.org)"})
    assert prove(gateway, "dora") == (535, "5.7.13")
    assert prove(gateway, "dora", word="wrong") == (535, "5.7.8")
    assert prove(gateway, "nosuch", word="wrong") == (535, "5.7.8")


def test_a_token_is_too(another, tmp_path):
    authority = test_oauth.Authority()
    path = tmp_path / "jwks.json"
    path.write_text(authority.jwks())
    gateway = another(
        auth={"mechanisms": ["OAUTHBEARER"]},
        oauth={"jwks_file": path, "issuer": test_oauth.ISSUER,
               "audience": "submit", "discovery_url": test_oauth.DISCOVERY},
        ldap={**DELEGATES, "suspended_filter": "(employeeType=suspended)"})

    def bring(lead, **claims):
        reply, _ = test_oauth.try_login(
            gateway, "OAUTHBEARER",
            test_oauth.bearer(authority.token(**claims), lead))
        return reply.code, reply.enhanced()

    mark = gateway.process.mark()
    assert bring("n,a=office,") == (235, "2.7.0")
    gateway.process.wait_log(r"login user=alice authzid=office ", since=mark)
    assert bring("n,a=bob,") == (535, "5.7.8")
    assert bring("n,,", email="suspended@example.org") == (535, "5.7.13")


# -- domains -----------------------------------------------------------------


def test_every_address_of_a_domain(another, postfix, token):
    gateway = another(ldap={"domain_attributes": ["associatedDomain"]})
    message = compose(token, sender="anything@example.net")
    with logged_in(gateway, "domain", WORD) as client:
        assert senders(client, "a.b@example.NET", "x@sub.example.net",
                       "x@example.org") == [250, 550, 550]
        reply = client.command("MAIL FROM:<x@example.org>")
        assert "any address at example.net" in reply.text
        assert client.mail("other@example.net", BOB, message).code == 250
    (delivered,) = postfix.wait(token)
    assert delivered.message["From"] == "<anything@example.net>"
    assert delivered.message["Sender"] is None


# -- flags -------------------------------------------------------------------

FLAGS = [("suspended", {"suspended_filter": "(employeeType=suspended)"},
          "suspended"),
         ("reader", {"may_send_filter": "(!(employeeType=reader))"},
          "may_not_send")]


@pytest.mark.parametrize("user,ldap,reason", FLAGS)
def test_who_may_not_send_is_told_after_the_password(another, user, ldap,
                                                     reason):
    gateway = another(ldap=ldap)
    mark = gateway.process.mark()
    client, reply = login(gateway, user, WORD)
    with client:
        assert (reply.code, reply.enhanced()) == (535, "5.7.13")
        assert client.command("MAIL FROM:<x@example.org>").code == 530
    gateway.process.wait_log(
        rf"login user={user} .*verdict=suspended reason={reason}", since=mark)
    told = try_login(gateway, user, "wrong")
    assert told == try_login(gateway, "nosuch", "wrong") == (535, "5.7.8")
    assert try_login(gateway) == (235, "2.7.0")
    assert try_login(gateway, "bob", WORD) == (235, "2.7.0")


def test_flags_are_asked_of_the_directory_alone(another):
    """A filter of any kind, as Active Directory needs it."""
    gateway = another(ldap={
        "suspended_filter": "(employeeType:2.5.13.2:=SUSPENDED)"})
    assert try_login(gateway, "suspended", WORD) == (535, "5.7.13")
    assert try_login(gateway, "reader", WORD) == (235, "2.7.0")


# -- limits ------------------------------------------------------------------


def test_a_limit_of_ones_own(another):
    gateway = another(ldap={"limit_attribute": "description"})
    mark = gateway.process.mark()
    with logged_in(gateway, "limited", WORD):
        code = try_login(gateway, "limited", WORD)
        assert code == (454, "4.7.0")
    line = gateway.process.wait_log(r"ldap_entry user=limited", since=mark)
    assert "reason=bad_limit value=messages_per_fortnight=3" in \
        line.string.replace('"', "")


def test_others_have_the_limits_of_the_configuration(another):
    gateway = another(ldap={"limit_attribute": "description"},
                      user_limits={"sessions": 1})
    with logged_in(gateway, "bob", WORD):
        assert try_login(gateway, "bob", WORD) == (454, "4.7.0")


# -- the schema that comes with the gateway ------------------------------------


@pytest.fixture
def documented(ground, another):
    """The sample directory of docs/ldap, and a gateway that uses it all."""
    slapd = ground.start(test_directory_users.DocumentedSlapd(
        ground, "slapd-rights"))
    yield another(ldap_uri=slapd.uri, ldap={
        "base": test_directory_users.BASE,
        "bind_dn": test_directory_users.SERVICE_DN,
        "address_attributes": ["mail", "submitdSendAs"],
        "domain_attributes": ["submitdDomain"],
        "group_base": "ou=groups,dc=example,dc=net",
        "group_filter": "(member=%d)",
        "group_attributes": ["submitdSendAs"],
        "delegate_filter": "(submitdDelegate=%d)",
        "suspended_filter": "(submitdSuspended=TRUE)",
        "may_send_filter": "(!(submitdMaySend=FALSE))",
        "limit_attribute": "submitdLimit"})
    slapd.kill()


def test_the_sample_directory(documented, tmp_path):
    keeper = tmp_path / "keeper.secret"
    keeper.write_text(test_directory_users.KEEPER_PASSWORD + "\n")
    for name in ("alice", "lists", "bob", "carol"):
        done = test_directory_users.submitctl(
            documented, "user", "passwd", name, typed=WORD + "\n",
            options=("-f", documented.file, "-y", keeper,
                     "-D", test_directory_users.KEEPER_DN))
        assert done[0] == 0, done
    with logged_in(documented, "alice", WORD) as client:
        assert senders(client, "alice@example.net", "a.example@example.net",
                       "sales@example.net", "office@example.net",
                       "bob@example.net") == [250] * 4 + [550]
    with logged_in(documented, "lists", WORD) as client:
        assert senders(client, "any@lists.example.net", "any@example.net",
                       "sales@example.net") == [250, 550, 550]
    for name in ("bob", "carol"):
        assert try_login(documented, name, WORD) == (535, "5.7.13")
    status, out, _ = test_directory_users.submitctl(
        documented, "user", "test-login", "alice", typed=WORD + "\n",
        options=("-f", documented.file))
    assert status == 0, out
    for line in ("(submitdSuspended=TRUE): nothing found",
                 "(member=uid=alice,ou=people,dc=example,dc=net): cn=sales,",
                 "address=sales@example.net", "delegated=office@example.net",
                 "limit messages_per_day=5000", "limit sessions=20"):
        assert line in out


# -- before the first login --------------------------------------------------


@pytest.mark.parametrize("changes,told", [
    ({}, "  rights   ok     groups, delegates, flags\n"),
    ({"group_base": "ou=gone,dc=example,dc=org"},
     "  rights   FAILED group_filter: search: No such object (32)\n"),
    ({"delegate_filter": "(=%d)"},
     "  rights   FAILED delegate_filter: search: Bad search filter (-7)\n"),
    ({"suspended_filter": "(=x)"},
     "  rights   FAILED suspended_filter: search: Bad search filter (-7)\n"),
    ({"may_send_filter": "(!(a=b)(c=d))"},
     "  rights   FAILED may_send_filter: search: Bad search filter (-7)\n")])
def test_dial_tries_the_searches(another, changes, told):
    gateway = another(start=False, ldap={**GROUPS, **DELEGATES, **changes})
    status, said = gateway.check("--dial")
    assert told in said
    assert (status == 0) == ("ok" in told)


def test_dial_tries_no_search_that_is_not_configured(another):
    assert "rights" not in another(start=False).check("--dial")[1]


def test_the_log_tells_which_search_failed(another):
    gateway = another(ldap={**GROUPS, "group_base": "ou=gone,dc=example,dc=org"})
    mark = gateway.process.mark()
    assert try_login(gateway) == (454, "4.7.0")
    gateway.process.wait_log(r"ldap_trouble .*group_filter: search: No such",
                             since=mark)
