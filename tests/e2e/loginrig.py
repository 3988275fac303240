"""loginrig - a gateway that remembers logins, before a directory that counts.

What the rest of the suite switches off is on here.  Nobody is behind the
gateway: it is asked for logins only.
"""

import subprocess
import uuid

from gateway import Submitd
from rawsmtp import Smtp
from rig import free_port, wait_until
from servers import SERVICE_DN

IMPATIENT = {"connect_timeout": "500ms", "operation_timeout": "1s",
             "retry_dead": "100ms"}
# 127.0.0.0/8 has many addresses: enough for as many clients.
HOME = "127.0.0.1"


class Gateway(Submitd):
    def __init__(self, ground, *directories, ldap=None, auth=None,
                 abuse=None):
        super().__init__(
            ground, directories[0].url, f"127.0.0.1:{free_port()}",
            name=f"submitd-{uuid.uuid4().hex[:8]}",
            ldap={**IMPATIENT, "uri": [d.url for d in directories],
                  **(ldap or {})},
            auth={"failure_delay": "20ms", **(auth or {})},
            abuse=abuse or {}, limits={"auth_failures": 100})

    def client(self, source=HOME):
        client = Smtp(self.tls_port, self.context(), source=source)
        client.ehlo()
        return client

    def try_login(self, user, password, source=HOME):
        """The reply to one login, in a session of its own."""
        with self.client(source) as client:
            return client.auth_plain(user, password)

    def code(self, user, password, source=HOME):
        return self.try_login(user, password, source).code

    def ctl(self, *words):
        """submitctl: its exit status and what it printed."""
        done = subprocess.run(
            [self.bin / "submitctl", "-s", self.dir / "control", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30,
            text=True)
        return done.returncode, done.stdout

    def reasons(self, number):
        """Why so many logins ended as they did, once all are in the log."""
        return wait_until(f"{number} logins in the log", lambda: (
            len(found := self._reasons()) >= number and found))

    def _reasons(self):
        return [word.split("=", 1)[1] for line in self.process.lines
                if " login " in line for word in line.split()
                if word.startswith("reason=")]


def user_binds(directory):
    """Binds as somebody: how often passwords were tried."""
    return [b for b in directory.binds() if b[0] != SERVICE_DN]


def gateways(ground):
    """For a fixture: yields make(*directories, **sections); ends its work."""
    made = []

    def make(*directories, **sections):
        gateway = Gateway(ground, *directories, **sections)
        made.append(gateway)
        return ground.start(gateway).start()

    yield make
    for gateway in made:
        gateway.kill()
    for gateway in made:
        gateway.assert_sound()
