"""scram - SCRAM by hand (RFC 5802): keys for a directory, and a client.

The client says what it is told to, however wrong.
"""

import base64
import hashlib
import hmac
import re
import subprocess

from rawsmtp import b64

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256",
          "SCRAM-SHA-512": "sha512"}


def encode(octets):
    return base64.b64encode(octets).decode("ascii")


class Keys:
    """What a password becomes with a salt, for one hash."""

    def __init__(self, scheme, password, salt=b"a salt of 16 oct",
                 iterations=4096):
        self.scheme = scheme
        self.salt = salt
        self.iterations = iterations
        self.hash = HASHES[scheme]
        salted = hashlib.pbkdf2_hmac(self.hash, password.encode(), salt,
                                     iterations)
        self.client = self.mac(salted, b"Client Key")
        self.server = self.mac(salted, b"Server Key")
        self.stored = hashlib.new(self.hash, self.client).digest()

    def mac(self, key, text):
        return hmac.new(key, text, self.hash).digest()

    def rfc5803(self):
        return (f"{self.scheme}${self.iterations}:{encode(self.salt)}"
                f"${encode(self.stored)}:{encode(self.server)}")

    def dovecot(self):
        return (f"{{{self.scheme}}}{self.iterations},{encode(self.salt)},"
                f"{encode(self.stored)},{encode(self.server)}")


USER = """\
dn: uid={name},ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: authPasswordObject
uid: {name}
cn: {name}
sn: Example
mail: {name}@example.org
"""


def add_user(slapd, name, *stored, password=None):
    """One more person in the directory, with these stored keys."""
    text = USER.format(name=name)
    text += "".join(f"authPassword: {value}\n" for value in stored)
    if password is not None:
        text += f"userPassword: {password}\n"
    subprocess.run(
        ["ldapadd", "-x", "-H", slapd.uri, "-D", "cn=root,dc=example,dc=org",
         "-w", "root secret"], input=text.encode(), check=True,
        stdout=subprocess.DEVNULL)


class Exchange:
    """One exchange on a raw client; say() is a step, .reply the last reply."""

    def __init__(self, smtp, mechanism, user, header="n,,", nonce="abcd",
                 initial=True):
        self.smtp = smtp
        self.scheme = mechanism.removesuffix("-PLUS")
        self.bare = f"n={user},r={nonce}"
        self.header = header
        if initial:
            self.reply = smtp.command(
                f"AUTH {mechanism} {b64(header + self.bare)}")
        else:
            self.reply = smtp.command(f"AUTH {mechanism}")
            assert (self.reply.code, self.reply.text) == (334, "")
            self.say(header + self.bare)
        self.first = self.challenge()

    def challenge(self):
        """The text of the last challenge; None: it was none."""
        if self.reply.code != 334:
            return None
        return base64.b64decode(self.reply.text).decode("ascii")

    def say(self, text):
        self.reply = self.smtp.command(b64(text))
        return self.reply

    def parts(self):
        """Nonce, salt and count of the server's first message."""
        found = re.fullmatch(r"r=([^,]+),s=([^,]+),i=([0-9]+)", self.first)
        return found[1], base64.b64decode(found[2]), int(found[3])

    def prove(self, password, binding=b"", nonce=None):
        """The final message; its reply."""
        server_nonce, salt, iterations = self.parts()
        bound = encode(self.header.encode() + binding)
        text = f"c={bound},r={nonce or server_nonce}"
        keys = Keys(self.scheme, password, salt, iterations)
        message = f"{self.bare},{self.first},{text}".encode()
        self.proof = bytes(a ^ b for a, b in zip(
            keys.client, keys.mac(keys.stored, message)))
        self.verifier = "v=" + encode(keys.mac(keys.server, message))
        return self.say(f"{text},p={encode(self.proof)}")


def login(smtp, mechanism, user, password, header="n,,", binding=b""):
    """The reply that ends a whole exchange; the server is verified."""
    exchange = Exchange(smtp, mechanism, user, header)
    if exchange.first is None:
        return exchange.reply
    reply = exchange.prove(password, binding)
    if reply.code != 334:
        return reply
    assert exchange.challenge() == exchange.verifier
    return exchange.say("")
