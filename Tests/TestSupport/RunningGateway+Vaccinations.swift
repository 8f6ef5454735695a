package import Exchange
import Gateway
import Ledger
package import Trust

/// 予防接種 as a clinic sends it: one dose of a baby's first vaccine, whole; tests change what they are about.
package struct SentDose: Sendable {
    package var identifier: String
    package var vaccine = "dpt-ipv-hib"
    package var day: CalendarDay
    package var number = 1
    package var lot = "FAKE01"
    package var status = "completed"
    package var isPrimarySource = true
    package var basis = "routine"
    /// `QuestionnaireResponse/<id>` that the doctor decided from.
    package var response: String?
    /// Why it was given although a rule stops it, by the rule's code.
    package var reasons: [String: String] = [:]

    package init(on day: CalendarDay) {
        identifier = RecordID.random().text
        self.day = day
    }

    private var screening: String {
        guard let response else { return "" }
        return """
            ,{"url":"urn:tsunagi:StructureDefinition:screening","extension":[{"url":"decision",\
            "valueCode":"may-vaccinate"},{"url":"response","valueReference":{"reference":\
            "\(response)"}}]}
            """
    }

    private var overrides: String {
        reasons.map { rule, reason in
            #",{"url":"urn:tsunagi:StructureDefinition:needle-override","extension":[{"url":"rule","#
                + #""valueCode":"\#(rule)"},{"url":"reason","valueString":"\#(reason)"}]}"#
        }.joined()
    }

    package func body(_ visit: RunningGateway.Visit) -> JSONObject {
        let text = """
            {"resourceType":"Immunization","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id)"},{\
            "url":"urn:tsunagi:StructureDefinition:vaccination-basis","valueCode":"\(basis)"}\(screening)\
            \(overrides)],\
            "identifier":[{"system":"https://clinic.example/immunization","value":"\(identifier)"}],\
            "status":"\(status)","primarySource":\(isPrimarySource),"vaccineCode":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine","code":"\(vaccine)"}]},\
            "patient":{"reference":"\(visit.patient)"},"occurrenceDateTime":"\(day.text)",\
            "lotNumber":"\(lot)","expirationDate":"\(day.adding(days: 300).text)",\
            "doseQuantity":{"value":0.5,"unit":"mL","system":"http://unitsofmeasure.org",\
            "code":"mL"},"performer":[{"actor":{"display":"見本 医師"}}],\
            "protocolApplied":[{"doseNumberPositiveInt":\(number)}]}
            """
        return (try? JSON(reading: text))?.object ?? JSONObject()
    }
}

extension RunningGateway {
    package static let vaccinationPath = "/fhir/Immunization"

    /// A baby of so many days whom the town has registered, with a card.
    package func settleBaby(days: Int = 150) async throws -> SoftwareCard {
        try await settleFamily(days: days).card
    }

    /// The same, for tests that an office names the baby to.
    package func settleFamily(days: Int = 150, in town: Party = Cast.town) async throws -> (
        resident: TestResident, card: SoftwareCard
    ) {
        var (resident, card) = try await settle(in: town)
        let birth = clock.today.adding(days: -days)
        resident.dateOfBirth = birth.text
        try await hold(
            [resident.row("kodomo", birth, clock.today.adding(days: 300))], by: town)
        return (resident, card)
    }

    package func openVaccinationVisit(
        _ card: SoftwareCard, at institution: Party = Cast.clinic
    ) async throws -> Visit {
        try await openVisit(card, at: institution, consents: ["immunization"])
    }

    package func record(
        _ dose: SentDose, _ visit: Visit, by institution: Party = Cast.clinic,
        preferring preferred: String? = nil
    ) async throws -> Answer {
        try await send(
            institution, "POST", Self.vaccinationPath,
            headers: preferred.map { [("Prefer", $0)] } ?? [], body: .object(dose.body(visit)))
    }

