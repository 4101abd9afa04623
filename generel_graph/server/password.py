"""The password of the private server: random, in a file that only its owner can read, never on a command line."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from generel_etl.errors import ServerError
from generel_graph.server.home import Home, write_text

USER = "neo4j"
ITERATIONS = 1024  # Neo4j's own count for this file


def ensure_password(home: Home) -> str:
    """The server's password; a new one is created if neither a password nor a store exists.

    Raises ServerError if there is a store and its password file is missing or unreadable.
    """
    try:
        password = home.password_file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        password = ""
    except OSError as error:
        raise ServerError(
            f"the password file cannot be read: {error.strerror or error}",
            where=home.password_file,
            next_step="make it readable for the user who runs this command (mode 0600)",
        ) from error
    if password:
        return password
    if home.has_store():
        raise wrong_password_error(home)
    password = secrets.token_urlsafe(24)
    write_text(home.password_file, password + "\n", mode=0o600)
    return password


def wrong_password_error(home: Home) -> ServerError:
    """The error for a store whose password is not the one in the password file."""
    return ServerError(
        "this file does not contain the password of the store",
        where=home.password_file,
        next_step="restore the password file of this store, or delete the store: `generel-graph db reset`, then `sync`",
    )


def set_initial_password(data: Path, password: str) -> None:
    """Write the file from which Neo4j reads the initial password of a new store.

    `neo4j-admin dbms set-initial-password` writes the same file (`auth.ini`: SHA-256 of salt and password, 1024 times,
    hexadecimal), but takes a second and shows the password in the list of processes.
    """
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(ITERATIONS - 1):
        digest = hashlib.sha256(digest).digest()
    folder = data / "dbms"
    folder.mkdir(parents=True, exist_ok=True)
    credential = f"SHA-256,{digest.hex()},{salt.hex()},{ITERATIONS}"
    write_text(folder / "auth.ini", f"{USER}:{credential}:\n", mode=0o600)
