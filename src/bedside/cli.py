"""The command line: `bedside run STUDY` is the chain; each stage is a command of its own.

Exit codes: 0 done, 1 a gate or a finding stopped it, 2 bad input.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.core.errors import BedsideError

if TYPE_CHECKING:
    from bedside.core.chain import Order, Result

_STAGES = {
    "run": "the whole chain: from the data to a bundle and a report",
    "prepare": "read the source, check it, split it by patient",
    "audit": "look for leaks, duplicates, identifiers, too few events",
    "augment": "draw what augmentation does to the images, and measure that labels survive",
    "pretrain": "let an encoder learn from training patients without their outcomes",
    "train": "race simple and deep models under one budget",
    "evaluate": "measure them on held-out patients, with intervals",
    "release": "prove parity, check the gates, sign a bundle",
    "report": "write report.html",
    "worth": "say how many labels augmentation, synthesis and pretraining are worth",
    "history": "train one network per generation of deep learning on the same task",
    "synthesize": "make up patients, judge them, and let them leave only where that is safe",
}

_EXAMPLES = """examples:
  bedside run flchain --out runs/flchain       a ready study, data from the 'examples' extra
  bedside run lesions --out runs/lesions       images; made up on this machine
  bedside init patients.csv                    write a first study file from your own data
  bedside run patients.toml --out runs/mine    the whole chain on it
  bedside run mine.toml --set train.trials=4   change one setting
  bedside evidence runs/mine --measure auroc   the numbers behind the report
  bedside serve runs/mine/bundle               answer over HTTP
  bedside score runs/mine/bundle new.csv out.parquet
"""


_SYNTHESIS = """examples:
  bedside synthesize flchain --out runs/flchain              the default: flow matching
  bedside synthesize flchain --set 'synthesize.generator="trees"'      a preview, quickly learnt
  bedside synthesize flchain --rows 500 --where sex=F --where death=1  only such patients
  bedside synthesize flchain --set synthesize.epsilon=3      with a privacy promise
  bedside synthesize flchain --export made-up.parquet        let it leave, if it may
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit code comes back."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.act(arguments)
    except BedsideError as error:
        print(f"bedside: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("bedside: interrupted; finished stages are kept, run it again to go on",
              file=sys.stderr)  # fmt: skip
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  # last resort: its text may hold a patient's value
        return _unexpected(error, debug=arguments.debug)
    return code


