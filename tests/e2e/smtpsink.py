"""smtpsink - a small smarthost that can misbehave, which Postfix cannot.

Healthy by default: it takes every message and remembers it with its exact
envelope and octets.  A test bends one step by giving it an answer: words to
say, one of the actions below, or a function of the argument and of the
connection that returns either.

    with SmtpSink(cert) as sink:
        sink.answers["RCPT"] = lambda to, conn: "550 5.1.1 no" if ... else OK
        sink.answers["CONTENT"] = Cut(taken=True)
        ... sink.server ... sink.taken ...

Steps: GREETING EHLO STARTTLS MAIL RCPT DATA CONTENT RSET QUIT.

It holds its clients to what it offers: a parameter of no extension offered, a
MAIL, RCPT or domain beyond its LIMITS and 8-bit content that was not announced
are refused, and written down in sink.broken.
"""

import re
import socket
import ssl
import sys
import threading

from rig import wait_until

OK = None  # the usual answer
SILENT = object()  # never answer


class Cut:
    """End the connection; taken: after having accepted the message."""

    def __init__(self, taken=False):
        self.taken = taken


class Late(str):
    """Words that are said when the sink is told to release() them."""


class Dribble(str):
    """Words that come one octet at a time."""


class Raw(bytes):
    """Octets to say as they are."""


USUAL = {"GREETING": "220 sink.example.org ESMTP", "MAIL": "250 2.1.0 sender ok",
         "STARTTLS": "220 2.0.0 go ahead", "RCPT": "250 2.1.5 recipient ok",
         "DATA": "354 go ahead", "CONTENT": "250 2.0.0 taken by the sink",
         "RSET": "250 2.0.0 forgotten", "QUIT": "221 2.0.0 bye"}

OFFERS = ("PIPELINING", "8BITMIME", "SIZE 52428800", "CHUNKING",
          "ENHANCEDSTATUSCODES")


# Parameters of MAIL and RCPT, and whose they are.
EXTENSION = {"SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8",
             "RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN", "ORCPT": "DSN",
             "REQUIRETLS": "REQUIRETLS", "MT-PRIORITY": "MT-PRIORITY",
             "BY": "DELIVERBY", "AUTH": "AUTH"}


class Mail:
    """One transaction as it came."""

    def __init__(self, sender, parameters):
        self.sender = sender
        self.parameters = parameters.split()
        self.recipients = []  # those that were accepted
        self.asked = {}  # parameters by recipient, accepted or not
        self.content = b""


