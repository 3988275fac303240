"""The operator's alarm command and the control socket while a role is gone."""

import os
import pwd
import signal
import subprocess

import pytest

from rig import wait_until

SCRIPT = """\
#!/bin/sh
cat > "{dir}/stdin"
echo "$# $(id -u) $(id -G) $SUBMITD_EVENT $SUBMITD_USER" > "{dir}/new"
echo "$SUBMITD_DETAIL" >> "{dir}/new"
mv "{dir}/new" "{dir}/alarm"
"""


@pytest.fixture
def program(ground, request):
    """A program of the operator's, that anybody may run and write beside."""
    where = ground.directory(request.node.name, owner="nobody")
    script = where / "program"
    script.write_text(SCRIPT.format(dir=where))
    script.chmod(0o755)
    return script


def test_a_thief_is_told_to_the_operators_program(another, program):
    gateway = another(alarm={"command": program},
                      guard={"new_recipients": 1, "action": "alarm"})
    with gateway.login() as client:
        content = b"From: alice@example.org\r\n\r\nx"
        for name in ("one", "two", "three"):
            client.mail("alice@example.org", [f"{name}@example.org"], content)
    told = program.parent / "alarm"
    wait_until("the program has been told", told.exists)
    first, detail = told.read_text().splitlines()
    nobody = pwd.getpwnam("nobody")
    assert first == (f"0 {nobody.pw_uid} {nobody.pw_gid} "
                     "new_recipients alice")
    assert "=" in detail
    assert (program.parent / "stdin").read_text() == ""
    assert "alarm event=new_recipients user=alice" in gateway.log()


def block(gateway):
    """An operator who asks relay for something."""
    return subprocess.Popen(
        [gateway.bin / "submitctl", "-s", gateway.dir / "control", "user",
         "block", "alice"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)


def test_a_role_that_is_gone_is_named(another):
    gateway = another()
    wait_s = 0
    while wait_s < 1:  # each restart comes later than the one before
        mark = gateway.process.mark()
        relay, = gateway.roles("submitd-relay")
        os.kill(relay, signal.SIGKILL)
        wait_s = int(gateway.process.wait_log(
            r"role_restart role=relay .*in_ms=(\d+)", since=mark)[1]) / 1000
        if wait_s < 1:
            wait_until("relay is back",
                       lambda: gateway.roles("submitd-relay"))
    asked = block(gateway)
    assert asked.communicate(timeout=10)[1] == \
        "submitctl: error the relay process is not running\n"
    assert asked.returncode == 1


def test_a_role_that_dies_over_a_question_is_not_waited_for(another):
    gateway = another()
    relay, = gateway.roles("submitd-relay")
    os.kill(relay, signal.SIGSTOP)
    asked = block(gateway)
    # status waits a second for relay: long enough for the other question
    subprocess.run([gateway.bin / "submitctl", "-s", gateway.dir / "control",
                    "status"], check=True, capture_output=True)
    os.kill(relay, signal.SIGKILL)
    assert asked.communicate(timeout=5)[1] == \
        "submitctl: error a process ended before it answered\n"


def test_root_cannot_be_who_runs_it(another, program):
    gateway = another(start=False, alarm={"command": program, "user": "root"})
    status, said = gateway.check()
    assert status == 1 and "alarm.user" in said
