"""Damaged files, 10,000 from fixed seeds: each is read, or refused by name and without
a value, and its rows add up.
"""

import json
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from linkage.catalogue import Catalogue, shipped
from linkage.config import FileFormat, Source, run
from linkage.config.resources import config_file
from linkage.config.toml_file import toml_of
from linkage.engine import Engine, connect
from linkage.errors import LeoError
from linkage.files.read_file import damage_reported, read_file
from linkage.files.schema import read_schema
from linkage.model import load
from linkage.model.conditions import agreements, cheaper
from linkage.model.model_files import provenance, trained_on
from linkage.pipeline.log import place_of
from linkage.records import read_source
from linkage.records.csv_files import read_header
from linkage.requests.check import application_of, as_lines, faults_of
from linkage.requests.decisions import Ruling, decide, standing, submit, withdraw
from linkage.requests.published import published_rows
from linkage.requests.register import START, canonical, digest, read_register
from linkage.requests.request import read_request
from tests.conftest import parse
from tests.records.conftest import PUPILS, catalogue
from tests.requests.faulty import TODAY
from tests.requests.test_decisions import apply, approve

__all__ = ["catalogue"]  # a fixture

Damage = Callable[[random.Random, bytes], bytes]

_DEEP = 100_000  # brackets: beyond any recursion limit of Python
_DIGITS = "7" * 10_000  # beyond the 4,300 digits that Python reads
_SECONDS = 10.0  # in which a file is read or refused
_NAME = "QUIBBLEWICK"  # in every file of persons, and in no message

_BYTES = [
    b"[",
    b"{",
    b'"',
    b"'",
    b"\n",
    b"\r",
    b"\0",
    b",",
    b"=",
    b".",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
]
_BYTES += [
    b"\x1f\x8b",
    b"\xff\xfe",
    b"PAR1",
    b"1e999",
    b"NaN",
    b"\\ud800",
    b"\\u0000",
    b"0x" + b"f" * 400,
]
_BYTES += [
    _DIGITS.encode(),
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"a." * 5_000,
    b"(" * 5_000,
    b"not " * 500,
]
_VALUES = [
    "",
    "x",
    "\0",
    "\ud800",
    "(",
    "ELSE",
    "read_text('x')",
    "l.a = r.a",
    "9999-99-99",
    _NAME,
    _DIGITS,
    "²",
]
_VALUES += [
    None,
    True,
    0,
    -1,
    1.5,
    float("inf"),
    10**4_000,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"a": {}},
    {"name": 1},
]


def _damage_bytes(draw: random.Random, content: bytes) -> bytes:
    """Bytes flipped, cut, taken out, repeated, put in or replaced; words of a text
    exchanged.
    """
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        position, size = (
            draw.randrange(len(data) + 1),
            draw.choice((1, 1, 2, 4, 16, 64, 256)),
        )
        match draw.randrange(8):
            case 0 if data:
                data[position % len(data)] ^= 1 << draw.randrange(8)
            case 1:
                del data[position : position + size]
            case 2:
                del data[position:]
            case 3:
                data[position:position] = data[
                    position : position + size
                ] * draw.choice((1, 2, 50))
            case 4:
                data[position:position] = draw.choice(_BYTES)
            case 5:
                data[position : position + size] = draw.randbytes(size)
            case _:
                words = re.split(rb"(\W+)", bytes(data))
                words[draw.randrange(len(words))] = draw.choice([*words, *_BYTES])
                data = bytearray(b"".join(words))
    return bytes(data)


def _damage(draw: random.Random, value: object) -> object:
    """JSON of which one part is another value, is gone or comes twice."""
    if isinstance(value, dict | list) and value and draw.random() < 0.9:
        place = draw.choice([*value] if isinstance(value, dict) else range(len(value)))
        copy = value.copy()
        match draw.randrange(12):
            case 0:
                del copy[place]
            case 1 if isinstance(copy, list):
                copy.append(copy[place])
            case _:
                copy[place] = _damage(draw, value[place])
        return copy
    return draw.choice(_VALUES)


def _damage_model(draw: random.Random, content: bytes) -> bytes:
    model: object = json.loads(content)
    for _ in range(draw.choice((1, 1, 2))):
        model = _damage(draw, model)
    return (
        json.dumps(model, default=str).encode()
        if draw.random() < 0.7
        else _damage_bytes(draw, content)
    )


def _forge(draw: random.Random, register: bytes) -> bytes:
    """A register in which one entry is changed, with valid hashes."""
    entries, previous = [json.loads(line) for line in register.splitlines()], START
    place = draw.randrange(len(entries))
    entries[place] = (
        value if isinstance(value := _damage(draw, entries[place]), dict) else {}
    )
    lines = []
    for number, entry in enumerate(entries, 1):
        content = {**entry, "number": number, "previous": previous}
        content.pop("sha256", None)
        previous = digest(content)
        lines.append(canonical({**content, "sha256": previous}) + "\n")
    return "".join(lines).encode()


def _damage_register(draw: random.Random, content: bytes) -> bytes:
    try:
        return (
            _forge(draw, content)
            if draw.random() < 0.7
            else _damage_bytes(draw, content)
        )
    except ValueError:  # no register holds what cannot be written
        return _damage_bytes(draw, content)


