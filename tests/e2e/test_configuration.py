"""The operator's side: the configuration's mistakes, start, stop, submitctl.

No directory and no smarthost stand behind these gateways: what is tried here
ends before anybody logs in.
"""

import collections
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import textwrap
import uuid

import pytest

from gateway import BIN, Submitd
from rig import (Process, RigError, children, descendants, free_port,
                 status_field, wait_until)

NOBODY = 65534
DEAD_LDAP = "ldap://127.0.0.1:1"
DEAD_SMARTHOST = "127.0.0.1:1"


@pytest.fixture
def lone(ground):
    """lone(section={...}): a configured gateway, not started, with no servers."""
    made = []

    def make(user=None, **changes):
        new = Submitd(ground, DEAD_LDAP, DEAD_SMARTHOST, user=user,
                      name=f"lone-{uuid.uuid4().hex[:8]}", **changes)
        made.append(ground.start(new))
        return new

    yield make
    for one in made:
        one.kill()


def up(gateway):
    """Started, and master knows that every role is ready."""
    gateway.start().process.wait_log(r"master\[\d+\] - ready\b")
    return gateway


def run(*argv, **options):
    """Exit status, stdout, stderr."""
    done = subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, timeout=30, **options)
    return done.returncode, done.stdout, done.stderr


def launch(gateway, **popen):
    """Start without waiting for the ports: it may never serve."""
    gateway.process = Process([gateway.bin / "submitd", "-f", gateway.file],
                              cwd="/", **popen, **gateway._options())
    return gateway.process


def assert_fails(gateway, *patterns):
    """It ends with 1, says each pattern, and leaves nothing running."""
    process = launch(gateway)
    assert process.wait() == 1, gateway.log()
    for pattern in patterns:
        process.wait_log(pattern)
    assert descendants(process.pid) == []


def line_of(gateway, text):
    """Number of the first line of its file that has text."""
    lines = gateway.file.read_text().splitlines()
    return 1 + next(i for i, line in enumerate(lines) if text in line)


def own_programs(gateway):
    """A copy of the programs that a test may spoil."""
    gateway.bin = gateway.dir / "programs"
    shutil.copytree(BIN, gateway.bin)
    return gateway.bin


# -- what is said before anything starts --------------------------------------

@pytest.mark.parametrize("options, status, said", [
    (["-h"], 0, r"^usage: submitd "),
    (["--help"], 0, r"^usage: submitd "),
    (["-V"], 0, r"^submitd \d"),
    (["--version"], 0, r"^submitd \d"),
    (["-x"], 2, r"^usage: "),
    (["--nonesuch"], 2, r"^usage: "),
    (["-f"], 2, r"^usage: "),
    (["-t", "extra"], 2, r"^usage: "),
    (["--dial"], 2, r"^usage: "),
], ids=lambda v: " ".join(v) if isinstance(v, list) else None)
def test_options_of_submitd(options, status, said):
    code, out, err = run(BIN / "submitd", *options)
    assert code == status
    assert re.search(said, err if status else out, re.M), (out, err)


def test_file_that_is_not_there(lone):
    gateway = lone()
    gateway.file.unlink()
    status, said = gateway.check()
    assert status == 1
    assert f"{gateway.file}: cannot be opened: No such file" in said


@pytest.mark.parametrize("which", ["file", "secret"])
def test_file_that_we_may_not_read(lone, which):
    gateway = lone(user="nobody")
    path = getattr(gateway, which)
    shutil.chown(path, "root")
    path.chmod(0o600)
    status, said = gateway.check()
    assert status == 1
    place = gateway.file if which == "file" else (
        f"{gateway.file}:{line_of(gateway, 'bind_password_file')}: "
        f'ldap.bind_password_file = "{path}"')
    assert f"{place}: cannot be opened: Permission denied" in said


def test_all_mistakes_are_told_in_one_run_and_nothing_starts(lone):
    gateway = lone(workers="many", limits={"recipients": 0},
                   smarthost={"tls": "perhaps"},
                   spool={"retry_min": "soon"})
    for key in ("workers", " recipients = 0", "tls = \"perhaps", "retry_min"):
        line = line_of(gateway, key)
        assert re.search(rf":{line}: .*{key.split()[0]} = ",
                         gateway.check()[1]), key
    assert_fails(gateway, r"workers = .*expected", r"retry_min = .*expected")
    assert gateway.process.find(r"\bready\b") is None