class Connection:
    """One client of the sink, served by a thread of its own."""

    def __init__(self, sink, sock, number):
        self.sink = sink
        self.sock = sock
        self.number = number
        self.buffer = b""
        self.mail = None
        self.mails = 0
        self.domains = set()

    def serve(self):
        try:
            if self.sink.implicit:
                self.wrap()
            self.answer("GREETING", "")
            while True:
                self.command(self.line())
        except (OSError, EOFError):
            pass
        finally:
            self.close()

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        with self.sink.lock:
            if self in self.sink.open:
                self.sink.open.remove(self)

    def rank(self):
        """How many connections that still stand are older."""
        with self.sink.lock:
            return self.sink.open.index(self)

    def wrap(self):
        self.sock = self.sink.context.wrap_socket(self.sock, server_side=True)
        self.buffer = b""

    # -- reading

    def more(self):
        got = self.sock.recv(262144)
        if not got:
            raise EOFError
        self.buffer += got

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("utf-8", "surrogateescape")

    def octets(self, n):
        while len(self.buffer) < n:
            self.more()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def dotted(self):
        """Content up to the lone dot, unstuffed."""
        self.buffer = b"\r\n" + self.buffer  # of the DATA command
        while b"\r\n.\r\n" not in self.buffer:
            self.more()
        data, self.buffer = self.buffer.split(b"\r\n.\r\n", 1)
        return (data + b"\r\n").replace(b"\r\n..", b"\r\n.")[2:]

    # -- speaking

    def say(self, text):
        if isinstance(text, Raw):
            self.sock.sendall(text)
            return
        code, lines = text[:3], text[4:].split("\n")
        data = "".join(f"{code}-{x}\r\n" for x in lines[:-1])
        data = (data + f"{code} {lines[-1]}\r\n").encode()
        if isinstance(text, Dribble):
            for i in range(len(data)):
                self.sock.sendall(data[i:i + 1])
        else:
            self.sock.sendall(data)
        if code == "421":  # RFC 5321, 3.8
            raise EOFError

    def answer(self, step, argument, usual=None):
        """Do what the test wants at this step; True if that was a yes."""
        answer = self.sink.answers.get(step)
        if callable(answer):
            answer = answer(argument, self)
        if answer is OK:
            answer = usual or USUAL[step]
        if answer is SILENT:
            self.sink.closing.wait()
            raise EOFError
        if isinstance(answer, Cut):
            if answer.taken:
                self.sink.take(self.mail)
            raise EOFError
        yes = answer[:1] in ("2", "3", b"2", b"3")
        if step == "CONTENT" and yes:
            self.sink.take(self.mail)
        if isinstance(answer, Late):
            self.sink.held_back.set()
            self.sink.released.wait()
        self.say(answer)
        return yes

    # -- commands

    def command(self, line):
        self.sink.note(self.number, line)
        verb, _, argument = line.partition(" ")
        handler = getattr(self, "on_" + verb.upper(), None)
        if handler is None:
            self.say("500 5.5.1 what?")
        else:
            handler(argument)

    def on_EHLO(self, argument):
        offers = list(self.sink.offers)
        if self.sink.context and not isinstance(self.sock, ssl.SSLSocket):
            offers.append("STARTTLS")
        self.mail = None
        self.answer("EHLO", argument,
                    "\n".join(["250 sink.example.org", *offers]))

    def on_HELO(self, argument):
        self.say("250 sink.example.org")

    def offered(self, keyword):
        return any(x.split()[0] == keyword for x in self.sink.offers)

    def limit(self, name):
        """A number of LIMITS; without any it is far off."""
        words = " ".join(x for x in self.sink.offers if x.startswith("LIMITS"))
        found = re.search(rf"\b{name}=([1-9]\d*)\b", words)
        return int(found.group(1)) if found else sys.maxsize

    def kept(self, yes, reply, what):
        """True if the client kept to what is offered; else it hears so."""
        if not yes:
            self.sink.broken.append(what)
            self.say(reply)
        return yes

    def may_ask(self, parameters, line):
        wanted = [EXTENSION.get(p.partition("=")[0]) for p in parameters]
        return self.kept(all(w and self.offered(w) for w in wanted) and
                         ("BODY=BINARYMIME" not in parameters or
                          self.offered("BINARYMIME")),
                         "555 5.5.4 not offered", line)

    def on_STARTTLS(self, argument):
        if self.answer("STARTTLS", argument):
            self.wrap()

    def on_MAIL(self, argument):
        found = re.fullmatch(r"FROM:<(.*)>( .*)?", argument)
        mail = Mail(found.group(1), found.group(2) or "")
        self.mails += 1
        if not (self.may_ask(mail.parameters, argument) and
                self.kept(self.mails <= self.limit("MAILMAX"),
                          "452 4.5.3 no more mail", argument)):
            return
        self.sink.begun.append(mail)
        self.mail = mail if self.answer("MAIL", mail.sender) else None

    def on_RCPT(self, argument):
        if self.mail is None:
            self.say("503 5.5.1 MAIL first")
            return
        recipient, words = re.fullmatch(
            r"TO:<(.*)>(| .*)", argument).groups()
        parameters = words.split()
        asked = self.mail.asked
        asked[recipient] = parameters
        self.domains.add(recipient.rpartition("@")[2].lower())
        if not (self.may_ask(parameters, argument) and
                self.kept(len(asked) <= self.limit("RCPTMAX") and
                          len(self.domains) <= self.limit("RCPTDOMAINMAX"),
                          "452 4.5.3 too many", argument)):
            return
        if self.answer("RCPT", recipient):
            self.mail.recipients.append(recipient)

    def content(self, data):
        mail, self.mail = self.mail, None
        if mail is None or not mail.recipients:
            self.say("554 5.5.1 no valid recipients")
            return False
        mail.content += data
        if not self.kept(data.isascii() or {"BODY=8BITMIME", "BODY=BINARYMIME"}
                         & set(mail.parameters),
                         "554 5.6.3 not announced", "8-bit content"):
            return False
        self.mail = mail
        self.answer("CONTENT", mail)
        self.mail = None
        return True

    def on_DATA(self, argument):
        if self.mail is None or not self.mail.recipients:
            self.say("554 5.5.1 no valid recipients")
        elif self.answer("DATA", argument):
            self.content(self.dotted())

    def on_BDAT(self, argument):
        size, _, last = argument.partition(" ")
        data = self.octets(int(size))
        if last == "LAST":
            self.content(data)
        elif self.mail is None:
            self.say("503 5.5.1 MAIL first")
        else:
            self.mail.content += data
            self.say("250 2.0.0 more")

    def on_RSET(self, argument):
        self.mail = None
        self.answer("RSET", argument)

    def on_QUIT(self, argument):
        self.answer("QUIT", argument)
        raise EOFError


