"""CSV that is well formed, badly formed, and written in another encoding than
declared.
"""

import csv
import gzip
import io

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import FileFormat
from linkage.errors import InputError
from linkage.records import csv_files
from linkage.records.csv_files import LINE, read_header, to_parquet


@pytest.fixture
def convert(tmp_path):
    """Bytes as a CSV file to (rows with their line, rejected lines with the reason)."""

    def convert_bytes(content: bytes, name: str = "people.csv", **fmt):
        path = tmp_path / name
        path.write_bytes(content)
        out = tmp_path / "out.parquet"
        file = to_parquet(path, FileFormat(type="csv", **fmt), out, 0)
        table = pq.read_table(out)
        assert file.rows == table.num_rows
        columns = [table[name].to_pylist() for name in (LINE, *file.header)]
        return list(zip(*columns, strict=True)), file.rejected

    return convert_bytes


@pytest.mark.parametrize(
    ("content", "rows", "rejections"),
    [
        (b"name,born\nAnn,1999\n\nBob,\n", [(2, "Ann", "1999"), (4, "Bob", None)], []),
        (
            b"name,born\r\nAnn,1999\r\nBob,2000",
            [(2, "Ann", "1999"), (3, "Bob", "2000")],
            [],
        ),
        (
            b"a,b,c\n1,2,3\n1,2\n4,5,6\n7,8,9,0\n",
            [(2, "1", "2", "3"), (4, "4", "5", "6")],
            [
                (3, "row has 2 fields, the header 3"),
                (5, "row has 4 fields, the header 3"),
            ],
        ),
        (
            b"a,b\n1,2\n\x00,4\nM\xfcller,6\n7,8\n",
            [(2, "1", "2"), (5, "7", "8")],
            [(3, "row holds a NUL"), (4, "row holds bytes that are not utf-8")],
        ),
        (
            b'name,note\n"Smith, Ann","two\nlines"\n"O""Neil",x\nO"Neil,y\n',
            [(2, "Smith, Ann", "two\nlines"), (4, 'O"Neil', "x"), (5, 'O"Neil', "y")],
            [],
        ),
        (
            'a,b,c\n"two\nlines",x\u2028y,z\n'.encode(),
            [(2, "two\nlines", "x\u2028y", "z")],
            [],
        ),
    ],
    ids=[
        "empty line",
        "no last end",
        "ragged rows",
        "NUL and encoding",
        "quoted",
        "ends that only Python knows",
    ],
)
def test_rows_and_rejections_with_their_lines(convert, content, rows, rejections):
    assert convert(content) == (rows, rejections)


def test_a_file_without_quotes(convert):
    assert convert(b'a|b\n"1|2"\n', delimiter="|", quote="") == ([(2, '"1', '2"')], [])


def test_a_file_that_ends_in_the_middle_of_a_row_is_reported(convert):
    """Half of a national file was linked, and one row was reported to have too few
    fields.
    """
    remark = (
        "the file ends in it, without a line break: it may be cut short, compare "
        "its size"
    )
    assert convert(b"a,b,c\n1,2,3\n4,5") == (
        [(2, "1", "2", "3")],
        [(3, f"row has 2 fields, the header 3; {remark}")],
    )
    assert convert(b"a,b,c\n4,5\n1,2,3") == (
        [(3, "1", "2", "3")],
        [(2, "row has 2 fields, the header 3")],
    )


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"]
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_every_declared_encoding(convert, encoding, is_packed):
    content = "name;born\nMüller;1999\nÉmile;2000\n".encode(encoding)
    rows = convert(
        gzip.compress(content, mtime=0) if is_packed else content,
        encoding=encoding,
        delimiter=";",
    )
    assert rows == ([(2, "Müller", "1999"), (3, "Émile", "2000")], [])


def test_a_quote_that_never_closes_loses_only_its_line(convert):
    content = b'a,b\n1,"2\n' + b"3,4\n" * 200
    rows, rejections = convert(content)
    assert rejections == [(2, "a quote opens and does not close")]
    assert [row[0] for row in rows] == list(range(3, 203))


