"""The addresses of the tuning application: which page answers, what each form does.

What is being tried is kept by the application, so that every page shows it and nothing of it stands in an address.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from linkage.errors import ConfigError
from quality.disclosure import Profile
from quality.measures.definitions import Definitions
from quality.report.names import Names
from quality.tune.app.desk import Desk, Saved, Settings
from quality.tune.app.form import Fault, settings_of
from quality.tune.app.showing import Showing
from quality.web import Guard, shell

_MOST_UNDONE = 100
_LONGEST_NOTE = 1_000
_LARGEST_UNIT = 2**63 - 1


class _Draft:
    """What is being tried, and what was tried before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.lock = threading.RLock()  # pages are answered by several threads
        self._tried = [desk.settings]
        self.shown = {0: desk.settings}  # a page in another tab may be older than what is being tried
        self.run = desk.outcome(desk.settings)
        self.outcome = self.run
        self.saved: Saved | None = None

    @property
    def settings(self) -> Settings:
        return self._tried[-1]

    @property
    def number(self) -> int:
        """Of what is being tried: a page says by it what it showed."""
        return max(self.shown)

    def number_of(self, told: str) -> int:
        """The number that a page has told; that of what is being tried where it is none."""
        return next((number for number in self.shown if str(number) == told), self.number)

    def take(self, settings: Settings) -> None:
        if settings != self.settings:
            self._tried = [*self._tried[-_MOST_UNDONE:], settings]
            self._look()

    def undo(self) -> None:
        if len(self._tried) > 1:
            self._tried.pop()
            self._look()

    def _look(self) -> None:
        self.outcome = self._desk.outcome(self.settings)
        self.shown[self.number + 1] = self.settings
        self.shown.pop(self.number - _MOST_UNDONE, None)


def application(desk: Desk, names: Names, token: str, *, profile: Profile, definitions: Definitions) -> Guard:
    """The application, ready to be served.

    Args:
        names: how sources and comparisons are called.
        token: lets a browser in.
        profile: rules by which counts of subgroups are shown.
        definitions: titles of their characteristics.
    """
    showing, draft = Showing(desk, names, profile, definitions), _Draft(desk)
    app = shell(showing.pages, {})
    _add_step(app, showing, desk, draft, names)
    _add_pairs(app, showing, desk, draft)
    return Guard(app, token, showing.pages.refusal)


def _add_step(app: FastAPI, showing: Showing, desk: Desk, draft: _Draft, names: Names) -> None:
    @app.get("/")
    def step() -> Response:
        with draft.lock:
            return HTMLResponse(showing.step(draft.settings, draft.outcome, draft.run, number=draft.number))

    @app.post("/")
    async def change(request: Request) -> Response:
        form = await request.form()
        sent = {name: str(value) for name, value in form.items() if name != "adjusted"}
        ticked = {str(value) for value in form.getlist("adjusted")} & set(desk.adjustable)
        with draft.lock:
            number = draft.number_of(sent.pop("shown", ""))
            found, faults = settings_of(
                sent, sorted(ticked), draft.settings, desk.comparisons, names.column, draft.shown[number]
            )
            if faults:
                page = showing.step(draft.settings, draft.outcome, draft.run, faults, _as_text(sent), number=number)
                return HTMLResponse(page, 400)
            draft.take(found)
        return _home()

    @app.post("/undo")
    def undo() -> Response:
        with draft.lock:
            draft.undo()
        return _home()

    @app.post("/reset")
    def reset() -> Response:
        with draft.lock:
            draft.take(desk.settings)
        return _home()

    @app.post("/save")
    async def save(request: Request) -> Response:
        note = " ".join(str((await request.form()).get("note", "")).split())
        with draft.lock:
            if not note or len(note) > _LONGEST_NOTE:
                said = f"Why: say in up to {_LONGEST_NOTE:,} characters what was changed and why"
                return _again(showing, draft, [Fault("note", said)], {"note": note})
            draft.saved = desk.save(draft.settings, note)
        return RedirectResponse("/saved", 303)

    @app.get("/saved")
    def saved() -> Response:
        with draft.lock:
            return HTMLResponse(showing.saved(draft.saved)) if draft.saved else _home()


def _add_pairs(app: FastAPI, showing: Showing, desk: Desk, draft: _Draft) -> None:
    @app.post("/pair")  # a record's id in an address would stay in the browser's history
    def pair_named(left: Annotated[str, Form()] = "", right: Annotated[str, Form()] = "") -> Response:
        sent = {"left": left.strip(), "right": right.strip()}
        faults = [
            Fault(side, f"On the {side}: enter the {desk.names_units} of a record")
            for side, named in sent.items()
            if not named
        ]
        with draft.lock:
            units = {side: _unit(desk, side, named) for side, named in sent.items() if named}
            faults += [unit for unit in units.values() if isinstance(unit, Fault)]
            if faults:
                return _again(showing, draft, faults, sent)
        return RedirectResponse(f"/pairs/{units['left']}/{units['right']}", 303)

    @app.get("/pairs/{left}/{right}")
    def pair(left: int, right: int) -> Response:
        with draft.lock:
            if max(abs(left), abs(right)) > _LARGEST_UNIT or not desk.are_units(left, right):
                raise HTTPException(404)
            return HTMLResponse(showing.pair(left, right, draft.settings))


def _unit(desk: Desk, side: str, named: str) -> int | Fault:
    try:
        unit = desk.unit(side, named)
    except ConfigError as error:
        return Fault(side, str(error).replace("\n  ", "; "))
    return Fault(side, f"On the {side}: there is no record of this {desk.names_units}") if unit is None else unit


def _again(showing: Showing, draft: _Draft, faults: Sequence[Fault], sent: Mapping[str, str]) -> Response:
    """The page with what was wrong in a form that leads elsewhere."""
    page = showing.step(draft.settings, draft.outcome, draft.run, faults, sent, number=draft.number, is_in_place=False)
    return HTMLResponse(page, 400)


def _home() -> Response:
    return RedirectResponse("/", 303)


def _as_text(sent: Mapping[str, str]) -> dict[str, Any]:
    return {name: value[:40] for name, value in sent.items()}