class SmtpSink:
    """cert: rig.Certificate for STARTTLS, or None; offers: EHLO keywords."""

    def __init__(self, cert=None, offers=OFFERS, implicit=False):
        self.context = None
        if cert is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert.chain, cert.key)
        self.offers = offers
        self.implicit = implicit
        self.answers = {}
        self.taken = []  # every message accepted, as often as it was
        self.begun = []  # every transaction
        self.commands = []  # (connection number, line)
        self.broken = []  # what went beyond the offers
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.held_back = threading.Event()  # a Late answer waits
        self.released = threading.Event()
        self.open = []
        self.connections = 0
        self.socket = None
        # Keeps the port while nobody listens: else it could be given to
        # whoever connects to anywhere, even to the gateway calling it.
        self.place = socket.socket()
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        self.start()

    @property
    def server(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        """Listen, on the same port as before."""
        self.socket = socket.create_server(("127.0.0.1", self.port),
                                           reuse_port=True)
        threading.Thread(target=self._accept, args=(self.socket,),
                         daemon=True).start()

    def stop(self):
        """Nobody there any more."""
        with self.lock:  # who was accepted this moment is turned away
            listening, self.socket = self.socket, None
        if listening is not None:
            try:
                listening.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listening.close()
        self.drop()

    def drop(self):
        """End every connection there is."""
        with self.lock:
            gone, self.open = self.open, []
        for connection in gone:
            connection.close()

    def _accept(self, listening):
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                if listening is not self.socket:
                    sock.close()
                    return
                self.connections += 1
                connection = Connection(self, sock, self.connections)
                self.open.append(connection)
            threading.Thread(target=connection.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.closing.set()
        self.released.set()
        self.stop()

    kill = stop

    def release(self):
        """Say what was held back, and hold nothing back any more."""
        self.released.set()

    def heal(self):
        """As new: no bent step, nothing remembered."""
        self.answers.clear()
        self.closing.set()  # whoever is silent hangs up
        self.release()
        self.drop()
        with self.lock:
            self.closing = threading.Event()
            self.released = threading.Event()
            self.held_back.clear()
            self.taken, self.begun, self.commands = [], [], []
            self.broken = []

    # -- memory

    def note(self, number, line):
        with self.lock:
            self.commands.append((number, line))

    def take(self, mail):
        with self.lock:
            self.taken.append(mail)

    def lines(self, number=None):
        """The commands so far, or those of one connection."""
        with self.lock:
            return [c for n, c in self.commands if number in (None, n)]

    def with_text(self, text):
        with self.lock:
            return [m for m in self.taken if text.encode() in m.content]

    def wait(self, text, count=1):
        """Wait until count messages with text were accepted; them."""
        def enough():
            found = self.with_text(text)
            return found if len(found) >= count else None

        return wait_until(f"{count} messages with {text!r}", enough)
