"""Jars: the lists, filling the cache, wrong digests, missing repositories, and the choice of the repository."""

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
from generel_graph.server.jars.manifest import (
    file_sha256,
    jar_folder,
    missing_jars,
    read_jar_list,
    remove_damaged_jars,
    supported_versions,
)

NEW, OLD = "2026.08.1", "5.26.18"


@pytest.fixture(scope="module")
def filled() -> Path:
    """The user's cache with all jars of the newest version."""
    return ensure_jars(Config(folder=Path.cwd()), NEW)[0]


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Config:
    """The configuration of an empty cache, without Maven."""
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    return Config(folder=tmp_path, neo4j=Neo4jConfig(cache_dir="cache"))


@pytest.fixture
def serve(filled, monkeypatch):
    """Start a repository on loopback with the cache's jars, some of them replaced; it records the requested paths."""
    servers = []

    def start(
        wrong: dict[str, bytes] | None = None, user: str = "", set_variable: bool = True
    ) -> tuple[str, list[str]]:
        requested: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                name = self.path.rsplit("/", 1)[1]
                token = base64.b64encode(user.encode()).decode()
                allowed = not user or self.headers.get("Authorization") == f"Basic {token}"
                requested.append(self.path)
                exists = (filled / name).exists()
                body = (wrong or {}).get(name) or ((filled / name).read_bytes() if exists and allowed else b"")
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
        if set_variable:
            monkeypatch.setenv("GENEREL_MAVEN_REPOSITORY", address + "/")
        return address, requested

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def fill(config: Config, filled: Path, without: set[str]) -> Path:
    folder = jar_folder(config, NEW)
    folder.mkdir(parents=True)
    for jar in read_jar_list(NEW):
        if jar.name not in without:
            os.link(filled / jar.name, folder / jar.name)
    return folder


@pytest.mark.parametrize(("version", "jars", "size"), [(NEW, 226, 173_342_121), (OLD, 215, 135_640_855)])
def test_lists_equal_the_resolution_of_maven(version, jars, size):
    listed = read_jar_list(version)
    assert (len(listed), sum(jar.size for jar in listed)) == (jars, size)
    assert len({jar.name for jar in listed}) == jars, "two jars have the same file name"
    assert all(len(jar.sha256) == 64 and jar.path.endswith(f"/{jar.version}/{jar.name}") for jar in listed)
    assert f"org.neo4j:neo4j:{version}" in {f"{j.group}:{j.artifact}:{j.version}" for j in listed}


def test_unknown_version_is_rejected_with_the_nearest_one():
    assert supported_versions() == (OLD, NEW)
    with pytest.raises(ConfigError, match=r"2026\.08\.2") as error:
        read_jar_list("2026.08.2")
    assert error.value.nearest == NEW


def test_all_jars_are_downloaded_from_the_repository_with_progress(cache, filled, serve):
    _, requested = serve()
    reports = []
    folder, jars = ensure_jars(cache, NEW, lambda stage, done, total, note="": reports.append((done, total)))
    assert not missing_jars(folder, jars)
    assert len(requested) == len(jars)
    assert reports[-1] == (173_342_121, 173_342_121)
    assert [d for d, _ in reports] == sorted(d for d, _ in reports)
    assert {p.suffix for p in folder.iterdir()} == {".jar", ""}  # no temporary file is left
    ensure_jars(cache, NEW)
    assert len(requested) == len(jars), "a complete cache sends no request"


def test_jar_with_a_wrong_digest_is_rejected_and_not_stored(cache, filled, serve):
    jar = next(j for j in read_jar_list(NEW) if j.artifact == "neo4j-bolt")
    folder = fill(cache, filled, {jar.name})
    content = b"x" * jar.size  # the right length
    serve({jar.name: content})
    with pytest.raises(ServerError, match="wrong SHA-256") as error:
        ensure_jars(cache, NEW)
    assert jar.sha256 in error.value.message
    assert error.value.found in error.value.message
    assert "GENEREL_MAVEN_REPOSITORY" in error.value.next_step
    assert not [p for p in folder.iterdir() if p.name.startswith(jar.name)]


def test_damaged_jar_in_the_cache_is_downloaded_again(cache, filled, serve):
    jar = read_jar_list(NEW)[0]
    folder = fill(cache, filled, {jar.name})
    (folder / jar.name).write_bytes(b"x" * jar.size)
    assert remove_damaged_jars(folder, read_jar_list(NEW)) == [jar]
    serve()
    ensure_jars(cache, NEW)
    assert file_sha256(folder / jar.name) == jar.sha256


