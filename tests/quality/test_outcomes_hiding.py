"""What compared outcomes hide, attacked by linear programmes: no small count can be told from those shown."""

from collections import Counter
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from quality.dashboard.outcomes.counting import ALL, EVERYBODY, JUDGED_CELLS, OTHERS, UNPAID, Counted, Place
from quality.dashboard.outcomes.hiding import EARNERS, JUDGED, PAY, hidden_keys

from quality import disclosure
from quality.disclosure import Need, Sum, exactly, exposed

LEO = disclosure.load("leo_publication").model_copy(update={"threshold": 3})
OUTCOME = "sustained_employment"
UNIVERSITIES = ("A", "B", "C", OTHERS)


def place(by: str, institution: str, category: str) -> Place:
    return Place("graduate", 1, by, institution, category)


def all_alike(matched: int, having: int, unpaid: int = 0) -> Counted:
    """Members who are each a person of their own, of whom as many have any outcome."""
    counts = dict.fromkeys(JUDGED, having) | {"matched": matched, EARNERS: having - unpaid}
    people = {cell: counts[cell] if cell in counts else matched - counts.get(cell[3:], 0) for cell in JUDGED_CELLS}
    people |= {UNPAID: unpaid, "study_only": 0, "neither": matched - having, "paid_study": having - unpaid}
    return Counted(counts, people, people, {})


def counted(people: list[tuple[str, str, bool]]) -> dict[Place, Counted]:
    """Places of people who are each of an institution and a category, and in work or not."""
    everyone: Counter[Place] = Counter()
    having: Counter[Place] = Counter()
    for institution, category, works in people:
        for where in (EVERYBODY, institution):
            for one in (place(ALL, where, ""), place("sex", where, category)):
                everyone[one] += 1
                having[one] += works
    return {one: all_alike(number, having[one]) for one, number in everyone.items()}


def attacked(group: dict[Place, Counted]) -> set[tuple[str, Place]]:
    """Small counts that are told, or that one who adds and subtracts can bound below the threshold."""
    hidden = hidden_keys(group, LEO)
    # Which categories an institution has nobody of is told by nothing but its row.
    group = group | {
        one: all_alike(0, 0)
        for row in {one.institution for one in group if ("matched", one) in hidden and one.by == "sex"}
        for one in (place("sex", row, category) for category in {one.category for one in group if one.by == "sex"})
        if one not in group
    }
    untold = {one for one in group if ("matched", one) not in hidden and group[one].counts["matched"] == 0}
    hidden |= {(kind, one) for one in untold for kind in ("matched", OUTCOME)}
    values: dict[tuple[str, Place], float] = {}
    sums = []
    secret = set()
    for one, found in group.items():
        matched, having = found.counts["matched"], found.counts[OUTCOME]
        values |= {("matched", one): matched, ("in", one): having, ("out", one): matched - having}
        sums.append(Sum(("matched", one), (("in", one), ("out", one))))
        if ("matched", one) in hidden:
            secret |= {("matched", one)}
        if (OUTCOME, one) in hidden:
            secret |= {("in", one), ("out", one)}
    kinds = ("matched", "in", "out")
    for total in group:
        if total.by == ALL and total.institution == EVERYBODY:
            parts = [one for one in group if one.by == ALL and one.institution != EVERYBODY]
        elif total.by == ALL:
            parts = [one for one in group if one.by == "sex" and one.institution == total.institution]
        elif total.institution == EVERYBODY:
            parts = [one for one in group if one.by == "sex" and one.category == total.category and one != total]
        else:
            continue
        sums += [Sum((kind, total), tuple((kind, one) for one in parts)) for kind in kinds]
    whole = place(ALL, EVERYBODY, "")
    categories = tuple(one for one in group if one.by == "sex" and one.institution == EVERYBODY)
    sums += [Sum((kind, whole), tuple((kind, one) for one in categories)) for kind in kinds]
    needs = {key: Need(least=LEO.threshold) for key, value in values.items() if 1 <= value < LEO.threshold}
    told = set(needs) - secret
    return told | exposed(exactly(values, sums), secret, {key: need for key, need in needs.items() if key in secret})


PERSON = st.tuples(st.sampled_from(UNIVERSITIES), st.sampled_from("FMX"), st.booleans())