def test_a_row_with_an_open_quote_does_not_take_the_next_rows(convert):
    content = b'id,name,born\n1,"Ann,1999\n2,Bob,2000\n3,"Cat",2001\n4,"Dan,2002\n5,"Eve,2003\n6,Fay,2004\n'
    rows, rejections = convert(content)
    assert rows == [
        (3, "2", "Bob", "2000"),
        (4, "3", "Cat", "2001"),
        (7, "6", "Fay", "2004"),
    ]
    assert rejections == [
        (line, "a quote opens and does not close") for line in (2, 5, 6)
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf_8"])
def test_a_byte_order_mark_is_not_part_of_a_name(tmp_path, encoding):
    (tmp_path / "f.csv").write_bytes("\ufeffname,born\n".encode(encoding))
    assert read_header(
        tmp_path / "f.csv", FileFormat(type="csv", encoding=encoding)
    ) == ["name", "born"]


@given(
    st.lists(
        st.tuples(
            *[
                st.text(
                    st.characters(
                        blacklist_categories=("Cs",), blacklist_characters="\0\r\ufffd"
                    )
                )
            ]
            * 2
        ),
        max_size=12,
    ),
    st.integers(1, 40),
)
def test_rows_of_a_csv_writer_are_read_with_any_block_size(
    convert, monkeypatch, cells, block
):
    monkeypatch.setattr(csv_files, "_BLOCK", block)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *cells])
    rows, rejections = convert(text.getvalue().encode())
    lines = [line for line, *_ in rows]
    assert rejections == []
    assert [tuple(row[1:]) for row in rows] == [
        tuple(cell or None for cell in row) for row in cells
    ]
    assert lines == sorted(set(lines))


@given(
    st.lists(
        st.sampled_from(
            ["1,2", "1", "1,2,3", '"1",2', '1,"2', "\0,2", '"a""b",2', "x\udce9,2", ""]
        )
    ),
    st.integers(1, 30),
)
def test_faults_do_not_depend_on_the_block(convert, monkeypatch, lines, block):
    content = "\n".join(["a,b", *lines]).encode("utf-8", "surrogateescape")
    whole = convert(content)
    monkeypatch.setattr(csv_files, "_BLOCK", block)
    assert convert(content) == whole
    starts = [line for line, *_ in whole[0]] + [line for line, _ in whole[1]]
    assert len(starts) == len(set(starts))


def test_blocks_of_whole_lines_are_read_the_quick_way(convert, monkeypatch):
    def no_slow_way(*_):
        raise AssertionError("the slow way was taken")

    monkeypatch.setattr(csv_files, "_slow", no_slow_way)
    rows, _ = convert(b"a,b\n" + b'"x,y",2\n' * 1000)
    assert len(rows) == 1000


@pytest.mark.parametrize(
    ("content", "fmt", "message"),
    [
        (
            "a,b\n1,2\n".encode("utf-16"),
            {},
            'is written in utf-16, not in utf-8\n.*encoding = "utf-16"',
        ),
        ("a,b\n1,2\n".encode("utf-16-le"), {}, "is written in utf-16, not in utf-8"),
        (
            "a,b\n1,2\n".encode("utf-8-sig"),
            {"encoding": "cp1252"},
            "is written in utf-8-sig, not in cp1252",
        ),
        (b"a,\xe9\n1,2\n", {}, "the header is not utf-8"),
        (b"b,a,a\n1,2,3\n", {}, "columns 2 and 3 have one name"),
        (
            b"Extract of 5 May,,\n,,\na,b,c\n1,2,3\n",
            {},
            "names 1 of 3 columns\n.*take away what stands before",
        ),
        (b"\n1,2\n", {}, "the first line names no columns"),
        (b"a,b\n", {"encoding": "klingon"}, "no encoding is called 'klingon'"),
        (
            gzip.compress(b"a,b\n" + b"1,2\n" * 9000, mtime=0)[:-20],
            {},
            "compressed file is cut short",
        ),
        (b"a,b\n", {"compression": "gzip"}, "compressed file is cut short or damaged"),
    ],
)
def test_a_file_in_a_wrong_form_is_refused(convert, content, fmt, message):
    with pytest.raises(InputError, match=r"people\.csv: .*" + message):
        convert(content, **fmt)


def test_header_alone(tmp_path):
    (tmp_path / "f.csv").write_text(" name ,born\n")
    assert read_header(tmp_path / "f.csv", FileFormat(type="csv")) == ["name", "born"]


@pytest.mark.parametrize("sign", ["¬", "§", "¦"])
def test_columns_may_be_separated_by_any_one_character(convert, sign):
    assert convert(f"a{sign}b\n1{sign}2\n3{sign}É\n".encode(), delimiter=sign) == (
        [(2, "1", "2"), (3, "3", "É")],
        [],
    )
    assert convert(f"a,b\n{sign}1,1{sign},2\n".encode(), quote=sign) == (
        [(2, "1,1", "2")],
        [],
    )