def test_jars_of_the_local_maven_repository_are_used_if_their_digest_is_right(cache, filled, tmp_path, serve):
    right, wrong = read_jar_list(NEW)[:2]
    fill(cache, filled, {right.name, wrong.name})
    for jar, content in ((right, (filled / right.name).read_bytes()), (wrong, b"x" * wrong.size)):
        (tmp_path / "m2" / jar.path).parent.mkdir(parents=True)
        (tmp_path / "m2" / jar.path).write_bytes(content)
    _, requested = serve()
    ensure_jars(cache, NEW)
    assert requested == [f"/maven2/{wrong.path}"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/maven2", "an empty repository"])
def test_error_without_a_repository_lists_the_alternatives(cache, serve, monkeypatch, address):
    if address.startswith("http"):
        monkeypatch.setenv("GENEREL_MAVEN_REPOSITORY", address)
    else:
        serve(user="nobody:knows")
    with pytest.raises(ServerError, match="226 of 226 jars of Neo4j are missing") as error:
        ensure_jars(cache, NEW)
    assert all(text in error.value.next_step for text in ("MAVEN_REPOSITORY", "docker compose", "NEO4J_URI"))


def test_two_concurrent_processes_download_each_jar_once(cache, filled, serve):
    some = {jar.name for jar in read_jar_list(NEW)[:20]}
    fill(cache, filled, some)
    _, requested = serve()
    code = (
        "import sys; from pathlib import Path; from generel_graph.config import Config, Neo4jConfig\n"
        "from generel_graph.server.jars.download import ensure_jars\n"
        f"ensure_jars(Config(folder=Path(sys.argv[1]), neo4j=Neo4jConfig(cache_dir='cache')), '{NEW}')"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(cache.folder)]) for _ in range(2)]
    assert [p.wait(timeout=60) for p in both] == [0, 0]
    assert len(requested) == 20


def settings(folder: Path, mirrors: str, rest: str = "") -> dict[str, str]:
    (folder / ".m2").mkdir(exist_ok=True)
    text = f'<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors>{mirrors}</mirrors>{rest}</settings>'
    (folder / ".m2" / "settings.xml").write_text(text)
    return {"HOME": str(folder), "SECRET": "s3cret", "MAVEN_HOME": str(folder / "none")}


def mirror(of: str, more: str = "", url: str = "http://mirror.test/m2/") -> str:
    return f"<mirror><id>house</id><mirrorOf>{of}</mirrorOf><url>{url}</url>{more}</mirror>"


@pytest.mark.parametrize("of", ["*", "central", "external:*", "other, central", "*,!other"])
def test_mirror_of_central_in_the_settings_of_maven_is_used(tmp_path, of):
    assert repository.choose_repository(settings(tmp_path, mirror(of))).url == "http://mirror.test/m2"


@pytest.mark.parametrize("of", ["other", "*,!central", "external:http:*"])
def test_mirror_of_other_repositories_is_not_used(tmp_path, of):
    assert repository.choose_repository(settings(tmp_path, mirror(of))).url == repository.MAVEN_CENTRAL


def test_blocked_mirror_is_ignored(tmp_path):
    two = mirror("*", "<blocked>true</blocked>", "http://0.0.0.0/") + mirror("central")
    assert repository.choose_repository(settings(tmp_path, two)).url == "http://mirror.test/m2"


def test_variable_has_precedence_over_the_settings_of_maven(tmp_path):
    named = settings(tmp_path, mirror("*")) | {"GENEREL_MAVEN_REPOSITORY": "http://own.test/"}
    assert repository.choose_repository(named).url == "http://own.test"


def test_password_of_a_mirror_is_used_and_never_shown(cache, filled, serve, tmp_path, monkeypatch):
    jar = read_jar_list(NEW)[0]
    fill(cache, filled, {jar.name})
    address, _ = serve(user="me:s3cret", set_variable=False)
    servers = "<servers><server><id>house</id><username>me</username><password>${env.SECRET}</password></server>"
    named = settings(tmp_path, mirror("*", url=address), servers + "</servers>")
    for key, value in named.items():
        monkeypatch.setenv(key, value)
    assert "s3cret" not in repr(repository.choose_repository())
    folder, jars = ensure_jars(cache, NEW)
    assert not missing_jars(folder, jars)


def test_proxies_in_the_settings_of_maven_are_used(tmp_path, monkeypatch):
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    proxy = "<proxies><proxy><host>proxy.test</host><port>3128</port></proxy></proxies>"
    chosen = repository.choose_repository(settings(tmp_path, "", proxy))
    assert chosen.session().proxies["https"] == "http://proxy.test:3128"


@pytest.mark.slow
def test_maven_downloads_the_jars_of_the_list(tmp_path, filled, monkeypatch):
    if not shutil.which("mvn"):
        pytest.skip("`mvn` is not installed")
    jars = [j for j in read_jar_list(NEW) if j.classifier == "linux-x86_64" or j.artifact == "commons-logging"][:2]
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    stored = {}
    reason = maven.download_with_maven(jars, lambda jar, content, origin: stored.update({jar.name: content}))
    if reason and not stored:
        pytest.skip(f"`mvn` reaches no repository: {reason}")
    assert reason == ""
    assert stored == {jar.name: (filled / jar.name).read_bytes() for jar in jars}


def test_jar_of_another_size_is_missing(cache, filled):
    jar = read_jar_list(NEW)[0]
    folder = fill(cache, filled, {jar.name})
    (folder / jar.name).write_bytes(b"cut")
    assert missing_jars(folder, read_jar_list(NEW)) == [jar]
    assert replace(jar, size=3) not in missing_jars(folder, [replace(jar, size=3)])