class Readers:
    """A reader of each kind of file, on one engine and in one folder of files without
    damage.
    """

    def __init__(self, engine: Engine, catalogue: Catalogue, folder: Path) -> None:
        self.engine, self.catalogue, self.folder, self.application = (
            engine,
            catalogue,
            folder,
            apply(),
        )
        pupils = parse(PUPILS.replace("SMITH", _NAME))
        pq.write_table(pupils, folder / "a.parquet")
        pq.write_table(
            pupils,
            folder / "b.parquet",
            compression="zstd",
            use_dictionary=False,
            row_group_size=2,
        )
        pacsv.write_csv(pa.concat_tables([pupils] * 5), folder / "a.csv")
        submit(folder / "register.jsonl", self.application)
        approve(folder / "register.jsonl")
        decide(
            folder / "register.jsonl",
            self.application,
            Ruling("rejected", "D-2", TODAY, reason="No."),
        )
        withdraw(folder / "register.jsonl", "D-1", TODAY, "Ended.")
        for name in (
            "demo.toml",
            "projects/graduate-earnings.toml",
            "models/cis.json",
            "models/cis.training.json",
        ):
            shutil.copy(config_file(name), folder)

    def persons(self, path: Path) -> None:
        """A file as `leo link` reads it, all rows of it."""
        with damage_reported(path):
            file = read_file(
                self.engine,
                path,
                self.folder / "scratch",
                "left",
                delimiter=None,
                encoding=None,
            )
            rows = sum(batch.num_rows for batch in file.batches(file.columns))
            assert rows + len(file.rejected) == file.rows
            file.notes()
        self.engine.drop(file.table)

    def source(self, path: Path) -> None:
        """A file as a source of `leo run`."""
        file_format = FileFormat(type="csv" if path.suffix == ".csv" else "parquet")
        source = Source(
            dataset="school", table="pupils", files=(path.name,), format=file_format
        )
        reading = read_source(self.engine, self.catalogue, "npd", source, self.folder)
        records, quarantine = (
            self.engine.count(reading.records),
            self.engine.count(reading.quarantine),
        )
        assert records + quarantine == reading.summary.rows_read
        self.engine.drop(reading.records, reading.quarantine)

    def run(self, path: Path) -> None:
        """A run's file, which is never a schema."""
        run.load(path)
        with pytest.raises(LeoError):
            read_schema(path, ["left"])

    def request(self, path: Path) -> None:
        request, form = read_request(path)
        as_lines(faults_of(application_of(request, shipped(), TODAY), form))

    def model(self, path: Path) -> None:
        model = load(path)
        for comparison in model.comparisons:
            [agreements(level.condition) for level in comparison.levels]
        model.check_columns(model.columns, path.name)
        [cheaper(rule.over_elements) for rule in model.blocking_rules]
        provenance(path)

    def training(self, path: Path) -> None:
        trained_on(path.with_name("cis.json"))

    def register(self, path: Path) -> None:
        entries = read_register(path)
        standing(entries, self.application)
        published_rows(entries, TODAY)


_KINDS: list[tuple[str, str, Damage, int]] = [
    ("persons", "a.csv", _damage_bytes, 1_900),
    ("persons", "a.parquet", _damage_bytes, 1_000),
    ("persons", "b.parquet", _damage_bytes, 1_000),
    ("source", "a.csv", _damage_bytes, 200),
    ("source", "a.parquet", _damage_bytes, 400),
    ("source", "b.parquet", _damage_bytes, 500),
    ("run", "demo.toml", _damage_bytes, 1_000),
    ("request", "graduate-earnings.toml", _damage_bytes, 600),
    ("model", "cis.json", _damage_model, 1_700),
    ("training", "cis.training.json", _damage_model, 200),
    ("register", "register.jsonl", _damage_register, 1_500),
]


@pytest.fixture(scope="module")
def readers(
    catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Readers]:
    with connect(threads=1) as engine:
        yield Readers(engine, catalogue, tmp_path_factory.mktemp("damaged"))


def _fault(read: Callable[[Path], None], path: Path) -> str:
    """The fault in how a damaged file is read or refused; empty where there is none."""
    start = time.perf_counter()
    try:
        read(path)
    except LeoError as refusal:
        if path.name not in str(refusal) or _NAME in str(refusal):
            return f"refused without its name or with a value: {refusal}"
    except BaseException as error:
        return f"{type(error).__name__} at {place_of(error)}: {error}"
    seconds = time.perf_counter() - start
    return f"{seconds:.1f} s" if seconds > _SECONDS else ""


@pytest.mark.parametrize(
    "share",
    [pytest.param(1, marks=pytest.mark.slow, id="10,000"), pytest.param(20, id="500")],
)
@pytest.mark.parametrize(("kind", "name", "damage", "count"), _KINDS)
def test_a_damaged_file_is_read_or_refused_by_name(
    readers: Readers, kind: str, name: str, damage: Damage, count: int, share: int
) -> None:
    path, faults = readers.folder / name, []
    content = path.read_bytes()
    for seed in range(0, count, share):
        path.write_bytes(damage(random.Random(f"{name} {seed}"), content))
        if fault := _fault(getattr(readers, kind), path):
            faults.append(f"seed {seed}: {fault}")
    path.write_bytes(content)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (toml_of, f"a = {_DIGITS}"),
        (toml_of, "a = " + "[" * _DEEP),
        (toml_of, "a" + ".a" * _DEEP + " = 1"),
        (toml_of, f"a = 0x{'f' * 99}"),
        (load, "[" * _DEEP),
        (load, f'{{"comparisons": {_DIGITS}}}'),
        (read_register, "[" * _DEEP + "\n"),
        (read_register, f'{{"number": {_DIGITS}}}\n'),
        (read_register, '{"sha256": 1, "number": []}\n'),
        (lambda path: read_header(path, FileFormat(type="csv")), "id," + "x" * 200_000),
    ],
)
def test_a_nested_or_giant_text_is_refused_by_name(
    read: Callable[[Path], object], text: str, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.txt"
    path.write_text(text)
    with pytest.raises(LeoError, match=r"damaged\.txt: "):
        read(path)
