"""The whole main job in requests, so that strangers see every FHIR answer there is.

Each FHIR operation of each listener's OpenAPI is answered well at least once and refused at least once; what was
not reached is a failure of the tour, so that a new route cannot stay unseen. The answers are kept in memory.
"""
import copy
import datetime
import json
import re
import secrets
import time

from world import CARDS, CLINIC, HOSPITAL, JAPAN, LISTENERS, PORTAL, TOWN, Wrong

FHIR = {"Content-Type": "application/fhir+json"}
ABSENT = "00000000-0000-7000-8000-000000000000"
FORM = "screening-child-dpt-ipv-hib-1"
SENSITIVE_FORM = "sensitive-screening-child-rearing-3-4m-infant-3-4m-1"


class Tour:
    def __init__(self, world):
        self.world, self.answers, self.reached, self.paths = world, [], {}, {}
        self.contracts = {listener: world.openapi(listener) for listener in LISTENERS}
        self.name = "stranger-" + secrets.token_hex(4)
        self.today = datetime.datetime.now(JAPAN).date()

    def send(self, party, method, path, expect, body=None, **arguments):
        """One request; the answer is kept when it is FHIR's."""
        headers = {**FHIR, **arguments.pop("headers", {})} if body is not None else arguments.pop("headers", {})
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        answer = self.world.send(party, method, path, expect, data=data, headers=headers, **arguments)
        listener = self.world.listener(party)
        template = self.template(listener, method, path)
        self.reached.setdefault((listener, method, template), set()).add(answer.status_code)
        if answer.ok:
            self.paths[listener, method, template] = path.split("?")[0]
        if path.startswith("/fhir/"):
            name = f"{listener} {method} {template or path} {answer.status_code}"
            self.answers += [(name, resource) for resource in self.resources(answer, f"{method} {path}")]
        return answer

    def resources(self, answer, name):
        """What of an answer is FHIR: all of it, but for the manifest and the empty words of a bulk export."""
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if kind == "application/fhir+json":
            return [answer.json()]
        if kind == "application/fhir+ndjson":
            return [json.loads(line) for line in answer.text.splitlines()]
        if answer.ok and (kind == "application/json" and "/exports/" in name or not answer.content):
            return []
        raise Wrong(f"{name} answers {kind!r}")

    def template(self, listener, method, path):
        path = path.split("?")[0]
        paths = self.contracts[listener]["paths"]
        for template, operations in sorted(paths.items(), key=lambda pair: "{" in pair[0]):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if method.lower() in operations and re.fullmatch(pattern, path):
                return template
        return None

    def example(self, listener, path, method="post"):
        """The contract's own example, as a reader would take it."""
        content = self.contracts[listener]["paths"][path][method]["requestBody"]["content"]
        return copy.deepcopy(next(iter(content.values()))["example"])

    def told(self, name, visit, **others):
        """A body of the demo's story, for another visit."""
        text = re.sub(r'"valueString":"[0-9a-f-]{36}"', f'"valueString":"{visit[0]}"', self.world.sent(name))
        text = re.sub(r"Patient/[a-z]+", visit[1], text)
        for old, new in others.items():
            text = text.replace(old.replace("_", "-"), new)
        return json.loads(text) if text.startswith(("{", "[")) else text

    # The chapters.

    def run(self):
        world = self.world
        self.child = world.saved_card("child")
        self.baby = world.card(world.number("invitation.json"))
        self.infant = world.card(world.number("baby-birth.json"))
        self.eligibility()
        self.bills()
        self.months()
        self.vaccinations()
        self.checkups()
        self.residents()
        self.audits()
        self.offices()
        self.hall()
        self.export()
        for listener, party in zip(LISTENERS, (CLINIC, TOWN, PORTAL)):
            self.common(party)
            self.refusals(listener, party)
        self.account()
        return self.answers

    def eligibility(self):
        visit = self.world.visit(self.child, "subsidy")
        self.send(CLINIC, "GET", "/fhir/" + visit[1], 200)
        body = self.told("check.json", visit)
        answer = self.send(CLINIC, "POST", "/fhir/CoverageEligibilityRequest/$submit", 200, body).json()
        self.send(CLINIC, "GET", f"/fhir/{answer['request']['reference']}", 200)
        held = f"/fhir/CoverageEligibilityResponse/{answer['id']}"
        self.send(CLINIC, "GET", held, 200)
        self.send(CLINIC, "GET", held + "/$replay", 200)
        for kind in ("Request", "Response"):
            form = f"patient={visit[1]}&visit={visit[0]}&created={self.today.isoformat()}"
            self.send(CLINIC, "POST", f"/fhir/CoverageEligibility{kind}/_search", 200, form,
                      headers={"Content-Type": "application/x-www-form-urlencoded"})
        body_codes = {city for city in re.findall(r"\b\d{6}\b", json.dumps(answer))}
        bodies = [f"municipality:{code}" for code in sorted(body_codes)
                  if (self.world.folder / "pki/offices" / f"municipality-{code}.pem").exists()]
        self.send(bodies[0], "GET", held + "/$replay", 200)
        declined = self.world.visit(self.world.saved_card("adult"))
        self.send(CLINIC, "POST", "/fhir/CoverageEligibilityRequest/$submit", 200,
                  self.told("check.json", declined))
        past = {**body, "servicedDate": "1950-01-01"}
        self.send(CLINIC, "POST", "/fhir/CoverageEligibilityRequest/$submit", None, past)

    def bills(self):
        """Somebody whose certificate has a monthly cap: asked, reserved, confirmed, voided."""
        told = json.loads(self.world.sent("bill-0.json"))
        identifier = told["insurance"][0]["coverage"]["identifier"]
        rows = json.loads(self.world.sent(f"registration-{identifier['system'].split(':')[-1]}.json"))
        today = self.today.isoformat()
        number = next(row["myNumber"] for row in rows if row["validFrom"] <= today <= row["validTo"]
                      and row["orgSpecificCertificateTypeId"] == identifier["value"]
                      and row.get("incomeSegment") and row["isAlwaysReimbursement"] == "0")
        visit = self.world.visit(self.world.card(number), "subsidy", at=HOSPITAL)
        bill = self.told("bill-0.json", visit)
        bill["identifier"][0]["value"] = self.name
        bill["use"] = "preauthorization"
        reserved = self.send(HOSPITAL, "POST", "/fhir/Claim/$submit", 200, bill).json()
        self.send(HOSPITAL, "GET", f"/fhir/ClaimResponse/{reserved['id']}", 200)
        self.send(HOSPITAL, "POST", "/fhir/Claim/$submit", 200, {**bill, "use": "claim"})
        self.send(HOSPITAL, "POST", "/fhir/Claim/$submit", 200, {**bill, "use": "claim", "status": "cancelled"})
        self.send(HOSPITAL, "POST", "/fhir/Claim/$submit", 200, {**bill, "use": "predetermination"})

    def months(self):
        """The month that the demo's town closed, as the town and its clinic read it."""
        month = f"month={self.today.isoformat()[:7]}"
        self.send(TOWN, "GET", f"/fhir/ExplanationOfBenefit?{month}&show=all", 200)
        self.send(CLINIC, "GET", f"/fhir/ClaimResponse?{month}", 200)
        self.send(CLINIC, "GET", "/fhir/ClaimResponse", 400)

    def vaccinations(self):
        token = self.world.token(self.baby)
        visit = self.world.visit(self.baby, "immunization")
        populated = self.send(PORTAL, "GET", f"/fhir/Questionnaire/{FORM}/$populate", 200, token=token).json()
        self.questionnaire("/fhir/QuestionnaireResponse", populated["parameter"][0]["resource"], visit, token)
        self.sheet(visit)
        check = self.told("check-pcv20.json", visit)
        check["parameter"] = [part for part in check["parameter"] if part["name"] != "questionnaireResponse"]
        self.send(CLINIC, "POST", "/fhir/Immunization/$check", 200, check)
        dose = self.told("dose-dpt-ipv-hib.json", visit, FAKE01="FAKE02")
        dose["identifier"][0]["value"] = self.name
        dose["occurrenceDateTime"] = (self.today - datetime.timedelta(days=40)).isoformat()
        made = self.send(CLINIC, "POST", "/fhir/Immunization", 201, dose)
        self.send(CLINIC, "POST", "/fhir/Immunization", 200, dose, headers={"Prefer": "return=OperationOutcome"})
        held = f"/fhir/Immunization/{made.json()['id']}"
        read = self.send(CLINIC, "GET", held, 200)
        self.send(CLINIC, "PUT", held, 200, {**dose, "lotNumber": "FAKE03"},
                  headers={"If-Match": read.headers["ETag"]})
        self.send(CLINIC, "PUT", held, 412, {**dose, "lotNumber": "FAKE04"},
                  headers={"If-Match": read.headers["ETag"]})
        self.reactions(visit, made.json()["id"])
        lines = self.send(TOWN, "GET", "/fhir/Immunization?_cursor=0&_count=1", 200).json()
        following = next(link["url"] for link in lines["link"] if link["relation"] == "next")
        self.send(TOWN, "GET", following[following.index("/fhir/"):], 200)
        self.lines("Immunization", "invitation.json", "municipality-identity-key", "municipalityIdentityKey")
        self.send(PORTAL, "POST", f"/fhir/{self.own(token)}/$health-cards-issue", 200,
                  json.loads(self.world.sent("card.json")), token=token)

    def questionnaire(self, path, draft, visit, token):
        """Answered at home, answered again, refused where another was faster, and read by the clinic."""
        saved = self.send(PORTAL, "POST", path, None, draft, token=token)
        held = f"{path}/{saved.json()['id']}"
        for status, items in ((200, 1), (412, 2)):
            self.send(PORTAL, "PUT", held, status, {**draft, "item": draft["item"][:items]}, token=token,
                      headers={"If-Match": saved.headers["ETag"]})
        self.send(CLINIC, "POST", f"{path}/_search", 200, f"subject={visit[1]}&visit={visit[0]}",
                  headers={"Content-Type": "application/x-www-form-urlencoded"})

    def sheet(self, visit):
        """A blank sheet that the town prints, filled in by hand and typed off at the counter, once and again."""
        form = self.send(CLINIC, "GET", f"/fhir/Questionnaire/{FORM}", 200).json()
        named = f"{form['url']}|{form['version']}"
        page = self.send(TOWN, "POST", "/paper-forms", 200, {"questionnaire": named},
                         headers={"Content-Type": "application/json"})
        number = re.search(r'class="number">([A-Z-]{19})<', page.text).group(1)
        agreed = {"understood", "consent"}
        items = [{"linkId": item["linkId"], "answer": [
                     {"valueBoolean": item["linkId"] in agreed} if item["type"] == "boolean"
                     else {"valueCoding": {"code": "guardian"}}]}
                 for item in form["item"] if item["required"] and "enableWhen" not in item]
        answers = {**self.example("institution", "/fhir/QuestionnaireResponse"), "questionnaire": named,
                   "subject": {"reference": visit[1]}, "authored": self.today.isoformat(), "item": items}
        answers["extension"][0]["valueString"] = visit[0]
        answers["identifier"]["value"] = number
        made = self.send(CLINIC, "POST", "/fhir/QuestionnaireResponse", 201, answers)
        held = f"/fhir/QuestionnaireResponse/{made.json()['id']}"
        items[0] = {**items[0], "answer": [{"valueBoolean": not items[0]["answer"][0]["valueBoolean"]}]}
        amended = {**answers, "status": "amended", "item": items}
        for status in (200, 404):
            self.send(CLINIC, "PUT", held if status == 200 else held[:-32] + "a" * 32, status, amended,
                      headers={"If-Match": made.headers["ETag"]})
        self.send(CLINIC, "POST", "/fhir/QuestionnaireResponse", 409, {**answers, "item": items})

    def sensitive_draft(self):
        """Nobody's answers of last time: what is sensitive is asked anew each time. Of an adult, as through a small
        child's card it is handed in and neither read nor changed."""
        adult = self.world.saved_card("adult")
        visit, token = self.world.visit(adult, "maternal", "maternal-sensitive"), self.world.token(adult)
        form = self.send(PORTAL, "GET", f"/fhir/Questionnaire/{SENSITIVE_FORM}", 200).json()
        other = self.send(PORTAL, "GET", f"/fhir/Questionnaire/{FORM}/$populate", 200, token=token).json()
        items = [{"linkId": item["linkId"], "answer": [{"valueCoding": item["answerOption"][0]["valueCoding"]}]}
                 for item in form["item"][:3]]
        return {
            "resourceType": "QuestionnaireResponse", "questionnaire": f"{form['url']}|{form['version']}",
            "status": "in-progress", "subject": other["parameter"][0]["resource"]["subject"],
            "authored": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "item": items,
        }, visit, token

    def lines(self, kind, registration, system, item):
        """A town's lines about one resident, by the key under which it registered them."""
        key = json.loads(self.world.sent(registration))[0][item]
        self.send(TOWN, "POST", f"/fhir/{kind}/_search", 200, f"patient.identifier=urn:tsunagi:{system}%7C{key}",
                  headers={"Content-Type": "application/x-www-form-urlencoded"})

    def reactions(self, visit, dose):
        report = self.example("institution", "/fhir/AdverseEvent")
        report["extension"][0]["valueString"], report["subject"]["reference"] = visit
        report["identifier"]["value"] = self.name
        report["date"] = self.today.isoformat()
        report["suspectEntity"] = [{"instance": {"reference": f"Immunization/{dose}"}}]
        made = self.send(CLINIC, "POST", "/fhir/AdverseEvent", 201, report)
        held = f"/fhir/AdverseEvent/{made.json()['id']}"
        report["extension"][1]["valueCode"] = "follow-up"
        self.send(CLINIC, "PUT", held, 200, report, headers={"If-Match": made.headers["ETag"]})
        self.send(CLINIC, "GET", held, 200)
        self.send(TOWN, "GET", "/fhir/AdverseEvent?_cursor=0", 200)
        ministry = self.world.enrol("ministry:stranger", "見本省")
        self.send(ministry, "GET", "/fhir/AdverseEvent/$reports?_cursor=0", 200)
        self.send(ministry, "GET", "/fhir/AdverseEvent/$reports?_cursor=999999", 400)
        self.send(ministry, "GET", "/reactions/reports.csv?encoding=cp932", 200)
        month = (self.today.replace(day=1) - datetime.timedelta(days=1)).strftime("%Y-%m")
        self.send(TOWN, "GET", f"/fhir/MeasureReport?period={month}", 200)
        asked = self.example("institution", "/fhir/$immds-forecast")
        asked["parameter"][0]["valueString"] = visit[0]
        asked["parameter"][1]["valueDate"] = self.today.isoformat()
        asked["parameter"][2]["resource"]["id"] = visit[1].split("/")[-1]
        self.send(CLINIC, "POST", "/fhir/$immds-forecast", 200, asked)

    def own(self, token):
        entries = self.world.send(PORTAL, "GET", "/fhir/Immunization", 200, token=token).json()["entry"]
        return entries[0]["resource"]["patient"]["reference"]

    def checkups(self):
        visit = self.world.visit(self.infant, "maternal", "maternal-sensitive")
        report = self.told("checkup.json", visit)
        report["identifier"][0]["value"] = self.name
        report["effectiveDateTime"] = (self.today - datetime.timedelta(days=1)).isoformat()
        self.checkup("/fhir/DiagnosticReport", report, visit[1])
        # 産婦健康診査 with a score that asks for a follow-up, of which the town is told apart.
        sensitive = self.example("institution", "/fhir/sensitive/DiagnosticReport")
        sensitive["extension"][0]["valueString"], sensitive["subject"]["reference"] = visit
        sensitive["contained"][0]["valueQuantity"]["value"] = 15
        sensitive["identifier"][0]["value"] = self.name
        sensitive["effectiveDateTime"] = report["effectiveDateTime"]
        self.checkup("/fhir/sensitive/DiagnosticReport", sensitive, visit[1])
        self.send(CLINIC, "GET", f"/fhir/CarePlan?subject={visit[1]}", 200)
        self.questionnaire("/fhir/sensitive/QuestionnaireResponse", *self.sensitive_draft())
        self.lines("DiagnosticReport", "baby-birth.json", "maternal-notification-key", "notificationKey")
        answered = 0
        for office in sorted((self.world.folder / "pki/offices").glob("municipality-*.pem")):
            town = office.stem.replace("-", ":", 1)
            for path in ("/fhir/Task", "/fhir/sensitive/Task"):
                tasks = self.send(town, "GET", path, 200).json()
                for entry in tasks.get("entry", [])[:1]:
                    task = entry["resource"]
                    body = self.example("office", path + "/{id}", "put")
                    version = {"If-Match": f'W/"{task["meta"]["versionId"]}"'}
                    self.send(town, "PUT", f"{path}/{task['id']}", 200, body, headers=version)
                    answered += 1
        if answered < 2:
            raise Wrong(f"{answered} follow-ups reached a town, and there should be two kinds")

    def checkup(self, path, report, patient):
        made = self.send(CLINIC, "POST", path, 201, report)
        self.send(CLINIC, "POST", path, 200, report)
        held = f"{path}/{made.json()['id']}"
        self.send(CLINIC, "GET", f"{path}?subject={patient}", 200)
        read = self.send(CLINIC, "GET", held, 200)
        changed = json.loads(json.dumps(report))
        changed["contained"][0]["valueQuantity"]["value"] += 1
        self.send(CLINIC, "PUT", held, 200, changed, headers={"If-Match": read.headers["ETag"]})

    def residents(self):
        for card in (self.child, self.baby, self.infant, self.world.saved_card("adult")):
            token = self.world.token(card)
            for path, operations in self.contracts["resident"]["paths"].items():
                if path.startswith("/fhir/") and "get" in operations and "{" not in path:
                    self.send(PORTAL, "GET", path, 200, token=token)
            self.send(PORTAL, "GET", "/fhir/AuditEvent?_count=1&_offset=1", 200, token=token)
        self.send(PORTAL, "GET", "/fhir/Coverage", 401)
        self.send(PORTAL, "GET", "/fhir/Coverage", 401, token="nobody's")

    def audits(self):
        """A town and an auditor search the log; an ombudsman reads one resident's whole list."""
        auditor = self.world.enrol("auditor:stranger", "見本監査人")
        ombudsman = self.world.enrol("ombudsman:stranger", "見本審査委員")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        since = f"date=ge{self.today.isoformat()}&_count=5"
        for party in (TOWN, auditor):
            path = "/fhir/AuditEvent/_search"
            for _ in range(3):
                page = self.send(party, "POST", path, 200, since, headers=form).json()
                following = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
                if following is None:
                    break
                path = "/fhir/AuditEvent/_search?" + following.split("?")[1]
        invited = json.loads(self.world.sent("invitation.json"))[0]
        complaint = {**self.example("office", "/fhir/AuditEvent/$examine"), "municipality": TOWN.split(":")[1],
                     "municipalityIdentityKey": invited["municipalityIdentityKey"]}
        self.send(ombudsman, "POST", "/fhir/AuditEvent/$examine?_count=10", 200, complaint,
                  headers={"Content-Type": "application/json"})

    def offices(self):
        """What offices send in batches, and the report of each: not FHIR, but strangers look at it as well."""
        paths = self.contracts["office"]["paths"]
        for path, operations in paths.items():
            report = next((other for other in paths if re.fullmatch(
                re.escape(path.replace("/history-", "/")) + r"/\{(taskId|file)\}", other)), None)
            if "post" not in operations or report is None:
                continue
            party = CARDS if "/card-" in path else TOWN
            is_file = path.startswith("/files/")
            headers = {"Content-Type": next(iter(operations["post"]["requestBody"]["content"]))}
            told = self.send(party, "POST", path + ("?dryRun=true" if is_file else ""), 202,
                             self.any_example(operations["post"]), headers=headers).json()
            read = re.sub(r"\{\w+\}", told["file" if is_file else "taskId"], report)
            self.send(party, "GET", read, 200)
            if is_file:
                self.send(party, "GET", read + "/plan", 200)

    def hall(self):
        """A result of the town's own mass checkup, corrected and read."""
        report = json.loads(self.world.sent("hall.json"))
        report["identifier"][0]["value"] = self.name
        made = self.send(TOWN, "POST", "/fhir/DiagnosticReport", 201, report)
        held = f"/fhir/DiagnosticReport/{made.json()['id']}"
        read = self.send(TOWN, "GET", held, 200)
        measured = next(entry for entry in report["contained"] if "valueQuantity" in entry)
        measured["valueQuantity"]["value"] += 1
        self.send(TOWN, "PUT", held, 200, report, headers={"If-Match": read.headers["ETag"]})
        # What was found in confidence goes by a way of its own, with the day of the consent.
        confided = self.example("office", "/fhir/sensitive/DiagnosticReport")
        confided["identifier"][0]["value"] = self.name
        for name in ("code", "subject", "effectiveDateTime"):
            confided[name] = report[name]
        confided["extension"][0]["valueDate"] = report["effectiveDateTime"][:10]
        made = self.send(TOWN, "POST", "/fhir/sensitive/DiagnosticReport", 201, confided)
        held = f"/fhir/sensitive/DiagnosticReport/{made.json()['id']}"
        confided["status"] = "entered-in-error"
        self.send(TOWN, "PUT", held, 200, confided, headers={"If-Match": made.headers["ETag"]})

    def export(self):
        """All that the town holds of its residents, by FHIR Bulk Data Access."""
        begun = self.send(TOWN, "GET", "/fhir/Patient/$export", 202, headers={"Prefer": "respond-async"})
        status = begun.headers["Content-Location"]
        status = status[status.index("/fhir/"):]
        for _ in range(60):
            answer = self.send(TOWN, "GET", status, None)
            if answer.status_code != 202:
                break
            time.sleep(0.5)
        for file in answer.json()["output"]:
            self.send(TOWN, "GET", file["url"][file["url"].index("/fhir/"):], 200)
        self.send(TOWN, "DELETE", status, 202)

    def common(self, party):
        self.send(party, "GET", "/fhir/metadata", 200)
        forms = self.send(party, "GET", "/fhir/Questionnaire", 200).json()
        for entry in forms["entry"]:
            self.send(party, "GET", f"/fhir/Questionnaire/{entry['resource']['id']}", 200)
        for entry in self.send(party, "GET", "/fhir/CodeSystem", 200).json()["entry"]:
            self.send(party, "GET", f"/fhir/CodeSystem/{entry['resource']['id']}", 200)

    def refusals(self, listener, party):
        """No route is served that cannot say no in FHIR's form; a stranger's mistakes, each on each route."""
        token = self.world.token(self.child) if listener == "resident" else None
        for path, operations in self.contracts[listener]["paths"].items():
            if not path.startswith("/fhir/"):
                continue
            for method, operation in operations.items():
                place = re.sub(r"\{\w+\}", ABSENT, path)
                if "{" in path:
                    body = self.any_example(operation) if "requestBody" in operation else None
                    headers = {"If-Match": 'W/"1"'} if method == "put" else {}
                    self.send(party, method.upper(), place, None, body, headers=headers, token=token)
                if "requestBody" in operation:
                    form = {"Content-Type": next(iter(operation["requestBody"]["content"]))}
                    for wrong in ("{", '{"resourceType":"Basic","resourceType":"Basic"}', "[]", "null"):
                        self.send(party, method.upper(), place, None, wrong, headers=form, token=token)
                    self.send(party, method.upper(), place, None, "text", token=token,
                              headers={"Content-Type": "text/plain"})
            if "delete" not in operations:
                self.send(party, "DELETE", re.sub(r"\{\w+\}", ABSENT, path), 405, token=token)
            for query in ("?_count=none", "?nobody=knows"):
                if "get" in operations:
                    self.send(party, "GET", re.sub(r"\{\w+\}", ABSENT, path) + query, None, token=token)
        self.send(party, "GET", "/fhir/Basic", 404)

    def any_example(self, operation):
        example = next(iter(operation["requestBody"]["content"].values()))["example"]
        return example if isinstance(example, str) else json.dumps(example)

    def account(self):
        """Every FHIR operation that a listener describes was answered well and, where it can be, refused."""
        for listener, contract in self.contracts.items():
            for path, operations in contract["paths"].items():
                for method in operations:
                    if not path.startswith("/fhir/"):
                        continue
                    statuses = self.reached.get((listener, method.upper(), path), set())
                    if not any(status < 300 for status in statuses):
                        raise Wrong(f"{listener}: {method.upper()} {path} never answered well: {statuses}")
                    described = {int(status) for status in operations[method]["responses"]}
                    if statuses - described:
                        raise Wrong(f"{listener}: {method.upper()} {path} answered {statuses - described}, "
                                    "which its contract does not have")
