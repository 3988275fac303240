"""rig - the ground the end-to-end tests and the demo stand on.

Processes whose output can be waited for and that cannot outlive us, free
ports, certificates, and one temporary directory for all of it.  The servers
are in servers.py, the gateway in gateway.py, the clients in clients.py.

Nothing here sleeps for time to pass: it waits for an event, with a deadline.
"""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE = 15.0  # seconds, for whatever should happen at once

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None, use_errno=True)


class RigError(Exception):
    """Something that should have happened did not."""


def wait_until(what, predicate, deadline=DEADLINE):
    """The first true value of predicate(); RigError(what) after deadline."""
    end = time.monotonic() + deadline
    pause = 0.002
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise RigError(f"not within {deadline:g} s: {what}")
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def free_port(address="127.0.0.1"):
    """A port nobody listens on now, outside the range of outgoing ones."""
    low = 20000 + os.getpid() % 500 * 20
    for port in range(free_port.next or low, 32000):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((address, port))
            except OSError:
                continue
        free_port.next = port + 1
        return port
    raise RigError("no free port")


free_port.next = 0


def answers(port, address="127.0.0.1"):
    """True if somebody accepts connections there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def status_field(pid, field):
    """A line of /proc/PID/status; None when there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(rf"^{field}:[ \t]*(.*?)\s*$", text, re.M)
    return found and found.group(1)


def ended(pid):
    """True when there is no such process, or only its remains."""
    return (status_field(pid, "State") or "Z").startswith("Z")


def families():
    """Process ids of the children that are alive, by their parent's."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # the name, in parentheses, may hold anything
            state, parent = (entry / "stat").read_text().rsplit(
                ")", 1)[1].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found.setdefault(int(parent), []).append(int(entry.name))
    return found


def children(pid):
    """Process ids of the direct children that are alive."""
    return families().get(pid, [])


def descendants(pid):
    """Process ids of all that come from pid and are alive."""
    all_families = families()
    found = list(all_families.get(pid, []))
    for child in found:  # grows on the way
        found += all_families.get(child, [])
    return found


def reap_all():
    """Kill and collect every process that came from us, orphans included."""
    while True:
        for pid in descendants(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            return


def reap(pids):
    """Collect those of them that are ours, orphans who were killed: each
    that is left makes every look at /proc slower."""
    for pid in pids:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass


class Process:
    """A program, the lines it prints, and its certain end.

    The kernel kills it should we die first.  Make them from the main thread
    only: the kernel takes the end of the starting thread for our death.
    """

    def __init__(self, argv, **popen):
        parent = os.getpid()

        def tie_to_us():
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        self.lines = []
        self.changed = threading.Condition()
        self.argv = [str(a) for a in argv]
        self.popen = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=tie_to_us, **popen)
        self.pid = self.popen.pid
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for raw in self.popen.stdout:
            with self.changed:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def find(self, pattern, since=0):
        """The match of the first printed line that has pattern, or None."""
        for line in self.lines[since:]:
            found = re.search(pattern, line)
            if found:
                return found
        return None

    def wait_log(self, pattern, deadline=DEADLINE, since=0):
        """Wait for a line with pattern; its match (.string: the line)."""
        end = time.monotonic() + deadline
        with self.changed:
            while True:
                found = self.find(pattern, since)
                if found:
                    return found
                left = end - time.monotonic()
                if left <= 0 or not self.reader.is_alive():
                    raise RigError(f"{self.argv[0]} did not say /{pattern}/ "
                                   f"within {deadline:g} s{self.last()}")
                self.changed.wait(min(left, 0.2))

    def last(self):
        return "; its last lines:\n" + "\n".join(self.lines[-30:])

    def mark(self):
        """Where the log is now: give it to wait_log(since=)."""
        return len(self.lines)

    def alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, deadline=DEADLINE):
        """The exit status; RigError if it does not end."""
        try:
            return self.popen.wait(deadline)
        except subprocess.TimeoutExpired:
            raise RigError(f"{self.argv[0]} did not end within "
                           f"{deadline:g} s{self.last()}") from None

    def kill(self):
        """End it now, with all that came from it."""
        family = [self.pid, *descendants(self.pid)] if self.alive() else []
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.popen.wait()
        self.reader.join(DEADLINE)
        reap(family[1:])


class Ground:
    """One temporary directory, and whatever was started in it.

    Use as a context manager: at its end every process is killed and the
    directory removed, whatever happened inside.
    """

    def __init__(self):
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="submitd-rig-"))
        # Servers that drop root must be able to reach their files.
        self.path.chmod(0o755)
        self.things = []
        self.certificates = {}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for thing in reversed(self.things):
            thing.kill()
        reap_all()
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self, thing):
        """Keep thing until the end, when its kill() is called."""
        self.things.append(thing)
        return thing

    def directory(self, name, mode=0o755, owner=None):
        path = self.path / name
        path.mkdir(parents=True)
        path.chmod(mode)
        if owner is not None and os.getuid() == 0:
            shutil.chown(path, owner)
        return path

    def certificate(self, *names, authority="ca", **options):
        """Certificate and key for names; the authority is .ca.

        options: kind ("rsa", "ecdsa"), days.  Made once: a server that starts just while its files are replaced
        would take a key and a certificate that do not fit.
        """
        wanted = (authority, *names, *sorted(options.items()))
        if wanted not in self.certificates:
            self.certificates[wanted] = Certificate(
                self.path / authority, *names, **options)
        return self.certificates[wanted]


class Certificate:
    """A throw-away one from certs/make-test-ca.sh: .ca, .chain, .key."""

    def __init__(self, directory, *names, kind="ecdsa", days=30):
        subprocess.run([ROOT / "certs/make-test-ca.sh", "-k", kind,
                        "-d", str(days), directory, *names],
                       check=True, stdout=subprocess.DEVNULL)
        directory.chmod(0o755)
        stem = names[0] + (".rsa" if kind == "rsa" else "")
        self.ca = directory / "ca.pem"
        self.chain = directory / f"{stem}.pem"
        self.key = directory / f"{stem}.key"
