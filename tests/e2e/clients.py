"""clients - the programs people send mail with, all called alike.

Each function sends the message in a file and returns what the program said;
ClientError when it says that it failed.  Certificates are verified.
"""

import json
import os
import pathlib
import smtplib
import subprocess

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


def msmtp(account, sender, recipient, path):
    with open(path, "rb") as message:
        return run([
            "msmtp", "--file=/dev/null", f"--host={account.host}",
            f"--port={account.port}", "--tls=on",
            f"--tls-starttls={'off' if account.implicit else 'on'}",
            f"--tls-trust-file={account.ca}", "--auth=plain",
            f"--user={account.user}", "--passwordeval=printenv RIG_PASSWORD",
            f"--from={sender}", recipient],
            stdin=message,
            env=dict(os.environ, RIG_PASSWORD=account.password))


def with_crlf(path):
    """smtplib sends bytes as they are."""
    return pathlib.Path(path).read_bytes().replace(b"\n", b"\r\n")


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
            client.sendmail(sender, recipient, with_crlf(path))
    except (smtplib.SMTPException, OSError) as error:
        raise ClientError(repr(error)) from error
    return ""


NODE = """
const fs = require('fs');
const job = JSON.parse(process.env.RIG_JOB);
const nodemailer = require('nodemailer');
nodemailer.createTransport({
    host: job.address, port: job.port, secure: job.implicit, requireTLS: true,
    auth: { user: job.user, pass: job.password },
    tls: { ca: fs.readFileSync(job.ca), servername: job.host },
}).sendMail({
    envelope: { from: job.sender, to: [job.recipient] },
    raw: fs.createReadStream(job.path),
}).then(info => console.log(info.response),
        error => { console.error(error.message); process.exit(1); });
"""


def nodemailer(account, sender, recipient, path):
    # Node 18 tries only the first address of localhost, which may be ::1.
    job = dict(vars(account), address="127.0.0.1", ca=str(account.ca),
               path=str(path), sender=sender, recipient=recipient)
    return run(["node", "-e", NODE], env=dict(
        os.environ, RIG_JOB=json.dumps(job), NODE_PATH="/usr/share/nodejs"))


ALL = {"swaks": swaks, "curl": curl, "msmtp": msmtp, "smtplib": python,
       "nodemailer": nodemailer}
