"""Two files brought into one shape before they are compared: the same fields, and in them the same kind of thing.

One file writes a name in full and the other in parts, one knows the year of birth alone, one writes ü and the other ue:
each time both become what both can give.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.codes import digits, hashes
from linkage.adhoc.codes.bit_strings import with_bits
from linkage.adhoc.codes.code_parts import with_parts_in_common
from linkage.adhoc.codes.other_digits import with_plain_digits
from linkage.adhoc.dates import ages, dated
from linkage.adhoc.dates.birth_numbers import PART as BIRTH_NUMBER
from linkage.adhoc.dates.birth_numbers import birth_date_of_numbers, birth_dates_of_numbers
from linkage.adhoc.dates.own_values import with_values_alike
from linkage.adhoc.fields import spellings, translated
from linkage.adhoc.fields.contacts import with_shared_contacts
from linkage.adhoc.fields.forenames_apart import part_forenames
from linkage.adhoc.fields.other_codes import in_one_code
from linkage.adhoc.fields.other_surnames import with_other_surnames
from linkage.adhoc.fields.several_names import one_of_several_names
from linkage.adhoc.fields.streets import streets_alone
from linkage.adhoc.files.columns_made import Texts, as_text, counted, expressed, looked_up
from linkage.adhoc.files.forms import one_alone_has
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.files.shapes import Shape, move, put
from linkage.adhoc.files.unknown import without_unknown, words_of_file
from linkage.adhoc.headers.recognise import NUMBERS, OTHER_SURNAME, Columns, known_fields
from linkage.adhoc.names import chains, consonants, romanised
from linkage.adhoc.names.around_names import bare_names, counted_bare
from linkage.adhoc.names.full_names import Counts, FullNames, Vocabulary, by_form, by_initials, by_place
from linkage.adhoc.names.initials import in_initials, initial
from linkage.adhoc.names.orders import by_orders
from linkage.adhoc.names.parents import PARENTS, names_of_parents, without_own_surname
from linkage.adhoc.names.suffixes import NAME_SUFFIX, with_suffixes
from linkage.adhoc.places.addresses import part_addresses
from linkage.adhoc.places.positions import with_positions
from linkage.adhoc.places.towns import part_towns, without_usual_words
from linkage.engine import Engine
from linkage.records.names import name_words, surname
from linkage.records.rules import name_rules

_ENOUGH = 3  # fields that tell persons apart without a birth date that cannot be read: a name and one more
_SELDOM = 0.1  # of the particles that one file has, which the other has at most if it writes surnames without
_WRITTEN_ALIKE = {"sex": spellings.sexes, "postcode": spellings.postcodes, "organisation": spellings.organisations}
_WRITTEN_ALIKE |= {"phone": digits.phones, "email": digits.emails}


def alike(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> tuple[list[PersonFile], Columns]:
    """The files with the columns that make them comparable, and where each field is now.

    Args:
        files: two files, or one that is compared with itself.
        columns: as `recognise` found them.

    Raises:
        InputError: a column was taken for a birth date and holds none, and there is little else to compare.
    """
    both = ((columns.left, columns.left_parts), (columns.right, columns.right_parts))
    shapes = [Shape(file, dict(fields), parts) for file, (fields, parts) in zip(files, both, strict=False)]
    put(shapes, with_bits(engine, [s.file for s in shapes], [s.fields for s in shapes]))
    for name, code in hashes.hashed(engine, [s.file for s in shapes], [s.fields for s in shapes]).items():
        for shape in shapes:
            shape.fields[code] = shape.fields.pop(name)
    fields = [name for name in shapes[0].fields if all(name in shape.fields for shape in shapes)]
    with_plain_digits(engine, shapes)
    _date_by_numbers(engine, shapes)
    with_shared_contacts(engine, shapes)
    one_of_several_names(engine, shapes)
    for shape in shapes:
        _forget_unknown(engine, shape, [*fields, *({OTHER_SURNAME} & set(shape.fields))])
    held = [s.fields for s in shapes]
    put(shapes, part_addresses(engine, [s.file for s in shapes], held, [s.parts for s in shapes]))
    for brought in (part_towns, with_positions, with_values_alike, with_parts_in_common):
        put(shapes, brought(engine, [s.file for s in shapes], [s.fields for s in shapes]))
    for name in translated.PLACES:
        if len(shapes) > 1 and all(name in s.fields and s.fields[name] not in s.parts.values() for s in shapes):
            move(shapes, name, without_usual_words(engine, [(s.file, s.fields[name]) for s in shapes]))
    if len(shapes) > 1 and "address" in fields:
        move(shapes, "address", streets_alone(engine, [(s.file, s.fields["address"]) for s in shapes]))
    for shape in shapes:
        if "forename" in shape.fields:
            column = shape.fields["forename"]
            move([shape], "forename", [spellings.without_joined_titles(engine, shape.file, column)])
    by_consonants = _bring_to_consonants(engine, shapes)
    way = None if by_consonants else romanised.in_latin(engine, shapes)
    for name in fields:
        if name in spellings.WITH_LETTERS:
            move(shapes, name, spellings.letters(engine, [(s.file, s.fields[name]) for s in shapes]))
    if NAME_SUFFIX in fields:
        put(shapes, with_suffixes(engine, [s.file for s in shapes], [s.fields for s in shapes]))
    for shape, other in zip(shapes, reversed(shapes), strict=True):
        _join_particle(engine, shape, other)
    _part_names(engine, shapes)
    romanised.given_together(engine, shapes, way)
    _bring_to_initials(engine, shapes)
    _part_surnames(engine, shapes)
    with_other_surnames(engine, shapes)
    for name in fields:
        if name in NUMBERS:
            move(shapes, name, digits.person_numbers(engine, [(s.file, s.fields[name]) for s in shapes]))
    for name in PARENTS:
        if name in fields:
            move(shapes, name, names_of_parents(engine, [(s.file, s.fields[name]) for s in shapes]))
            if "surname" in fields:
                parents, surnames = zip(*(((s.file, s.fields[name]), s.fields["surname"]) for s in shapes), strict=True)
                move(shapes, name, without_own_surname(engine, parents, surnames))
    for name, written_alike in _WRITTEN_ALIKE.items():
        if name in fields:
            move(shapes, name, written_alike(engine, [(s.file, s.fields[name]) for s in shapes]))
    for name in fields:
        at = [(s.file, s.fields[name]) for s in shapes if name not in known_fields() and name in s.fields]
        if at and all(spellings.are_of_companies(counted(engine, *of)) for of in at):
            move(shapes, name, spellings.organisations(engine, at))
    if "dob" in fields:
        _bring_dates_alike(engine, shapes, others=len(fields) - 1)
    _bring_to_one_year(engine, shapes)
    part_forenames(engine, shapes)
    for name in ("forename", "surname"):
        if len(shapes) > 1 and name in fields:
            move(shapes, name, in_initials(engine, [(s.file, s.fields[name]) for s in shapes], name))
    in_one_language = translated.translated(engine, shapes) + in_one_code(engine, shapes)
    left, right = shapes[0].fields, shapes[-1].fields
    made = replace(columns, left=left, right=right, left_parts={}, right_parts={}, by_consonants=by_consonants)
    made = replace(made, by_sounds=bool(way and way.sounds), translated=in_one_language)
    return [shape.file for shape in shapes], made


def left_out(columns: Columns, at: Columns) -> list[str]:
    """What `alike` could not make comparable of the fields that were recognised, in sentences."""
    said = [note for note, is_so in ((consonants.NOTE, at.by_consonants), (romanised.NOTE, at.by_sounds)) if is_so]
    said += [translated.note(at.translated)] if at.translated else []
    if "dob" in columns.fields and not {"dob", *hashes.HIDDEN_BIRTH_DATES} & set(at.fields):
        return [
            *said,
            "birth dates are not compared: most of a file's are in no form that is read; "
            "name the column that holds them with --map",
        ]
    held = [{"age", "dob"} & set(side) for side in (columns.left, columns.right)]
    if all(held) and not {"age", "dob", *hashes.HIDDEN_BIRTH_DATES} & set(at.fields):
        said.append("an age and a birth date are not compared: no names show how far the two are apart")
    return said


def _date_by_numbers(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Birth dates out of the numbers that hold them, before these are brought to what both files write of them."""
    if len(shapes) > 1 and all(BIRTH_NUMBER in shape.parts for shape in shapes):
        made = birth_dates_of_numbers(engine, [(shape.file, shape.fields["dob"]) for shape in shapes])
        for shape, (file, column) in zip(shapes, made, strict=True):
            shape.file, shape.fields["dob"] = file, column
        return
    for shape, other in zip(shapes, reversed(shapes), strict=True):
        if BIRTH_NUMBER in shape.parts:
            dates = other.file, other.fields["dob"], other.parts
            shape.file, shape.fields["dob"] = birth_date_of_numbers(engine, shape.file, shape.fields["dob"], dates)


