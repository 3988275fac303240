"""gateway - submitd as a process of the rig: configured, started, watched."""

import copy
import os
import pathlib
import re
import shutil
import signal
import subprocess

import servers
from rawsmtp import Smtp, tls_context
from rig import (ROOT, Process, RigError, children, descendants, ended,
                 free_port, status_field, wait_until)

# What no test may cause: a role that ends unless we killed it, a broken
# invariant, a malformed frame, a sanitizer's finding.
AILMENT = re.compile(r"\brole_died (?!.*(signal=KILL|status=0 ))|\bBUG "
                     r"|malformed|Sanitizer|runtime error:")

# Most tests send more than a person does.
NO_LIMITS = {"messages_per_day": 0, "new_recipients_per_day": 0,
             "sessions": 0}

BIN = pathlib.Path(os.environ.get("SUBMITD_BIN", ROOT / "build/bin"))


def value(v):
    """A value in the configuration's own syntax."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v)
    if isinstance(v, (list, tuple)):
        return "{" + ", ".join(value(x) for x in v) + "}"
    text = str(v).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def section(name, options):
    inside = "".join(f"    {k} = {value(v)}\n" for k, v in options.items())
    return f"{name} {{\n{inside}}}\n"


def render(config):
    """The configuration file: a dict is a section, a list of dicts several."""
    text = ""
    for name, v in config.items():
        if isinstance(v, dict):
            text += section(name, v)
        elif isinstance(v, list) and v and isinstance(v[0], dict):
            text += "".join(section(name, one) for one in v)
        else:
            text += f"{name} = {value(v)}\n"
    return text


def merged(config, changes):
    """config with the changes; None removes a key."""
    new = copy.deepcopy(config)
    for name, v in changes.items():
        if v is None:
            new.pop(name, None)
        elif isinstance(v, dict) and isinstance(new.get(name), dict):
            new[name] = merged(new[name], v)
        else:
            new[name] = v
    return new


class Submitd:
    """One gateway: slapd and a smarthost behind it, two ports before it.

    changes: a nested dict over the default configuration.  user: run as that
    ordinary user.  Not started by the constructor.
    """

    def __init__(self, ground, ldap_uri, server, name="submitd",
                 user=None, **changes):
        self.dir = ground.directory(name, owner=user)
        self.user = user
        self.bin = BIN
        if user is not None:
            self.bin = self._copy_programs()
        self.port = free_port()
        self.tls_port = free_port()
        self.cert = ground.certificate("submit.example.org", "localhost",
                                       "127.0.0.1")
        self.secret = self._own_file("ldap.secret", servers.SERVICE_PASSWORD)
        key = self._own_file("tls.key", self.cert.key.read_text())
        self.config = merged({
            "hostname": "submit.example.org",
            "workers": 2,
            "tls": {"certificate": self.cert.chain, "key": key},
            "listen": [
                {"address": "127.0.0.1", "port": self.port,
                 "tls": "starttls"},
                {"address": "127.0.0.1", "port": self.tls_port,
                 "tls": "implicit"}],
            "ldap": {"uri": [ldap_uri], "base": servers.BASE,
                     "bind_dn": servers.SERVICE_DN,
                     "bind_password_file": self.secret,
                     "ca_file": self.cert.ca},
            "smarthost": {"server": [server], "ca_file": self.cert.ca},
            "spool": {"directory": self.dir / "spool"},
            # Most tests are about what the directory is asked, and all come
            # from one address.
            "auth": {"login_cache": "0s", "login_cache_stale": "0s",
                     "wrong_password_memory": "0s",
                     "locked_memory": "0s"},
            "abuse": {"pair_failures": 0, "address_failures": 0,
                      "user_failures": 0, "max_delay": "0s"},
            "user_limits": NO_LIMITS,
            "guard": {"networks": 0, "new_recipients": 0, "refused": 0},
            "log": {"target": "stderr"},
            "control": {"socket": self.dir / "control"},
        }, changes)
        self.file = self.dir / "submitd.conf"
        self.process = None
        self.reconfigure()

    def reconfigure(self, **changes):
        """Write the file anew, with changes; for the next start."""
        self.config = merged(self.config, changes)
        self.file.write_text(render(self.config))

    def _own_file(self, name, text):
        path = self.dir / name
        path.write_text(text)
        path.chmod(0o600)
        if self.user is not None:
            shutil.chown(path, self.user)
        return path

    def _copy_programs(self):
        """Where an ordinary user can reach them."""
        shutil.copytree(BIN, self.dir / "bin")
        return self.dir / "bin"

    def _options(self):
        if self.user is None:
            return {}
        return {"user": self.user, "group": "nogroup", "extra_groups": []}

    def check(self, *options):
        """submitd -t: the exit status and what it printed."""
        done = subprocess.run(
            [self.bin / "submitd", "-t", *options, "-f", self.file],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            text=True, **self._options())
        return done.returncode, done.stdout

    def start(self):
        """Start, and wait until both ports do what they are for."""
        self.process = Process([self.bin / "submitd", "-f", self.file],
                               cwd="/", **self._options())
        wait_until("both ports serve", self.serves)
        return self

    def serves(self):
        if not self.process.alive():
            raise RigError("submitd ended:\n" + "\n".join(self.process.lines))
        try:
            for implicit in (False, True):
                with self.connect(implicit) as client:
                    if "AUTH" not in client.ehlo():
                        return False
        except (OSError, EOFError):
            return False
        return True

    def context(self, **options):
        return tls_context(self.cert.ca, **options)

    def connect(self, implicit=False, session=None, **options):
        """A raw client past TLS, before its EHLO."""
        context = self.context(**options)
        if implicit:
            return Smtp(self.tls_port, context, session)
        client = Smtp(self.port)
        client.ehlo()
        client.starttls(context, session)
        return client

    def login(self, user="alice", implicit=False):
        """A raw client that has authenticated."""
        client = self.connect(implicit)
        client.ehlo()
        reply = client.auth_plain(user, servers.PASSWORD[user])
        if reply.code != 235:
            raise RigError(f"{user} cannot log in: {reply}")
        return client

    def roles(self, name=None):
        """Process ids by program, or those of one program."""
        found = {}
        for pid in children(self.process.pid):
            program = status_field(pid, "Name")
            found.setdefault(program, []).append(pid)
        return found if name is None else found.get(name, [])

    def spooled(self):
        """Messages in the spool, which we still answer for."""
        spool = pathlib.Path(self.config["spool"]["directory"])
        return [p for p in spool.rglob("*") if p.is_file()
                and p.name != "lock" and p.parent.name != "accounts"]

    def log(self):
        return "\n".join(self.process.lines)

    def assert_sound(self):
        """No role died of itself: a restart must not hide a crash."""
        bad = [x for x in self.process.lines if AILMENT.search(x)]
        if bad:
            raise RigError("the gateway is ill:\n" + "\n".join(bad))

    def stop(self, deadline=20):
        """End it the ordinary way; nothing may stay behind."""
        family = descendants(self.process.pid)
        self.process.signal(signal.SIGTERM)
        status = self.process.wait(deadline)
        left = [pid for pid in family if not ended(pid)]
        if status != 0 or left:
            raise RigError(f"submitd ended with {status}, left {left}:\n"
                           + "\n".join(self.process.lines[-30:]))

    def kill(self):
        if self.process is not None:
            self.process.kill()