def test_check_starts_and_leaves_nothing(lone):
    gateway = lone()
    before = sorted(gateway.dir.iterdir())
    status, said = gateway.check()
    assert status == 0, said
    assert f"{gateway.file}: configuration is fine" in said
    assert sorted(gateway.dir.iterdir()) == before


def test_plain_ldap_far_away_needs_the_loud_key(lone):
    gateway = lone(ldap={"uri": ["ldap://192.0.2.1"], "starttls": False})
    status, said = gateway.check()
    assert status == 1
    assert (f"{gateway.file}:{line_of(gateway, 'uri = ')}: ldap.uri: "
            "ldap://192.0.2.1 would send") in said
    for word in ("ldaps://", "starttls", "allow_plaintext"):
        assert word in said
    status, said = lone(ldap={"uri": ["ldap://192.0.2.1"],
                              "allow_plaintext": True}).check()
    assert status == 0
    assert "PASSWORDS CROSS THE NETWORK IN THE CLEAR" in said


def test_key_of_another_certificate_is_found(lone, ground):
    other = ground.certificate("stranger.example.org", authority="ca-2")
    gateway = lone(tls={"key": other.key})
    status, said = gateway.check()
    assert status == 1
    assert "configuration is fine" not in said
    place = f"{gateway.file}:{line_of(gateway, 'key = ')}: "
    fault = (f'"{other.key}" is the key of another certificate than '
             f'"{gateway.cert.chain}"')
    assert f"certificate FAILED: {place}{fault}" in said, said
    assert_fails(gateway, r"certificate_unusable .*is the key of another",
                 r"\bstart_failed\b")


def test_dial_goes_on_behind_the_first_failure(lone):
    status, said = lone().check("--dial")
    assert status == 1
    assert "configuration is fine" in said
    assert re.search(rf"ldap {DEAD_LDAP}\n.*\n +tcp +FAILED .*refused", said)
    assert re.search(rf"smarthost {DEAD_SMARTHOST}: connect +FAILED", said)


# -- start ---------------------------------------------------------------------

def test_port_that_is_taken(lone):
    gateway = lone()
    with socket.socket() as s:
        s.bind(("127.0.0.1", gateway.tls_port))
        s.listen()
        assert_fails(gateway, rf"listen_failed .*127.0.0.1:{gateway.tls_port}"
                     r": another program listens there")


def test_second_gateway_on_the_same_ports_is_refused(lone):
    first = lone().start()
    second = lone(listen=first.config["listen"])
    assert_fails(second, r"listen_failed .*another program listens there")
    assert first.serves()


def test_second_gateway_on_the_same_spool_is_refused(lone):
    first = lone().start()
    second = lone(spool=first.config["spool"])
    assert_fails(second, r"relay\[\d+\] .*spool", r"start_failed .*relay")
    assert first.serves()


def test_second_gateway_on_the_same_control_socket_is_refused(lone):
    first = lone().start()
    second = lone(control=first.config["control"])
    assert_fails(second, r"control_off .*in use")
    assert submitctl(first, "status")[0] == 0


def test_control_socket_of_a_gateway_that_died_is_taken_over(lone):
    first = lone().start()
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    assert (first.dir / "control").exists()
    second = lone(control=first.config["control"]).start()
    assert submitctl(first, "status")[0] == 0
    second.stop()
    assert not (first.dir / "control").exists()


def test_control_socket_does_not_replace_a_file(lone):
    gateway = lone()
    precious = gateway.dir / "control"
    precious.write_text("precious")
    assert_fails(gateway, r"control_off .*control")
    assert precious.read_text() == "precious"


def test_spool_of_another_user_is_refused_with_what_to_do(lone):
    gateway = lone()
    spool = gateway.dir / "spool"
    spool.mkdir(mode=0o700)
    assert_fails(gateway, rf"{spool} belongs to user 0, .*chown -R {NOBODY} ")
    shutil.chown(spool, NOBODY)
    (spool / "queue").mkdir(mode=0o755)
    shutil.chown(spool / "queue", NOBODY)
    assert_fails(gateway, rf"{spool}/queue has mode 0755, .*chmod 700 "
                 rf"{spool}/queue")
    (spool / "queue").chmod(0o700)
    gateway.start().stop()


def test_role_without_a_program_ends_the_start(lone):
    gateway = lone()
    (own_programs(gateway) / "submitd-relay").unlink()
    assert_fails(gateway, r"role_missing .*submitd-relay is neither",
                 r"start_failed .*relay")


HANGS_UP = """\
    #!/bin/sh
    exec 3>&-
    exec sleep 1000
    """
GIVES_UP = """\
    #!/bin/sh
    exit 3
    """