@given(st.lists(PERSON, min_size=20, max_size=120))
def test_no_small_count_can_be_told(people: list[tuple[str, str, bool]]) -> None:
    # Institutions of fewer than the threshold stand with the others before anything is hidden.
    sizes = Counter(institution for institution, _, _ in people)
    people = [(i if sizes[i] >= LEO.threshold else OTHERS, c, w) for i, c, w in people]
    assert attacked(counted(people)) == set()


def test_an_institution_is_told_by_sex_whole_or_not_at_all() -> None:
    even = [(i, c, w) for i in ("A", "B", OTHERS) for c in "FM" for w in (True, False) for _ in range(5)]
    hidden = hidden_keys(counted(even), LEO)
    assert {one for _, one in hidden} == {place("sex", OTHERS, "F"), place("sex", OTHERS, "M")}
    # One woman of B out of work fewer than may be told: all of B's figures by sex go, and no other.
    fewer = [one for number, one in enumerate(even) if one != ("B", "F", False) or number % 5 == 0]
    hidden = hidden_keys(counted(fewer), LEO)
    of_outcome = {one for kind, one in hidden if kind == OUTCOME and one.institution != OTHERS}
    assert of_outcome == {place("sex", "B", "F"), place("sex", "B", "M")}
    assert ("matched", place("sex", "B", "F")) not in hidden


def of_two(people: list[tuple[str, str, str, bool]]) -> dict[Place, Counted]:
    """Places of people who are each of an institution, a sex and a claim to free school meals, in work or not."""
    by_sex = counted([(i, sex, works) for i, sex, _, works in people])
    by_meals = counted([(i, meals, works) for i, _, meals, works in people])
    return by_sex | {
        place("fsm", one.institution, one.category): found for one, found in by_meals.items() if one.by == "sex"
    }


def attacked_at_once(people: list[tuple[str, str, str, bool]]) -> set[tuple[str, Place]]:
    """Small counts that are told to one who holds both breakdowns, and knows that all are of the same people."""
    group = of_two(people)
    hidden = hidden_keys(group, LEO)
    institutions = sorted({one[0] for one in people})
    codes = {ALL: [""], "sex": sorted({one[1] for one in people}), "fsm": sorted({one[2] for one in people})}
    cells = Counter(people)
    values: dict[tuple[str, object], float] = {
        ("people", cell): cells[cell] for cell in product(institutions, codes["sex"], codes["fsm"], (True, False))
    }
    unshown = list(values)
    sums, secret, small = [], set(), {}
    for by, institution in product(codes, (EVERYBODY, *institutions)):
        row = [place(by, institution, code) for code in codes[by]]
        for one in row:
            inner = [
                key for key in unshown
                if institution in (EVERYBODY, key[1][0]) and one.category in {"", key[1][1 if by == "sex" else 2]}
            ]  # fmt: skip
            for kind, works in (("matched", (True, False)), ("in", (True,)), ("out", (False,))):
                parts = tuple(key for key in inner if key[1][3] in works)
                values[kind, one] = sum(values[key] for key in parts)
                sums.append(Sum((kind, one), parts))
                if 1 <= values[kind, one] < LEO.threshold:
                    small[kind, one] = Need(least=LEO.threshold)
            # Which categories a row that is hidden has nobody of is not told either.
            is_untold = one not in group and any(("matched", other) in hidden for other in row)
            if ("matched", one) in hidden or is_untold:
                secret |= {("matched", one)}
            if (OUTCOME, one) in hidden or is_untold:
                secret |= {("in", one), ("out", one)}
    told = set(small) - secret
    known = exactly(values, sums, unshown=unshown)
    return told | exposed(known, secret, {key: need for key, need in small.items() if key in secret})


@given(
    st.lists(
        st.tuples(st.sampled_from(UNIVERSITIES), st.sampled_from("FM"), st.sampled_from("YN"), st.booleans()),
        min_size=20,
        max_size=120,
    )
)
def test_two_breakdowns_together_tell_no_small_count(people: list[tuple[str, str, str, bool]]) -> None:
    sizes = Counter(one[0] for one in people)
    merged = [(i if sizes[i] >= LEO.threshold else OTHERS, *rest) for i, *rest in people]
    assert attacked_at_once(merged) == set()


