"""fhircraft and pyfhircheck on every FHIR answer of the tour, every example in profiles/ and every definition.

fhircraft knows R4 (structure, types, invariants); pyfhircheck knows R4 and what profiles/fhir says of our own
extensions and profiles. Each is first shown mistakes that it must refuse, so that a validator that has gone
blind fails. What a tool is known to get wrong stands in `KNOWN` with the reason, and is counted, never hidden.
"""
import copy
import importlib.metadata
import json
import re
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

ROOT = Path(__file__).resolve().parents[2]

# (tool, what it says, why that is not so, or what it cannot know)
KNOWN = [
    ("fhircraft", r"(^|\.resource): \[ele-1\]",
     "a Patient of an operation's input may have nothing but its id; ele-1 speaks of elements"),
    ("pyfhircheck", r"Unknown element [\w.\[\]]+\._?(text|language)$",
     "0.2.0 takes `text` and `language` of a backbone element for those of a resource; fhircraft checks them"),
    ("pyfhircheck", r"Unknown element [\w.\[\]]+\._\w+$",
     "0.2.0 has no extensions of primitives below a backbone element; fhircraft checks them"),
    ("pyfhircheck", r" must be EncodedBytes$", "0.2.0 calls base64Binary so and then knows no such type"),
    ("pyfhircheck", r"The extension http://jpfhir\.jp/\S+ could not be found",
     "JP Core's own definitions come from no registry that is read here"),
    ("pyfhircheck", r"per-1: 'If present, start SHALL have a lower value than end'$",
     "per-1 is `start <= end` (datatypes.html#Period); 0.2.0 goes by its words and refuses a period of one day"),
    ("pyfhircheck", r"^AuditEvent\.recorded is required$",
     "of an entry that is held back `_recorded` says why there is no value, which 0.2.0 does not read; fhircraft "
     "checks it"),
    ("pyfhircheck", r"The extension https://vendor\.example/reception could not be found",
     "a vendor's own extension is taken and passed over, as FHIR asks of receivers"),
]


def fhircraft():
    from fhircraft import R4
    from pydantic import ValidationError

    def check(resource):
        # 0.9.0 takes `Parameters.parameter.resource` for the abstract type alone; what stands in it is checked
        # by itself, like every resource within another.
        if resource["resourceType"] == "Parameters":
            resource = copy.deepcopy(resource)
            for parameter in resource.get("parameter", []):
                if len(parameter.get("resource", {})) > 2:
                    parameter["resource"] = {"resourceType": "Resource", "language": "ja"}
                elif "resource" in parameter:
                    parameter["resource"]["resourceType"] = "Resource"
        model = getattr(R4, resource["resourceType"], None)
        if model is None:
            return [f"no such resource type: {resource['resourceType']}"]
        try:
            model.model_validate(resource)
        except ValidationError as error:
            return [".".join(map(str, row["loc"])) + ": " + row["msg"] for row in error.errors()]
        return []
    return check


def pyfhircheck(answers):
    from pyfhircheck import Validator
    from pyfhircheck.config import ValidatorConfig
    # 0.2.0 asks for required answers of drafts as well, and where `enableWhen` does not ask; so not at all.
    forms = {f"{part['url']}|{part['version']}": json.loads(
        json.dumps(part).replace('"required": true', '"required": false'))
        for _, answer in answers for part in within(answer) if part["resourceType"] == "Questionnaire"}
    validator = Validator(ValidatorConfig.load_dict({
        "fhirVersion": "4.0.1", "localPackagePaths": [str(ROOT / "profiles" / "fhir")],
        "terminology": {"mode": "off"}}))
    # Answers to a questionnaire are held against the form that the gateway serves.
    validator.external_reference_resolver = forms.get
    validator.max_external_references = 1_000_000
    return lambda resource: [issue.message for issue in validator.validate_resource(resource).errors]


def within(resource):
    """A resource and every resource in it; not what is contained, which stands only in its container."""
    if isinstance(resource, dict):
        if "resourceType" in resource:
            yield resource
        for name, value in resource.items():
            if name != "contained":
                yield from within(value)
    elif isinstance(resource, list):
        for value in resource:
            yield from within(value)


class Reading:
    """One tool's word on resources, each looked at once however often it was sent."""

    def __init__(self, name, check):
        self.name, self.check, self.said, self.waived = name, check, {}, {}

    def findings(self, resource):
        for part in within(resource):
            key = json.dumps(part, sort_keys=True)
            if key not in self.said:
                self.said[key] = [sentence for sentence in self.check(part) if not self.is_known(sentence)]
            yield from self.said[key]

    def is_known(self, sentence):
        for row in KNOWN:
            if row[0] == self.name and re.search(row[1], sentence):
                self.waived[row] = self.waived.get(row, 0) + 1
                return True
        return False


