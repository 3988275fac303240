"""servers - what stands behind the gateway: a private slapd and Postfix.

Both come from the Debian packages and run as private instances in the rig's
directory, on high ports of 127.0.0.1; nothing of the system's own
configuration is read or touched.
"""

import base64
import email
import email.policy
import hashlib
import os
import pwd
import shutil
import signal
import subprocess

from rig import DEADLINE, Process, RigError, answers, free_port, wait_until

BASE = "ou=people,dc=example,dc=org"
SERVICE_DN = "cn=submitd,ou=services,dc=example,dc=org"
SERVICE_PASSWORD = "service secret"
PASSWORD = {"alice": "correct horse", "bob": "battery staple",
            "carol": "pässwörd, +=\\*()"}

SLAPD_CONF = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
attributetype ( 1.3.6.1.4.1.4203.1.3.4 NAME 'authPassword'
    EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( 1.3.6.1.4.1.4203.1.4.7 NAME 'authPasswordObject'
    AUXILIARY MAY authPassword )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {dir}/slapd.pid
argsfile {dir}/slapd.args
TLSCACertificateFile {ca}
TLSCertificateFile {chain}
TLSCertificateKeyFile {key}
disallow bind_anon
sizelimit 100
idletimeout 0
{globals}

database mdb
suffix "dc=example,dc=org"
rootdn "cn=root,dc=example,dc=org"
rootpw "root secret"
directory {dir}/db
maxsize 16777216
dbnosync
index uid,mail,mailLocalAddress eq
access to attrs=userPassword
    by anonymous auth
    by * none
access to attrs=authPassword
    by dn.exact="{service}" read
    by * none
access to dn.subtree="ou=people,dc=example,dc=org"
    by dn.exact="{service}" read
    by self read
    by * none
access to dn.subtree="ou=groups,dc=example,dc=org"
    by users read
    by * none
access to * by * none
{database}
"""

LDIF = """\
dn: dc=example,dc=org
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=services,dc=example,dc=org
objectClass: organizationalUnit
ou: services

dn: {service}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: submitd
userPassword: {service_password}

dn: uid=alice,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: inetLocalMailRecipient
uid: alice
cn: Alice Example
sn: Example
description: CN=Alice,O=Example
mail: alice@example.org
mailLocalAddress: a.example@example.org
mailLocalAddress: sales@example.net
userPassword: {alice}

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob Example
sn: Example
mail: bob@example.org
userPassword: {bob}

dn: uid=carol,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: carol
cn: Carol Example
sn: Example
mail: carol@example.org
userPassword: {carol}

dn: uid=twin,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: twin
cn: First Twin
sn: Twin
mail: twin1@example.org
userPassword: {bob}

dn: cn=Second Twin,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: twin
cn: Second Twin
sn: Twin
mail: twin2@example.org
userPassword: {bob}

dn: uid=nomail,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: nomail
cn: No Mail
sn: Mail
userPassword: {bob}

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: cn=press,ou=groups,dc=example,dc=org
objectClass: groupOfNames
objectClass: extensibleObject
cn: press
mail: press@example.org
member: uid=alice,ou=people,dc=example,dc=org

dn: uid=office,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: inetLocalMailRecipient
uid: office
cn: The Office
sn: Office
mail: office@example.org
mailLocalAddress: reception@example.org
manager: uid=alice,ou=people,dc=example,dc=org
userPassword: {bob}

dn: uid=suspended,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: suspended
cn: Suspended Person
sn: Person
mail: suspended@example.org
employeeType: suspended
userPassword: {bob}

dn: uid=reader,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: reader
cn: Mere Reader
sn: Reader
mail: reader@example.org
employeeType: reader
userPassword: {bob}

dn: uid=domain,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: domainRelatedObject
uid: domain
cn: Owner of a Domain
sn: Owner
associatedDomain: example.net
userPassword: {bob}

dn: uid=limited,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: limited
cn: Limited Person
sn: Person
mail: limited@example.org
description: sessions=1
description: messages_per_hour=2
description: messages_per_fortnight=3
userPassword: {bob}
"""


def ssha(password):
    """A userPassword value: salted SHA-1, what slapd knows by itself."""
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


class Slapd:
    """A private slapd with the sample users: ldap, ldaps and ldapi.

    What a kind of its own adds: lines for the whole server, lines for the
    database, entries (LDIF).
    """

    globals = database = entries = ""

    def __init__(self, ground, name="slapd"):
        self.dir = ground.directory(name)
        self.port = free_port()
        self.tls_port = free_port()
        self.cert = ground.certificate("ldap.example.org", "localhost",
                                       "127.0.0.1")
        socket = str(self.dir / "ldapi").replace("/", "%2F")
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.tls_uri = f"ldaps://127.0.0.1:{self.tls_port}"
        self.socket_uri = f"ldapi://{socket}"
        self.process = None
        # A copy, since a distribution's AppArmor profile binds the packaged
        # path to the system's own directories.
        self.program = self.dir / "slapd"
        shutil.copy("/usr/sbin/slapd", self.program)
        self._fill()
        self.start()

    def _fill(self):
        (self.dir / "db").mkdir()
        conf = self.dir / "slapd.conf"
        conf.write_text(SLAPD_CONF.format(
            dir=self.dir, ca=self.cert.ca, chain=self.cert.chain,
            key=self.cert.key, service=SERVICE_DN, globals=self.globals,
            database=self.database))
        conf.chmod(0o600)
        ldif = LDIF.format(
            service=SERVICE_DN, service_password=ssha(SERVICE_PASSWORD),
            **{user: ssha(word) for user, word in PASSWORD.items()})
        ldif += self.entries
        # "slapd -Ta" is slapadd.
        subprocess.run([self.program, "-Ta", "-q", "-f", conf], check=True,
                       input=ldif.encode(), stdout=subprocess.DEVNULL)

    def start(self):
        uris = f"{self.uri}/ {self.tls_uri}/ {self.socket_uri}/"
        self.process = Process([self.program, "-d", "0", "-h", uris,
                                "-f", self.dir / "slapd.conf"])
        wait_until("slapd answers", lambda: self.alive() and
                   answers(self.port) and answers(self.tls_port))

    def alive(self):
        if not self.process.alive():
            raise RigError("slapd ended: " + "\n".join(self.process.lines))
        return True

    def stop(self):
        self.process.signal(signal.SIGTERM)
        self.process.wait()

    def freeze(self):
        """Connections are still accepted, nothing is answered."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def kill(self):
        if self.process is not None:
            self.process.kill()


MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = smart.example.org
mydestination =
alias_maps =
alias_database =
local_transport = error:no local delivery
virtual_mailbox_domains = example.org, example.net
virtual_mailbox_base = {dir}
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 52428800
local_header_rewrite_clients =
smtpd_tls_security_level = may
smtpd_tls_chain_files = {key}, {chain}
smtpd_tls_received_header = yes
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{
  {{ refused@example.org = 550 5.1.1 no such mailbox here }}
  {{ later@example.org = 451 4.2.1 mailbox asleep }} }}
