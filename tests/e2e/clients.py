"""clients - the programs people send mail with, all called alike.

Each function sends the message in a file and returns what the program said;
ClientError when it says that it failed.  Certificates are verified.  Those
of COMPOSERS write a message of their own from the subject, text and
attachment of the file; the others pass it through.

msmtp, git send-email, s-nail, mutt and neomutt are set up by the files that
docs/clients.md shows.
"""

import asyncio
import email
import email.policy
import json
import os
import pathlib
import smtplib
import subprocess
import tempfile

import aiosmtplib

import clientpage
from rawsmtp import tls_context

TIMEOUT = 60


class ClientError(Exception):
    """The client reports that the message was not taken."""


class Account:
    """Where and as whom to send: what one types into a mail client."""

    def __init__(self, port, implicit, ca, user, password, host="localhost"):
        self.host = host
        self.port = port
        self.implicit = implicit
        self.ca = ca
        self.user = user
        self.password = password


def run(argv, stdin=None, **options):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIMEOUT,
                          stdin=stdin or subprocess.DEVNULL, **options)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise ClientError(f"{argv[0]} exit {done.returncode}: {text[-2000:]}")
    return text


# -- command line ------------------------------------------------------------

def swaks(account, sender, recipient, path, auth="PLAIN", show=False):
    return run([
        "swaks", "--server", account.host, "--port", account.port,
        "--tls-on-connect" if account.implicit else "--tls",
        "--tls-verify", "--tls-ca-path", account.ca,
        "--auth", auth, "--auth-user", account.user,
        "--auth-password", account.password, "--auth-hide-password",
        "--from", sender, "--to", recipient, "--data", f"@{path}",
        *([] if show else ["--suppress-data"])])


def curl(account, sender, recipient, path):
    scheme = "smtps" if account.implicit else "smtp"
    return run([
        "curl", "-sSv", f"{scheme}://{account.host}:{account.port}",
        "--ssl-reqd", "--cacert", account.ca,
        "--user", f"{account.user}:{account.password}",
        "--mail-from", sender, "--mail-rcpt", recipient,
        "--crlf", "--upload-file", path])


# -- libraries ---------------------------------------------------------------

def with_crlf(path):
    """smtplib sends bytes as they are."""
    return pathlib.Path(path).read_bytes().replace(b"\n", b"\r\n")


def mail_options(recipient):
    """What a program tells these two libraries of such an address."""
    return [] if recipient.isascii() else ["SMTPUTF8"]


def python(account, sender, recipient, path):
    context = tls_context(account.ca)
    try:
        if account.implicit:
            client = smtplib.SMTP_SSL(account.host, account.port,
                                      timeout=TIMEOUT, context=context)
        else:
            client = smtplib.SMTP(account.host, account.port, timeout=TIMEOUT)
            client.starttls(context=context)
        with client:
            client.login(account.user, account.password)
            client.sendmail(sender, recipient, with_crlf(path),
                            mail_options(recipient))
    except (smtplib.SMTPException, OSError) as error:
        raise ClientError(repr(error)) from error
    return ""


def aiosmtp(account, sender, recipient, path):
    async def send():
        client = aiosmtplib.SMTP(
            account.host, account.port, timeout=TIMEOUT,
            use_tls=account.implicit, start_tls=not account.implicit,
            tls_context=tls_context(account.ca))
        async with client:
            await client.login(account.user, account.password)
            return await client.sendmail(
                sender, recipient, pathlib.Path(path).read_bytes(),
                mail_options(recipient))

    try:
        return str(asyncio.run(send()))
    except (aiosmtplib.SMTPException, OSError) as error:
        raise ClientError(repr(error)) from error


def with_job(argv, account, sender, recipient, path, **more):
    """Run a script that finds what to do in the variable RIG_JOB."""
    job = dict(vars(account), ca=str(account.ca), path=str(path),
               sender=sender, recipient=recipient)
    return run(argv, env=dict(os.environ, RIG_JOB=json.dumps(job), **more))


NODE = """
const fs = require('fs');
const job = JSON.parse(process.env.RIG_JOB);
const nodemailer = require('nodemailer');
// Node 18 tries only the first address of localhost, which may be ::1.
nodemailer.createTransport({
    host: '127.0.0.1', port: job.port, secure: job.implicit, requireTLS: true,
    auth: { user: job.user, pass: job.password },
    tls: { ca: fs.readFileSync(job.ca), servername: job.host },
}).sendMail({
    envelope: { from: job.sender, to: [job.recipient] },
    raw: fs.createReadStream(job.path),
}).then(info => console.log(info.response),
        error => { console.error(error.message); process.exit(1); });
"""


