"""Download jars from a Maven repository over HTTP; the repository and its credentials come from Maven's settings."""

from __future__ import annotations

import logging
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

MAVEN_GROUP = "org.apache.maven"  # Maven Central is served from this group's domain
MAVEN_CENTRAL = f"https://repo.{'.'.join(reversed(MAVEN_GROUP.split('.')))}/maven2"
THREADS = 8
TIMEOUT = (10.0, 60.0)  # seconds to connect, and between bytes
ATTEMPTS = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repository:
    """A Maven repository: its address, credentials if it needs them, and the proxies of Maven's settings."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    proxies: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def session(self) -> requests.Session:
        """A session that reuses connections; proxies and certificates of the environment have precedence."""
        session = requests.Session()
        session.headers["User-Agent"] = "generel-graph"
        if self.user:
            session.auth = (self.user, self.password)
        if self.proxies and not any(os.environ.get(k) for k in ("HTTPS_PROXY", "https_proxy")):
            session.proxies.update(self.proxies)
        return session


def choose_repository(environment: Mapping[str, str] | None = None) -> Repository:
    """The repository to use: GENEREL_MAVEN_REPOSITORY, else a mirror in Maven's settings, else Maven Central."""
    environment = os.environ if environment is None else environment
    if environment.get("GENEREL_MAVEN_REPOSITORY"):
        return Repository(environment["GENEREL_MAVEN_REPOSITORY"].rstrip("/"))
    proxies: Mapping[str, str] = {}
    for path in settings_files(environment):
        repository = read_maven_settings(path, environment)
        if repository is None:
            continue
        if repository.url:
            return repository
        proxies = proxies or repository.proxies
    return Repository(MAVEN_CENTRAL, proxies=proxies)


def settings_files(environment: Mapping[str, str]) -> list[Path]:
    """The paths of Maven's settings, the user's file first."""
    homes = [environment[key] for key in ("MAVEN_HOME", "M2_HOME") if environment.get(key)]
    user = Path(environment.get("HOME") or Path.home())
    return [
        user / ".m2" / "settings.xml",
        *(Path(home) / "conf" / "settings.xml" for home in homes),
        Path("/etc/maven/settings.xml"),
    ]


def read_maven_settings(path: Path, environment: Mapping[str, str]) -> Repository | None:
    """The mirror of "central" and the proxies in one settings.xml; None if it has neither.

    Without a mirror, the result's `url` is empty. Blocked mirrors are ignored: Maven's default settings contain one
    with an unusable address. `${env.X}` is expanded; only `mvn` can use an encrypted password.
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
    """Whether a mirror's `mirrorOf` covers the repository "central", whose address uses https."""
    parts = [part.strip() for part in pattern.split(",")]
    return "!central" not in parts and any(part in ("*", "central", "external:*") for part in parts)


def download_jars(jars: Sequence[Jar], store: Callable[[Jar, bytes, str], None], report: Callable[[int], None]) -> str:
    """Download jars, pass each to `store`, and pass the number of downloaded bytes to `report`.

    Returns the reason if the repository cannot be reached or lacks a jar, "" on success. Exceptions of `store` (a wrong
    digest) are not caught.
    """
    repository = choose_repository()
    logger.info("Downloading %d jars from %s", len(jars), repository.url)
    local = threading.local()
    stop = threading.Event()
    done = 0

    def get(jar: Jar) -> None:
        if stop.is_set():
            return
        if not hasattr(local, "session"):
            local.session = repository.session()
        url = f"{repository.url}/{jar.path}"
        store(jar, _get(local.session, url), url)

    with ThreadPoolExecutor(THREADS) as pool:
        futures = {pool.submit(get, jar): jar for jar in sorted(jars, key=lambda j: -j.size)}
        try:
            for future in as_completed(futures):
                future.result()
                done += futures[future].size
                report(done)
        except requests.RequestException as error:
            logger.warning("The download of jars failed: %s", _reason(error))
            return _reason(error)
        finally:
            stop.set()
    return ""


def _get(session: requests.Session, url: str) -> bytes:
    """The content of a URL. A broken connection is retried, an HTTP error is not."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            response = session.get(url, timeout=TIMEOUT)
            response.raise_for_status()
            return response.content
        except (requests.ConnectionError, requests.Timeout):
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _reason(error: requests.RequestException) -> str:
    """A short reason that contains no address, since an address may contain a password."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the repository returned {error.response.status_code} {error.response.reason}"
    return f"the repository cannot be reached ({type(error).__name__})"
