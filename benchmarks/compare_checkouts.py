"""Compare what two checkouts of the project compute: graph, vectors and the JSON of the commands.

    python benchmarks/compare_checkouts.py --before ../old --after .                     # the quick start
    python benchmarks/compare_checkouts.py --before ../old --after . --data ../data      # and the public data

Each checkout runs in processes of its own (`python -m generel_graph`), with its own folders and its own private Neo4j,
one checkout after the other. Both run on the inputs of `--before`, with one number format and one thread, so that
everything but times, model ids and wording has to be equal: vectors bit for bit. stdout: a JSON line a comparison,
`{"name", "equal", "detail"}`; stderr: a table. The exit code is 1 if something differs. `json_difference.py` lists the
values that may differ.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from checkout_answers import Checkout, collect
from json_difference import FREE, PROSE, Difference, differences, replace_values
from open_data_excerpt import write_project

NUMBER_FORMAT = "GENEREL_TRAIN_NUMBER_FORMAT"
# A checkout without that setting times float32 and bfloat16: without the processor's instructions it takes float32.
PLAIN_PRODUCTS = {"ONEDNN_MAX_CPU_ISA": "AVX2"}
NEO4J = '[neo4j]\nheap = "1g"\npage_cache = "512m"\nbrowser = false\nidle_minutes = 15\n'
SHOWN = 5  # differences of one comparison that are listed


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line of the report."""

    name: str
    equal: bool
    detail: dict[str, Any]


def main() -> int:
    """Run both checkouts on each project and compare; 1 if something that must be equal is not."""
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    work = Path(args.work or tempfile.mkdtemp(prefix="generel-compare-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    compared: list[Comparison] = []
    try:
        inputs = lay_out(work / "inputs", args)
        sides = checkouts(args, work, inputs["quickstart"])
        for project, folder in inputs.items():
            if project == "quickstart" and args.no_quickstart:
                continue
            steps = {} if project == "quickstart" else {"GENEREL_TRAIN_STEPS": str(args.steps)}
            results = []
            for side in sides:
                result = work / side.side / project
                if not (side.side == "before" and args.reuse_before):
                    collect(side, folder, result, steps)
                elif not (result / "answers.json").is_file():
                    raise SystemExit(f"no answers of an earlier run: {result}; run without --reuse-before first")
                results.append(result)
            for comparison in compare(project, *results):
                compared.append(comparison)
                print(json.dumps(asdict(comparison), ensure_ascii=False), flush=True)
    finally:
        if not args.work:
            shutil.rmtree(work, ignore_errors=True)
    table(compared)
    return 0 if compared and all(c.equal for c in compared) else 1


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True, metavar="FOLDER", help="a checkout; both use its inputs")
    parser.add_argument("--after", type=Path, required=True, metavar="FOLDER", help="the checkout to compare with it")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="the public data, as examples/open-data.toml has it"
    )
    parser.add_argument("--rows", type=int, default=400, help="facts of each file of --data; 0: the complete files")
    parser.add_argument("--steps", type=int, default=60, help="training steps on --data; the quick start has its own")
    parser.add_argument("--threads", type=int, default=1, help="of torch, in training")
    parser.add_argument("--no-quickstart", action="store_true", help="compare on --data alone")
    parser.add_argument("--no-pin", action="store_true", help="leave the number format to each checkout")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep everything here; default: a temporary folder")
    parser.add_argument(
        "--reuse-before", action="store_true", help="take the answers of --before from an earlier --work"
    )
    args = parser.parse_args()
    if args.reuse_before and not args.work:
        parser.error("--reuse-before needs the --work of an earlier run")
    if args.no_quickstart and not args.data:
        parser.error("--no-quickstart needs --data")
    for folder in (args.before, args.after):
        if not (folder / "etl" / "generel_etl").is_dir():
            parser.error(f"not a checkout of the project: {folder}")
    return args


def lay_out(folder: Path, args: argparse.Namespace) -> dict[str, Path]:
    """Write the inputs of each project; their folders by name. The quick start is always written, for the probe."""
    shutil.rmtree(folder, ignore_errors=True)
    quickstart = folder / "quickstart"
    shutil.copytree(args.before / "examples" / "quickstart", quickstart)
    with (quickstart / "generel.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n{NEO4J}")
    projects = {"quickstart": quickstart}
    if args.data:
        projects["open data"] = folder / "open-data"
        example = args.before / "examples" / "open-data.toml"
        sources = write_project(projects["open data"], example, args.data, args.rows, NEO4J)
        print(f"sources of the open data: {', '.join(sources)}", file=sys.stderr)
    return projects