_FORMED = frozenset({*NUMBERS, "nino", "uln", "upn", "phone", "email", "postcode", "dob"})
"""Fields of digits, and addresses of mail: no word is a value of theirs."""


def _forget_unknown(engine: Engine, shape: Shape, fields: Sequence[str]) -> None:
    """What stands for "nobody knows" is not compared, in any field that is not a day or a code of its own form."""
    words = words_of_file(engine, shape.file, [column for name, column in shape.fields.items() if name in _FORMED])
    for column in dict.fromkeys(shape.fields[name] for name in fields if name not in ("dob", "age", "sex")):
        held = [name for name, at in shape.fields.items() if at == column]
        file, known = without_unknown(engine, shape.file, column, held, words)
        if known != column:
            move([shape], held[0], [(file, known)])


def _bring_to_consonants(engine: Engine, shapes: Sequence[Shape]) -> bool:
    """Names of both files by their consonants, where one has no more of them; whether that is so."""
    names = [name for name in consonants.NAMES if all(name in shape.fields for shape in shapes)]
    held = [(shape.file, shape.fields[names[0]]) for shape in shapes if names]
    if not held or not one_alone_has(engine, held, consonants.WITHOUT_VOWELS):
        return False
    for shape in shapes:
        for column in dict.fromkeys(shape.fields[name] for name in names):
            at = next(name for name in names if shape.fields[name] == column)
            move([shape], at, [consonants.column_of(engine, shape.file, column)])
    return True


