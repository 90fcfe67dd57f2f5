"""dcat.jsonld: the extract as an entry of a catalogue of data, in the terms of DCAT 3 (W3C, 2024).

The properties are those that the UK cross-government metadata exchange model asks of a data set: title, description,
publisher, identifier, dates, access rights, licence, theme, contact, and of each distribution its format and checksum.
"""

import datetime
from typing import Any

from linkage.extract.formats import Delivered
from linkage.extract.metadata import MEDIA
from linkage.extract.project import Project

NAME = "dcat.jsonld"
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_OWNER = "Department for Education"


def dcat(project: Project, delivered: Delivered, *, created: datetime.datetime) -> dict[str, Any]:
    """The extract as a dcat:Dataset with a distribution for each file."""
    decision = project.decision
    day = {"@type": "xsd:date", "@value": created.date().isoformat()}
    return {
        "@context": _CONTEXT,
        "@id": f"urn:leo:extract:{project.id}",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{project.id}/{decision.reference}" if decision else project.id,
        "dct:title": project.title,
        "dct:description": project.purpose,
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": _OWNER},
        "dcat:contactPoint": {"@type": "vcard:Organization", "vcard:fn": _OWNER},
        "dct:creator": {"@type": "foaf:Organization", "foaf:name": _OWNER},
        "dct:issued": day,
        "dct:modified": day,
        "dct:language": "en",
        "dct:accessRights": {
            "@id": "http://publications.europa.eu/resource/authority/access-right/RESTRICTED",
            "@type": "dct:RightsStatement",
        },
        "dct:license": f"For the purposes of {decision.reference} alone, until {decision.expires}"
        if decision
        else "None",
        "dcat:theme": ["Education", "Labour market"],
        "dcat:keyword": sorted({layout.title for layout, _ in delivered.tables.values()}),
        "dct:temporal": [
            {
                "@type": "dct:PeriodOfTime",
                "dcat:startDate": {"@type": "xsd:gYear", "@value": str(first)},
                "dcat:endDate": {"@type": "xsd:gYear", "@value": str(last)},
            }
            for first, last in _span(delivered)
        ],
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": file.path,
                "dcat:accessURL": {"@id": file.path},
                "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{MEDIA[file.format]}"},
                "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(file.bytes)},
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": file.sha256,
                },
            }
            for file in delivered.files
        ],
    }


def _span(delivered: Delivered) -> list[tuple[int, int]]:
    years = [layout.years for layout, _ in delivered.tables.values() if layout.years]
    return [(min(y.first for y in years) // 100, max(y.last for y in years) // 100 + 1)] if years else []
