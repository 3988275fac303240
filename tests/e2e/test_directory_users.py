"""The directory as docs/ldap.md sets it up, and "submitctl user" at it.

The schema, the access rules and the sample entries are the files of
docs/ldap, as they are; the operator's password goes by file or by pipe.
"""

import base64
import hashlib
import hmac
import os
import pty
import re
import signal
import subprocess
import termios

import pytest

from gateway import BIN, Submitd
from rig import ROOT, wait_until
from servers import SERVICE_PASSWORD, Slapd, ssha

DOCS = ROOT / "docs/ldap"
BASE = "ou=people,dc=example,dc=net"
SERVICE_DN = "cn=submitd,ou=services,dc=example,dc=net"
KEEPER_DN = "cn=keeper,ou=services,dc=example,dc=net"
KEEPER_PASSWORD = "keeper's secret"

CONF = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include {docs}/submitd.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {dir}/slapd.pid
argsfile {dir}/slapd.args
TLSCACertificateFile {cert.ca}
TLSCertificateFile {cert.chain}
TLSCertificateKeyFile {cert.key}
disallow bind_anon

database mdb
suffix "dc=example,dc=net"
rootdn "cn=root,dc=example,dc=net"
rootpw "root secret"
directory {dir}/db
dbnosync
index uid,mail,submitdDelegate,member eq
include {docs}/slapd.acl
"""


class DocumentedSlapd(Slapd):
    """slapd with schema, rules and entries of docs/ldap."""

    def _fill(self):
        (self.dir / "db").mkdir()
        conf = self.dir / "slapd.conf"
        conf.write_text(CONF.format(dir=self.dir, docs=DOCS, cert=self.cert))
        ldif = (DOCS / "sample.ldif").read_text()
        for password in (SERVICE_PASSWORD, KEEPER_PASSWORD):
            ldif = ldif.replace("{SSHA}replace-me", ssha(password), 1)
        subprocess.run([self.program, "-Ta", "-q", "-f", conf], check=True,
                       input=ldif.encode(), stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def documented(ground):
    return ground.start(DocumentedSlapd(ground, "slapd-documented"))


@pytest.fixture(scope="module")
def gateway(ground, documented, postfix):
    gateway = ground.start(Submitd(
        ground, documented.uri, postfix.server, name="submitd-documented",
        ldap={"base": BASE, "bind_dn": SERVICE_DN,
              "scram_attribute": "submitdScramKey",
              "address_attributes": ["mail", "submitdSendAs"],
              "domain_attributes": ["submitdDomain"],
              "group_base": "ou=groups,dc=example,dc=net",
              "group_filter": "(&(objectClass=groupOfNames)(member=%d))",
              "group_attributes": ["submitdSendAs"],
              "delegate_filter": "(submitdDelegate=%d)",
              "suspended_filter": "(submitdSuspended=TRUE)",
              "may_send_filter": "(!(submitdMaySend=FALSE))",
              "limit_attribute": "submitdLimit"},
        auth={"failure_delay": "100ms"}))
    yield gateway.start()
    gateway.stop()
    gateway.assert_sound()


def submitctl(gateway, *words, typed="", options=()):
    """Exit status, stdout, stderr; typed: what is piped in."""
    done = subprocess.run(
        [gateway.bin / "submitctl", "-s", gateway.dir / "control", *options,
         *words], input=typed, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def user(gateway, tmp_path):
    """user(verb, ...) as the keeper of the directory."""
    file = tmp_path / "keeper.secret"
    file.write_text(KEEPER_PASSWORD + "\n")

    def run(*words, typed="", options=("-D", KEEPER_DN, "-y", file)):
        return submitctl(gateway, "user", *words, typed=typed,
                         options=("-f", gateway.file, *options))
    return run


def code(gateway, name, password="open sesame"):
    with gateway.connect() as client:
        client.ehlo()
        return client.auth_plain(name, password).code


def logs_in(gateway, name, password):
    return code(gateway, name, password) == 235


def login_as(gateway, name):
    """A raw client that has logged in."""
    client = gateway.connect()
    client.ehlo()
    assert client.auth_plain(name, "open sesame").code == 235
    return client


def values(documented, uid, attribute):
    """As the directory has them, read by its root."""
    out = subprocess.run(
        ["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H",
         documented.uri, "-D", "cn=root,dc=example,dc=net", "-w",
         "root secret", "-b", BASE, f"(uid={uid})", attribute],
        check=True, capture_output=True, text=True).stdout
    plain = re.findall(rf"^{attribute}: (.*)$", out, re.M)
    coded = re.findall(rf"^{attribute}:: (.*)$", out, re.M)
    return plain + [base64.b64decode(v).decode() for v in coded]


def scram_is_right(value, password):
    """Does a stored key (RFC 5803) belong to the password?"""
    scheme, salt, keys = value.split("$")
    digest = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}[scheme]
    rounds, salt = salt.split(":")
    salted = hashlib.pbkdf2_hmac(digest, password.encode(),
                                 base64.b64decode(salt), int(rounds))
    client = hmac.digest(salted, b"Client Key", digest)
    stored = hashlib.new(digest, client).digest()
    server = hmac.digest(salted, b"Server Key", digest)
    return keys == ":".join(base64.b64encode(k).decode()
                            for k in (stored, server))


# -- the files -----------------------------------------------------------------

def test_the_schema_for_cn_config_is_taken(documented, tmp_path):
    head = ("dn: cn=config\nobjectClass: olcGlobal\ncn: config\n\n"
            "dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\n"
            "cn: schema\n\n")
    parts = [open(f"/etc/ldap/schema/{name}.ldif").read()
             for name in ("core", "cosine", "inetorgperson")]
    parts.append((DOCS / "submitd.ldif").read_text())
    (tmp_path / "slapd.d").mkdir()
    done = subprocess.run(
        [documented.program, "-Ta", "-n", "0", "-F", tmp_path / "slapd.d"],
        input=head + "\n".join(parts), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("slapd.d/cn=config/cn=schema/*submitd*"))


def test_both_forms_of_the_schema_say_the_same():
    schema = re.findall(r"(?:NAME|DESC) '[^']*'",
                        (DOCS / "submitd.schema").read_text())
    assert schema == re.findall(r"(?:NAME|DESC) '[^']*'",
                                (DOCS / "submitd.ldif").read_text())
    assert len(schema) == 16


def test_the_service_account_cannot_read_passwords_nor_write(documented):
    def search(attribute):
        return subprocess.run(
            ["ldapsearch", "-x", "-LLL", "-H", documented.uri, "-D",
             SERVICE_DN, "-w", SERVICE_PASSWORD, "-b", BASE, "(uid=alice)",
             attribute], check=True, capture_output=True, text=True).stdout
    assert "alice@example.net" in search("mail")
    assert "userPassword" not in search("userPassword")
    done = subprocess.run(
        ["ldapdelete", "-x", "-H", documented.uri, "-D", SERVICE_DN, "-w",
         SERVICE_PASSWORD, f"uid=alice,{BASE}"], capture_output=True,
        text=True)
    assert done.returncode == 50, done.stderr


# -- add, passwd, del ----------------------------------------------------------

def test_a_user_is_added_changed_and_deleted(gateway, documented, user):
    status, out, err = user("add", "dora", "dora@example.net", "Dora Ex",
                            typed="first pässword\n")
    assert (status, out) == (0, f"added uid=dora,{BASE}\n"), err
    assert logs_in(gateway, "dora", "first pässword")
    assert values(documented, "dora", "cn") == ["Dora Ex"]
    assert values(documented, "dora", "sn") == ["Ex"]
    keys = values(documented, "dora", "submitdScramKey")
    assert len(keys) == 2
    assert all(scram_is_right(key, "first pässword") for key in keys)

    status, out, err = user("passwd", "dora", typed="second\n")
    assert (status, out) == (0, f"changed uid=dora,{BASE}\n"), err
    assert not logs_in(gateway, "dora", "first pässword")
    assert logs_in(gateway, "dora", "second")
    again = values(documented, "dora", "submitdScramKey")
    assert len(again) == 2 and not set(again) & set(keys)
    assert all(scram_is_right(key, "second") for key in again)
    assert re.fullmatch(r"\{CRYPT\}\$6\$rounds=\d+\$\S{16}\$\S{86}",
                        *values(documented, "dora", "userPassword"))

    assert user("del", "dora", typed="no\n")[0] == 1
    assert logs_in(gateway, "dora", "second")
    status, out, err = user("del", "dora", typed="yes\n")
    assert (status, out) == (0, f"deleted uid=dora,{BASE}\n"), err
    assert not logs_in(gateway, "dora", "second")
    assert user("del", "dora", options=("-D", KEEPER_DN, "-Y"),
                typed=KEEPER_PASSWORD + "\n")[0] == 1


def test_the_name_may_be_the_address(gateway, documented, user):
    file = gateway.dir / "by-mail.conf"
    file.write_text(gateway.file.read_text().replace(
        "ldap {", 'ldap {\n    user_attribute = "mail"'))
    options = ("-f", file, "-D", KEEPER_DN)
    typed = KEEPER_PASSWORD + "\nthe one\n"
    for mails in (["erin@example.net"] * 2,
                  ["fred@example.net", "f@example.net"]):
        status, out, err = user("add", *mails, options=options, typed=typed)
        assert (status, out) == (0, f"added mail={mails[0]},{BASE}\n"), err
        assert logs_in(gateway, mails[0], "the one")


def test_an_entry_says_nothing_to_the_terminal(documented, user):
    dn = base64.b64encode(f"cn=\x1b[2J\x9b,{BASE}".encode()).decode()
    subprocess.run(
        ["ldapadd", "-x", "-H", documented.uri, "-D",
         "cn=root,dc=example,dc=net", "-w", "root secret"], check=True,
        input=f"dn:: {dn}\nobjectClass: inetOrgPerson\n"
              "objectClass: submitdUser\nsn: x\nuid: rude\n",
        stdout=subprocess.DEVNULL, text=True)
    for verb, typed in (("passwd", "x\n"), ("del", "yes\n")):
        status, out, err = user(verb, "rude", typed=typed)
        assert status == 0 and "cn=?[2J" in out
        assert (out + err).isascii() and "\x1b" not in out + err


@pytest.mark.parametrize("scheme, looks", [
    ("ssha", r"\{SSHA\}\S{48}"), ("clear", "the one")])
def test_other_schemes(gateway, documented, user, tmp_path, scheme, looks):
    text = gateway.file.read_text().replace(
        "ldap {", f'ldap {{\n    password_scheme = "{scheme}"')
    file = gateway.dir / f"{scheme}.conf"
    file.write_text(text)
    assert user("passwd", "alice", typed=KEEPER_PASSWORD + "\nthe one\n",
                options=("-f", file, "-D", KEEPER_DN))[0] == 0
    assert re.fullmatch(looks, *values(documented, "alice", "userPassword"))
    assert logs_in(gateway, "alice", "the one")


def test_scram_keys_are_of_the_prepared_password(gateway, documented, user):
    """Whatever form the directory wants: clients prepare it (RFC 5802, 2.2)."""
    file = gateway.dir / "unprepared.conf"
    file.write_text(gateway.file.read_text().replace(
        "auth {", "auth {\n    prepare_password = false").replace(
        "ldap {", 'ldap {\n    password_scheme = "clear"'))
    typed = "u\u0308mlaut"
    assert user("passwd", "alice", typed=f"{KEEPER_PASSWORD}\n{typed}\n",
                options=("-f", file, "-D", KEEPER_DN))[0] == 0
    assert values(documented, "alice", "userPassword") == [typed]
    keys = values(documented, "alice", "submitdScramKey")
    assert [scram_is_right(key, "\u00fcmlaut") for key in keys] == [True] * 2


@pytest.mark.parametrize("words, typed, said", [
    (("passwd", "nobody"), "x\n", "nobody found"),
    (("passwd", "alice"), "", "expected a line"),
    (("passwd", "alice"), "\n", "expected a line"),
    (("passwd", "alice"), "a" * 1025 + "\n", "expected a line"),
    (("passwd", "alice"), "a" * 512 + "\n", "crypt takes at most 511"),
    (("passwd", "alice"), "bell\a\n", "characters that none may have"),
    (("add", "alice", "alice@example.net"), "x\n", "Already exists"),
    (("add", "eve", "no address"), "x\n", "expected an address"),
    (("add", "e\nve", "eve@example.net"), "x\n", "nobody's login name"),
], ids=lambda v: str(v)[:20])
def test_what_cannot_be_done_is_said(user, words, typed, said):
    status, out, err = user(*words, typed=typed)
    assert (status, out) == (1, "") and said in err


def test_who_may_not_write_is_told_so(user, documented):
    status, _, err = user("passwd", "alice", typed="x\n", options=())
    assert status == 1 and "Insufficient access (50)" in err
    status, _, err = user("passwd", "alice", typed="wrong\nx\n",
                          options=("-D", KEEPER_DN))
    assert status == 1 and "Invalid credentials (49)" in err


def test_a_name_cannot_leave_its_place_in_a_dn(user, documented):
    status, out, err = user("add", "a,ou=services", "x@example.net",
                            typed="x\n")
    assert status == 0, err
    assert out == f"added uid=a\\,ou\\=services,{BASE}\n"
    assert user("del", "a,ou=services", typed="yes\n")[0] == 0


# -- test-login ----------------------------------------------------------------

def test_a_login_is_tried_step_by_step(user):
    assert user("passwd", "alice", typed="open sesame\n")[0] == 0
    status, out, err = user("test-login", "alice", typed="open sesame\n",
                            options=())
    assert (status, err) == (0, ""), out
    for line in (r"  connect  ok     ldap://127\.0\.0\.1:\d+",
                 rf"  bind     ok     {SERVICE_DN}",
                 rf"  search   ok     \(\|\(uid=alice\)\(mail=alice\)\): "
                 rf"uid=alice,{BASE}",
                 rf"  bind     ok     uid=alice,{BASE}",
                 r"accepted: the client hears 235 2\.7\.0.*",
                 r"  user=alice", r"  address=alice@example\.net",
                 r"  address=a\.example@example\.net",
                 r"  address=sales@example\.net",
                 r"  delegated=office@example\.net",
                 r"  limit messages_per_day=5000", r"  limit sessions=20",
                 r"  SCRAM-SHA-256 key=stored", r"  SCRAM-SHA-1 key=stored",
                 r"  SCRAM-SHA-512 key=none"):
        assert re.search(f"^{line}$", out, re.M), (line, out)


@pytest.mark.parametrize("name, line", [
    ("alice", r"  bind     FAILED .*Invalid credentials \(49\)"),
    ("nobody", r"  search   ok .*: nothing found")])
def test_a_wrong_login_is_told_with_its_step(user, name, line):
    status, out, err = user("test-login", name, typed="wrong\n", options=())
    assert status == 1
    assert re.search(line, out), out
    assert "not accepted: the client hears 535 5.7.8" in out
    assert "wrong" not in out + err


@pytest.mark.parametrize("name, reason", [("bob", "may_not_send"),
                                          ("carol", "suspended")])
def test_flags_of_the_sample_entries_are_told(gateway, user, name, reason):
    assert user("passwd", name, typed="open sesame\n")[0] == 0
    status, out, _ = user("test-login", name, typed="open sesame\n",
                          options=())
    assert status == 1
    assert f"the client hears 535 5.7.13 (reason={reason})" in out, out


def test_a_directory_that_is_down_is_told(gateway, user):
    file = gateway.dir / "down.conf"
    file.write_text(re.sub(r"ldap://127\.0\.0\.1:\d+", "ldap://127.0.0.1:1",
                           gateway.file.read_text()))
    status, out, _ = user("test-login", "alice", typed="x\n",
                          options=("-f", file))
    assert status == 1
    assert re.search(r"  connect  FAILED .*Connection refused", out), out
    assert "the client hears 454 4.7.0" in out


def test_a_terminal_shows_no_password(gateway):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(BIN / "submitctl", ["submitctl", "-f", gateway.file, "user",
                                     "test-login", "alice"])
    seen = b""
    while b"Password:" not in seen:
        seen += os.read(fd, 1024)
    os.write(fd, b"swordfish\n")
    while True:
        try:
            part = os.read(fd, 1024)
        except OSError:
            break
        if not part:
            break
        seen += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    assert b"not accepted" in seen and b"swordfish" not in seen


@pytest.mark.parametrize("key", [b"\x03", b"\x1c"], ids=["^C", "^backslash"])
def test_who_gives_up_has_a_terminal_that_shows(gateway, key):
    pid, fd = pty.fork()
    if pid == 0:  # under a shell, which stays
        os.execv("/bin/sh", [
            "sh", "-c", f"trap : INT QUIT; {BIN}/submitctl -f {gateway.file} "
            "user test-login alice; status=$?; read line; exit $status"])
    seen = b""
    while b"Password:" not in seen:
        seen += os.read(fd, 1024)
    assert not termios.tcgetattr(fd)[3] & termios.ECHO
    os.write(fd, b"sword" + key)
    wait_until("there is an echo again",
               lambda: termios.tcgetattr(fd)[3] & termios.ECHO)
    os.write(fd, b"\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
    os.close(fd)


# -- show, at the daemon -------------------------------------------------------

def test_a_user_is_shown_with_sessions_and_last_logins(gateway, user):
    assert user("passwd", "lists", typed="open sesame\n")[0] == 0
    status, out, err = submitctl(gateway, "user", "show", "nobody")
    assert (status, out) == (1, "") and err.startswith("submitctl: error ")
    wait_until("relay answers", lambda: "not running" not in submitctl(
        gateway, "user", "show", "lists")[2])
    # of who has never logged in: what the directory has
    status, out, err = submitctl(gateway, "user", "show", "lists")
    assert (status, err) == (0, "")
    assert "directory=accepted reason=ok\naddress=lists@example.net\n" \
        "address=@lists.example.net\n" in out
    assert "sessions" not in out
    for name, reason in (("bob", "may_not_send"), ("carol", "suspended")):
        out = submitctl(gateway, "user", "show", name)[1]
        assert f"directory=suspended reason={reason}\n" in out, out
    out = submitctl(gateway, "user", "show", "alice@example.net")[1]
    assert "delegated=office@example.net\n" \
        "limit messages_per_day=5000\n" in out
    with gateway.connect() as client, gateway.connect() as other:
        for one in (client, other):
            one.ehlo()
        assert client.auth_plain("lists", "open sesame").code == 235
        assert other.auth_plain("lists", "wrong").code == 535
        status, out, err = submitctl(gateway, "user", "show", "LISTS")
        assert (status, err) == (0, "")
        assert "user=lists\nsessions=1\nlogin_blocked=no\n" in out
        refused, accepted = re.findall("^login=.*$", out, re.M)
        assert re.fullmatch(
            r"login=2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ verdict=refused "
            r"mechanism=PLAIN client=127\.0\.0\.1", refused)
        assert "verdict=accepted" in accepted
        assert client.command("QUIT").code == 221
        assert client.ended()
    wait_until("the session is over", lambda: "sessions=0\n" in submitctl(
        gateway, "user", "show", "lists")[1])


def test_wrong_words_are_usage(gateway):
    for words in (("user", "test-login"), ("user", "add", "x"),
                  ("user", "show"), ("user", "show", "a", "b"), ()):
        status, out, err = submitctl(gateway, *words)
        assert (status, out) == (2, "") and err.startswith("usage:")
    status, out, _ = submitctl(gateway, "-h")
    assert status == 0 and "user test-login USER" in out


# -- block ---------------------------------------------------------------------

def test_a_block_ends_sessions_and_refuses_logins_in_one_step(gateway, user):
    assert user("passwd", "office", typed="open sesame\n")[0] == 0
    assert user("passwd", "alice", typed="open sesame\n")[0] == 0
    with login_as(gateway, "office") as idle, \
            login_as(gateway, "office") as busy, \
            login_as(gateway, "alice") as other:
        assert busy.command("MAIL FROM:<office@example.net>").code == 250
        assert busy.command("RCPT TO:<bob@example.org>").code == 250
        assert busy.command("DATA").code == 354
        busy.send(b"From: office@example.net\r\n")
        assert submitctl(gateway, "user", "block", "Office", "stolen") == \
            (0, "", "")
        for one in (idle, busy):
            reply = one.reply()
            assert reply.code == 421 and "has been blocked" in reply.lines[0]
            assert one.ended()
        assert other.command("NOOP").code == 250
        with gateway.connect() as client:
            client.ehlo()
            reply = client.auth_plain("office", "open sesame")
            assert reply.code == 535 and reply.lines[0].startswith("5.7.13")
            # who does not know the password learns nothing
            reply = client.auth_plain("office", "wrong")
            assert reply.code == 535 and reply.lines[0].startswith("5.7.8")
        out = submitctl(gateway, "user", "show", "office")[1]
        assert "login_blocked=stolen\nlogin=" in out
        # auth, started anew, is told of it before it takes a login
        os.kill(gateway.roles("submitd-auth")[0], signal.SIGKILL)
        wait_until("auth is back", lambda: code(gateway, "alice") == 235)
        assert code(gateway, "office") == 535
        assert submitctl(gateway, "user", "unblock", "office")[0] == 0
        wait_until("office is back", lambda: code(gateway, "office") == 235)


def test_one_session_more_than_allowed_waits(gateway, documented, user):
    assert user("passwd", "lists", typed="open sesame\n")[0] == 0
    subprocess.run(
        ["ldapmodify", "-x", "-H", documented.uri, "-D", KEEPER_DN, "-w",
         KEEPER_PASSWORD], check=True, stdout=subprocess.DEVNULL,
        input=f"dn: uid=lists,{BASE}\nchangetype: modify\n"
              "add: submitdLimit\nsubmitdLimit: sessions=2\n", text=True)
    submitctl(gateway, "cache", "flush")
    with login_as(gateway, "lists"), login_as(gateway, "lists") as second:
        with gateway.connect() as client:
            client.ehlo()
            reply = client.auth_plain("lists", "open sesame")
            assert reply.code == 454 and "Too many sessions" in reply.lines[0]
            second.close()
            wait_until("there is room again", lambda: client.auth_plain(
                "lists", "open sesame").code == 235)
