"""What a source records of a person: the true value of a day, an outdated one, or an error.

Errors are made once a registration, that is when a school, provider or department first takes the person's details, and
stay on all records of the registration. The odds are the preset's, times the person's and the provider's own factors, so
that errors come together. An old name or address is no error: it comes from dates and is not logged.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.base.dates import YEAR, Days
from synthetic.base.draws import Draws, Floats, Ints
from synthetic.base.reference import Codes, Reference
from synthetic.base.rules import Table
from synthetic.base.text import Text, joined, spread, strings
from synthetic.people.homes import UNKNOWN
from synthetic.people.people import People
from synthetic.recording.corruption import misdated, misheard, misread, mistyped, wrong_part

ERROR_KINDS = (
    "", "typo", "variant", "nickname", "middle name as first", "missing", "swapped", "transliteration", "omitted",
    "initial", "hyphen dropped", "day", "month", "year", "several parts", "wrong", "unknown", "phonetic", "scanned",
    "other order", "known as",
)  # fmt: skip
TYPO, VARIANT, NICKNAME, MIDDLE_AS_FIRST, MISSING, SWAPPED, TRANSLITERATION, OMITTED = range(1, 9)
INITIAL, HYPHEN_DROPPED, DAY, MONTH, YEAR_KIND, SEVERAL, WRONG, SENTINEL, PHONETIC, SCANNED, OTHER_ORDER, KNOWN_AS = (
    range(9, 21)
)

Kinds = NDArray[np.int8]


@dataclass
class Registrations:
    """A source's registrations with the people of a chunk, and the errors made in them.

    person: place in the chunk; event: number of the registration among the person's registrations with the source.
    """

    source: str
    draws: Draws
    reference: Reference
    odds: Table
    people: People
    person: Ints
    event: Ints
    provider: Ints
    paper: Any = 1.0  # how much is read from forms, on average 1: multiplies the odds of a scanning error
    kinds: dict[str, Kinds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = self.people.ids[self.person]
        spread_of = self.odds.quality.provider_spread
        own = np.exp(spread_of * self.draws.normal(f"{self.source}.provider", self.provider) - spread_of**2 / 2)
        self.factor: Floats = self.people.quality[self.person] * own
        self.more: Table = self.odds.source[self.source]

    def chosen(self, name: str, odds: list[tuple[int, Any]]) -> Kinds:
        """At most one kind of error for each registration, by one draw; more at an earlier release."""
        drawn = self.draws.uniform(f"{self.source}.{name}", self.ids, self.event)
        out, upper = self._first_below(drawn, odds)
        if more := self.odds.get("uncorrected", {}).get(name):
            # Errors put right since: as likely among the kinds as those that stand, and never next to one.
            since = self.draws.uniform(f"{self.source}.{name}.corrected", self.ids, self.event)
            which = self.draws.uniform(f"{self.source}.{name}.corrected.kind", self.ids, self.event)
            rows = (out == 0) & (since < more * upper)
            out[rows] = self._first_below(which * upper, odds)[0][rows]
        return out

    def _first_below(self, drawn: Floats, odds: list[tuple[int, Any]]) -> tuple[Kinds, Any]:
        """The kind within whose share of the line from 0 each number falls, 0 beyond them; and where they end."""
        out = np.zeros(len(self.ids), np.int8)
        edge: Any = 0.0
        for kind, chance in odds:
            upper = edge + np.minimum(chance * self.factor, 0.5)
            out[(drawn >= edge) & (drawn < upper)] = kind
            edge = upper
        return out, edge

    def uniform(self, name: str) -> Floats:
        """A number for each registration."""
        return self.draws.uniform(f"{self.source}.{name}", self.ids, self.event)

    def names(self) -> tuple[Any, Any, Text, Text]:
        """Forename and middle names (string arrays), surname before and after the change, for each registration."""
        people, reference = self.people, self.reference
        known = people.names
        forename, middle = known.forename[self.person], known.middle[self.person]
        kind = self._forename_kinds(forename)
        which = self.uniform("forename.other")
        written = forename.copy()
        for of, others in (
            (VARIANT, reference.variants),
            (NICKNAME, reference.nicknames),
            (TRANSLITERATION, reference.transliterations),
        ):
            rows = np.flatnonzero(kind == of)
            written[rows] = others.pick(forename[rows], which[rows])
        kind[np.isin(kind, (VARIANT, NICKNAME, TRANSLITERATION)) & (written == forename)] = 0
        kind[(kind == MIDDLE_AS_FIRST) & (middle[:, 0] < 0)] = 0
        first = np.isin(kind, (MIDDLE_AS_FIRST, OTHER_ORDER))
        written[first] = middle[first, 0]
        middle = np.where(first[:, None], np.stack([middle[:, 1], np.full(len(first), -1)], axis=1), middle)
        text = Text(reference.forenames, np.where(kind == MISSING, -1, written).astype(np.int32))
        text = self._corrupted("forename", text, kind)
        before, after = self._surnames(kind)
        swapped, moved = kind == SWAPPED, np.isin(kind, (SWAPPED, OTHER_ORDER))
        text = spread(text, swapped, before.take(np.flatnonzero(swapped)).plain())
        true = Text(reference.forenames, forename).take(np.flatnonzero(moved)).plain()
        before, after = spread(before, moved, true), spread(after, moved, true)
        self.kinds["forename"] = kind
        return text.plain(), self._middle(middle, first, kind == MISSING), before, after

    def _forename_kinds(self, forename: Codes) -> Kinds:
        """What happens to each forename; names of another script are respelt as if by chance."""
        odds, more, people, facts = self.odds.forename, self.more, self.people, self.reference.origins
        origin = people.origin[self.person]
        turned = np.array([float(o.facts.get("name_order", 1)) for o in facts])[origin]
        kind = self.chosen(
            "forename",
            [
                (SWAPPED, odds.swapped * turned),
                (OTHER_ORDER, np.where(turned > 1, odds.other_order, 0)),
                (TYPO, odds.typo * more.typo),
                (PHONETIC, odds.phonetic * more.typo),
                (SCANNED, odds.scanned * more.scanned * self.paper),
                (VARIANT, odds.variant),
                (NICKNAME, odds.nickname * more.nickname),
                (MIDDLE_AS_FIRST, np.where(self.reference.by_second[forename], odds.second_used, odds.middle_as_first)),
                (MISSING, odds.missing),
            ],
        )
        kind[np.isin(kind, (SWAPPED, OTHER_ORDER)) & self._same_names()] = 0
        kind[(kind == OTHER_ORDER) & (people.names.middle[self.person, 0] < 0)] = 0
        respelt = (kind == 0) & self._respelt(odds.transliteration, odds.transliteration_born_here)
        kind[respelt & self.reference.transliterations.has(forename)] = TRANSLITERATION
        return kind

    def _respelt(self, abroad: float, here: float) -> NDArray[np.bool_]:
        """Whether a name of another script is respelt: more often where its bearer's papers came from abroad.

        One draw for both names: who respells one respells the other.
        """
        facts = self.reference.origins
        foreign_script = np.array([bool(o.facts.get("variants")) for o in facts])[self.people.origin[self.person]]
        odds = np.where(self.people.foreign_born[self.person], abroad, here) * self.factor.clip(max=5)
        respelt: NDArray[np.bool_] = foreign_script & (self.uniform("transliteration") < odds)
        return respelt

    def _same_names(self) -> NDArray[np.bool_]:
        """Whether the forename is also the surname, before or after its change, so that a swap shows nothing."""
        known = self.people.names
        first = self.reference.forenames.take(pa.array(known.forename[self.person]))
        last = [known.surname_values.take(pa.array(known.surname[self.person, version])) for version in (0, 1)]
        return np.asarray(pc.or_(pc.equal(first, last[0]), pc.equal(first, last[1])))

    def _middle(self, middle: Codes, lost: NDArray[np.bool_], blank: NDArray[np.bool_]) -> Any:
        """Middle names as written: none where no given name is."""
        kind = self.chosen(
            "middle", [(OMITTED, self.odds.middle_names.omitted), (INITIAL, self.odds.middle_names.initial)]
        )
        kind[blank] = OMITTED
        kind[middle[:, 0] < 0] = 0
        names = self.reference.forenames
        parts_of = [names.take(pa.array(middle[:, place], mask=middle[:, place] < 0)) for place in (0, 1)]
        whole = joined(*parts_of)
        initial = pc.utf8_slice_codeunits(parts_of[0], 0, 1)
        self.kinds["middle_names"] = np.where(lost, OMITTED, kind).astype(np.int8)
        return pc.if_else(pa.array(kind == OMITTED), None, pc.if_else(pa.array(kind == INITIAL), initial, whole))

    def _surnames(self, forenames: Kinds) -> tuple[Text, Text]:
        odds, known, reference = self.odds.surname, self.people.names, self.reference
        kind = self.chosen(
            "surname",
            [
                (TYPO, odds.typo * self.more.typo),
                (PHONETIC, odds.phonetic * self.more.typo),
                (SCANNED, odds.scanned * self.more.scanned * self.paper),
                (VARIANT, odds.variant),
                (KNOWN_AS, odds.known_as),
            ],
        )
        respelt = (kind == 0) & self._respelt(odds.transliteration, odds.transliteration_born_here)
        kind[respelt] = TRANSLITERATION
        moved = np.isin(forenames, (SWAPPED, OTHER_ORDER))
        kind[moved] = forenames[moved]
        plain = len(reference.surnames)
        drops = self.uniform("hyphen") < odds.hyphen_dropped * np.sqrt(self.factor)
        which = self.uniform("surname.other")
        out, kinds = [], []
        for version in (0, 1):
            codes = known.surname[self.person, version]
            of = kind.copy()
            hyphenated = (codes >= plain) & (of == 0) & drops
            of[hyphenated] = HYPHEN_DROPPED
            written = codes.copy()
            for other, spellings in (
                (VARIANT, reference.surname_variants),
                (TRANSLITERATION, reference.surname_spellings),
            ):
                rows = np.flatnonzero((of == other) & (codes < plain))
                written[rows] = spellings.pick(codes[rows], which[rows])
            rows = np.flatnonzero(of == KNOWN_AS)
            written[rows] = known.other_surname[self.person[rows]]
            of[np.isin(of, (VARIANT, TRANSLITERATION, KNOWN_AS)) & (written == codes)] = 0
            text = Text(known.surname_values, written)
            both = text.take(np.flatnonzero(hyphenated)).plain()
            spaced = pc.replace_substring(both, "-", " ")
            halves = pc.list_element(pc.split_pattern(both, "-"), 0)  # of "De Souza-Lee" all that is before the hyphen
            short = pa.array((which < 0.5)[hyphenated])
            text = spread(text, hyphenated, pc.if_else(short, halves, spaced))
            out.append(self._corrupted("surname", text, of))
            kinds.append(of)
        self.kinds["surname"], self.kinds["surname.after"] = kinds
        return out[0], out[1]

    def _corrupted(self, name: str, text: Text, kind: Kinds) -> Text:
        """Names with an error where the kind says so, written as a name is; a kind becomes 0 where no error could be."""
        for of, corrupt in ((TYPO, mistyped), (PHONETIC, misheard), (SCANNED, misread)):
            at = np.flatnonzero(kind == of)
            capitals = pc.utf8_upper(text.take(at).plain())
            changed = corrupt(self.draws, f"{self.source}.{name}", self.ids[at], self.event[at], capitals)
            same = np.asarray(pc.equal(capitals, changed))
            kind[at[same]] = 0
            text = spread(text, kind == of, pc.utf8_title(changed.filter(pa.array(~same))))
        return text

    def birth_dates(self) -> Days:
        """Birth dates as written."""
        true = self.people.birth[self.person]
        odds, more = self.odds.dob, self.more.dob
        kind = self.chosen(
            "dob",
            [
                (DAY, odds.day * more),
                (MONTH, odds.month * more),
                (YEAR_KIND, odds.year * more),
                (SEVERAL, odds.several * more),
            ],
        )
        rows = np.flatnonzero(kind)
        out = true.copy()
        out[rows] = misdated(
            true[rows], kind[rows] - DAY, odds, self.uniform("dob.shift")[rows], self.uniform("dob.far")[rows]
        )
        kind[rows] = wrong_part(true[rows], out[rows]) + DAY
        kind[rows[out[rows] == true[rows]]] = 0
        self.kinds["dob"] = kind
        return out

    def female(self) -> NDArray[np.bool_]:
        """Sex as written."""
        kind = self.chosen("sex", [(WRONG, self.odds.sex.wrong)])
        self.kinds["sex"] = kind
        written: NDArray[np.bool_] = self.people.female[self.person] ^ (kind == WRONG)
        return written

    def nino(self, true: Any, given: NDArray[np.bool_]) -> Any:
        """National Insurance numbers as written, NULL where not given; a wrong one has another digit."""
        kind = self.chosen("nino", [(WRONG, self.odds.numbers.nino_wrong)])
        kind[~given] = 0
        self.kinds["nino"] = kind
        return pc.if_else(pa.array(given), self.another_digit("nino.digit", true, kind == WRONG), None)

    def another_digit(self, name: str, true: Any, rows: NDArray[np.bool_]) -> Any:
        """Numbers with one of their six digits (places 3 to 8) raised, in the given rows."""
        at = np.flatnonzero(rows)
        if not len(at):
            return true
        values = np.array(true.take(pa.array(at)).to_pylist(), dtype="S9").view(np.uint8).reshape(len(at), 9).copy()
        drawn = self.uniform(name)[at]
        place = 2 + (drawn * 6).astype(np.int64)
        here = np.arange(len(at))
        values[here, place] = 48 + (values[here, place] - 48 + 1 + (drawn * 6 % 1 * 9).astype(np.uint8)) % 10
        return pc.replace_with_mask(true, pa.array(rows), strings(values))

    def lag(self, what: str, events: NDArray[Any] | int, ids: Ints) -> Ints:
        """Days until this source hears of a change of address or surname (very many where it never does)."""
        late = self.odds.late[self.source]
        drawn = self.draws.uniform(f"{self.source}.{what}.lag", ids, events)
        heard = self.draws.uniform(f"{self.source}.{what}.heard", ids, events) >= late[f"{what}_never"]
        return np.where(heard, -np.log(1 - drawn) * late[f"{what}_years"] * YEAR, 100_000).astype(np.int64)


def on_records(registrations: Registrations, rows: Ints, when: Days) -> dict[str, NDArray[Any]]:
    """What the source holds on each record (`rows`: its registration, `when`: its day): `renamed`, whether the new
    surname is known; `postcode`, with errors; `home`; and the kinds of errors "surname.kind" and "postcode.kind".
    """
    people, person = registrations.people, registrations.person[rows]
    lag = registrations.lag("surname", registrations.event, registrations.ids)[rows]
    known = people.names
    renamed = known.changed[person].astype(np.int64) + lag <= when
    renamed &= known.back[person].astype(np.int64) + lag > when
    lag = registrations.lag("address", registrations.event, registrations.ids)[rows]
    home = people.homes.at(person, when - lag.clip(max=30 * 365))
    postcode = people.homes.postcode[person, home]
    postcode, kind = wrong_postcodes(registrations, rows, home, postcode)
    surname_kind = np.where(renamed, registrations.kinds["surname.after"][rows], registrations.kinds["surname"][rows])
    return {"renamed": renamed, "postcode": postcode, "postcode.kind": kind, "surname.kind": surname_kind, "home": home}


def wrong_postcodes(
    registrations: Registrations, rows: Ints, home: NDArray[Any], postcode: Codes, name: str = "postcode"
) -> tuple[Codes, Kinds]:
    """Postcodes with another unit of the sector, or unknown; an error holds for a registration and a home."""
    ids, event = registrations.ids[rows], registrations.event[rows] * 16 + home
    odds = registrations.odds.postcode
    drawn = registrations.draws.uniform(f"{registrations.source}.{name}", ids, event)
    factor = registrations.factor[rows] * registrations.more.postcode
    typo = drawn < odds.typo * factor
    unknown = ~typo & (drawn < (odds.typo + odds.unknown) * factor)
    unit = postcode % 400
    shift = (1 + registrations.draws.uniform(f"{registrations.source}.{name}.unit", ids, event) * 398).astype(np.int32)
    other = postcode - unit + (unit + shift) % 400
    out = np.where(typo, other, np.where(unknown, UNKNOWN, postcode)).astype(np.int32)
    return out, np.where(typo, TYPO, np.where(unknown, SENTINEL, 0)).astype(np.int8)
