"""A pair is asked for on the tuning page as of `leo explain`: by SOURCE:KEY."""

import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from linkage.errors import ConfigError
from quality.explain import Explainer

PUPIL, CUSTOMER = "npd:PMR000003", f"cis:AB{100000 + 3 * 37:06d}C"


@pytest.fixture(scope="module")
def root(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(linked_village.root, tmp_path_factory.mktemp("by-key") / "run"))


def test_it_is_the_pair_that_is_explained(root: Path, tune_client: Any) -> None:
    with Explainer(root) as explainer:
        units = explainer.pair(PUPIL, CUSTOMER).found["units"]
    page = tune_client.post("/pair", data={"left": PUPIL, "right": CUSTOMER})
    assert page.status_code == 200
    assert page.url.path == f"/pairs/{units['left']['unit_id']}/{units['right']['unit_id']}"
    assert PUPIL.partition(":")[2] not in str(page.url)
    mixed = tune_client.post("/pair", data={"left": str(units["left"]["unit_id"]), "right": CUSTOMER})
    assert mixed.url.path == page.url.path


@pytest.mark.parametrize("named", ["npd:nobody", "nobody:7", "npd:"])
def test_what_is_not_found_is_told_as_explain_tells_it(root: Path, tune_client: Any, named: str) -> None:
    with Explainer(root) as explainer, pytest.raises(ConfigError) as refused:
        explainer.pair(named, CUSTOMER)
    said = str(refused.value).replace("--pair", "On the left").replace("\n  ", "; ")
    page = tune_client.post("/pair", data={"left": named, "right": CUSTOMER})
    assert page.status_code == 400
    assert said in unescape(page.text)
    assert f'name="left" value="{named}"' in page.text


def test_somebody_of_the_other_side_is_not_taken_for_a_number(tune_client: Any) -> None:
    page = tune_client.post("/pair", data={"left": CUSTOMER, "right": CUSTOMER})
    assert page.status_code == 400
    assert "On the left: step 'npd-cis' does not have cis there; it sets npd against cis" in unescape(page.text)
    assert "On the right:" not in page.text


def test_the_form_says_what_it_takes(tune_client: Any) -> None:
    form = tune_client.get("/").text.split('id="any-pair"')[1]
    assert "SOURCE:KEY" in form
    assert 'aria-describedby="left-hint"' in form
    assert "inputmode" not in form
