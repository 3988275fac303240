"""Who one may send as: the addresses of one's own entry, no others."""

import pytest

from conftest import compose

OWN = ["alice@example.org", "a.example@example.org", "sales@example.net",
       "alice@EXAMPLE.org"]
NOT_OWN = ["bob@example.org", "alice@example.net", "alice@example.org.evil",
           "root@submit.example.org", "alic@example.org"]


@pytest.mark.parametrize("sender", OWN)
def test_own_address_may_send(gateway, postfix, sender, token):
    with gateway.login() as client:
        reply = client.mail(sender, ["bob@example.org"], compose(token))
        assert reply.code == 250, reply
    (delivered,) = postfix.wait(token)
    assert delivered.message["Return-Path"].lower() == f"<{sender.lower()}>"


@pytest.mark.parametrize("sender", NOT_OWN)
def test_other_address_may_not(gateway, postfix, sender, token):
    with gateway.login() as client:
        reply = client.command(f"MAIL FROM:<{sender}>")
        assert reply.code in (550, 553), reply
        assert reply.enhanced() == "5.7.1"
        assert "alice@example.org" in reply.text, "does not say what one may"
        assert client.command("RCPT TO:<bob@example.org>").code == 503
        assert client.command("DATA").code == 503
        reply = client.mail("alice@example.org", ["bob@example.org"],
                            compose(token))
        assert reply.code == 250, reply
    postfix.wait(token)


def test_each_user_has_their_own(gateway):
    for user, other in (("alice", "bob"), ("bob", "alice")):
        with gateway.login(user) as client:
            assert client.command(
                f"MAIL FROM:<{other}@example.org>").code in (550, 553)
            assert client.command(
                f"MAIL FROM:<{user}@example.org>").code == 250


def test_user_without_addresses_sends_as_nobody(gateway):
    with gateway.connect() as client:
        client.ehlo()
        reply = client.auth_plain("nomail", "battery staple")
        assert reply.code == 235, reply
        assert client.command("MAIL FROM:<nomail@example.org>").code == 550


def test_empty_sender_is_accepted_by_default(gateway, postfix, token):
    with gateway.login() as client:
        reply = client.mail("", ["bob@example.org"], compose(token))
        assert reply.code == 250, reply
    (delivered,) = postfix.wait(token)
    assert delivered.message["Return-Path"] == "<>"


def test_empty_sender_can_be_refused(another):
    gateway = another(identity={"null_sender": "refuse"})
    with gateway.login() as client:
        assert client.command("MAIL FROM:<>").code == 550


def test_attributes_are_configurable(another, token):
    gateway = another(ldap={"address_attributes": ["mailLocalAddress"]})
    with gateway.login() as client:
        assert client.command("MAIL FROM:<alice@example.org>").code == 550
        assert client.command("MAIL FROM:<sales@example.net>").code == 250