    package func correct(
        _ id: String, seen tag: String?, _ dose: SentDose, _ visit: Visit,
        by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "PUT", "\(Self.vaccinationPath)/\(id)",
            headers: tag.map { [("If-Match", $0)] } ?? [], body: .object(dose.body(visit)))
    }

    /// On another day than today where one is given; `response`: a questionnaire that was saved before,
    /// without which one was read on paper. `isWhole`: with expiry, temperature and questionnaire, of which
    /// nothing is sent otherwise.
    package func checkVaccine(
        _ vaccine: String, _ visit: Visit, by institution: Party = Cast.clinic,
        on day: CalendarDay? = nil, response: String? = nil, isWhole: Bool = true
    ) async throws -> Answer {
        let date = day.map { #"{"name":"date","valueDate":"\#($0.text)"},"# } ?? ""
        let saved = response.map {
            #",{"name":"questionnaireResponse","valueReference":{"reference":"\#($0)"}}"#
        }
        let read = saved ?? #",{"name":"questionnaireRead","valueBoolean":true}"#
        let expiry = (day ?? clock.today).adding(days: 300).text
        let vial = isWhole ? #",{"name":"expirationDate","valueDate":"\#(expiry)"}"# : ""
        let told = #",{"name":"temperature","valueQuantity":{"value":36.8,"code":"Cel"}}"# + read
        let text = """
            {"resourceType":"Parameters","parameter":[{"name":"visit","valueString":"\(visit.id)"},{\
            "name":"patient","valueReference":{"reference":"\(visit.patient)"}},\(date){\
            "name":"candidate","part":[{"name":"vaccineCode","valueCodeableConcept":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine","code":"\(vaccine)"}]}}\(vial)]}\
            \(isWhole ? told : saved ?? "")]}
            """
        return try await send(
            institution, "POST", "\(Self.vaccinationPath)/$check", body: JSON(reading: text))
    }
}

extension RunningGateway {
    /// One round over all claims that wait, each claim made being entered.
    package func makeWaitingClaims() async throws {
        let parts = try self.parts()
        var round = ClaimRound()
        var goesOn = true
        while goesOn {
            let done = try await parts.makeWaitingClaims(&round)
            if done.made > 0 { expectMoreEntries(done.made) }
            goesOn = done.goesOn
        }
    }
}

extension TLSClient.Answer {
    /// The values of Parameters by name, where one stands once.
    package func parameter(_ name: String) -> JSON? {
        for case .object(let entry) in json["parameter"]?.array ?? []
        where entry["name"]?.string == name {
            return entry.members.first { $0.name != "name" }?.value
        }
        return nil
    }

    /// `rule` and `earliest` of every finding of a check, in order.
    package var findings: [(rule: String, earliest: String?)] {
        let candidates = (json["parameter"]?.array ?? []).compactMap(\.object).filter {
            $0["name"]?.string == "candidate"
        }
        return candidates.flatMap { $0["part"]?.array ?? [] }.compactMap(\.object)
            .filter { $0["name"]?.string == "finding" }
            .map { finding in
                let parts = (finding["part"]?.array ?? []).compactMap(\.object)
                func part(_ name: String) -> JSONObject? {
                    parts.first { $0["name"]?.string == name }
                }
                return (
                    part("rule")?["valueCoding"]?.object?["code"]?.string ?? "",
                    part("earliest")?["valueDate"]?.string
                )
            }
    }
}

extension RunningGateway {
    package typealias Header = (String, String)

    /// A form-encoded search, as FHIR has it for what names a person.
    package func search(
        _ party: Party, _ path: String, _ fields: [(String, String)]
    ) async throws -> Answer {
        let body = fields.map { name, value in
            "\(name)=\(value.replacing("|", with: "%7C").replacing("/", with: "%2F"))"
        }.joined(separator: "&")
        let client = try await connect(party)
        let answer = try await send(
            client, "POST", path,
            headers: [("Content-Type", "application/x-www-form-urlencoded")],
            bytes: Array(body.utf8))
        await client.close()
        return answer
    }

    /// The resident's id as the portal knows it.
    package func patient(_ token: Header, at portal: Party = Cast.portal) async throws -> String {
        let answer = try await send(
            portal, "GET", "/fhir/Questionnaire/screening-child-dpt-ipv-hib-1/$populate",
            headers: [token])
        try answer.expect(200)
        let draft = answer.parameter("response")?.object
        return draft?["subject"]?.object?["reference"]?.string ?? ""
    }
}
