"""The tutorials' notebooks run from their first cell to their last."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TUTORIALS = Path(__file__).resolve().parent.parent / "docs" / "tutorials"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    last = next(cell for cell in reversed(notebook.cells) if cell.cell_type == "code")
    assert last.outputs, "the last cell shows a result"