def nodemailer(account, sender, recipient, path):
    return with_job(["node", "-e", NODE], account, sender, recipient, path,
                    NODE_PATH="/usr/share/nodejs")


PERL = """
use strict;
use JSON::PP;
use Net::SMTP;
my $job = decode_json($ENV{RIG_JOB});
utf8::encode($_) for values %$job;  # Net::SMTP sends octets
my @tls = (SSL_ca_file => $job->{ca});
my $smtp = Net::SMTP->new($job->{host}, Port => $job->{port}, Timeout => 60,
    SSL => $job->{implicit} ? 1 : 0, @tls) or die "no connection: $@";
sub check { shift or die $smtp->code . ' ' . $smtp->message . "\\n"; }
$job->{implicit} or $smtp->starttls(@tls) or die "STARTTLS: $@";
check($smtp->auth($job->{user}, $job->{password}));
check($smtp->mail($job->{sender}));
check($smtp->to($job->{recipient}));
check($smtp->data);
open(my $message, '<:raw', $job->{path}) or die $!;
while (<$message>) { check($smtp->datasend($_)); }
check($smtp->dataend);
print $smtp->message;
$smtp->quit;
"""


def net_smtp(account, sender, recipient, path):
    return with_job(["perl", "-e", PERL], account, sender, recipient, path)


# -- as docs/clients.md sets them up -----------------------------------------

class Home:
    """A directory with the files of a section, and the program run in it."""

    def __init__(self, heading, account, sender):
        self.directory = tempfile.TemporaryDirectory(prefix="submitd-home-")
        self.path = pathlib.Path(self.directory.name)
        clientpage.write_files(heading, account, sender, self.path)
        # s-nail takes root's home from the system, whatever HOME says.
        self.environment = {
            "HOME": str(self.path), "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8", "MAILRC": str(self.path / ".mailrc"),
            "NETRC": str(self.path / ".netrc"),
            "DEAD": str(self.path / "dead.letter")}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.directory.cleanup()

    def run(self, argv, stdin=None):
        if stdin is None:
            return run(argv, env=self.environment)
        with open(stdin, "rb") as text:
            return run(argv, stdin=text, env=self.environment)


def msmtp(account, sender, recipient, path):
    with Home("msmtp", account, sender) as home:
        return home.run(["msmtp", recipient], stdin=path)


def git(account, sender, recipient, path):
    with Home("git send-email", account, sender) as home:
        return home.run(["git", "send-email", "--confirm=never",
                         "--suppress-cc=all", f"--to={recipient}", path])


class Draft:
    """The message of a file as a person would write it: text and file."""

    def __init__(self, path, directory):
        message = email.message_from_bytes(
            pathlib.Path(path).read_bytes(), policy=email.policy.default)
        self.subject = str(message["Subject"])
        self.text = directory / "text"
        self.text.write_text(message.get_body().get_content())
        self.attached = []
        for part in message.iter_attachments():
            self.attached.append(directory / part.get_filename())
            self.attached[-1].write_bytes(part.get_content())


def s_nail(account, sender, recipient, path):
    with Home("s-nail", account, sender) as home:
        draft = Draft(path, home.path)
        files = [x for name in draft.attached for x in ("-a", name)]
        return home.run(["s-nail", "-n", "-s", draft.subject, *files,
                         recipient], stdin=draft.text)


def mutt(account, sender, recipient, path, program="mutt"):
    with Home("mutt and neomutt", account, sender) as home:
        draft = Draft(path, home.path)
        files = ["-a", *draft.attached] if draft.attached else []
        return home.run([program, "-n", "-F", home.path / ".muttrc", "-s",
                         draft.subject, *files, "--", recipient],
                        stdin=draft.text)


def neomutt(account, sender, recipient, path):
    return mutt(account, sender, recipient, path, program="neomutt")


COMPOSERS = {"git send-email": git, "s-nail": s_nail, "mutt": mutt,
             "neomutt": neomutt}

ALL = {"swaks": swaks, "curl": curl, "msmtp": msmtp, "smtplib": python,
       "aiosmtplib": aiosmtp, "nodemailer": nodemailer, "Net::SMTP": net_smtp,
       **COMPOSERS}