def _unexpected(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
        return 70
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    print(
        f"bedside: a mistake of bedside's own: {type(error).__name__} at {place}.\n"
        "  hint: --debug shows it whole (it may show patients' values; do not post it unread)",
        file=sys.stderr,
    )
    return 70


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bedside",
        description="From a clinical data set and one question to a released, served model, "
        "with measured evidence at every step.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=_Version())
    parser.add_argument("--debug", action="store_true", help="show unexpected errors whole")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, help_text in _STAGES.items():
        _add_stage(commands, name, help_text)
    _add_reading(commands)
    _add_serving(commands)
    _add_sources(commands)
    _add_deidentify(commands)
    return parser


class _Version(str):
    """The version, looked up only when asked for."""

    __slots__ = ()

    def __str__(self) -> str:
        from importlib.metadata import version

        return f"bedside {version('bedside')}"

    def __mod__(self, _: object) -> str:
        return str(self)


_Commands = argparse._SubParsersAction  # the only name argparse has for it


def _add(
    commands: _Commands[argparse.ArgumentParser], name: str, text: str, example: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".",
        epilog=f"example:\n  {example}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def _add_stage(commands: _Commands[argparse.ArgumentParser], name: str, text: str) -> None:
    ready = "lesions" if name == "augment" else "flchain"
    parser = _add(commands, name, text, f"bedside {name} {ready} --out runs/{ready}")
    parser.add_argument("study", metavar="STUDY", help="a study file, or the name of a ready study")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to (runs/STUDY)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder where the source lies")
    parser.add_argument("--tiny", action="store_true", help="few patients, short training: a trial")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", dest="overrides",
                        help="change one setting of the study; may be repeated")  # fmt: skip
    parser.add_argument("--workers", type=int, metavar="N", help="processes (all usable cores)")
    parser.set_defaults(act=_run, until="report" if name == "run" else name)
    if name == "synthesize":
        _add_synthesis(parser)


def _add_synthesis(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _SYNTHESIS
    parser.add_argument("--rows", type=int, metavar="N", help="patients to make up (as many as "
                        "were learnt from)")  # fmt: skip
    parser.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE",
                        help="only such patients: sex=F, age=65..80; may be repeated")  # fmt: skip
    parser.add_argument("--export", type=Path, metavar="FILE",
                        help="write the table there, .parquet or .csv, with its data sheet, if it "
                        "may leave")  # fmt: skip
    parser.set_defaults(act=_synthesize)


def _add_reading(commands: _Commands[argparse.ArgumentParser]) -> None:
    evidence = _add(commands, "evidence", "print the numbers of a run",
                    "bedside evidence runs/flchain --measure auroc")  # fmt: skip
    evidence.add_argument("run", type=Path, metavar="RUN", help="what --out named")
    evidence.add_argument("--measure", metavar="M", help="only this measure, or M.* for a family")
    evidence.add_argument("--slice", metavar="S", help="only this slice, such as sex=F")
    evidence.add_argument("--model", metavar="M", help="only this model")
    evidence.add_argument("--json", action="store_true", help="one JSON object a line")
    evidence.set_defaults(act=_evidence)
    verify = _add(commands, "verify", "check a ledger's chain, or a bundle's signature",
                  "bedside verify runs/flchain")  # fmt: skip
    verify.add_argument("path", type=Path, metavar="PATH", help="a run's folder, ledger or bundle")
    verify.add_argument(
        "--trust", type=Path, metavar="KEY", help="public key that must have signed"
    )
    verify.set_defaults(act=_verify)
    cells = _add(commands, "cells", "which modality has which stage", "bedside cells")
    cells.set_defaults(act=_cells)


def _add_serving(commands: _Commands[argparse.ArgumentParser]) -> None:
    serve = _add(commands, "serve", "answer requests over HTTP from a bundle",
                 "bedside serve runs/flchain/bundle --port 8080")  # fmt: skip
    serve.add_argument("bundle", type=Path, metavar="BUNDLE")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8080)
    serve.add_argument("--ledger", type=Path, metavar="FILE", help="(ledger.db beside the bundle)")
    serve.add_argument("--trust", type=Path, metavar="KEY", help="public key that must have signed")
    serve.set_defaults(act=_serve)
    score = _add(commands, "score", "predict for a file of patients of any size",
                 "bedside score runs/flchain/bundle new.csv predictions.parquet")  # fmt: skip
    score.add_argument("bundle", type=Path, metavar="BUNDLE")
    score.add_argument("source", type=Path, metavar="IN", help="as prepare takes it")
    score.add_argument("out", type=Path, metavar="OUT", help="CSV or Parquet")
    score.add_argument("--trust", type=Path, metavar="KEY", help="public key that must have signed")
    score.set_defaults(act=_score)


def _add_sources(commands: _Commands[argparse.ArgumentParser]) -> None:
    init = _add(commands, "init", "write a first study file from your data",
                "bedside init patients.csv")  # fmt: skip
    init.add_argument("file", type=Path, metavar="FILE",
                      help="a table; a folder, .tar, .zip or .npz of images")  # fmt: skip
    init.add_argument("--out", type=Path, metavar="TOML", help="(the same name with .toml)")
    init.set_defaults(act=_init)
    fetch = _add(commands, "fetch", "download the public data of a study, checked by its digest",
                 "bedside fetch support2 --out data")  # fmt: skip
    fetch.add_argument("name", nargs="?", metavar="NAME", help="none: list what there is")
    fetch.add_argument("--out", type=Path, default=Path("data"), metavar="DIR")
    fetch.add_argument("--from", dest="base", default="", metavar="URL", help="a mirror")
    fetch.add_argument("--accept-digest", dest="accept", default="", metavar="SHA256",
                       help="accept a file whose digest is not on record")  # fmt: skip
    fetch.set_defaults(act=_fetch)


def _add_deidentify(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "deidentify", "remove from DICOM files who the patient is",
                  "bedside deidentify hospital/series out --keep dates patient")  # fmt: skip
    parser.add_argument("source", type=Path, metavar="SOURCE", help="a file, or a folder of files")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to, apart from it")
    parser.add_argument("--keep", nargs="*", default=["dates"], metavar="WHAT",
                        choices=["dates", "patient", "device", "descriptors"],
                        help="dates (moved by a secret), patient, device, descriptors")  # fmt: skip
    parser.add_argument("--workers", type=int, metavar="N", help="processes (all usable cores)")
    parser.set_defaults(act=_deidentify)


