"""What one user may send: limits, blocks, and the guard against thieves."""

import os
import re
import signal
import subprocess
import time

from conftest import compose
from ledgerpages import write_blocked
from rig import ROOT, ended, wait_until
from servers import PASSWORD

QUICK = {"spool": {"retry_min": "1s", "retry_max": "1s"},
         "smarthost": {"connect_timeout": "1s", "retry_dead": "500ms"}}
TO_BOB = ["bob@example.org"]


def submitctl(gateway, *words):
    """Exit status and what it printed."""
    done = subprocess.run(
        [gateway.bin / "submitctl", "-s", gateway.dir / "control", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=30, check=False)
    return done.returncode, done.stdout


def show(gateway, user="alice"):
    """`user show` as a dict of its first words."""
    status, text = submitctl(gateway, "user", "show", user)
    assert status == 0, text
    return dict(re.findall(r"^([a-z_]+)=(\S+)", text, re.M))


def send(gateway, content, to=TO_BOB):
    """A message in a session of its own: any worker may get it."""
    with gateway.login() as client:
        for text in ("MAIL FROM:<alice@example.org>",
                     *(f"RCPT TO:<{r}>" for r in to)):
            assert client.command(text).code == 250
        reply = client.command("DATA")
        if reply.code != 354:
            return reply
        client.send(content if isinstance(content, bytes)
                    else content.encode())
        client.send(b"\r\n.\r\n")
        return client.reply()


def limited(another, most, **changes):
    return another(user_limits={"messages_per_hour": most}, **changes)


def assert_limited(reply, most):
    assert reply.code == 450, reply
    assert "4.7.1" in str(reply)
    assert re.search(f"{most} messages an hour: {most} are used.*"
                     r"try again after \d\d:\d\d:\d\d UTC, in \d+ ",
                     str(reply), re.S), reply


# -- limits --------------------------------------------------------------------

def test_the_next_beyond_the_limit_is_refused_until_a_time(
        another, postfix, token):
    gateway = limited(another, 3)
    for i in range(3):
        assert send(gateway, compose(f"{token}-{i}")).code == 250
    assert_limited(send(gateway, compose(f"{token}-3")), 3)
    postfix.wait(token, 3)
    assert len(postfix.with_text(token)) == 3
    gateway.process.wait_log(r"limited user=alice .*limit=messages_per_hour "
                             r"max=3 used=3 wanted=1")


def test_others_are_not_limited_by_it(another, token):
    gateway = limited(another, 1)
    assert send(gateway, compose(token)).code == 250
    assert_limited(send(gateway, compose(token)), 1)
    with gateway.login("bob") as client:
        assert client.mail(
            "bob@example.org", ["alice@example.org"],
            compose(token, sender="bob@example.org")).code == 250


def test_the_directory_may_say_otherwise(another, token):
    gateway = another(user_limits={"messages_per_hour": 1,
                                   "messages_per_minute": 3},
                      ldap={"limit_attribute": "description"})
    who = "limited@example.org"
    with gateway.connect() as client:
        client.ehlo()
        assert client.auth_plain("limited", PASSWORD["bob"]).code == 235
        message = compose(token, sender=who)
        for _ in range(2):
            assert client.mail(who, TO_BOB, message).code == 250
        for text in (f"MAIL FROM:<{who}>", f"RCPT TO:<{TO_BOB[0]}>"):
            assert client.command(text).code == 250
        assert_limited(client.command("DATA"), 2)
    # what the entry does not say is everybody's
    _, text = submitctl(gateway, "user", "show", "limited")
    assert "messages_per_hour=2 limit=2\n" in text
    assert "messages_per_minute=2 limit=3\n" in text


def test_all_workers_count_together(another, token):
    gateway = limited(another, 20)
    for i in range(20):
        assert send(gateway, compose(f"{token}-{i}")).code == 250
    assert_limited(send(gateway, compose(token)), 20)
    def workers():
        return re.findall(r" smtp\[(\d+)\] \S+ message .*fate=delivered",
                          gateway.log())
    wait_until("all are in the log", lambda: len(workers()) == 20)
    assert len(set(workers())) == 2, workers()


def test_counts_outlive_an_orderly_restart(another, token):
    gateway = limited(another, 2)
    for i in range(2):
        assert send(gateway, compose(f"{token}-{i}")).code == 250
    gateway.stop()
    gateway.start()
    assert_limited(send(gateway, compose(token)), 2)
    assert show(gateway)["messages_per_hour"] == "2"


def relay_is_another(gateway, pid):
    return gateway.roles("submitd-relay") not in ([], [pid])


def kill_relay(gateway):
    pid, = gateway.roles("submitd-relay")
    os.kill(pid, signal.SIGKILL)
    wait_until("there is another relay",
               lambda: relay_is_another(gateway, pid))
    wait_until("it answers",
               lambda: submitctl(gateway, "user", "show", "alice")[0] != 3
               and "role=relay" in submitctl(gateway, "status")[1]
               and "[relay 0]" in submitctl(gateway, "status")[1])


def test_counts_outlive_a_relay_that_is_killed(another, token):
    gateway = limited(another, 2)
    for i in range(2):
        assert send(gateway, compose(f"{token}-{i}")).code == 250
    kept = gateway.dir / "spool/accounts"
    wait_until("the counts are on disk", lambda: any(kept.iterdir())
               and not list(kept.glob("*.new")))
    kill_relay(gateway)
    wait_until("mail is taken again", lambda: send(
        gateway, compose(token)).code == 450)
    assert_limited(send(gateway, compose(token)), 2)


def test_what_is_kept_may_be_larger_than_a_message(another):
    text = (ROOT / "include/limits.h").read_text()
    page = int(re.search(r"LIMIT_PAGE_FILE\s+(\d+)", text)[1])
    gateway = another(limits={"message_size": "1M"})
    pid, = gateway.roles("submitd-relay")
    with open(f"/proc/{pid}/limits") as limits:
        assert int(re.search(r"Max file size +(\d+)", limits.read())[1]) \
            >= page


def test_a_torn_file_is_told_and_counting_begins_anew(another, token):
    gateway = limited(another, 1)
    assert send(gateway, compose(token)).code == 250
    gateway.stop()
    page, = (gateway.dir / "spool/accounts").iterdir()
    whole = page.read_bytes()
    page.write_bytes(whole[:-1])
    gateway.start()
    gateway.process.wait_log(
        rf'alarm event=users_lost .*detail="?file=accounts/{page.name}')
    kept = gateway.dir / f"spool/corrupt/{page.name}.users"
    assert kept.read_bytes() == whole[:-1]
    assert send(gateway, compose(token)).code == 250
    assert_limited(send(gateway, compose(token)), 1)


def test_new_recipients_are_limited_and_old_ones_are_not(another, token):
    gateway = another(user_limits={"new_recipients_per_day": 2})
    friends = ["bob@example.org", "carol@example.org"]
    assert send(gateway, compose(token), friends).code == 250
    reply = send(gateway, compose(token), ["new@example.org"])
    assert reply.code == 450 and "2 new recipients a day" in str(reply)
    assert send(gateway, compose(token), friends).code == 250
    reply = send(gateway, compose(token),
                 [f"new{i}@example.org" for i in range(3)])
    assert reply.code == 550 and "5.7.1" in str(reply)


def test_an_operator_begins_to_count_anew(another, token):
    gateway = limited(another, 1)
    assert send(gateway, compose(token)).code == 250
    assert send(gateway, compose(token)).code == 450
    assert submitctl(gateway, "user", "limits", "reset", "alice")[0] == 0
    assert send(gateway, compose(token)).code == 250


# -- blocked -------------------------------------------------------------------

def login_code(gateway):
    with gateway.connect() as client:
        client.ehlo()
        return client.auth_plain("alice", PASSWORD["alice"]).code


def assert_blocked(gateway):
    """After a start auth hears of it a moment later; relay knows before."""
    wait_until("alice may not log in", lambda: login_code(gateway) == 535)


def test_blocked_mail_stays_until_the_user_is_unblocked(
        another, own_postfix, token):
    gateway = another(smarthost={**QUICK["smarthost"],
                                 "server": [own_postfix.server]},
                      spool=QUICK["spool"])
    own_postfix.stop()
    assert send(gateway, compose(token)).code == 250
    assert submitctl(gateway, "user", "block", "alice", "stolen")[0] == 0
    assert_blocked(gateway)
    own_postfix.start()
    wait_until("the queue waits for alice",
               lambda: show(gateway)["queue_stopped"] == "1")
    assert show(gateway)["blocked"] == "stolen"
    # over a crash of relay, and over an orderly restart
    kill_relay(gateway)
    assert_blocked(gateway)
    gateway.stop()
    gateway.start()
    assert_blocked(gateway)
    wait_until("the queue waits again",
               lambda: show(gateway)["queue_stopped"] == "1")
    assert own_postfix.with_text(token) == []
    assert submitctl(gateway, "user", "unblock", "alice")[0] == 0
    own_postfix.wait(token)
    wait_until("the spool is empty", lambda: gateway.spooled() == [])
    assert send(gateway, compose(token)).code == 250
    assert show(gateway)["blocked"] == "no"


def test_a_block_of_a_name_that_may_be_wrong_is_told(another, token):
    """Most people have more names than the one that counts."""
    gateway = another(ldap={"filter": "(|(uid=%u)(mail=%u))"})
    assert send(gateway, compose(token)).code == 250
    status, text = submitctl(gateway, "user", "block", "alice@example.org")
    assert status == 0 and "no mail of that user is known" in text
    assert login_code(gateway) == 235
    assert show(gateway, "alice@example.org")["user"] == "alice"
    assert submitctl(gateway, "user", "block", "Alice") == (0, "")
    assert login_code(gateway) == 535


def kill_auth(gateway):
    pid, = gateway.roles("submitd-auth")
    os.kill(pid, signal.SIGKILL)
    wait_until("there is another auth",
               lambda: gateway.roles("submitd-auth") not in ([], [pid]))


def test_a_block_while_auth_is_away_ends_sessions(another):
    """The next auth knows of no session, and of everybody who is blocked."""
    gateway = another()
    with gateway.login() as client, gateway.login("bob") as other:
        pid, = gateway.roles("submitd-auth")
        os.kill(pid, signal.SIGKILL)
        wait_until("auth is away", lambda: ended(pid))
        assert submitctl(gateway, "user", "block", "alice")[0] == 0
        reply = client.reply()
        assert reply.code == 421 and "has been blocked" in str(reply)
        assert client.ended()
        assert other.command("NOOP").code == 250


def test_as_many_as_may_be_are_blocked_over_every_start(another, token):
    """A role that starts hears of all of them at once."""
    text = (ROOT / "include/limits.h").read_text()
    most = int(re.search(r"LIMIT_BLOCKED\s+(\d+)", text)[1])
    gateway = another()
    gateway.stop()
    write_blocked(gateway.dir / "spool/accounts", [
        "alice", *(f"{i:04}{'x' * 251}" for i in range(most - 1))],
        int(time.time()))
    gateway.start()
    assert_blocked(gateway)
    kill_auth(gateway)
    assert_blocked(gateway)
    kill_relay(gateway)
    assert_blocked(gateway)
    status, text = submitctl(gateway, "user", "block", "carol")
    assert status == 1 and "too many" in text
    assert submitctl(gateway, "user", "unblock", "alice")[0] == 0
    wait_until("alice may log in", lambda: login_code(gateway) == 235)
    assert send(gateway, compose(token)).code == 250
    for word in ("ipc_queue_full", "blocked_full"):
        assert word not in gateway.log()


def test_a_block_whose_file_is_lost_can_be_ended(another, token):
    """auth heard of it, relay does not know any more."""
    gateway = another()
    assert submitctl(gateway, "user", "block", "alice")[0] == 0
    assert_blocked(gateway)
    page, = (gateway.dir / "spool/accounts").iterdir()
    page.write_bytes(b"")
    kill_relay(gateway)
    assert login_code(gateway) == 535
    assert submitctl(gateway, "user", "unblock", "alice")[0] == 1
    wait_until("alice may log in", lambda: login_code(gateway) == 235)
    wait_until("mail is taken again",
               lambda: send(gateway, compose(token)).code == 250)


def test_what_is_not_so_cannot_be_undone(another):
    gateway = another()
    for words in (("unblock", "alice"), ("release", "alice"),
                  ("show", "nobody"), ("limits", "reset", "nobody")):
        status, text = submitctl(gateway, "user", *words)
        assert status == 1, (words, text)
    status, text = submitctl(gateway, "user", "block", "alice", "two words")
    assert status == 1 and "one word" in text
    assert submitctl(gateway, "user", "block", "alice")[0] == 0
    assert show(gateway)["blocked"] == "operator"


# -- the guard -----------------------------------------------------------------

def test_a_burst_of_new_recipients_is_held_until_released(
        another, postfix, token):
    gateway = another(guard={"new_recipients": 3, "action": "hold"})
    reply = send(gateway, compose(f"{token}-burst"),
                 [f"new{i}@example.org" for i in range(4)])
    assert reply.code == 250 and "queued" in str(reply)
    assert show(gateway)["held"] == "new_recipients"
    gateway.process.wait_log(r" guard sign=new_recipients user=alice "
                             r'detail="seen=4 most=3"')
    reply = send(gateway, compose(f"{token}-later"))
    assert reply.code == 250 and "queued" in str(reply)
    assert show(gateway)["queue_stopped"] == "2"
    assert postfix.with_text(token) == []
    assert submitctl(gateway, "user", "release", "alice")[0] == 0
    postfix.wait(f"{token}-burst", 4)
    postfix.wait(f"{token}-later")
    wait_until("the spool is empty", lambda: gateway.spooled() == [])
    assert show(gateway)["held"] == "no"


def test_refused_recipients_block_if_told_so(another, token):
    gateway = another(guard={"refused": 50, "refused_least": 3,
                             "action": "block"})
    for _ in range(3):
        assert send(gateway, compose(token),
                    ["refused@example.org"]).code == 550
    assert_blocked(gateway)
    assert show(gateway)["blocked"] == "refused"