@pytest.mark.parametrize("program, pattern", [
    (HANGS_UP, r"role_hung_up .*auth"),
    (GIVES_UP, r"role_died .*auth.*status=3"),
    ("no program", r"role_died .*auth.*status=127"),
], ids=["hangs up", "gives up", "cannot run"])
def test_role_that_cannot_start_ends_the_start(lone, program, pattern):
    gateway = lone()
    (own_programs(gateway) / "submitd-auth").write_text(
        textwrap.dedent(program))
    assert_fails(gateway, pattern, r"start_failed .*auth")


def test_ordinary_user_is_told_what_that_gives_up(lone):
    gateway = lone(user="nobody").start()
    gateway.process.wait_log(r"unprivileged .*no chroot, .*user 65534")
    for role in ("auth", "relay", "smtp"):
        gateway.process.wait_log(
            rf"{role}\[\d+\] - sandbox given_up=.*not started as root")
    gateway.stop()


def test_ordinary_user_cannot_have_a_low_port(lone):
    limit = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if int(limit.read_text()) <= 25:
        pytest.skip("every user may have low ports here")
    gateway = lone(user="nobody",
                   listen=[{"address": "127.0.0.1", "port": 25}])
    assert_fails(gateway, r"listen_failed .*CAP_NET_BIND_SERVICE")


@pytest.mark.parametrize("user", ["root", "nonesuch"])
def test_role_never_runs_as_root_or_as_nobody_known(lone, user):
    gateway = lone(process={"user_auth": user})
    status, said = gateway.check()
    assert status == 1
    assert (f"{gateway.file}:{line_of(gateway, 'user_auth')}: "
            "process.user_auth: expected a user of this system other than "
            f"root, not {user}") in said


# -- what a role has -----------------------------------------------------------

def sockets(path):
    """Inodes in one table of /proc/net, each with its line."""
    lines = pathlib.Path(path).read_text().splitlines()[1:]
    column = {"unix": 6}.get(pathlib.Path(path).name, 9)
    return {line.split()[column]: line for line in lines}


def descriptors(pid):
    """What a process has open, counted by kind; smtp and auth resolve nothing."""
    unix = sockets("/proc/net/unix")
    tcp = {inode: line.split()[3] for inode, line
           in sockets("/proc/net/tcp").items()}
    found = collections.Counter()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        target = str(fd.readlink())
        inode = "".join(re.findall(r"^socket:\[(\d+)\]$", target))
        if inode in unix:
            target = "link"
        elif inode in tcp:
            target = "listener" if tcp[inode] == "0A" else "connection"
        elif inode:
            target = "resolver"
        elif target.startswith("pipe:"):
            target = "pipe"
        found[target.replace(str(pid), "PID")] += 1
    return dict(found)


def test_role_has_the_descriptors_of_its_job_and_no_other(lone):
    """Nor those that whoever started us left open."""
    gateway = lone()
    left_open = os.open("/etc/passwd", os.O_RDONLY)
    launch(gateway, pass_fds=(left_open,))
    os.close(left_open)
    wait_until("both ports serve", gateway.serves)
    spool = f"{gateway.dir}/spool"
    # output, error, and two of the loop for signals
    every = {"/dev/null": 1, "pipe": 4, "anon_inode:[eventpoll]": 1}
    threads = {"anon_inode:[eventfd]": 1}
    expected = {
        "submitd-smtp": {**every, "link": 3, "listener": 2},
        "submitd-auth": {**every, **threads, "link": 3},
        "submitd-relay": {**every, **threads, "link": 3, "/proc/PID/fd": 1,
                          spool: 1, f"{spool}/lock": 1,
                          **{f"{spool}/{name}": 1 for name in
                             ("queue", "held", "corrupt", "incoming",
                                  "accounts")}},
    }

    def has(role, pid):
        found = descriptors(pid)
        if role == "submitd-relay":
            found.pop("resolver", None)  # one for each of this host's servers
        return found

    for role, pids in gateway.roles().items():
        for pid in pids:
            try:
                wait_until("only these",
                           lambda: has(role, pid) == expected[role], 3)
            except RigError:
                assert has(role, pid) == expected[role]


