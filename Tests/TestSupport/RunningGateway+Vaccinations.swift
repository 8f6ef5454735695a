package import Exchange
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

    package init(on day: CalendarDay) {
        identifier = RecordID.random().text
        self.day = day
    }

    package func body(_ visit: RunningGateway.Visit) -> JSONObject {
        let text = """
            {"resourceType":"Immunization","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id)"},{\
            "url":"urn:tsunagi:StructureDefinition:vaccination-basis","valueCode":"routine"}],\
            "identifier":[{"system":"https://clinic.example/immunization","value":"\(identifier)"}],\
            "status":"\(status)","vaccineCode":{"coding":[{\
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
        var (resident, card) = try await settle()
        let birth = clock.today.adding(days: -days)
        resident.dateOfBirth = birth.text
        try await hold([resident.row("kodomo", birth, clock.today.adding(days: 300))])
        return card
    }

    package func openVaccinationVisit(
        _ card: SoftwareCard, at institution: Party = Cast.clinic
    ) async throws -> Visit {
        try await openVisit(card, at: institution, consents: ["immunization"])
    }

    package func record(
        _ dose: SentDose, _ visit: Visit, by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "POST", Self.vaccinationPath, body: .object(dose.body(visit)))
    }

    package func correct(
        _ id: String, seen tag: String?, _ dose: SentDose, _ visit: Visit,
        by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "PUT", "\(Self.vaccinationPath)/\(id)",
            headers: tag.map { [("If-Match", $0)] } ?? [], body: .object(dose.body(visit)))
    }

    package func checkVaccine(
        _ vaccine: String, _ visit: Visit, by institution: Party = Cast.clinic
    ) async throws -> Answer {
        let text = """
            {"resourceType":"Parameters","parameter":[{"name":"visit","valueString":"\(visit.id)"},{\
            "name":"patient","valueReference":{"reference":"\(visit.patient)"}},{\
            "name":"candidate","part":[{"name":"vaccineCode","valueCodeableConcept":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine","code":"\(vaccine)"}]}}]}]}
            """
        return try await send(
            institution, "POST", "\(Self.vaccinationPath)/$check", body: JSON(reading: text))
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
