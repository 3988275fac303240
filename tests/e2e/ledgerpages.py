"""ledgerpages - what relay keeps of users, written as it would (ledgerfile.h).

For states that would take thousands of commands.
"""

import hashlib
import struct

PAGES = 32
TALLIES = 6
SIGNS = 3


def page_of(user):
    number = 2166136261
    for octet in user.lower().encode():
        number = (number ^ octet) * 16777619 % 2**32
    return number % PAGES


def octets(text):
    return struct.pack(">I", len(text)) + text.encode()


def blocked_account(user, since):
    return b"".join((
        octets(user), struct.pack(">Q", since),
        struct.pack(">Q", since), octets("operator"),  # blocked
        struct.pack(">Q", 0), octets(""),              # held
        TALLIES * struct.pack(">QB", since, 0),
        SIGNS * struct.pack(">Q", 0),
        3 * struct.pack(">I", 0)))  # networks, recipients known


def write_blocked(folder, users, since):
    """Accounts of users who are blocked, and of nobody else."""
    for number in range(PAGES):
        accounts = [blocked_account(u, since) for u in users
                    if page_of(u) == number]
        page = b"".join((b"submitd-users\n",
                         struct.pack(">HB", 1, number), bytes(16),
                         struct.pack(">I", len(accounts)), *accounts))
        (folder / f"{number:02x}").write_bytes(
            page + hashlib.sha256(page).digest())