def test_role_knows_little_of_our_environment(lone, monkeypatch):
    for name in ("LD_LIBRARY_PATH", "LDAPCONF", "SSL_CERT_FILE", "TOKEN"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("TZ", "UTC")
    gateway = lone().start()
    for pids in gateway.roles().values():
        for pid in pids:
            text = pathlib.Path(f"/proc/{pid}/environ").read_text()
            names = {line.split("=")[0] for line in text.split("\0") if line}
            assert {"PATH", "LANG", "TZ"} <= names
            # The C library cuts its own variable into pieces as it reads it.
            assert all(re.fullmatch("PATH|LANG|TZ|JOURNAL_STREAM|"
                                    "GLIBC_TUNABLES|glibc[.][a-z_.]+|"
                                    "[A-Z]+SAN_OPTIONS",
                                    name) for name in names), names
            argv = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
            assert argv.count("\0") == 1, argv


# -- lives and deaths ----------------------------------------------------------

def test_role_that_dies_again_waits_longer(lone):
    gateway = up(lone())
    for ms in (100, 200, 400):
        mark = gateway.process.mark()
        pid, = gateway.roles("submitd-auth")
        os.kill(pid, signal.SIGKILL)
        gateway.process.wait_log(r"role_died role=auth .*signal=KILL",
                                 since=mark)
        gateway.process.wait_log(rf"role_restart role=auth .*in_ms={ms} ",
                                 since=mark)
        gateway.process.wait_log(r"\bready\b", since=mark)
    assert gateway.serves()


def test_roles_that_die_together_are_joined_again(lone):
    """Whoever is back first must not be left with half a link."""
    gateway = up(lone(auth={"failure_delay": "0ms"}))
    for _ in range(3):
        mark = gateway.process.mark()
        family = sum(gateway.roles().values(), [])
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        gateway.process.wait_log(r"\bready\b", since=mark)
        assert not set(family) & set(sum(gateway.roles().values(), []))
    # A directory that is down: 454 from auth says that the link is there.
    for _ in range(10):
        with gateway.connect() as client:
            wait_until("auth is offered", lambda: "AUTH" in client.ehlo())
            assert client.auth_plain("alice", "x").code == 454
    everybody = [pid for pids in gateway.roles().values() for pid in pids]
    for pid in everybody:
        wait_until("three links each", lambda: descriptors(pid)["link"] == 3)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_sigterm_during_start(lone, count):
    """However many roles there are already."""
    gateway = lone()
    process = launch(gateway)
    wait_until("roles", lambda: len(children(process.pid)) >= count)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0, gateway.log()
    assert descendants(process.pid) == []
    assert not (gateway.dir / "control").exists()
    stopping = next(i for i, line in enumerate(process.lines)
                    if " stopping " in line)
    assert process.find(r"master\[\d+\] - ready\b", since=stopping) is None


@pytest.mark.parametrize("role", ["submitd-smtp", "submitd-auth",
                                  "submitd-relay"])
def test_role_that_dies_while_we_stop_stays_dead(lone, role):
    gateway = up(lone(limits={"shutdown_timeout": "5s"}, workers=1))
    worker, = gateway.roles("submitd-smtp")
    os.kill(worker, signal.SIGSTOP)  # it will not hear DRAIN
    mark = gateway.process.mark()
    gateway.process.signal(signal.SIGTERM)
    gateway.process.wait_log(r"\bstopping\b", since=mark)
    victim, = gateway.roles(role)
    os.kill(victim, signal.SIGKILL)
    gateway.process.wait_log(r"role_died .*signal=KILL", since=mark)
    if victim != worker:
        os.kill(worker, signal.SIGCONT)
    assert gateway.process.wait() == 0
    assert gateway.process.find("role_restart", since=mark) is None


def test_second_sigterm_does_not_wait(lone):
    gateway = up(lone(workers=1))
    worker, = gateway.roles("submitd-smtp")
    os.kill(worker, signal.SIGSTOP)
    mark = gateway.process.mark()
    gateway.process.signal(signal.SIGTERM)
    gateway.process.wait_log(r"\bstopping\b", since=mark)
    gateway.process.signal(signal.SIGTERM)
    assert gateway.process.wait(5) == 0


def test_role_that_hangs_at_the_end_is_killed(lone):
    gateway = up(lone(limits={"shutdown_timeout": "100ms"}))
    for pid in gateway.roles("submitd-relay"):
        os.kill(pid, signal.SIGSTOP)
    gateway.process.signal(signal.SIGTERM)
    assert gateway.process.wait(10) == 0
    assert descendants(gateway.process.pid) == []


def test_interrupt_ends_it_like_sigterm(lone):
    gateway = up(lone())
    os.killpg(gateway.process.pid, signal.SIGINT)  # as a terminal does
    assert gateway.process.wait() == 0
    gateway.process.wait_log(r"stopped .*status 0")
    assert gateway.process.find("role_restart") is None


def test_hangup_changes_nothing_and_says_so(lone):
    gateway = up(lone())
    before = gateway.roles()
    os.killpg(gateway.process.pid, signal.SIGHUP)
    gateway.process.wait_log(r"reload_ignored .*restart")
    assert gateway.serves() and gateway.roles() == before


# -- submitctl -----------------------------------------------------------------

def submitctl(gateway, *words, **options):
    return run(gateway.bin / "submitctl", "-s", gateway.dir / "control",
               *words, **options)


def test_status_tells_every_role(lone):
    gateway = up(lone())
    status, out, err = submitctl(gateway, "status")
    assert (status, err) == (0, "")
    roles = re.findall(r"^role=(\w+) worker=(\d+) pid=(\d+) ready=yes "
                       r"uptime_s=\d+ restarts=0$", out, re.M)
    assert [r[:2] for r in roles] == [("auth", "0"), ("relay", "0"),
                                      ("smtp", "0"), ("smtp", "1")]
    assert {int(r[2]) for r in roles} == set(
        sum(gateway.roles().values(), []))
    for role, key in [("auth 0", "auth_refused"), ("relay 0", "queue_waiting"),
                      ("smtp 0", "sessions"), ("smtp 1", "sessions")]:
        assert re.search(rf"^\[{role}\]\n(?:\w.*\n)*?{key}=\d+$", out,
                         re.M), out


def test_status_tells_restarts_and_who_is_silent(lone):
    gateway = up(lone())
    auth, = gateway.roles("submitd-auth")
    os.kill(auth, signal.SIGKILL)
    wait_until("a restart is told", lambda: re.search(
        r"role=auth .* ready=yes .* restarts=1$",
        submitctl(gateway, "status")[1], re.M))
    relay, = gateway.roles("submitd-relay")
    os.kill(relay, signal.SIGSTOP)
    status, out, err = submitctl(gateway, "status")
    os.kill(relay, signal.SIGCONT)
    assert status == 0 and "incomplete" in err
    assert "[relay 0]" not in out and "[auth 0]" in out


def test_exit_status_of_submitctl(lone):
    gateway = up(lone())
    assert submitctl(gateway, "nonesuch")[0] == 1
    assert submitctl(gateway, "-h")[0] == 0
    for words in ([], ["status", "more"], ["-x", "status"]):
        status, _, err = submitctl(gateway, *words)
        assert status == 2 and "usage: submitctl" in err, words
    for word in ("", "x" * 1024, "\u00fc" * 200):
        status, _, err = submitctl(gateway, "user", "show", word)
        assert status == 2 and "no name" in err, (word, err)
    assert submitctl(gateway, "user", "show", "\u00fc" * 127)[0] != 2
    status, _, err = run(BIN / "submitctl", "-s", gateway.dir / "none",
                         "status")
    assert status == 3 and "none: No such file" in err
    gateway.stop()
    assert submitctl(gateway, "status")[0] == 3


def test_submitctl_does_not_wait_for_ever(lone):
    gateway = up(lone())
    gateway.process.signal(signal.SIGSTOP)
    status, _, err = submitctl(gateway, "status")
    gateway.process.signal(signal.SIGCONT)
    assert status == 3 and "no answer" in err


def test_other_users_are_not_answered(lone):
    gateway = up(lone())
    shutil.copy(BIN / "submitctl", gateway.dir)
    status, _, err = run(gateway.dir / "submitctl", "-s",
                         gateway.dir / "control", "status", user="nobody",
                         group="nogroup", extra_groups=[])
    assert status == 3 and "Permission denied" in err


@pytest.mark.parametrize("junk", [
    b"\0" * 100000, b"x" * 1025, b"\n", b"status\0\n", b"STATUS\n",
    b"status\r\n", b"status" * 1000 + b"\n"],
    ids=["zeros", "long", "empty", "nul", "capitals", "cr", "no-end"])
def test_control_socket_takes_no_junk(lone, junk):
    gateway = up(lone())
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(gateway.dir / "control"))
        s.settimeout(10)
        s.sendall(junk)
        try:
            answer = s.makefile("rb").read()
            assert re.fullmatch(rb"error .*\n", answer), answer
        except ConnectionResetError:
            assert len(junk) > 1024, "it has read all of that"
    assert gateway.serves()


def test_clients_that_say_nothing_do_not_block_the_control_socket(lone):
    gateway = up(lone())
    silent = []
    for _ in range(20):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(gateway.dir / "control"))
        silent.append(s)
    wait_until("an answer", lambda: submitctl(gateway, "status")[0] == 0)
    for s in silent:
        s.close()
    assert gateway.serves()