def checkouts(args: argparse.Namespace, work: Path, project: Path) -> list[Checkout]:
    """Both checkouts with their environments. Raises SystemExit if Python would import other packages."""
    common = {k: v for k, v in os.environ.items() if not k.startswith(("GENEREL_", "NEO4J_", "PYTHONPATH"))}
    common |= {"GENEREL_TRAIN_THREADS": str(args.threads), "PYTHONHASHSEED": "0"}
    sides = []
    for side in ("before", "after"):
        folder = Path(getattr(args, side)).resolve()
        checkout = Checkout(side, folder, common | {"PYTHONPATH": f"{folder}{os.pathsep}{folder / 'etl'}"})
        found = checkout.python(
            work, ["-c", "import generel_graph, generel_etl as e; print(generel_graph.__file__, e)"]
        )
        if found.stdout.count(str(folder)) != 2:
            raise SystemExit(f"{side}: the packages are not those of {folder}: {found.stdout}{found.stderr}")
        sides.append(checkout)
    if args.no_pin:
        return sides
    pinned = [Checkout(s.side, s.folder, {**s.environment, NUMBER_FORMAT: "float32"}) for s in sides]
    knows = [s.run(project, ["db", "status"]).returncode == 0 for s in pinned]
    if not all(knows):
        names = " and ".join(s.side for s, known in zip(sides, knows, strict=True) if not known)
        print(f"{names}: no setting {NUMBER_FORMAT}; float32 without bfloat16 instructions instead", file=sys.stderr)
    return [
        Checkout(s.side, s.folder, {**s.environment, **({} if all(knows) else PLAIN_PRODUCTS)})
        for s in (p if known else q for p, q, known in zip(pinned, sides, knows, strict=True))
    ]


def compare(project: str, before: Path, after: Path) -> Iterator[Comparison]:
    """Compare the results that `collect` left in two folders."""
    synced = [json.loads((folder / "sync.json").read_text(encoding="utf-8")) for folder in (before, after)]
    models = [{report["model"]["id"]: "the model"} for report in synced]
    left, right = (replace_values(report, names) for report, names in zip(synced, models, strict=True))
    yield _values(f"{project}: graph digest", "", left["graph"]["digest"], right["graph"]["digest"])
    counts = [{s["name"]: {k: s[k] for k in ("nodes", "edges")} for s in side["sources"]} for side in (left, right)]
    yield _values(f"{project}: nodes and edges of each source", "", *counts)
    yield vectors(f"{project}: stored vectors", before, after)
    for what, keys in (("nodes", ["id"]), ("edges", ["start", "type", "end", "source", "key"])):
        yield tables(f"{project}: exported {what}", before / f"{what}.parquet", after / f"{what}.parquet", keys)
    yield _values(f"{project}: sync", "sync", left, right)
    answers = [json.loads((folder / "answers.json").read_text(encoding="utf-8")) for folder in (before, after)]
    for title in dict.fromkeys([*answers[0], *answers[1]]):
        name = f"{project}: {title}"
        if any(title not in some for some in answers):
            yield Comparison(name, False, {"only": "before" if title in answers[0] else "after"})
            continue
        one, other = (some[title] for some in answers)
        seconds = {"seconds": [one["seconds"], other["seconds"]]}
        if one["code"] or other["code"]:
            yield Comparison(
                name, one["code"] == other["code"], {"exit codes": [one["code"], other["code"]], **seconds}
            )
            continue
        values = (replace_values(a["value"], names) for a, names in zip((one, other), models, strict=True))
        yield _values(name, one["rules"], *values, **seconds)


