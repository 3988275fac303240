"""From the id in a Received field to the person, and no secrets told."""

import base64
import pathlib

import pytest

from conftest import compose
from rawsmtp import plain
from rig import wait_until
from servers import PASSWORD, SERVICE_PASSWORD


def test_one_grep_answers_who_sent_it(gateway, postfix, token):
    secret_text = f"content-{token}"
    with gateway.login() as client:
        client.mail("a.example@example.org",
                    ["bob@example.org", "carol@example.org"],
                    compose(token, secret_text.encode() + b"\r\n"))
    queue_id = postfix.wait(token, 2)[0].id()
    line = gateway.process.wait_log(
        rf"^(?=.*\b{queue_id}\b)(?=.*user=\"?alice\b).*").string
    for fact in ("a.example@example.org", "127.0.0.1", "TLSv1.3", "TLS_",
                 f"127.0.0.1:{postfix.port}"):
        everything = "\n".join(x for x in gateway.process.lines
                               if queue_id in x)
        assert fact in everything, f"{fact} is not told with the id"
    assert secret_text not in gateway.log()
    assert line


def test_every_session_leaves_a_line(gateway):
    mark = gateway.process.mark()
    with gateway.login("bob") as client:
        client.command("QUIT")
    line = gateway.process.wait_log(r"user=\"?bob\b", since=mark).string
    assert "127.0.0.1" in line


# What a client may do wrong, and how we put it.
MISTAKES = {"MAIL FROM:<bob@example.org>": "550 5.7.1 Not a sender address",
            "MAIL FROM:<alice@example.org> FOO": "555 5.5.4 ",
            "FOO": "500 5.5.1 ", "DATA": "503 5.5.1 "}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_with_their_reason(gateway, mistake):
    mark = gateway.process.mark()
    with gateway.login() as client:
        client.command(mistake)
    line = gateway.process.wait_log(
        rf' rejected user=alice client=127\.0\.0\.1 .*{MISTAKES[mistake]}',
        since=mark).string
    assert line.count("\n") == 0


def test_message_that_is_refused_is_told(gateway, token):
    mark = gateway.process.mark()
    with gateway.login() as client:
        client.mail("alice@example.org", ["bob@example.org"],
                    compose(token, b"one\ntwo\r\n"))
    gateway.process.wait_log(r" rejected user=alice .*550 5\.6\.0 Bare LF",
                             since=mark)


def test_failed_logins_are_told_with_their_reason(gateway):
    mark = gateway.process.mark()
    with gateway.connect() as client:
        client.ehlo()
        client.auth_plain("alice", "not my password")
    line = gateway.process.wait_log(r"\balice\b", since=mark).string
    assert "not my password" not in line


def test_secrets_are_never_told(another, token):
    gateway = another(log={"target": "stderr", "level": "debug"})
    wrong = f"typed-{token}"
    with gateway.connect() as client:
        client.ehlo()
        client.auth_plain("alice", wrong)
        client.auth_login("alice", wrong)
        client.auth_plain("alice", PASSWORD["alice"])
        client.mail("alice@example.org", ["bob@example.org"],
                    compose("x", token.encode() + b"\r\n"))
        client.command("QUIT")
    gateway.stop()
    told = gateway.log()
    assert "alice" in told
    for secret in (wrong, PASSWORD["alice"], SERVICE_PASSWORD, token,
                   plain("alice", wrong), plain("alice", PASSWORD["alice"]),
                   base64.b64encode(wrong.encode()).decode()):
        assert secret not in told, secret


def test_what_clients_send_cannot_forge_a_line(gateway):
    mark = gateway.process.mark()
    with gateway.connect() as client:
        client.ehlo()
        client.auth_plain('eve" user=alice x="\nsmtp - fake', "wrong")
        client.command('EHLO a"user=alice')
        client.command("QUIT")
    with gateway.login("bob") as client:
        client.command("QUIT")
    gateway.process.wait_log(r"user=\"?bob\b", since=mark)
    for line in gateway.process.lines[mark:]:
        assert not line.startswith("smtp - fake"), line
        assert " user=alice" not in line.replace('\\" user=alice', ""), line


def found_in_memory(pid, needle):
    """How often needle stands in what the process has mapped."""
    found = 0
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            where, mode = line.split()[:2]
            if "r" not in mode or "[v" in line:
                continue
            low, high = (int(x, 16) for x in where.split("-"))
            memory.seek(low)
            found += memory.read(high - low).count(needle)
    return found


def forms(secret):
    """A secret as it is, and as it stands inside a line of base64, which is
    one of three: by where in the line it begins."""
    found = [secret]
    for before in range(3):
        text = base64.b64encode(b"x" * before + secret)
        found.append(text[(8 * before + 5) // 6:len(secret) * 8 // 6 - 1])
    return found


def test_password_is_forgotten_by_every_process(another):
    """After a login nobody has it any more, not even as freed memory."""
    gateway = another(workers=1)
    roles = {name: pids[0] for name, pids in gateway.roles().items()}
    maps = pathlib.Path(f"/proc/{roles['submitd-auth']}/maps").read_text()
    if "libasan" in maps:
        pytest.skip("AddressSanitizer keeps freed memory on purpose")
    for implicit in (False, True):
        gateway.login("alice", implicit).close()
    for name, pid in roles.items():
        for form in forms(PASSWORD["alice"].encode()):
            wait_until(f"{name} has forgotten {form}", lambda pid=pid,
                       form=form: found_in_memory(pid, form) == 0)
    service = SERVICE_PASSWORD.encode()  # which auth needs: it can be found
    assert found_in_memory(roles["submitd-auth"], service) > 0