PAID, UNPAID_WORK, OUT = "paid", "unpaid", "out"


def of_three(people: list[tuple[str, str, str]]) -> dict[Place, Counted]:
    """Places of people who are each of an institution and a category, and paid, in work without pay, or out of work."""
    places = sorted(
        {
            one
            for i, c, _ in people
            for where in (EVERYBODY, i)
            for one in (place(ALL, where, ""), place("sex", where, c))
        }
    )
    group = {}
    for one in places:
        states = Counter(
            state for i, c, state in people if one.institution in (EVERYBODY, i) and one.category in ("", c)
        )
        group[one] = all_alike(states.total(), states[PAID] + states[UNPAID_WORK], states[UNPAID_WORK])
    return group


def attacked_for_pay(people: list[tuple[str, str, str]]) -> set[tuple[str, Place]]:
    """Small numbers of those paid, in work, out of work, in work without pay and without pay at all that are told."""
    group = of_three(people)
    hidden = hidden_keys(group, LEO)
    categories = sorted({c for _, c, _ in people})
    for row in sorted({one.institution for one in group}):
        cells = [place("sex", row, c) for c in categories]
        if any(("matched", one) in hidden for one in cells):  # whom a hidden row has nobody of is not told either
            group |= {one: all_alike(0, 0) for one in cells if one not in group}
            hidden |= {(kind, one) for one in cells for kind in ("matched", *JUDGED, PAY)}
    values: dict[tuple[str, Place], float] = {}
    sums, secret = [], set()
    for one, found in group.items():
        matched, working, paid = (found.counts[kind] for kind in ("matched", OUTCOME, EARNERS))
        parts = {PAID: paid, UNPAID_WORK: working - paid, OUT: matched - working}
        values |= {(kind, one): number for kind, number in parts.items()}
        values |= {("all", one): matched, ("work", one): working, ("no pay", one): matched - paid}
        sums += [
            Sum(("work", one), ((PAID, one), (UNPAID_WORK, one))),
            Sum(("no pay", one), ((UNPAID_WORK, one), (OUT, one))),
            Sum(("all", one), (("work", one), (OUT, one))),
        ]
        secret |= {(UNPAID_WORK, one)} | ({("all", one)} if ("matched", one) in hidden else set())
        secret |= {("work", one), (OUT, one)} if (OUTCOME, one) in hidden else set()
        secret |= {(PAID, one), ("no pay", one)} if (EARNERS, one) in hidden else set()
        if (EARNERS, one) in hidden and (PAY, one) not in hidden:  # its quartiles say that it reaches the threshold
            values |= {("threshold", one): LEO.threshold, ("above", one): paid - LEO.threshold}
            sums.append(Sum((PAID, one), (("threshold", one), ("above", one))))
            secret.add(("above", one))
    told_apart = {EVERYBODY} | {one.institution for one in group}
    for kind in (PAID, UNPAID_WORK, OUT):
        for row in told_apart:
            cells = tuple((kind, place("sex", row, c)) for c in categories if place("sex", row, c) in group)
            sums.append(Sum((kind, place(ALL, row, "")), cells))
        for by, category in ((ALL, ""), *(("sex", c) for c in categories)):
            of = tuple((kind, place(by, i, category)) for i in told_apart - {EVERYBODY})
            sums.append(Sum((kind, place(by, EVERYBODY, category)), tuple(key for key in of if key[1] in group)))
    kinds = ("all", "work", "no pay", PAID, UNPAID_WORK, OUT)
    needs = {
        key: Need(least=LEO.threshold)
        for key, value in values.items()
        if key[0] in kinds and 1 <= value < LEO.threshold
    }
    told = set(needs) - secret
    return told | exposed(exactly(values, sums), secret, {key: need for key, need in needs.items() if key in secret})