def mistakes(answers):
    """Copies of real answers with one mistake each: (who must see it, what, resource)."""
    def first(kind):
        return copy.deepcopy(next(
            part for _, answer in answers for part in within(answer)
            if part["resourceType"] == kind and (part.get("extension") or kind not in EXTENDED)))

    both, one, other = {"fhircraft", "pyfhircheck"}, {"fhircraft"}, {"pyfhircheck"}
    wrong = first("Immunization")
    del wrong["status"]
    yield both, "Immunization without status", wrong
    wrong = first("Immunization")
    wrong["colour"] = "red"
    yield both, "an element that FHIR does not have", wrong
    wrong = first("OperationOutcome")
    wrong["issue"] = []
    yield both, "an OperationOutcome without an issue", wrong
    wrong = first("Patient")
    wrong["gender"] = 1
    yield both, "a number for a code", wrong
    wrong = first("Coverage")
    wrong["period"]["start"] = "2026/06/15"
    yield one, "a date with slashes", wrong
    wrong = first("AuditEvent")
    wrong["agent"] = wrong["agent"][0]
    yield one, "one agent instead of a list", wrong
    wrong = first("Immunization")
    wrong["extension"][0] = {"url": "urn:tsunagi:StructureDefinition:nobodys", "valueString": "x"}
    yield other, "an extension of ours that has no definition", wrong
    wrong = first("DiagnosticReport")
    wrong["extension"] = [{"url": "urn:tsunagi:StructureDefinition:visit", "valueInteger": 1}]
    yield other, "a visit that is a number", wrong


EXTENDED = {"Immunization", "DiagnosticReport"}


def examples(kind):
    for path in sorted(ROOT.glob(f"profiles/**/examples/{kind}/*.json")):
        if path.name.endswith(".expect.json"):
            continue
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if isinstance(read, dict) and "resourceType" in read:
            yield str(path.relative_to(ROOT)), read


def run(report, answers):
    valid, invalid = list(examples("valid")), list(examples("invalid"))
    definitions = [(str(path.relative_to(ROOT)), json.loads(path.read_text(encoding="utf-8")))
                   for path in sorted((ROOT / "profiles" / "fhir").glob("*.json"))]
    refused = set()
    for reading in (Reading("fhircraft", fhircraft()), Reading("pyfhircheck", pyfhircheck(answers))):
        title = f"{reading.name} {importlib.metadata.version(reading.name)}"
        planted = [row[1:] for row in mistakes(answers) if reading.name in row[0]]
        report.row("mistakes are refused", title, len(planted),
                   [what for what, wrong in planted if not list(reading.findings(wrong))])
        reading.waived.clear()
        for what, resources in (("answers", answers), ("valid examples", valid), ("definitions", definitions)):
            report.row(f"FHIR {what}", title, len(resources), dict.fromkeys(
                f"{place}: {sentence}" for place, resource in resources
                for sentence in reading.findings(resource)))
        for (_, said, why), times in reading.waived.items():
            report.note(f"{reading.name} also said {times} times /{said}/: {why}")
        refused |= {place for place, wrong in invalid if list(reading.findings(wrong))}
    report.note(f"{len(refused)} of {len(invalid)} invalid examples are refused as FHIR already; the others are "
                "good FHIR that breaks our own rules (ConformanceTests name each)")
    report.row("invalid examples, where FHIR forbids them", "both", len(FHIR_MISTAKES),
               [f"{place}: nobody refused it" for place in FHIR_MISTAKES if f"profiles/{place}" not in refused])


# Invalid examples whose mistake is the business of FHIR or of our profiles: one of the two must see it.
FHIR_MISTAKES = [f"{field}/examples/invalid/{name}.json" for field, names in {
    "immunization": """record-dose-zero record-misspelt-lot record-not-done-without-reason
        record-with-a-person-inside record-with-a-reaction record-without-basis record-without-doseQuantity
        record-without-identifier record-without-lotNumber record-without-occurrenceDateTime
        record-without-patient record-without-performer record-without-protocolApplied record-without-status
        record-without-vaccineCode response-answer-of-another-type response-unknown-form
        response-unknown-question""",
    "maternal": """report-another-resource-inside report-finding-that-is-no-result report-result-elsewhere
        report-same-id-twice report-two-values report-without-code report-without-result
        report-without-status response-score-for-an-answer""",
    "subsidy": """request-another-resource request-created-without-zone request-day-and-period
        request-empty-purpose request-individual-number-item request-modifier-extension
        request-patient-of-another-kind request-status-as-a-number request-without-created
        request-without-patient request-without-purpose""",
}.items() for name in names.split()]
