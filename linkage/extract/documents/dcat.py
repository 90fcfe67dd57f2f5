"""dcat.jsonld: the extract as an entry of a catalogue of data, in the terms of DCAT 3 (W3C, 2024).

The properties are those that the UK cross-government metadata exchange model (Central Digital and Data Office, 2023)
asks of a data set, under the names that it maps them to: access rights, contact, creator, description, identifier,
licence, modified, publisher, security classification, title, type, update frequency and version; and of each
distribution its format and checksum. The contact is a page, since no text of an extract bears an e-mail address.
"""

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from linkage.extract.approved.project import Project
from linkage.extract.documents.metadata import MEDIA
from linkage.extract.files.formats import Delivered

NAME = "dcat.jsonld"
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "ukgov": "https://w3id.org/co-cddo/uk-cross-government-metadata-exchange-model/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_OWNER = {
    "@id": "https://www.gov.uk/api/organisations/department-for-education",
    "@type": "foaf:Organization",
    "foaf:name": "Department for Education",
}
_CONTACT = {
    "@type": "vcard:Organization",
    "vcard:fn": "Department for Education",
    "vcard:hasURL": {"@id": "https://www.gov.uk/contact-dfe"},
}
_ACCESS = {
    "@id": "http://publications.europa.eu/resource/authority/access-right/RESTRICTED",
    "@type": "dct:RightsStatement",
    "rdfs:label": "INTERNAL",  # the model's word for what is for those alone who were given it
}


def dcat(
    project: Project, delivered: Delivered, *, created: datetime.datetime, run_info: Mapping[str, Any]
) -> dict[str, Any]:
    """The extract as a dcat:Dataset with a distribution for each file."""
    decision = project.decision
    named = f"urn:leo:extract:{project.id}" + (f":{quote(decision.reference, safe='')}" if decision else "")
    day = {"@type": "xsd:date", "@value": created.date().isoformat()}
    return {
        "@context": _CONTEXT,
        "@id": named,
        "@type": "dcat:Dataset",
        "dct:type": {"@id": "dcat:Dataset"},
        "dct:identifier": named,
        "dct:title": project.title,
        "dct:description": project.purpose,
        "dct:publisher": _OWNER,
        "dcat:contactPoint": _CONTACT,
        "dct:creator": [_OWNER],
        "dcat:version": str(run_info.get("name") or run_info.get("version") or created.date()),
        "dct:accrualPeriodicity": {"@id": "http://purl.org/cld/freq/irregular"},
        "ukgov:securityClassification": "OFFICIAL",
        "dct:issued": day,
        "dct:modified": day,
        "dct:language": "en",
        "dct:accessRights": _ACCESS,
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