def vectors(name: str, before: Path, after: Path) -> Comparison:
    """Compare the stored vectors bit for bit: the same ids, the same float32 numbers."""
    frames = [pl.read_parquet(folder / "vectors" / "vectors.parquet").sort("id") for folder in (before, after)]
    ids = [frame["id"].to_list() for frame in frames]
    lengths = [sorted(frame["vector"].list.len().unique().to_list()) for frame in frames]
    if ids[0] != ids[1] or lengths[0] != lengths[1]:
        only = [sorted(set(ids[0]) - set(ids[1])), sorted(set(ids[1]) - set(ids[0]))]
        some = [
            {"vectors": len(i), "lengths": n, "only": o[:SHOWN]} for i, n, o in zip(ids, lengths, only, strict=True)
        ]
        return Comparison(name, False, {"before": some[0], "after": some[1]})
    one, other = (frame["vector"].explode().to_numpy().astype(np.float32) for frame in frames)
    unequal = int(np.count_nonzero(one.view(np.uint32) != other.view(np.uint32)))
    detail: dict[str, Any] = {"vectors": len(ids[0]), "numbers": len(one), "unequal": unequal}
    if unequal:
        detail["largest"] = float(np.abs(one.astype(np.float64) - other).max())
        rows = one.reshape(len(ids[0]), -1), other.reshape(len(ids[0]), -1)
        lengths_of = [np.linalg.norm(row.astype(np.float64), axis=1) for row in rows]
        cosines = np.einsum("nd,nd->n", *(row.astype(np.float64) for row in rows)) / np.maximum(
            lengths_of[0] * lengths_of[1], 1e-12
        )
        detail["least cosine"] = float(cosines.min())
    return Comparison(name, unequal == 0, detail)


def tables(name: str, before: Path, after: Path, keys: Sequence[str]) -> Comparison:
    """Compare two Parquet files: the same columns and types, the same rows in whatever order."""
    frames = [pl.read_parquet(path) for path in (before, after)]
    detail: dict[str, Any] = {"rows": [frame.height for frame in frames]}
    if frames[0].schema != frames[1].schema:
        schemas = [{column: str(kind) for column, kind in frame.schema.items()} for frame in frames]
        return Comparison(name, False, detail | {"columns": sorted(set(schemas[0].items()) ^ set(schemas[1].items()))})
    if frames[0].height != frames[1].height:
        return Comparison(name, False, detail)
    one, other = (frame.sort([key for key in keys if key in frame.columns]) for frame in frames)
    unequal = {column: int(one[column].ne_missing(other[column]).sum()) for column in one.columns}
    unequal = {column: n for column, n in unequal.items() if n}
    return Comparison(name, not unequal, detail | ({"unequal": unequal} if unequal else {}))


def _values(name: str, rules: str, before: Any, after: Any, **detail: Any) -> Comparison:
    found = differences(rules, before, after)
    failing = [d for d in found if d.fails]
    detail |= _listed("differences", failing) | _listed("wording", [d for d in found if d.kind == PROSE])
    detail |= _listed("may differ", [d for d in found if d.kind == FREE])
    largest = max((d.distance for d in failing if d.distance is not None), default=None)
    return Comparison(name, not failing, detail | ({"largest": largest} if largest is not None else {}))


def _listed(name: str, found: Sequence[Difference]) -> dict[str, Any]:
    return {name: {"number": len(found), "first": [d.as_json() for d in found[:SHOWN]]}} if found else {}


def table(compared: Sequence[Comparison]) -> None:
    """Print the report for a person on stderr."""
    width = max((len(c.name) for c in compared), default=0)
    print("", file=sys.stderr)
    for c in compared:
        seconds = "  ".join(f"{s:6.1f} s" for s in c.detail.get("seconds", ()))
        notes = [
            f"{name}: {c.detail[name]['number']}"
            for name in ("differences", "wording", "may differ")
            if name in c.detail
        ]
        notes += [
            f"{name}: {c.detail[name]}" for name in ("exit codes", "only", "unequal", "largest") if name in c.detail
        ]
        print(
            f"{c.name:{width}}  {'equal' if c.equal else 'DIFFERS':7}  {seconds:18}  {', '.join(notes)}",
            file=sys.stderr,
        )
        for d in c.detail.get("differences", {}).get("first", ()):
            print(f"    {d['path']} ({d['kind']}): {d['before']!r} | {d['after']!r}"[:240], file=sys.stderr)
    bad = sum(not c.equal for c in compared)
    print(
        f"\n{len(compared)} comparisons, {bad} differ" if bad else f"\n{len(compared)} comparisons, all equal",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
