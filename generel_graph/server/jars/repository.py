"""A Maven repository over HTTP: which one, with whose password, and jars out of it by kept-alive sessions."""

from __future__ import annotations

import os
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import requests

from generel_graph.server.jars.manifest import Jar

THREADS = 8
TIMEOUT = (10.0, 60.0)  # seconds to connect, and between bytes
TRIES = 3


@dataclass(frozen=True, slots=True)
class Repository:
    """Where jars come from: an address, its user if it has one, proxies that Maven's settings name."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    proxies: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def session(self) -> requests.Session:
        """A kept-alive session; the environment's proxies and certificates count."""
        session = requests.Session()
        session.headers["User-Agent"] = "generel-graph"
        if self.user:
            session.auth = (self.user, self.password)
        if self.proxies and not any(os.environ.get(k) for k in ("HTTPS_PROXY", "https_proxy")):
            session.proxies.update(self.proxies)
        return session


def choose(environment: Mapping[str, str] | None = None) -> Repository:
    """The repository to ask: GENEREL_MAVEN_REPOSITORY, a mirror in Maven's settings, the known default."""
    environment = os.environ if environment is None else environment
    if environment.get("GENEREL_MAVEN_REPOSITORY"):
        return Repository(environment["GENEREL_MAVEN_REPOSITORY"].rstrip("/"))
    proxies: Mapping[str, str] = {}
    for path in settings_files(environment):
        found = read_settings(path, environment)
        if found is None:
            continue
        if found.url:
            return found
        proxies = proxies or found.proxies
    from jgo.constants import MAVEN_CENTRAL_URL

    return Repository(str(MAVEN_CENTRAL_URL).rstrip("/"), proxies=proxies)


def settings_files(environment: Mapping[str, str]) -> list[Path]:
    """Where Maven's settings lie, the user's first."""
    homes = [environment[key] for key in ("MAVEN_HOME", "M2_HOME") if environment.get(key)]
    user = Path(environment.get("HOME") or Path.home())
    return [
        user / ".m2" / "settings.xml",
        *(Path(home) / "conf" / "settings.xml" for home in homes),
        Path("/etc/maven/settings.xml"),
    ]


def read_settings(path: Path, environment: Mapping[str, str]) -> Repository | None:
    """The mirror of "central" and the proxies that one settings.xml names; None if it names neither.

    Without a mirror the result's `url` is empty. Blocked mirrors (Maven's own stock settings have one with a
    dead address) do not count. `${env.X}` is expanded; an encrypted password is left to `mvn`.
    """
    try:
        root = ET.fromstring(re.sub(r'\sxmlns="[^"]*"', "", path.read_text(encoding="utf-8"), count=1))
    except (OSError, ET.ParseError, UnicodeDecodeError):
        return None

    def text(element: ET.Element, name: str) -> str:
        raw = (element.findtext(name) or "").strip()
        return re.sub(r"\$\{env\.([^}]+)\}", lambda m: environment.get(m[1], ""), raw)

    proxies: dict[str, str] = {}
    for proxy in root.iterfind("proxies/proxy"):
        if text(proxy, "active") == "false" or not text(proxy, "host"):
            continue
        user = f"{text(proxy, 'username')}:{text(proxy, 'password')}@" if text(proxy, "username") else ""
        address = f"http://{user}{text(proxy, 'host')}:{text(proxy, 'port') or '8080'}"
        proxies.setdefault("http", address)
        proxies.setdefault("https", address)
    for mirror in root.iterfind("mirrors/mirror"):
        if text(mirror, "blocked") == "true" or not covers_central(text(mirror, "mirrorOf")):
            continue
        name = text(mirror, "id")
        server = next((s for s in root.iterfind("servers/server") if text(s, "id") == name), None)
        user = text(server, "username") if server is not None else ""
        password = text(server, "password") if server is not None else ""
        return Repository(text(mirror, "url").rstrip("/"), user, password, MappingProxyType(proxies))
    return Repository("", proxies=MappingProxyType(proxies)) if proxies else None


def covers_central(pattern: str) -> bool:
    """Whether a mirror's `mirrorOf` covers the repository "central" (which is reached by https)."""
    parts = [part.strip() for part in pattern.split(",")]
    return "!central" not in parts and any(part in ("*", "central", "external:*") for part in parts)


def bring(jars: Sequence[Jar], keep: Callable[[Jar, bytes, str], None], report: Callable[[int], None]) -> str:
    """Get jars and hand each to `keep`; `report` hears the bytes that came.

    Returns why it stopped early, "" if it did not: an unreachable repository is no error here. What `keep`
    raises (a wrong digest) is passed on.
    """
    repository = choose()
    local = threading.local()
    stop = threading.Event()
    done = 0

    def get(jar: Jar) -> None:
        if stop.is_set():
            return
        if not hasattr(local, "session"):
            local.session = repository.session()
        url = f"{repository.url}/{jar.path}"
        keep(jar, _content(local.session, url), url)

    with ThreadPoolExecutor(THREADS) as pool:
        futures = {pool.submit(get, jar): jar for jar in sorted(jars, key=lambda j: -j.size)}
        try:
            for future in as_completed(futures):
                future.result()
                done += futures[future].size
                report(done)
        except requests.RequestException as error:
            return _reason(error)
        finally:
            stop.set()
    return ""


def _content(session: requests.Session, url: str) -> bytes:
    """The body behind an address; a broken connection is tried again, an answer is not."""
    for attempt in range(1, TRIES + 1):
        try:
            response = session.get(url, timeout=TIMEOUT)
            response.raise_for_status()
            return response.content
        except (requests.ConnectionError, requests.Timeout):
            if attempt == TRIES:
                raise
    raise AssertionError("unreachable")


def _reason(error: requests.RequestException) -> str:
    """Why, in a few words and without an address's password."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the repository answers {error.response.status_code} {error.response.reason}"
    return f"the repository cannot be reached ({type(error).__name__})"