@given(
    st.lists(
        st.tuples(st.sampled_from(UNIVERSITIES), st.sampled_from("FM"), st.sampled_from((PAID, UNPAID_WORK, OUT))),
        min_size=20,
        max_size=120,
    ),
    st.sampled_from((1, 4, 20)),
)
def test_no_small_number_without_pay_can_be_told(people: list[tuple[str, str, str]], rare: int) -> None:
    """`rare`: only one in so many of those in work without pay stays so."""
    unpaid = [number for number, one in enumerate(people) if one[2] == UNPAID_WORK]
    kept = set(unpaid[::rare])
    people = [
        (i, c, PAID if state == UNPAID_WORK and number not in kept else state)
        for number, (i, c, state) in enumerate(people)
    ]
    sizes = Counter(one[0] for one in people)
    merged = [(i if sizes[i] >= LEO.threshold else OTHERS, *rest) for i, *rest in people]
    assert attacked_for_pay(merged) == set()


WORK_AND_STUDY, STUDY_ALONE, NEITHER_OF_BOTH = "work and study", "study", "neither"
FOUR = (PAID, WORK_AND_STUDY, STUDY_ALONE, NEITHER_OF_BOTH)
KINDS = {
    "work": (PAID, WORK_AND_STUDY),
    "no work": (STUDY_ALONE, NEITHER_OF_BOTH),
    "in study": (WORK_AND_STUDY, STUDY_ALONE),
    "no study": (PAID, NEITHER_OF_BOTH),
    "no pay": (WORK_AND_STUDY, STUDY_ALONE, NEITHER_OF_BOTH),
}


def four_counted(states: Counter[str]) -> Counted:
    """Members of whom those in work are paid, or in study."""
    work, study = (sum(states[one] for one in KINDS[kind]) for kind in ("work", "in study"))
    counts = {"matched": states.total(), OUTCOME: work, "further_study": study, "out_of_work_benefits": work,
              EARNERS: states[PAID]}  # fmt: skip
    people = {
        cell: counts[cell] if cell in counts else states.total() - counts.get(cell[3:], 0) for cell in JUDGED_CELLS
    }
    people |= {UNPAID: states[WORK_AND_STUDY], "study_only": states[STUDY_ALONE]}
    people |= {"neither": states[NEITHER_OF_BOTH], "paid_study": 0}
    return Counted(counts, people, people, {})


def attacked_in_study(people: list[tuple[str, str, str]]) -> set[tuple[str, Place]]:
    """Small numbers that are told where no earner is in study."""
    tally: dict[Place, Counter[str]] = {}
    for i, c, state in people:
        for where in (EVERYBODY, i):
            for one in (place(ALL, where, ""), place("sex", where, c)):
                tally.setdefault(one, Counter())[state] += 1
    hidden = hidden_keys({one: four_counted(states) for one, states in sorted(tally.items())}, LEO)
    categories = sorted({c for _, c, _ in people})
    for row in sorted({one.institution for one in tally}):
        cells = [place("sex", row, c) for c in categories]
        if any(("matched", one) in hidden for one in cells):
            tally |= {one: Counter() for one in cells if one not in tally}
            hidden |= {(kind, one) for one in cells for kind in ("matched", *JUDGED, PAY)}
    values: dict[tuple[str, Place], float] = {}
    sums, secret = [], set()
    shown_by = {"work": OUTCOME, "no work": OUTCOME, "in study": "further_study", "no study": "further_study",
                "no pay": EARNERS, PAID: EARNERS, "all": "matched"}  # fmt: skip
    for one, states in tally.items():
        values |= {(state, one): states[state] for state in FOUR}
        for kind, parts in {**KINDS, "all": FOUR}.items():
            values[kind, one] = sum(states[state] for state in parts)
            sums.append(Sum((kind, one), tuple((state, one) for state in parts)))
        secret |= {(state, one) for state in FOUR if state != PAID}
        secret |= {(kind, one) for kind, by in shown_by.items() if (by, one) in hidden}
        if (EARNERS, one) in hidden and (PAY, one) not in hidden:
            values |= {("threshold", one): LEO.threshold, ("above", one): states[PAID] - LEO.threshold}
            sums.append(Sum((PAID, one), (("threshold", one), ("above", one))))
            secret.add(("above", one))
    rows = {one.institution for one in tally}
    for state in FOUR:
        for row in rows:
            cells = tuple((state, place("sex", row, c)) for c in categories if place("sex", row, c) in tally)
            sums.append(Sum((state, place(ALL, row, "")), cells))
        for by, category in ((ALL, ""), *(("sex", c) for c in categories)):
            of = tuple((state, place(by, i, category)) for i in rows - {EVERYBODY} if place(by, i, category) in tally)
            sums.append(Sum((state, place(by, EVERYBODY, category)), of))
    needs = {
        key: Need(least=LEO.threshold)
        for key, value in values.items()
        if key[0] not in ("threshold", "above") and 1 <= value < LEO.threshold
    }
    told = set(needs) - secret
    return told | exposed(exactly(values, sums), secret, {key: need for key, need in needs.items() if key in secret})


