"""A pair is asked for on the tuning page as of `leo explain`: by SOURCE:KEY."""

import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.errors import ConfigError
from linkage.explain import Explainer
from quality.definitions import load as load_definitions
from quality.disclosure import load as load_profile
from quality.report.names import Names

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")
testclient = pytest.importorskip("starlette.testclient", reason="no httpx2: pip install 'leo-linkage[dev]'")

PUPIL, CUSTOMER = "npd:PMR000003", f"cis:AB{100000 + 3 * 37:06d}C"


@pytest.fixture(scope="module")
def root(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(linked_village.root, tmp_path_factory.mktemp("by-key") / "run"))


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[Any]:
    from linkage.tune.desk import RunDesk
    from quality.tuning import application

    rules = {"profile": load_profile("leo_publication"), "definitions": load_definitions()}
    with RunDesk(root, None) as desk:
        found = testclient.TestClient(
            application(desk, Names(shipped()), "secret", **rules), base_url="http://127.0.0.1"
        )
        found.get("/?token=secret")
        yield found


def test_it_is_the_pair_that_is_explained(root: Path, client: Any) -> None:
    with Explainer(root) as explainer:
        units = explainer.pair(PUPIL, CUSTOMER).found["units"]
    page = client.post("/pair", data={"left": PUPIL, "right": CUSTOMER})
    assert page.status_code == 200
    assert page.url.path == f"/pairs/{units['left']['unit_id']}/{units['right']['unit_id']}"
    assert PUPIL.partition(":")[2] not in str(page.url)
    mixed = client.post("/pair", data={"left": str(units["left"]["unit_id"]), "right": CUSTOMER})
    assert mixed.url.path == page.url.path


@pytest.mark.parametrize("named", ["npd:nobody", "nobody:7", "npd:"])
def test_what_is_not_found_is_told_as_explain_tells_it(root: Path, client: Any, named: str) -> None:
    with Explainer(root) as explainer, pytest.raises(ConfigError) as refused:
        explainer.pair(named, CUSTOMER)
    said = str(refused.value).replace("--pair", "On the left").replace("\n  ", "; ")
    page = client.post("/pair", data={"left": named, "right": CUSTOMER})
    assert page.status_code == 400
    assert said in unescape(page.text)
    assert f'name="left" value="{named}"' in page.text


def test_somebody_of_the_other_side_is_not_taken_for_a_number(client: Any) -> None:
    page = client.post("/pair", data={"left": CUSTOMER, "right": CUSTOMER})
    assert page.status_code == 400
    assert "On the left: step 'npd-cis' does not have cis there; it sets npd against cis" in unescape(page.text)
    assert "On the right:" not in page.text


def test_the_form_says_what_it_takes(client: Any) -> None:
    form = client.get("/").text.split('id="any-pair"')[1]
    assert "SOURCE:KEY" in form
    assert 'aria-describedby="left-hint"' in form
    assert "inputmode" not in form
