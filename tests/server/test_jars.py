"""Jars: lists, a cache that is filled from a repository, wrong digests, no network; and which repository is asked."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from generel_etl.errors import ConfigError, ServerError
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server.jars import maven, repository
from generel_graph.server.jars.download import ensure_jars
from generel_graph.server.jars.manifest import damaged, digest_of, jar_folder, missing, read_list, versions

NEW, OLD = "2026.08.1", "5.26.18"


@pytest.fixture(scope="module")
def filled() -> Path:
    """The user's cache with all jars of the newest version."""
    return ensure_jars(Config(folder=Path.cwd()), NEW)[0]


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Config:
    """An empty cache of this test's own, and no Maven about."""
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    return Config(folder=tmp_path, neo4j=Neo4jConfig(cache_dir="cache"))


@pytest.fixture
def serve(filled, monkeypatch):
    """A repository on loopback with the cache's jars, some of them replaced; it tells which paths were asked."""
    servers = []

    def start(wrong: dict[str, bytes] | None = None, user: str = "", named: bool = True) -> tuple[str, list[str]]:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                name = self.path.rsplit("/", 1)[1]
                token = base64.b64encode(user.encode()).decode()
                allowed = not user or self.headers.get("Authorization") == f"Basic {token}"
                asked.append(self.path)
                known = (filled / name).exists()
                body = (wrong or {}).get(name) or ((filled / name).read_bytes() if known and allowed else b"")
                self.send_response(200 if body else 404 if allowed else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        address = f"http://127.0.0.1:{server.server_port}/maven2"
        if named:
            monkeypatch.setenv("GENEREL_MAVEN_REPOSITORY", address + "/")
        return address, asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def fill(config: Config, filled: Path, but: set[str]) -> Path:
    folder = jar_folder(config, NEW)
    folder.mkdir(parents=True)
    for jar in read_list(NEW):
        if jar.name not in but:
            os.link(filled / jar.name, folder / jar.name)
    return folder


@pytest.mark.parametrize(("version", "jars", "size"), [(NEW, 226, 173_342_121), (OLD, 215, 135_640_855)])
def test_the_lists_are_maven_s_resolution(version, jars, size):
    listed = read_list(version)
    assert (len(listed), sum(jar.size for jar in listed)) == (jars, size)
    assert len({jar.name for jar in listed}) == jars, "two jars would share a file"
    assert all(len(jar.sha256) == 64 and jar.path.endswith(f"/{jar.version}/{jar.name}") for jar in listed)
    assert f"org.neo4j:neo4j:{version}" in {f"{j.group}:{j.artifact}:{j.version}" for j in listed}


def test_an_unknown_version_is_refused_with_the_known_ones():
    assert versions() == (OLD, NEW)
    with pytest.raises(ConfigError, match=r"2026\.08\.2") as error:
        read_list("2026.08.2")
    assert error.value.nearest == NEW


def test_every_jar_comes_from_the_repository_with_progress(cache, filled, serve):
    _, asked = serve()
    told = []
    folder, jars = ensure_jars(cache, NEW, lambda stage, done, total, note="": told.append((done, total)))
    assert not missing(folder, jars) and len(asked) == len(jars)
    assert told[-1] == (173_342_121, 173_342_121) and [d for d, _ in told] == sorted(d for d, _ in told)
    assert {p.suffix for p in folder.iterdir()} == {".jar", ""}  # no part is left
    ensure_jars(cache, NEW)
    assert len(asked) == len(jars), "a full cache asks nobody"


def test_a_wrong_digest_is_refused_and_not_kept(cache, filled, serve):
    jar = next(j for j in read_list(NEW) if j.artifact == "neo4j-bolt")
    folder = fill(cache, filled, {jar.name})
    content = b"x" * jar.size  # the right length
    serve({jar.name: content})
    with pytest.raises(ServerError, match="wrong sha256") as error:
        ensure_jars(cache, NEW)
    assert jar.sha256 in error.value.message and error.value.found in error.value.message
    assert "GENEREL_MAVEN_REPOSITORY" in error.value.next_step
    assert not [p for p in folder.iterdir() if p.name.startswith(jar.name)]


def test_a_jar_that_was_damaged_in_the_cache_comes_anew(cache, filled, serve):
    jar = read_list(NEW)[0]
    folder = fill(cache, filled, {jar.name})
    (folder / jar.name).write_bytes(b"x" * jar.size)
    assert damaged(folder, read_list(NEW)) == [jar]
    serve()
    ensure_jars(cache, NEW)
    assert digest_of(folder / jar.name) == jar.sha256


def test_the_local_maven_repository_is_used_where_its_digest_fits(cache, filled, tmp_path, serve):
    fits, wrong = read_list(NEW)[:2]
    fill(cache, filled, {fits.name, wrong.name})
    for jar, content in ((fits, (filled / fits.name).read_bytes()), (wrong, b"x" * wrong.size)):
        (tmp_path / "m2" / jar.path).parent.mkdir(parents=True)
        (tmp_path / "m2" / jar.path).write_bytes(content)
    _, asked = serve()
    ensure_jars(cache, NEW)
    assert asked == [f"/maven2/{wrong.path}"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/maven2", "an empty repository"])
def test_with_an_empty_cache_and_no_repository_the_error_tells_three_ways_out(cache, serve, monkeypatch, address):
    if address.startswith("http"):
        monkeypatch.setenv("GENEREL_MAVEN_REPOSITORY", address)
    else:
        serve(user="nobody:knows")
    with pytest.raises(ServerError, match="226 of 226 jars of Neo4j are missing") as error:
        ensure_jars(cache, NEW)
    assert all(way in error.value.next_step for way in ("MAVEN_REPOSITORY", "docker compose", "NEO4J_URI"))


def test_two_processes_at_once_bring_each_jar_once(cache, filled, serve):
    some = {jar.name for jar in read_list(NEW)[:20]}
    fill(cache, filled, some)
    _, asked = serve()
    code = (
        "import sys; from pathlib import Path; from generel_graph.config import Config, Neo4jConfig\n"
        "from generel_graph.server.jars.download import ensure_jars\n"
        f"ensure_jars(Config(folder=Path(sys.argv[1]), neo4j=Neo4jConfig(cache_dir='cache')), '{NEW}')"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(cache.folder)]) for _ in range(2)]
    assert [p.wait(timeout=60) for p in both] == [0, 0]
    assert len(asked) == 20