"""

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd
    -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

QUEUES = ("active bounce corrupt defer deferred flush hold incoming maildrop "
          "private public saved trace").split()


class Delivered:
    """One delivered message: who got it, and its bytes."""

    def __init__(self, path):
        self.path = path
        self.raw = path.read_bytes()
        self.message = email.message_from_bytes(
            self.raw, policy=email.policy.compat32)
        self.recipient = self.message["Delivered-To"]

    def received(self):
        """The Received field that the gateway wrote: the one before last
        added, just below the smarthost's own."""
        return " ".join(self.message.get_all("Received")[1].split())

    def id(self):
        """Our id out of that field."""
        words = self.received().split()
        return words[words.index("id") + 1].rstrip(";")

    def content(self):
        """What follows the gateway's Received field, as submitted (LF)."""
        rest = self.raw
        for _ in range(2):
            rest = rest[rest.index(b"\nReceived: ") + 1:]
        lines = rest.split(b"\n")
        own = 1
        while lines[own][:1] in (b" ", b"\t"):
            own += 1
        return b"\n".join(lines[own:])


class Postfix:
    """A private Postfix that files every message for its two domains.

    Needs root.  refused@ and later@example.org are refused, for good and for
    now; everything else of example.org and example.net ends in one maildir.
    settings: further lines of main.cf.
    """

    def __init__(self, ground, name="postfix", **settings):
        if os.getuid() != 0:
            raise RigError("Postfix needs root")
        self.settings = "".join(f"{k} = {v}\n" for k, v in settings.items())
        self.dir = ground.directory(name)
        self.cert = ground.certificate("smart.example.org", "localhost",
                                       "127.0.0.1")
        self.port = free_port()
        self.tls_port = free_port()
        self.server = f"127.0.0.1:{self.port}"
        self.tls_server = f"127.0.0.1:{self.tls_port}"
        self.process = None
        self._configure()
        self.start()

    def _configure(self):
        nobody = pwd.getpwnam("nobody")
        (self.dir / "conf").mkdir()
        (self.dir / "queue").mkdir()
        (self.dir / "conf/main.cf").write_text(MAIN_CF.format(
            dir=self.dir, uid=nobody.pw_uid, gid=nobody.pw_gid,
            key=self.cert.key, chain=self.cert.chain) + self.settings)
        (self.dir / "conf/master.cf").write_text(MASTER_CF.format(
            port=self.port, tls_port=self.tls_port))
        (self.dir / "queue/pid").mkdir()
        # Postfix reads a configuration that changed this second over and over.
        for conf in (self.dir / "conf").iterdir():
            os.utime(conf, (1, 1))
        owned = ["data", *(f"queue/{q}" for q in QUEUES)]
        for path in owned:
            (self.dir / path).mkdir()
            shutil.chown(self.dir / path, "postfix")
        for path in ("maildrop", "public"):
            shutil.chown(self.dir / "queue" / path, None, "postdrop")
        (self.dir / "mail").mkdir()
        shutil.chown(self.dir / "mail", "nobody")

    def start(self):
        self.process = Process(["/usr/lib/postfix/sbin/master", "-d",
                                "-c", self.dir / "conf"])
        wait_until("Postfix answers", lambda: self.alive() and
                   answers(self.port) and answers(self.tls_port))

    def alive(self):
        if not self.process.alive():
            raise RigError("Postfix ended: " + "\n".join(self.process.lines))
        return True

    def stop(self):
        """No port, no answer, until start()."""
        self.process.kill()
        wait_until("Postfix is gone", lambda: not answers(self.port))

    def kill(self):
        if self.process is not None:
            self.process.kill()

    def all(self):
        """Every delivered message, in no order."""
        return [Delivered(p) for p in (self.dir / "mail").glob("new/*")]

    def with_text(self, text):
        """The delivered messages that contain text."""
        found = []
        for path in (self.dir / "mail").glob("new/*"):
            if text.encode() in path.read_bytes():
                found.append(Delivered(path))
        return found

    def wait(self, text, count=1, deadline=DEADLINE):
        """Wait until count deliveries contain text; them."""
        def enough():
            found = self.with_text(text)
            return found if len(found) >= count else None

        return wait_until(f"{count} deliveries with {text!r}", enough,
                          deadline)