@given(
    st.lists(
        st.tuples(st.sampled_from(UNIVERSITIES), st.sampled_from("FM"), st.sampled_from((*FOUR, PAID))),
        min_size=30,
        max_size=160,
    )
)
def test_no_small_number_in_study_can_be_told(people: list[tuple[str, str, str]]) -> None:
    sizes = Counter(one[0] for one in people)
    merged = [(i if sizes[i] >= LEO.threshold else OTHERS, *rest) for i, *rest in people]
    assert attacked_in_study(merged) == set()


def test_earners_that_leave_few_of_those_in_work_are_not_told() -> None:
    """A: 20 in work, 18 paid. B and C: 20 and 30 in work, 10 and 20 paid. Threshold 3."""
    people = [
        (i, "F", state)
        for i, paid, unpaid, out in (("A", 18, 2, 20), ("B", 10, 10, 20), ("C", 20, 10, 20))
        for state, number in ((PAID, paid), (UNPAID_WORK, unpaid), (OUT, out))
        for _ in range(number)
    ]
    hidden = hidden_keys(of_three(people), LEO)
    whole = {(kind, one.institution) for kind, one in hidden if one.by == ALL}
    assert whole == {(kind, i) for kind in (EARNERS, PAY) for i in ("A", "B")}  # B guards A


def test_where_few_in_all_are_unpaid_quartiles_stand_without_their_number() -> None:
    people = [
        (i, "F", state)
        for i, unpaid in (("A", 2), ("B", 0))
        for state, number in ((PAID, 10), (UNPAID_WORK, unpaid), (OUT, 10))
        for _ in range(number)
    ]
    group = of_three(people)
    hidden = hidden_keys(group, LEO)
    assert {one for kind, one in hidden if kind == EARNERS} == set(group)
    assert {one for kind, one in hidden if kind == PAY} == set()


def test_people_are_judged_and_not_their_achievements() -> None:
    """A: twelve achievements of six people, of whom two are in work with six of them. B and C: 40 people each."""
    many = all_alike(40, 20)
    few = {cell: 6 if cell in ("matched", *(f"no_{kind}" for kind in JUDGED)) else 2 for cell in JUDGED_CELLS}
    first = Counted(all_alike(12, 6).counts, few | {UNPAID: 0}, few | {UNPAID: 0}, {})
    whole = all_alike(92, 46)
    group = {place(ALL, i, ""): one for i, one in ((EVERYBODY, whole), ("A", first), ("B", many), ("C", many))}
    told = {(kind, one.institution) for kind, one in hidden_keys(group, LEO)}
    assert told == {(kind, i) for kind in (*JUDGED, PAY) for i in ("A", "B")}
    strict = LEO.model_copy(update={"threshold": 7})
    assert ("matched", place(ALL, "A", "")) in hidden_keys(group, strict)


def test_earners_and_those_in_study_do_not_tell_who_is_in_neither() -> None:
    """A: 20 paid, 10 in work and study, 8 in study alone, 2 in neither. B and C have ten and twenty of each."""
    tally = {"A": (20, 10, 8, 2), "B": (10, 10, 10, 10), "C": (20, 20, 20, 20)}
    counts = {place(ALL, i, ""): Counter(dict(zip(FOUR, of, strict=True))) for i, of in tally.items()}
    counts[place(ALL, EVERYBODY, "")] = sum(counts.values(), Counter())
    hidden = hidden_keys({one: four_counted(states) for one, states in counts.items()}, LEO)
    assert {(kind, one.institution) for kind, one in hidden} == {(kind, i) for kind in (EARNERS, PAY) for i in "AB"}
