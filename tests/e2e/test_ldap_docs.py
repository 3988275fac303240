"""docs/ldap-servers.md: the sections on it let people in.

Each is taken from the page as it is, but for addresses and file names.
"""

import re

import pytest

import dirsrv
from evilgateway import NO, YES, evil_gateway, try_login
from evilldap import (BIND_RESPONSE, SEARCH_DONE, EvilLdap, entry, reference,
                      result)
from rig import ROOT
from servers import PASSWORD, SERVICE_PASSWORD
from test_ldap_policy import judged
from test_ldap_servers import TrustingSlapd

PAGE = (ROOT / "docs/ldap-servers.md").read_text()


def sections(heading):
    """The ldap sections below a heading, each as a dict."""
    text = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for block in re.findall(r"^    ldap \{\n(.*?)^    \}", text, re.M | re.S):
        yield {key: re.findall(r'"([^"]*)"', value)
               if value.startswith("{") else value.strip('"')
               for key, value in re.findall(r"^ +(\w+) += (.*)$", block, re.M)}


def asked_at(section, url, *without):
    """The section for another server; the password file is the rig's."""
    return {**{k: v for k, v in section.items()
               if k != "bind_password_file"},
            "uri": url, **dict.fromkeys(without)}


def test_openldap(ground, another):
    by_password, by_socket = sections("OpenLDAP")
    slapd = ground.start(TrustingSlapd(ground, "slapd-docs"))
    try:
        for gateway in (
                another(ldap=asked_at(by_password, slapd.tls_uri)),
                another(ldap=asked_at(by_socket, slapd.socket_uri, "bind_dn",
                                      "bind_password_file"))):
            assert try_login(gateway) == YES
            assert try_login(gateway, "alice@example.org") == YES
            assert try_login(gateway, "alice", "wrong") == NO
    finally:
        slapd.kill()


@pytest.mark.skipif(not dirsrv.PROGRAM.exists(),
                    reason="389-ds-base is not installed")
def test_389_directory_server(ground):
    (section,) = sections("389 Directory Server")
    word = PASSWORD["alice"]
    directory = ground.start(dirsrv.Dirsrv(
        ground, dirsrv.person("alice", word) + dirsrv.person(
            "inactive", word, "nsAccountLock: TRUE"), "dirsrv-docs"))
    try:
        with evil_gateway(ground, directory, ldap=asked_at(
                section, directory.url)) as gateway:
            assert try_login(gateway) == YES
            assert try_login(gateway, "alice@example.org") == YES
            assert try_login(gateway, "alice", "wrong") == NO
            assert try_login(gateway, "inactive") == NO
    finally:
        directory.kill()


class ActiveDirectory(EvilLdap):
    """Its names, its filter for disabled accounts, its words for a no."""

    service = "cn=submitd,cn=Users,dc=example,dc=org"
    enabled = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
    state = {"bob": "775", "carol": "773", "disabled": "533"}

    def dn_of(self, user):
        return f"CN={user.title()} Example,OU=Staff,DC=example,DC=org"

    def bind(self, conn, dn, password):
        if (dn, password) == (self.service, SERVICE_PASSWORD):
            return 0
        code = "525"
        for user, (word, _) in self.people.items():
            if dn == self.dn_of(user):
                code = self.state.get(user) if password == word else "52e"
        return 0 if code is None else [result(
            BIND_RESPONSE, 49,
            "80090308: LdapErr: DSID-0C090447, comment: "
            f"AcceptSecurityContext error, data {code}, v3839\0")]

    def search(self, conn, request):
        found = [
            entry(self.dn_of(u), sAMAccountName=[u], mail=mails,
                  proxyAddresses=["SMTP:" + mails[0], "x500:/o=Example"])
            for u, (_, mails) in self.people.items()
            if any(f"({name}={value})" in request.filter for name, value in (
                ("sAMAccountName", u), ("mail", mails[0]),
                ("userPrincipalName", f"{u}@corp.example.org")))
            and (self.state.get(u) != "533"
                 or self.enabled not in request.filter)]
        elsewhere = [reference(f"ldap://{x}.example.org/DC={x},DC=example,DC=org")
                     for x in ("ForestDnsZones", "DomainDnsZones", "sub")]
        return found + elsewhere + [result(SEARCH_DONE, 0)]


def test_active_directory(ground):
    (section,) = sections("Active Directory")
    people = {u: (p, [f"{u}@example.org"]) for u, p in PASSWORD.items()}
    people["disabled"] = (PASSWORD["alice"], ["disabled@example.org"])
    with ActiveDirectory(people) as directory:
        with evil_gateway(ground, directory, ldap=asked_at(
                section, directory.url)) as gateway:
            word = PASSWORD["alice"]
            for name in ("alice", "alice@corp.example.org",
                         "alice@example.org"):
                assert judged(gateway, "alice", word, name)[:2] == (YES, "ok")
            assert judged(gateway, "alice", "no")[:2] == (NO, "password")
            assert judged(gateway, "disabled", word)[:2] == (
                NO, "unknown_user")
            assert judged(gateway, "bob", PASSWORD["bob"])[:2] == (
                NO, "locked")
            assert judged(gateway, "carol", PASSWORD["carol"])[:2] == (
                NO, "must_change")
        with evil_gateway(ground, directory, ldap={
                **asked_at(section, directory.url),
                "filter": "(sAMAccountName=%u)"}) as gateway:
            assert judged(gateway, "disabled", word)[:2] == (NO, "disabled")
            with gateway.connect() as client:
                client.ehlo()
                client.auth_plain("alice", word)
                assert client.command("MAIL FROM:<alice@example.org>").code \
                    == 250