def _join_particle(engine: Engine, shape: Shape, other: Shape) -> None:
    """VAN DER from its own column, before the surname; not where the other file writes surnames without."""
    if "surname_particle" in shape.parts and not _has_no_particles(engine, shape, other):
        words = [as_text(column) for column in (shape.parts["surname_particle"], shape.fields["surname"])]
        shape.file, column = expressed(engine, shape.file, " || ' ' || ".join(words), "surname with its particle")
        shape.fields["surname"] = column


def _has_no_particles(engine: Engine, shape: Shape, other: Shape) -> bool:
    """Whether hardly any surname of another file has a particle, where many of this one have."""
    if other is shape or "surname_particle" in other.parts or "surname" not in other.fields:
        return False
    held, particles = counted(engine, other.file, other.fields["surname"]), name_rules().surname_particles
    found = sum(rows for value, rows in held.items() if not particles.isdisjoint(name_words(value)))
    usual = sum(counted(engine, shape.file, shape.parts["surname_particle"]).values()) / max(shape.file.rows, 1)
    return found < _SELDOM * usual * sum(held.values())


def _join_fathers(engine: Engine, shape: Shape) -> None:
    """Names of father and grandfather in one column, after one's own where these are the name in full."""
    own = shape.parts.get("full_name")
    move([shape], "forename" if own else "middle_names", [chains.joined(engine, shape.file, shape.parts, own)])


