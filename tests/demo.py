#!/usr/bin/python3
"""demo - the main job, shown end to end on this machine.

    demo.py demo    step by step; ends by itself, exit 0 if all went well
    demo.py run     the same servers, left up for your own mail client

Everything is private: a slapd with sample users, a Postfix as smarthost, the
gateway on high ports of 127.0.0.1, one temporary directory for all of it.
Nothing is left running or lying about afterwards.
"""

import os
import pathlib
import re
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "e2e"))

import clients  # noqa: E402
from gateway import BIN, Submitd  # noqa: E402
from rig import Ground, RigError  # noqa: E402
from servers import PASSWORD, Postfix, Slapd  # noqa: E402

MAIL = """\
From: Alice Example <alice@example.org>
To: Bob Example <bob@example.org>
Subject: {subject}
Date: Tue, 24 Nov 2026 10:00:00 +0000
Message-ID: <{subject}.demo@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello Bob, this went through the gateway.
"""


class DemoError(Exception):
    """Something that the demonstration promises did not happen."""


def step(text):
    step.number += 1
    print(f"\n{step.number}. {text}", flush=True)


step.number = 0


def show(text):
    for line in text.splitlines():
        print(f"     {line}", flush=True)


def expect(true, what):
    if not true:
        raise DemoError(what)


class World:
    """slapd, Postfix and the gateway between them."""

    def __init__(self, ground):
        step("A throw-away certificate authority, and certificates of it")
        cert = ground.certificate("submit.example.org", "localhost",
                                  "127.0.0.1")
        show(f"certs/make-test-ca.sh: {cert.ca}")

        step("A private slapd with the users " + ", ".join(PASSWORD))
        self.slapd = ground.start(Slapd(ground))
        show(f"{self.slapd.uri}, {self.slapd.tls_uri}")

        step("A private Postfix as smarthost")
        self.postfix = ground.start(Postfix(ground))
        show(f"{self.postfix.server}, delivers example.org and example.net "
             "to files")

        step("submitd between them")
        self.gateway = ground.start(Submitd(
            ground, self.slapd.tls_uri, self.postfix.server))
        show(self.gateway.file.read_text())
        self.gateway.start()
        show("running: " + ", ".join(
            f"{name} {' '.join(map(str, pids))}" for name, pids in
            [("submitd", [self.gateway.process.pid]),
             *sorted(self.gateway.roles().items())]))

    def account(self, implicit):
        gateway = self.gateway
        return clients.Account(
            gateway.tls_port if implicit else gateway.port, implicit,
            gateway.cert.ca, "alice", PASSWORD["alice"])


def dialogue(said):
    """What a client printed, without the content and its own chatter."""
    wanted = re.compile(r"^(===| ?[~<>-]|[<>*])")
    lines = [line[:110] for line in said.splitlines() if wanted.match(line)]
    return "\n".join(x for x in lines if not re.match(r"^[*{}]", x))


def send_two(world, ground):
    for subject, client, implicit in (("by-starttls", clients.swaks, False),
                                      ("by-implicit-tls", clients.curl, True)):
        port = world.account(implicit).port
        how = "TLS from the first octet" if implicit else "STARTTLS"
        step(f"alice sends with {client.__name__} to port {port}, {how}")
        path = ground.path / subject
        path.write_text(MAIL.format(subject=subject))
        said = client(world.account(implicit), "alice@example.org",
                      "bob@example.org", path)
        show(dialogue(said))
        expect("235" in said and "250" in said, f"{subject}: not accepted")


def show_delivered(world):
    step("What the smarthost delivered")
    delivered = None
    for subject in ("by-starttls", "by-implicit-tls"):
        (delivered,) = world.postfix.wait(f"Subject: {subject}")
        expect(delivered.recipient == "bob@example.org", "not for bob")
        # swaks ends a message with an empty line of its own.
        sent = MAIL.format(subject=subject).encode()
        expect(delivered.content() in (sent, sent + b"\n"),
               f"{subject}: not the message that was sent")
    show(delivered.raw.decode())
    return delivered.id()


def trace(world, queue_id):
    step(f"Who sent {queue_id}?  One grep in the log answers")
    world.gateway.process.wait_log(
        rf"(?=.*\b{queue_id}\b)(?=.*\buser=alice\b)")
    for line in world.gateway.process.lines:
        if queue_id in line:
            show(line)


def refusals(world):
    gateway = world.gateway
    step("An open relay?  Sending without logging in")
    for implicit in (False, True):
        with gateway.connect(implicit) as client:
            client.ehlo()
            reply = client.command("MAIL FROM:<alice@example.org>")
            show(f"{'465' if implicit else '587'}> "
                 "MAIL FROM:<alice@example.org>")
            show(f"     {reply.code} {reply.text}")
            expect(reply.code == 530, "mail without login was not refused")
            reply = client.command("RCPT TO:<victim@elsewhere.example>")
            expect(reply.code >= 500, "recipient without login was accepted")

    step("A forged sender?  alice says she is bob")
    with gateway.login("alice") as client:
        reply = client.command("MAIL FROM:<bob@example.org>")
        show("     MAIL FROM:<bob@example.org>")
        show(f"     {reply.code} {reply.text}")
        expect(reply.code in (550, 553), "a forged sender was not refused")


def demo(ground):
    world = World(ground)
    send_two(world, ground)
    trace(world, show_delivered(world))
    refusals(world)
    step("The end: submitd stops")
    expect(world.gateway.spooled() == [], "something is left in the spool")
    world.gateway.stop()
    show(world.gateway.process.lines[-1])
    print("\nAll as it should be.", flush=True)


def run(ground):
    world = World(ground)
    gateway = world.gateway
    print(f"""
Type into a mail client:

     server      localhost
     port        {gateway.port} with STARTTLS, or {gateway.tls_port} with TLS
     user        alice                  (or bob)
     password    {PASSWORD['alice']:<22} ({PASSWORD['bob']})
     send as     alice@example.org, a.example@example.org, sales@example.net
                                        (bob@example.org)
     send to     anybody @example.org or @example.net
     trust       {gateway.cert.ca}

What arrives: {world.postfix.dir}/mail/new
The log follows.  ^C ends it all.
""", flush=True)
    said = 0
    while gateway.process.alive():
        with gateway.process.changed:
            gateway.process.changed.wait(0.5)
            new = gateway.process.lines[said:]
        for line in new:
            print(line, flush=True)
        said += len(new)
    raise DemoError("submitd ended by itself")


def main():
    commands = {"demo": demo, "run": run}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    if os.getuid() != 0:
        # Postfix wants to be started by root; the rest follows.
        try:
            os.execvp("sudo", ["sudo", f"SUBMITD_BIN={BIN}", sys.executable,
                               *sys.argv])
        except OSError:
            sys.exit("demo: FAILED: needs root, or sudo to become root")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        with Ground() as ground:
            commands[sys.argv[1]](ground)
    except KeyboardInterrupt:
        print("\nEnded.")
    except (DemoError, RigError, clients.ClientError) as failure:
        sys.exit(f"demo: FAILED: {failure}")


if __name__ == "__main__":
    main()
