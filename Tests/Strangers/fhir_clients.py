"""fhirclient (requests) and fhirpy (aiohttp) read the gateway over mutual TLS, each in its own words.

The capability statement, a check, a clinic's record, the lines of a town over several pages, and a resident's
own records and log. What a client reads is its own object, so what it cannot understand fails here.
"""
import asyncio
import importlib.metadata
import ssl

import aiohttp
import requests

from world import CLINIC, PORTAL, TOWN, Wrong


def require(claim, sentence):
    if not claim:
        raise Wrong(sentence)


def run(report, tour):
    for name, steps in (("fhirclient", with_fhirclient), ("fhirpy", with_fhirpy)):
        title = f"{name} {importlib.metadata.version(name)}"
        done, failures = [], []
        try:
            steps(tour, done)
        except Exception as error:                              # whatever a foreign client throws
            failures.append(f"after {', '.join(done) or 'nothing'}: {type(error).__name__}: {error}")
        report.row("reads over mutual TLS", title, len(done), failures)
        report.note("read: " + ", ".join(done))


def with_fhirclient(tour, done):
    from fhirclient import client
    from fhirclient.models import auditevent, bundle, capabilitystatement, coverage
    from fhirclient.models import coverageeligibilityrequest, coverageeligibilityresponse, immunization
    from fhirclient.models import immunizationrecommendation

    world = tour.world

    def of(party, token=None):
        made = client.FHIRClient(settings={"app_id": "stranger", "api_base": world.base(party) + "/fhir"})
        made.server.session = requests.Session()
        made.server.session.trust_env = False
        made.server.session.verify = world.server_ca
        made.server.session.cert = world.certificate(party)
        if token:
            made.server.session.headers["Authorization"] = f"Bearer {token}"
        return made.server

    clinic = of(CLINIC)
    statement = capabilitystatement.CapabilityStatement.read_from("metadata", clinic)
    require(statement.fhirVersion == "4.0.1" and statement.rest[0].resource, "the statement names no resources")
    done.append("CapabilityStatement")

    visit = world.visit(tour.child, "subsidy")
    question = coverageeligibilityrequest.CoverageEligibilityRequest(tour.told("check.json", visit))
    answer = coverageeligibilityresponse.CoverageEligibilityResponse(
        clinic.post_json("CoverageEligibilityRequest/$submit", question.as_json()).json())
    require(answer.outcome == "complete" and answer.insurance, "the check says nothing")
    read = coverageeligibilityresponse.CoverageEligibilityResponse.read(answer.id, clinic)
    require(read.as_json() == answer.as_json(), "what is read again is another answer")
    done.append("CoverageEligibilityRequest/$submit and read")

    record = tour.paths["institution", "GET", "/fhir/Immunization/{id}"]
    dose = immunization.Immunization.read(record.rsplit("/", 1)[1], clinic)
    require(dose.vaccineCode.coding[0].code == "dpt-ipv-hib", "another vaccine")
    done.append("Immunization read")

    town = of(TOWN)
    page = bundle.Bundle.read_from("Immunization?_cursor=0&_count=1", town)
    def shown(page):
        return [f"{entry.resource.id}/{entry.resource.meta.versionId}" for entry in page.entry or []]

    lines = shown(page)
    while page.entry:
        following = next((link.url for link in page.link if link.relation == "next"), None)
        if following is None:
            break
        page = bundle.Bundle.read_from(following, town)
        lines += shown(page)
    require(len(lines) > 2 and len(set(lines)) == len(lines), f"pages repeat or lack lines: {lines}")
    done.append(f"{len(lines)} lines of a town, one a page")

    own = of(PORTAL, world.token(tour.baby))
    for kind, name in ((coverage.Coverage, "Coverage"), (immunization.Immunization, "Immunization"),
                       (immunizationrecommendation.ImmunizationRecommendation, "ImmunizationRecommendation")):
        found = kind.where({}).perform_resources(own)
        require(found and all(isinstance(one, kind) for one in found), f"no {name}")
        done.append(f"{len(found)} own {name}")
    events = list(auditevent.AuditEvent.where({"_count": "5"}).perform_resources_iter(own))
    require(len(events) > 10, f"{len(events)} entries over the pages of five")
    done.append(f"{len(events)} AuditEvent, five a page")


def with_fhirpy(tour, done):
    asyncio.run(reading_with_fhirpy(tour, done))


async def reading_with_fhirpy(tour, done):
    from fhirpy import AsyncFHIRClient
    from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

    world = tour.world

    def of(party, token=None):
        context = ssl.create_default_context(cafile=world.server_ca)
        context.load_cert_chain(*world.certificate(party))
        return AsyncFHIRClient(
            world.base(party) + "/fhir", authorization=token and f"Bearer {token}",
            aiohttp_config={"ssl": context, "timeout": aiohttp.ClientTimeout(total=30)})

    clinic = of(CLINIC)
    statement = await clinic.execute("metadata", method="get")
    require(statement["fhirVersion"] == "4.0.1", "another version of FHIR")
    done.append("CapabilityStatement")

    visit = world.visit(tour.child, "subsidy")
    answer = await clinic.execute("CoverageEligibilityRequest/$submit", data=tour.told("check.json", visit))
    read = await clinic.reference("CoverageEligibilityResponse", answer["id"]).to_resource()
    require(read["disposition"] == answer["disposition"], "what is read again is another answer")
    done.append("CoverageEligibilityRequest/$submit and read")

    record = tour.paths["institution", "GET", "/fhir/Immunization/{id}"]
    dose = await clinic.reference("Immunization", record.rsplit("/", 1)[1]).to_resource()
    require(dose["status"] == "completed", "the record is not as it was sent")
    done.append("Immunization read")
    try:
        await clinic.reference("Immunization", "00000000-0000-7000-8000-000000000000").to_resource()
        raise Wrong("a record that is none was read")
    except (OperationOutcome, ResourceNotFound):
        done.append("a refusal, as OperationOutcome")

    lines = await of(TOWN).resources("Immunization").search(_cursor=0).limit(1).fetch_all()
    shown = {f"{line['id']}/{line['meta']['versionId']}" for line in lines}
    require(len(lines) > 2 and len(shown) == len(lines), f"pages repeat or lack lines: {shown}")
    done.append(f"{len(lines)} lines of a town, one a page")

    own = of(PORTAL, world.token(tour.baby))
    for name in ("Coverage", "Immunization", "ImmunizationRecommendation"):
        found = await own.resources(name).fetch()
        require(found, f"no {name}")
        done.append(f"{len(found)} own {name}")
    events = await own.resources("AuditEvent").limit(5).fetch_all()
    require(len(events) > 10, f"{len(events)} entries over the pages of five")
    done.append(f"{len(events)} AuditEvent, five a page")
