"""Forms and names of identifiers, by which tables that leave are checked for them."""

# A month in words, short or whole; not the beginning of another word ("3 Marketing
# 2012").
_MONTH = (
    "(?:JAN(?:UARY)?|FEB(?:R?U?[AE]?RY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?"
    "|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)"
)

# Form of a value that is one of these, wherever it stands in a text (RE2). Forms after:
# ILR specification, rule NINumber_01; Common Basic Data Set (UPN); ILR derived data
# rule 01 (ULN); HESA C15051 (HUSID); BS 7666 (postcode).
SIGNS = {
    "NINO": r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} "
    r"?[A-D]?\b"
    # with any separators, and glued to a word where the last letter is there
    r"|\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:[ ./-]{0,2}[0-9]{2}){3}[ "
    r"./-]{0,2}[A-D]?\b"
    r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]\b",
    "UPN": r"\b[A-HJ-NP-RT-Z](?:[ -]?[0-9]){11}[ -]?[0-9A-HJ-NP-RT-Z]\b",
    "ULN": r"\b(?:[1-9][0-9]{9}|[1-9][0-9]{3}[ -][0-9]{3}[ -][0-9]{3})\b",
    "NHS number": r"\b[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}\b",
    "record id": r"\b[0-9]{14,15}\b",
    "HUSID": r"\b[0-9]{13}\b",
    "postcode": r"\b(?:GIR ?0AA|[A-PR-UWYZ][A-HK-Y]?[0-9][0-9A-Z]?[ "
    r"-]{0,2}[0-9][ABD-HJLNP-UW-Z]{2})\b",
    "full "
    "date": r"\b(?:(?:18|19|20)[0-9]{2}[-/.](?:0[1-9]|1[0-2])[-/.](?:0[1-9]|[12][0-9]|3[01])"  # noqa: E501
    r"|(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:18|19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))\b"
    r"|\b(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.][0-9]{2}\b"
    rf"|\b[0-3]?[0-9](?:ST|ND|RD|TH)?[ ,-]*{_MONTH}[ ,-]*[0-9]{{2,4}}\b"
    rf"|\b{_MONTH}[ -][0-3]?[0-9](?:ST|ND|RD|TH)?[ ,-]+[0-9]{{2,4}}\b",
    "key or a hash": r"(?:^|[^0-9A-Z])(?:[0-9A-F]{64}|[A-Z0-9+/]{43}=)(?:$|[^0-9A-Z])",
    "e-mail address": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}",
}

# Parts of a column's name that say who somebody is; without case, blanks and
# underscores.
NAMES = (
    *(
        "nino",
        "ninumber",
        "nationalinsurance",
        "upn",
        "uln",
        "husid",
        "numhus",
        "forename",
        "firstname",
        "givenname",
    ),
    *(
        "surname",
        "familyname",
        "lastname",
        "fullname",
        "birthd",
        "dateofbirth",
        "dob",
        "postcode",
        "addressline",
    ),
    *("email", "telephone", "phone", "entitykey", "entityid", "recordid", "personid"),
)
