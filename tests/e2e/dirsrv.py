"""dirsrv - a private 389 Directory Server, where the package is installed.

Made from the package's own templates, without its set-up tools: those want
the system's places and services.  The base and the people are slapd's.
"""

import pathlib
import re
import shutil
import subprocess

from rig import Process, RigError, answers, free_port, wait_until
from servers import BASE, SERVICE_DN, SERVICE_PASSWORD, ssha

PROGRAM = pathlib.Path("/usr/sbin/ns-slapd")
DATA = pathlib.Path("/usr/share/dirsrv/data")
CONFIG = pathlib.Path("/etc/dirsrv")

SUFFIX = "dc=example,dc=org"
ROOT, ROOT_PASSWORD = "cn=root", "root secret"

FOLDERS = "lock tmp ldif bak run inst log db".split()

BACKEND = """
dn: cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userRoot
nsslapd-suffix: {suffix}
nsslapd-directory: {dir}/userRoot

dn: cn="{suffix}",cn=mapping tree,cn=config
objectClass: extensibleObject
objectClass: nsMappingTree
cn: {suffix}
nsslapd-state: backend
nsslapd-backend: userRoot
"""

ENTRIES = """
dn: {suffix}
objectClass: domain
dc: example
aci: (targetattr="*")(version 3.0; acl "submitd reads people";
 allow (read, search) userdn="ldap:///{service}";)

dn: ou=people,{suffix}
objectClass: organizationalUnit
ou: people

dn: ou=services,{suffix}
objectClass: organizationalUnit
ou: services

dn: {service}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: submitd
userPassword: {password}
"""


def person(name, word, *more):
    lines = "".join(f"{x}\n" for x in more)
    return (f"\ndn: uid={name},{BASE}\nobjectClass: inetOrgPerson\n"
            f"uid: {name}\ncn: {name}\nsn: {name}\n"
            f"mail: {name}@example.org\nuserPassword: {word}\n{lines}")


class Dirsrv:
    def __init__(self, ground, entries, name="dirsrv"):
        self.dir = ground.directory(name)
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.process = None
        self._configure()
        self.start()
        self.add(BACKEND.format(suffix=SUFFIX, dir=self.dir / "db"))
        self.add(ENTRIES.format(suffix=SUFFIX, service=SERVICE_DN,
                                password=SERVICE_PASSWORD) + entries)

    def _template(self, name, **values):
        text = re.sub("^#.*\n", "", (DATA / name).read_text(), flags=re.M)
        for key, value in values.items():
            text = text.replace(f"%{key}%", str(value))
        return text

    def _configure(self):
        schema = self.dir / "config/schema"
        schema.mkdir(parents=True)
        shutil.copy(CONFIG / "schema/99user.ldif", schema)
        for name in FOLDERS:
            (self.dir / name).mkdir()
        (self.dir / "config/dse.ldif").write_text(self._template(
            "template-dse.ldif", schema_dir=schema,
            cert_dir=self.dir / "config", config_dir=CONFIG / "config",
            db_home_dir=self.dir / "db", db_lib="bdb", fqdn="localhost",
            ds_port=self.port, ds_user="root", rootdn=ROOT,
            ds_passwd=ssha(ROOT_PASSWORD), ldapi_enabled="off",
            ldapi=self.dir / "ldapi", ldapi_autobind="off", ds_suffix=SUFFIX,
            **{f"{x}_dir": self.dir / x for x in FOLDERS}))

    def start(self):
        # With a debug level it stays in the foreground: this one is silent.
        self.process = Process([PROGRAM, "-D", self.dir / "config", "-i",
                                self.dir / "pid", "-d", "16384"])
        wait_until("389 DS answers", lambda: self.alive() and
                   answers(self.port))

    def alive(self):
        if not self.process.alive():
            raise RigError("ns-slapd ended: " + "\n".join(self.process.lines))
        return True

    def add(self, ldif):
        self._tool("ldapadd", ldif)

    def modify(self, dn, **attributes):
        """Replace attributes."""
        self._tool("ldapmodify", f"dn: {dn}\nchangetype: modify\n" + "-\n".join(
            f"replace: {k}\n{k}: {v}\n" for k, v in attributes.items()))

    def _tool(self, program, ldif):
        done = subprocess.run(
            [program, "-x", "-H", self.url, "-D", ROOT, "-w", ROOT_PASSWORD],
            input=ldif, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        if done.returncode != 0:
            raise RigError(f"{program}: {done.stdout}")

    def kill(self):
        if self.process is not None:
            self.process.kill()
