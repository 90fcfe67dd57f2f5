"""What a source records of a person: the true value of a day, an outdated one, or an
error.

Errors are made once a registration, that is when a school, provider or department first
takes the person's details, and stay on all records of the registration. The odds are
the preset's, times the person's and the provider's own factors, so that errors come
together. An old name or address is no error: it comes from dates and is not logged.
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
from synthetic.recording.corruption import (
    misdated,
    misheard,
    misread,
    mistyped,
    wrong_part,
)

ERROR_KINDS = (
    "",
    "typo",
    "variant",
    "nickname",
    "middle name as first",
    "missing",
    "swapped",
    "transliteration",
    "omitted",
    "initial",
    "hyphen dropped",
    "day",
    "month",
    "year",
    "several parts",
    "wrong",
    "unknown",
    "phonetic",
    "scanned",
    "other order",
    "known as",
)
TYPO, VARIANT, NICKNAME, MIDDLE_AS_FIRST, MISSING, SWAPPED, TRANSLITERATION, OMITTED = (
    range(1, 9)
)
(
    INITIAL,
    HYPHEN_DROPPED,
    DAY,
    MONTH,
    YEAR_KIND,
    SEVERAL,
    WRONG,
    SENTINEL,
    PHONETIC,
    SCANNED,
    OTHER_ORDER,
    KNOWN_AS,
) = range(9, 21)

Kinds = NDArray[np.int8]


@dataclass
class Registrations:
    """A source's registrations with the people of a chunk, and the errors made in them.

    person: place in the chunk; event: number of the registration among the person's
    registrations with the source.
    """

    source: str
    draws: Draws
    reference: Reference
    odds: Table
    people: People
    person: Ints
    event: Ints
    provider: Ints
    # how much is read from forms, on average 1: multiplies the odds of a scanning error
    paper: Any = 1.0
    kinds: dict[str, Kinds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = self.people.ids[self.person]
        deviation = self.odds.quality.provider_spread
        factor = np.exp(
            deviation * self.draws.normal(f"{self.source}.provider", self.provider)
            - deviation**2 / 2
        )
        self.factor: Floats = self.people.quality[self.person] * factor
        self.more: Table = self.odds.source[self.source]

    def chosen(self, name: str, odds: list[tuple[int, Any]]) -> Kinds:
        """At most one kind of error for each registration, by one draw; more at an
        earlier release.
        """
        draw = self.draws.uniform(f"{self.source}.{name}", self.ids, self.event)
        out, upper = self._first_below(draw, odds)
        if extra := self.odds.get("uncorrected", {}).get(name):
            # Errors put right later: as likely among the kinds as those that stand, and
            # never next to one.
            error_draw = self.draws.uniform(
                f"{self.source}.{name}.corrected", self.ids, self.event
            )
            kind_draw = self.draws.uniform(
                f"{self.source}.{name}.corrected.kind", self.ids, self.event
            )
            rows = (out == 0) & (error_draw < extra * upper)
            out[rows] = self._first_below(kind_draw * upper, odds)[0][rows]
        return out

    def _first_below(
        self, draw: Floats, odds: list[tuple[int, Any]]
    ) -> tuple[Kinds, Any]:
        """The kind within whose share of the line from 0 each number falls, 0 beyond
        them; and where they end.
        """
        out = np.zeros(len(self.ids), np.int8)
        edge: Any = 0.0
        for kind, chance in odds:
            upper = edge + np.minimum(chance * self.factor, 0.5)
            out[(draw >= edge) & (draw < upper)] = kind
            edge = upper
        return out, edge

    def uniform(self, name: str) -> Floats:
        """A number for each registration."""
        return self.draws.uniform(f"{self.source}.{name}", self.ids, self.event)

    def names(self) -> tuple[Any, Any, Text, Text]:
        """Forename and middle names (string arrays), surname before and after the
        change, for each registration.
        """
        people, reference = self.people, self.reference
        true_names = people.names
        forename, middle = (
            true_names.forename[self.person],
            true_names.middle[self.person],
        )
        kind = self._forename_kinds(forename)
        draw = self.uniform("forename.other")
        codes = forename.copy()
        for error_kind, others in (
            (VARIANT, reference.variants),
            (NICKNAME, reference.nicknames),
            (TRANSLITERATION, reference.transliterations),
        ):
            rows = np.flatnonzero(kind == error_kind)
            codes[rows] = others.pick(forename[rows], draw[rows])
        kind[
            np.isin(kind, (VARIANT, NICKNAME, TRANSLITERATION)) & (codes == forename)
        ] = 0
        kind[(kind == MIDDLE_AS_FIRST) & (middle[:, 0] < 0)] = 0
        first = np.isin(kind, (MIDDLE_AS_FIRST, OTHER_ORDER))
        codes[first] = middle[first, 0]
        middle = np.where(
            first[:, None],
            np.stack([middle[:, 1], np.full(len(first), -1)], axis=1),
            middle,
        )
        text = Text(
            reference.forenames, np.where(kind == MISSING, -1, codes).astype(np.int32)
        )
        text = self._corrupted("forename", text, kind)
        before, after = self._surnames(kind)
        is_swapped, is_moved = kind == SWAPPED, np.isin(kind, (SWAPPED, OTHER_ORDER))
        text = spread(text, is_swapped, before.take(np.flatnonzero(is_swapped)).plain())
        true = (
            Text(reference.forenames, forename).take(np.flatnonzero(is_moved)).plain()
        )
        before, after = spread(before, is_moved, true), spread(after, is_moved, true)
        self.kinds["forename"] = kind
        return text.plain(), self._middle(middle, first, kind == MISSING), before, after

    def _forename_kinds(self, forename: Codes) -> Kinds:
        """The error of each forename; names of another script are respelt as if by
        chance.
        """
        odds, factors, people, facts = (
            self.odds.forename,
            self.more,
            self.people,
            self.reference.origins,
        )
        origin = people.origin[self.person]
        order_factor = np.array([float(o.facts.get("name_order", 1)) for o in facts])[
            origin
        ]
        kind = self.chosen(
            "forename",
            [
                (SWAPPED, odds.swapped * order_factor),
                (OTHER_ORDER, np.where(order_factor > 1, odds.other_order, 0)),
                (TYPO, odds.typo * factors.typo),
                (PHONETIC, odds.phonetic * factors.typo),
                (SCANNED, odds.scanned * factors.scanned * self.paper),
                (VARIANT, odds.variant),
                (NICKNAME, odds.nickname * factors.nickname),
                (
                    MIDDLE_AS_FIRST,
                    np.where(
                        self.reference.by_second[forename],
                        odds.second_used,
                        odds.middle_as_first,
                    ),
                ),
                (MISSING, odds.missing),
            ],
        )
        kind[np.isin(kind, (SWAPPED, OTHER_ORDER)) & self._same_names()] = 0
        kind[(kind == OTHER_ORDER) & (people.names.middle[self.person, 0] < 0)] = 0
        is_respelt = (kind == 0) & self._respelt(
            odds.transliteration, odds.transliteration_born_here
        )
        kind[is_respelt & self.reference.transliterations.has(forename)] = (
            TRANSLITERATION
        )
        return kind

    def _respelt(self, foreign_odds: float, home_odds: float) -> NDArray[np.bool_]:
        """Whether a name of another script is respelt: more often where its bearer's
        papers came from abroad.

        One draw for both names: who respells one respells the other.
        """
        facts = self.reference.origins
        foreign_script = np.array([bool(o.facts.get("variants")) for o in facts])[
            self.people.origin[self.person]
        ]
        odds = np.where(
            self.people.foreign_born[self.person], foreign_odds, home_odds
        ) * self.factor.clip(max=5)
        is_respelt: NDArray[np.bool_] = foreign_script & (
            self.uniform("transliteration") < odds
        )
        return is_respelt

    def _same_names(self) -> NDArray[np.bool_]:
        """Whether the forename is also the surname, before or after its change, so that
        a swap shows nothing.
        """
        names = self.people.names
        first = self.reference.forenames.take(pa.array(names.forename[self.person]))
        last = [
            names.surname_values.take(pa.array(names.surname[self.person, version]))
            for version in (0, 1)
        ]
        return np.asarray(pc.or_(pc.equal(first, last[0]), pc.equal(first, last[1])))

    def _middle(
        self, middle: Codes, is_lost: NDArray[np.bool_], is_blank: NDArray[np.bool_]
    ) -> Any:
        """Middle names as written: none where there is no forename."""
        kind = self.chosen(
            "middle",
            [
                (OMITTED, self.odds.middle_names.omitted),
                (INITIAL, self.odds.middle_names.initial),
            ],
        )
        kind[is_blank] = OMITTED
        kind[middle[:, 0] < 0] = 0
        names = self.reference.forenames
        parts = [
            names.take(pa.array(middle[:, place], mask=middle[:, place] < 0))
            for place in (0, 1)
        ]
        full_text = joined(*parts)
        initial = pc.utf8_slice_codeunits(parts[0], 0, 1)
        self.kinds["middle_names"] = np.where(is_lost, OMITTED, kind).astype(np.int8)
        return pc.if_else(
            pa.array(kind == OMITTED),
            None,
            pc.if_else(pa.array(kind == INITIAL), initial, full_text),
        )

    def _surnames(self, forenames: Kinds) -> tuple[Text, Text]:
        odds, names, reference = self.odds.surname, self.people.names, self.reference
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
        is_respelt = (kind == 0) & self._respelt(
            odds.transliteration, odds.transliteration_born_here
        )
        kind[is_respelt] = TRANSLITERATION
        is_moved = np.isin(forenames, (SWAPPED, OTHER_ORDER))
        kind[is_moved] = forenames[is_moved]
        plain_count = len(reference.surnames)
        drops = self.uniform("hyphen") < odds.hyphen_dropped * np.sqrt(self.factor)
        draw = self.uniform("surname.other")
        out, kinds = [], []
        for version in (0, 1):
            codes = names.surname[self.person, version]
            version_kind = kind.copy()
            is_hyphenated = (codes >= plain_count) & (version_kind == 0) & drops
            version_kind[is_hyphenated] = HYPHEN_DROPPED
            new_codes = codes.copy()
            for other, spellings in (
                (VARIANT, reference.surname_variants),
                (TRANSLITERATION, reference.surname_spellings),
            ):
                rows = np.flatnonzero((version_kind == other) & (codes < plain_count))
                new_codes[rows] = spellings.pick(codes[rows], draw[rows])
            rows = np.flatnonzero(version_kind == KNOWN_AS)
            new_codes[rows] = names.other_surname[self.person[rows]]
            version_kind[
                np.isin(version_kind, (VARIANT, TRANSLITERATION, KNOWN_AS))
                & (new_codes == codes)
            ] = 0
            text = Text(names.surname_values, new_codes)
            texts = text.take(np.flatnonzero(is_hyphenated)).plain()
            spaced_names = pc.replace_substring(texts, "-", " ")
            halves = pc.list_element(
                pc.split_pattern(texts, "-"), 0
            )  # of "De Souza-Lee" all that is before the hyphen
            short = pa.array((draw < 0.5)[is_hyphenated])
            text = spread(text, is_hyphenated, pc.if_else(short, halves, spaced_names))
            out.append(self._corrupted("surname", text, version_kind))
            kinds.append(version_kind)
        self.kinds["surname"], self.kinds["surname.after"] = kinds
        return out[0], out[1]

    def _corrupted(self, name: str, text: Text, kind: Kinds) -> Text:
        """Names with an error where the kind says so, written as a name is; a kind
        becomes 0 where no error could be.
        """
        for error_kind, corrupt in (
            (TYPO, mistyped),
            (PHONETIC, misheard),
            (SCANNED, misread),
        ):
            rows = np.flatnonzero(kind == error_kind)
            capitals = pc.utf8_upper(text.take(rows).plain())
            new_texts = corrupt(
                self.draws,
                f"{self.source}.{name}",
                self.ids[rows],
                self.event[rows],
                capitals,
            )
            is_same = np.asarray(pc.equal(capitals, new_texts))
            kind[rows[is_same]] = 0
            text = spread(
                text,
                kind == error_kind,
                pc.utf8_title(new_texts.filter(pa.array(~is_same))),
            )
        return text

    def birth_dates(self) -> Days:
        """Birth dates as written."""
        true = self.people.birth[self.person]
        odds, factor = self.odds.dob, self.more.dob
        kind = self.chosen(
            "dob",
            [
                (DAY, odds.day * factor),
                (MONTH, odds.month * factor),
                (YEAR_KIND, odds.year * factor),
                (SEVERAL, odds.several * factor),
            ],
        )
        rows = np.flatnonzero(kind)
        out = true.copy()
        out[rows] = misdated(
            true[rows],
            kind[rows] - DAY,
            odds,
            self.uniform("dob.shift")[rows],
            self.uniform("dob.far")[rows],
        )
        kind[rows] = wrong_part(true[rows], out[rows]) + DAY
        kind[rows[out[rows] == true[rows]]] = 0
        self.kinds["dob"] = kind
        return out

    def female(self) -> NDArray[np.bool_]:
        """Sex as written."""
        kind = self.chosen("sex", [(WRONG, self.odds.sex.wrong)])
        self.kinds["sex"] = kind
        is_female: NDArray[np.bool_] = self.people.female[self.person] ^ (kind == WRONG)
        return is_female

    def nino(self, true: Any, is_given: NDArray[np.bool_]) -> Any:
        """National Insurance numbers as written, NULL where not given; a wrong one has
        another digit.
        """
        kind = self.chosen("nino", [(WRONG, self.odds.numbers.nino_wrong)])
        kind[~is_given] = 0
        self.kinds["nino"] = kind
        return pc.if_else(
            pa.array(is_given),
            self.another_digit("nino.digit", true, kind == WRONG),
            None,
        )

    def another_digit(self, name: str, true: Any, rows: NDArray[np.bool_]) -> Any:
        """Numbers with one of their six digits (places 3 to 8) raised, in the given
        rows.
        """
        spot = np.flatnonzero(rows)
        if not len(spot):
            return true
        values = (
            np.array(true.take(pa.array(spot)).to_pylist(), dtype="S9")
            .view(np.uint8)
            .reshape(len(spot), 9)
            .copy()
        )
        draw = self.uniform(name)[spot]
        place = 2 + (draw * 6).astype(np.int64)
        index = np.arange(len(spot))
        values[index, place] = (
            48
            + (values[index, place] - 48 + 1 + (draw * 6 % 1 * 9).astype(np.uint8)) % 10
        )
        return pc.replace_with_mask(true, pa.array(rows), strings(values))

    def lag(self, change: str, events: NDArray[Any] | int, ids: Ints) -> Ints:
        """Days until this source hears of a change of address or surname (very many
        where it never does).
        """
        odds = self.odds.late[self.source]
        draw = self.draws.uniform(f"{self.source}.{change}.lag", ids, events)
        is_heard = (
            self.draws.uniform(f"{self.source}.{change}.heard", ids, events)
            >= odds[f"{change}_never"]
        )
        return np.where(
            is_heard, -np.log(1 - draw) * odds[f"{change}_years"] * YEAR, 100_000
        ).astype(np.int64)


def on_records(
    registrations: Registrations, rows: Ints, days: Days
) -> dict[str, NDArray[Any]]:
    """What the source holds on each record (`rows`: its registration, `days`: its day):
    `renamed`, whether the new surname is known; `postcode`, with errors; `home`; and
    the kinds of errors "surname.kind" and "postcode.kind".
    """
    people, person = registrations.people, registrations.person[rows]
    lag = registrations.lag("surname", registrations.event, registrations.ids)[rows]
    names = people.names
    is_renamed = names.changed[person].astype(np.int64) + lag <= days
    is_renamed &= names.back[person].astype(np.int64) + lag > days
    lag = registrations.lag("address", registrations.event, registrations.ids)[rows]
    home = people.homes.at(person, days - lag.clip(max=30 * 365))
    postcode = people.homes.postcode[person, home]
    postcode, kind = wrong_postcodes(registrations, rows, home, postcode)
    name_kind = np.where(
        is_renamed,
        registrations.kinds["surname.after"][rows],
        registrations.kinds["surname"][rows],
    )
    return {
        "renamed": is_renamed,
        "postcode": postcode,
        "postcode.kind": kind,
        "surname.kind": name_kind,
        "home": home,
    }


def wrong_postcodes(
    registrations: Registrations,
    rows: Ints,
    home: NDArray[Any],
    postcode: Codes,
    name: str = "postcode",
) -> tuple[Codes, Kinds]:
    """Postcodes with another unit of the sector, or unknown; an error holds for a
    registration and a home.
    """
    ids, event = registrations.ids[rows], registrations.event[rows] * 16 + home
    odds = registrations.odds.postcode
    draw = registrations.draws.uniform(f"{registrations.source}.{name}", ids, event)
    factor = registrations.factor[rows] * registrations.more.postcode
    typo = draw < odds.typo * factor
    unknown = ~typo & (draw < (odds.typo + odds.unknown) * factor)
    unit = postcode % 400
    shift = (
        1
        + registrations.draws.uniform(f"{registrations.source}.{name}.unit", ids, event)
        * 398
    ).astype(np.int32)
    other = postcode - unit + (unit + shift) % 400
    out = np.where(typo, other, np.where(unknown, UNKNOWN, postcode)).astype(np.int32)
    return out, np.where(typo, TYPO, np.where(unknown, SENTINEL, 0)).astype(np.int8)
