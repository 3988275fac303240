"""rawsmtp - an SMTP client that sends exactly the bytes it is told to.

For what real clients never do: pipelining at the wrong moment, bytes behind
STARTTLS, commands cut at any octet, endings that are none.
"""

import base64
import contextlib
import socket
import ssl

from rig import DEADLINE


class Reply:
    """One reply: .code, .lines (text without the code), .text."""

    def __init__(self, code, lines):
        self.code = code
        self.lines = lines
        self.text = "\n".join(lines)

    def __repr__(self):
        return f"{self.code} {self.text!r}"

    def enhanced(self):
        return self.lines[0].split(" ")[0]


def tls_context(ca, **options):
    """A client context that trusts ca alone; options are set on it."""
    context = ssl.create_default_context(cafile=str(ca))
    for name, value in options.items():
        setattr(context, name, value)
    return context


class Smtp(contextlib.AbstractContextManager):
    """A connection; tls: an SSLContext for TLS from the first octet.

    source: the address to come from.  header: octets before all else.
    name: whom we want to talk to, in SNI and in the certificate; None: we say
    no name.
    """

    def __init__(self, port, tls=None, session=None, greet=True,
                 address="127.0.0.1", source=None, header=b"",
                 name="localhost"):
        self.sock = socket.create_connection(
            (address, port), DEADLINE,
            source_address=source and (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.name = name
        if header:
            self.send(header)
        if tls is not None:
            self.wrap(tls, session)
        self.greeting = self.reply() if greet else None

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def wrap(self, context, session=None):
        self.sock = context.wrap_socket(
            self.sock, server_hostname=self.name, session=session)

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        """The next line without CRLF; EOFError when there is none."""
        while b"\r\n" not in self.buffer:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError(f"connection ended after {self.buffer!r}")
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("ascii")

    def reply(self):
        lines = []
        while True:
            line = self.line()
            assert line[:3].isdigit() and line[3:4] in ("-", " "), line
            lines.append(line[4:])
            if line[3] == " ":
                return Reply(int(line[:3]), lines)

    def command(self, text):
        """Send one command, return its reply."""
        self.send(text.encode("utf-8") + b"\r\n")
        return self.reply()

    def ended(self):
        """True once the other side has closed, nothing left to read."""
        try:
            return not self.buffer and self.sock.recv(1) == b""
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return True

    def ehlo(self, name="client.example.org"):
        """EHLO; the offered extensions as {keyword: parameters}."""
        reply = self.command(f"EHLO {name}")
        assert reply.code == 250, reply
        return dict((line.upper() + " ").split(" ", 1)
                    for line in reply.lines[1:])

    def starttls(self, context, session=None):
        reply = self.command("STARTTLS")
        assert reply.code == 220, reply
        self.wrap(context, session)

    def auth_plain(self, user, password):
        return self.command("AUTH PLAIN " + plain(user, password))

    def auth_login(self, user, password):
        reply = self.command("AUTH LOGIN")
        for word in (user, password):
            if reply.code != 334:
                break
            reply = self.command(b64(word))
        return reply

    def data(self, content, end=b"\r\n.\r\n"):
        """DATA and content as it is (already dot-stuffed, no last CRLF)."""
        reply = self.command("DATA")
        assert reply.code == 354, reply
        self.send(content + end)
        return self.reply()

    def mail(self, sender, recipients, content):
        """A whole transaction; the reply to its content."""
        for text in (f"MAIL FROM:<{sender}>",
                     *(f"RCPT TO:<{r}>" for r in recipients)):
            reply = self.command(text)
            assert reply.code == 250, (text, reply)
        return self.data(content)


def b64(text):
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def plain(user, password, authzid=""):
    """The one response of PLAIN (RFC 4616), in base64."""
    return b64(f"{authzid}\0{user}\0{password}")


def client_hello(name):
    """TLS 1.2, one suite, P-256, SNI with these octets."""
    def vector(data, size):
        return len(data).to_bytes(size, "big") + data

    def extension(number, data):
        return number.to_bytes(2, "big") + vector(data, 2)

    extensions = (
        extension(0, vector(b"\0" + vector(name, 2), 2))
        + extension(10, vector(b"\0\x17", 2))
        + extension(11, vector(b"\0", 1))
        + extension(13, vector(b"\4\3\4\1\x08\4", 2)))
    body = (b"\3\3" + bytes(32) + vector(b"", 1)
            + vector(b"\xc0\x2b\xc0\x2f", 2) + vector(b"\0", 1)
            + vector(extensions, 2))
    return b"\x16\3\1" + vector(b"\1" + vector(body, 3), 2)