def _part_names(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Names in full become forenames and a surname."""
    chained = [shape for shape in shapes if chains.FATHERS[0] in shape.parts]
    for shape in chained:
        _join_fathers(engine, shape)
    full = [shape for shape in shapes if "full_name" in shape.parts]
    if not full:
        return
    given, family = Counter[str](), Counter[str]()
    held: list[tuple[Mapping[str, str], Counts]] = []
    for shape in shapes:
        if "full_name" in shape.parts:
            held.append(_bare(engine, shape))
            of_file = by_form(held[-1][1])
        else:
            of_file = (
                _together(engine, shape, ("forename", "middle_names")),
                _together(engine, shape, ("surname", "second_surname")),
            )
        given.update(of_file[0])
        family.update(of_file[1])
    if not given:
        parted = [by_initials(counts) for _, counts in held]
        given, family = (sum((Counter(of_file[n]) for of_file in parted), Counter[str]()) for n in (0, 1))
    if len(full) == len(shapes):
        together = sum((Counter(counts) for _, counts in held), Counter())
        given, family = map(Counter, by_orders(together, (given, family)))
    if not given:  # no name is parted anywhere: the first file's order is the order
        given, family = map(Counter, by_place(held[0][1]))
    vocabulary, by_fathers = Vocabulary.of(given, family), None
    if chained and len(full) == len(shapes):
        by_fathers = chains.ByFathers.learnt(engine, chained[0].file, chained[0].parts, [names for _, names in held])
    for shape, (bare, values) in zip(full, held, strict=True):
        names = by_fathers or FullNames.learnt(values, vocabulary)
        texts = {value: names.parted(name) for value, name in bare.items()}
        column = shape.parts["full_name"]
        shape.file, (first, last) = looked_up(engine, shape.file, column, texts, ["forenames", "surname"])
        moved = {"forename": first, "middle_names": first, "surname": last, "second_surname": last}
        shape.fields |= {name: at for name, at in moved.items() if shape.fields.get(name) == column}


def _bare(engine: Engine, shape: Shape) -> tuple[Mapping[str, str], Counts]:
    """Names in full without what people write around them, and the rows that hold each name."""
    values = counted(engine, shape.file, shape.parts["full_name"])
    names = bare_names(values)
    return names, counted_bare(values, names)


def _bring_to_initials(engine: Engine, shapes: Sequence[Shape]) -> None:
    """The first letters of forename and surname, where a file has no more."""
    if not any("initials" in shape.parts and "full_name" not in shape.parts for shape in shapes):
        return
    for shape in shapes:
        held = {name: shape.fields[name] for name in ("forename", "surname") if name in shape.fields}
        for (name, column), end in zip(held.items(), (0, -1), strict=False):
            at = end if column == shape.parts.get("initials") else 0
            texts: Texts = {value: (initial(value, at),) for value in counted(engine, shape.file, column)}
            shape.file, (shape.fields[name],) = looked_up(engine, shape.file, column, texts, [f"initial of {name}"])
        for further in ("middle_names", "second_surname", OTHER_SURNAME):
            shape.fields.pop(further, None)


def _together(engine: Engine, shape: Shape, names: Sequence[str]) -> Counts:
    """Values of a field and of the one that follows it, as a name in full has them: GARCIA LOPEZ of two columns."""
    held = list(dict.fromkeys(shape.fields[name] for name in names if name in shape.fields))
    if len(held) < 2:
        return counted(engine, shape.file, held[0]) if held else {}
    texts = " || ' ' || ".join(map(as_text, held))
    file, both = expressed(engine, shape.file, f"trim({texts})", "names together")
    return counted(engine, file, both)


def _part_surnames(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Two surnames, each a field, where one of the files has a column for the second."""
    if not all("second_surname" in shape.fields for shape in shapes):
        return
    for shape in shapes:
        first, second = shape.fields["surname"], shape.fields["second_surname"]
        if first != second:
            texts: Texts = {value: (surname(value),) for value in counted(engine, shape.file, second)}
            shape.file, (shape.fields["second_surname"],) = looked_up(
                engine, shape.file, second, texts, ["second surname"]
            )
            continue
        texts = {value: _two(surname(value)) for value in counted(engine, shape.file, first)}
        shape.file, names = looked_up(engine, shape.file, first, texts, ["first surname", "second surname"])
        shape.fields |= dict(zip(("surname", "second_surname"), names, strict=True))


def _two(name: str | None) -> tuple[str | None, str | None]:
    first, _, others = (name or "").partition(" ")
    return first or None, others or None


def _bring_dates_alike(engine: Engine, shapes: Sequence[Shape], *, others: int) -> None:
    """Birth dates of one form and precision. Ones that nobody can read are left out where other fields are enough."""
    for shape in shapes:
        _compose_date(engine, shape)
    try:
        move(shapes, "dob", dated.alike(engine, [s.file for s in shapes], [s.fields["dob"] for s in shapes]))
    except dated.NoDatesError:
        hidden = all(digits.are_codes(counted(engine, shape.file, shape.fields["dob"])) for shape in shapes)
        if others < _ENOUGH and not hidden:
            raise
        for shape in shapes:
            column = shape.fields.pop("dob")
            if hidden:
                shape.fields[hashes.BIRTH_DATE] = column


def _compose_date(engine: Engine, shape: Shape) -> None:
    """The birth date out of its parts, where these have columns of their own."""
    shape.file, shape.fields["dob"] = dated.in_one_column(engine, shape.file, shape.fields["dob"], shape.parts)


def _bring_to_one_year(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Ages, where no birth date that both files have says more."""
    if all("dob" in shape.fields for shape in shapes):
        for shape in shapes:
            shape.fields.pop("age", None)
    elif len(shapes) > 1 and all({"age", "dob"} & set(shape.fields) for shape in shapes):
        for shape, side in zip(shapes, ("left", "right"), strict=True):
            if "age" in shape.fields:
                shape.file, shape.fields["age"] = ages.at_one_time(engine, shape.file, shape.fields["age"])
            else:
                _compose_date(engine, shape)
                shape.file, shape.fields["dob"] = dated.in_one_form(engine, shape.file, shape.fields["dob"], side)
        made = ages.alike(engine, [shape.file for shape in shapes], [shape.fields for shape in shapes])
        for shape, (file, column) in zip(shapes, made or (), strict=bool(made)):
            shape.file, shape.fields["age"] = file, column
    elif len(shapes) == 1 and "age" in shapes[0].fields:
        shape = shapes[0]
        shape.file, shape.fields["age"] = ages.at_one_time(engine, shape.file, shape.fields["age"])
        if not shape.file.aged_on:
            shape.file, shape.fields["age"] = ages.of_one_file(engine, shape.file, shape.fields)
