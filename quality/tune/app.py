"""The tuning application: which page answers, what each form does.

What is being tried is kept by the application, so that every page shows it and nothing of it is in an address.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from linkage.errors import ConfigError
from quality.disclosure import Profile
from quality.measures.definitions import Definitions
from quality.report.names import Names
from quality.tune.pages import TunePages
from quality.tune.session import Saved, TuneSession
from quality.tune.settings import Fault, Settings, settings_of_form, sums_off
from quality.web import Guard, web_application

_MOST_UNDONE = 100  # changes
_LONGEST_NOTE = 1_000  # characters
_LONGEST_FIELD = 40  # characters of a field that are shown again
_LARGEST_UNIT = 2**63 - 1  # BIGINT


class _Draft:
    """The settings being tried, and those tried before."""

    def __init__(self, session: TuneSession) -> None:
        self._session = session
        self.lock = threading.RLock()  # pages are answered by several threads
        self._tried = [session.settings]
        self.run = self.outcome = session.outcome(session.settings)
        self.saved: Saved | None = None

    @property
    def settings(self) -> Settings:
        return self._tried[-1]

    def take(self, settings: Settings) -> None:
        if settings != self.settings:
            self._tried = [*self._tried[-_MOST_UNDONE:], settings]
            self.outcome = self._session.outcome(settings)

    def undo(self) -> None:
        if len(self._tried) > 1:
            self._tried.pop()
            self.outcome = self._session.outcome(self.settings)


def application(session: TuneSession, names: Names, token: str, *, profile: Profile, definitions: Definitions) -> Guard:
    """The application, ready to be served.

    Args:
        profile: disclosure rules for counts of subgroups.
        definitions: titles of their characteristics.
    """
    pages, draft = TunePages(session, names, profile, definitions), _Draft(session)
    app = web_application(pages.pages)

    def shown(faults: Sequence[Fault] = (), sent: Mapping[str, str] | None = None) -> Response:
        short = {name: value[:_LONGEST_FIELD] if name != "note" else value for name, value in (sent or {}).items()}
        page = pages.step(draft.settings, draft.outcome, draft.run, faults, short)
        return HTMLResponse(page, 400 if faults else 200)

    @app.get("/")
    def step() -> Response:
        with draft.lock:
            return shown()

    @app.post("/")
    async def change(request: Request) -> Response:
        sent = {name: str(value) for name, value in (await request.form()).items()}
        with draft.lock:
            settings, faults = settings_of_form(sent, draft.settings, session.opened.model, pages.level)
            if faults:
                return shown(faults, sent)
            draft.take(settings)
        return _to("/")

    @app.post("/undo")
    def undo() -> Response:
        with draft.lock:
            draft.undo()
        return _to("/")

    @app.post("/reset")
    def reset() -> Response:
        with draft.lock:
            draft.take(session.settings)
        return _to("/")

    @app.post("/save")
    async def save(request: Request) -> Response:
        note = " ".join(str((await request.form()).get("note", "")).split())
        with draft.lock:
            faults = (
                []
                if 0 < len(note) <= _LONGEST_NOTE
                else [Fault("note", f"Note: enter up to {_LONGEST_NOTE:,} characters")]
            )
            for name, text in sums_off(session.opened.model, draft.settings).items():
                if name not in sums_off(session.opened.model, session.settings):  # else the run's own model
                    faults.append(Fault("model", f"{names.column(name)}: {text}"))
            if faults:
                return shown(faults, {"note": note})
            draft.saved = session.save(draft.settings, note)
        return _to("/saved")

    @app.get("/saved")
    def saved() -> Response:
        with draft.lock:
            return HTMLResponse(pages.saved(draft.saved)) if draft.saved else _to("/")

    _add_pairs(app, session, pages, draft, shown)
    return Guard(app, token, pages.pages.refusal)


def _add_pairs(app: FastAPI, session: TuneSession, pages: TunePages, draft: _Draft, shown) -> None:  # type: ignore[no-untyped-def]
    @app.post("/pair")  # a record's id in an address would stay in the browser's history
    def pair_named(left: Annotated[str, Form()] = "", right: Annotated[str, Form()] = "") -> Response:
        sent, faults, units = {"left": left.strip(), "right": right.strip()}, [], {}
        for side, key in sent.items():
            try:
                if not key:
                    raise ConfigError(f"On the {side}: enter the {session.key_name} of a record")
                units[side] = session.unit(side, key)
            except ConfigError as error:
                faults.append(Fault(side, str(error).replace("\n  ", "; ")))
        with draft.lock:
            return shown(faults, sent) if faults else _to(f"/pairs/{units['left']}/{units['right']}")

    @app.get("/pairs/{left}/{right}")
    def pair(left: int, right: int) -> Response:
        if not (0 <= left <= _LARGEST_UNIT and 0 <= right <= _LARGEST_UNIT and session.has_units(left, right)):
            raise HTTPException(404)
        with draft.lock:
            return HTMLResponse(pages.pair(left, right, draft.settings))


def _to(address: str) -> Response:
    return RedirectResponse(address, 303)