def settings(folder: Path, mirrors: str, rest: str = "") -> dict[str, str]:
    (folder / ".m2").mkdir(exist_ok=True)
    text = f'<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors>{mirrors}</mirrors>{rest}</settings>'
    (folder / ".m2" / "settings.xml").write_text(text)
    return {"HOME": str(folder), "SECRET": "s3cret", "MAVEN_HOME": str(folder / "none")}


def mirror(of: str, more: str = "", url: str = "http://mirror.test/m2/") -> str:
    return f"<mirror><id>house</id><mirrorOf>{of}</mirrorOf><url>{url}</url>{more}</mirror>"


@pytest.mark.parametrize("of", ["*", "central", "external:*", "other, central", "*,!other"])
def test_a_mirror_of_central_in_maven_s_settings_is_asked(tmp_path, of):
    assert repository.choose(settings(tmp_path, mirror(of))).url == "http://mirror.test/m2"


@pytest.mark.parametrize("of", ["other", "*,!central", "external:http:*"])
def test_a_mirror_of_others_is_not(tmp_path, of):
    from jgo.constants import MAVEN_CENTRAL_URL

    assert repository.choose(settings(tmp_path, mirror(of))).url == MAVEN_CENTRAL_URL.rstrip("/")


def test_a_blocked_mirror_is_passed_over(tmp_path):
    two = mirror("*", "<blocked>true</blocked>", "http://0.0.0.0/") + mirror("central")
    assert repository.choose(settings(tmp_path, two)).url == "http://mirror.test/m2"


def test_our_own_variable_goes_before_maven_s_settings(tmp_path):
    named = settings(tmp_path, mirror("*")) | {"GENEREL_MAVEN_REPOSITORY": "http://own.test/"}
    assert repository.choose(named).url == "http://own.test"


def test_a_mirror_s_password_is_given_and_never_shown(cache, filled, serve, tmp_path, monkeypatch):
    jar = read_list(NEW)[0]
    fill(cache, filled, {jar.name})
    address, _ = serve(user="me:s3cret", named=False)
    servers = "<servers><server><id>house</id><username>me</username><password>${env.SECRET}</password></server>"
    named = settings(tmp_path, mirror("*", url=address), servers + "</servers>")
    for key, value in named.items():
        monkeypatch.setenv(key, value)
    assert "s3cret" not in repr(repository.choose())
    folder, jars = ensure_jars(cache, NEW)
    assert not missing(folder, jars)


def test_proxies_of_maven_s_settings_are_used(tmp_path, monkeypatch):
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    proxy = "<proxies><proxy><host>proxy.test</host><port>3128</port></proxy></proxies>"
    chosen = repository.choose(settings(tmp_path, "", proxy))
    assert chosen.session().proxies["https"] == "http://proxy.test:3128"


@pytest.mark.slow
def test_maven_brings_what_the_list_says(tmp_path, filled, monkeypatch):
    if not shutil.which("mvn"):
        pytest.skip("no `mvn` here")
    jars = [j for j in read_list(NEW) if j.classifier == "linux-x86_64" or j.artifact == "commons-logging"][:2]
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    kept = {}
    reason = maven.bring(jars, lambda jar, content, origin: kept.update({jar.name: content}))
    if reason and not kept:
        pytest.skip(f"`mvn` reaches no repository from here: {reason}")
    assert reason == ""
    assert kept == {jar.name: (filled / jar.name).read_bytes() for jar in jars}


def test_only_a_size_that_fits_counts_as_there(cache, filled):
    jar = read_list(NEW)[0]
    folder = fill(cache, filled, {jar.name})
    (folder / jar.name).write_bytes(b"cut")
    assert missing(folder, read_list(NEW)) == [jar]
    assert replace(jar, size=3) not in missing(folder, [replace(jar, size=3)])