def _synthesize(arguments: argparse.Namespace) -> int:
    """The chain up to the stage, and then, where asked for, the way out."""
    import json

    from bedside.core import cells

    if arguments.rows is not None:
        arguments.overrides.append(f"synthesize.rows={arguments.rows}")
    if arguments.where:
        arguments.overrides.append(f"synthesize.where={json.dumps(arguments.where)}")
    module = cells.stage("synthesize")
    if arguments.export is not None:
        module.check_export(arguments.export)
    result = _executed(arguments)
    if result.stop:
        return 1
    if arguments.export is not None:
        sheet = module.export(result.runs["synthesize"], arguments.export)
        print(f"exported {arguments.export}")
        print(f"sheet    {sheet}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    return 1 if _executed(arguments).stop else 0


def _executed(arguments: argparse.Namespace) -> Result:
    from bedside.adapters.terminal import Terminal
    from bedside.core.chain import Order, execute
    from bedside.core.executor import LocalPool
    from bedside.core.study import find_study, read_study

    study = read_study(find_study(arguments.study), arguments.overrides)
    order = Order(
        study=study,
        out=arguments.out or Path("runs") / study.name,
        until=arguments.until,
        data_folder=arguments.data,
        tiny=arguments.tiny,
        executor=LocalPool(arguments.workers),
        progress=Terminal(),
    )
    result = execute(order)
    _tell(order, result)
    return result


def _tell(order: Order, result: Result) -> None:
    """Where to look, what was found, what to type next."""
    print()
    if result.stop:
        print(f"stopped  {result.stop}")
    for stage in ("evaluate", "worth", "history", "synthesize"):
        if stage in result.headlines and not result.stop:
            print(f"found    {result.headlines[stage]}")
    if "report" in result.runs:
        print(f"report   {order.out / 'report.html'}")
    if "history" in result.runs:
        print(f"history  {order.out / 'history.html'}")
    if "worth" in result.runs:
        print(f"worth    {order.out / 'worth.html'}")
    if "synthesize" in result.runs:
        print(f"page     {order.out / 'synthesis.html'}")
    bundle = order.out / "bundle"
    if bundle.is_dir() and not result.stop:
        print(f"bundle   {bundle}")
        print(f"next     bedside serve {bundle}")
    else:
        print(f"next     bedside evidence {order.out}")


def _evidence(arguments: argparse.Namespace) -> int:
    from bedside.core.evidence import read_evidence
    from bedside.core.listing import as_json, as_table, select

    found = select(
        read_evidence(_evidence_file(arguments.run)),
        measure=arguments.measure,
        slice_name=arguments.slice,
        model=arguments.model,
    )
    print(as_json(found) if arguments.json else as_table(found))
    return 0


def _evidence_file(path: Path) -> Path:
    return path if path.is_file() else path / "evidence.jsonl"


def _verify(arguments: argparse.Namespace) -> int:
    from bedside.core import cells

    return int(cells.stage("verify").verify(arguments.path, trust=arguments.trust))


def _cells(_: argparse.Namespace) -> int:
    from bedside.core import cells

    for modality, served in cells.matrix().items():
        print(f"{modality:<9} {' '.join(served)}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from bedside.core import cells

    ledger = arguments.ledger or arguments.bundle.resolve().parent / "ledger.db"
    cells.stage("serve").serve(
        arguments.bundle,
        ledger,
        trust=arguments.trust,
        host=arguments.host,
        port=arguments.port,
    )
    return 0


def _score(arguments: argparse.Namespace) -> int:
    from bedside.adapters.terminal import Terminal
    from bedside.core import cells

    summary = cells.stage("score").score(
        arguments.bundle,
        arguments.source,
        arguments.out,
        trust=arguments.trust,
        progress=Terminal(),
    )
    print(summary)
    return 0


def _init(arguments: argparse.Namespace) -> int:
    from bedside.core import cells

    out = arguments.out or Path(arguments.file.name.partition(".")[0] + ".toml")
    text: str = cells.stage("init").run_init(arguments.file, out)
    print(f"wrote    {out}: {text.count('# question:')} questions to answer in it")
    print(f"next     bedside run {out}")
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from bedside.adapters.terminal import Terminal
    from bedside.core import cells

    module = cells.stage("fetch")
    if not arguments.name:
        for source in module.sources():
            print(f"{source.name:<14} {source.title}")
        return 0
    path = module.fetch(
        arguments.name,
        arguments.out,
        base=arguments.base,
        accept=arguments.accept,
        progress=Terminal(),
    )
    print(f"fetched  {path}")
    return 0


def _deidentify(arguments: argparse.Namespace) -> int:
    from bedside.adapters.terminal import Terminal
    from bedside.core import cells
    from bedside.core.executor import LocalPool

    module = cells.stage("deidentify")
    print(module.deidentify(
        arguments.source,
        arguments.out,
        spec=module.Spec(keep=tuple(arguments.keep)),
        progress=Terminal(),
        executor=LocalPool(arguments.workers),
    ))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
