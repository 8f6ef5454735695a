/// 接種証明カード: the doses of a resident as a SMART Health Card (https://spec.smarthealth.cards), the payload
/// that is signed. It says what a verifier must know and nothing more: name, birth date, and of each dose
/// vaccine, day, lot and institution.
package struct HealthCard: Hashable, Sendable {
    /// `iss`: whose keys verify it, at `<issuer>/.well-known/jwks.json`.
    package let issuer: String
    /// `rid`: by which it is revoked.
    package let id: String
    package let issuedAt: Instant
    package let name: String
    package let birth: CalendarDay?
    /// Given and not withdrawn, each with a known day and vaccine, by their day.
    package let doses: [VaccinationVersion]
    /// How many more were given: whoever relies on the page is told that it is not all.
    package let unlistedDoses: Int

    /// `nil` where there is nothing to show.
    package init?(
        issuer: String, id: String, issuedAt: Instant,
        of person: (name: String, birth: CalendarDay?),
        held: [VaccinationVersion], _ rules: ImmunizationRules
    ) {
        let given = held.compactMap { version in
            version.vaccination.dose(rules).map { (version: version, dose: $0) }
        }
        let listed = given.filter { $0.dose.vaccine != nil && $0.dose.day != nil }
        doses = listed.enumerated().sorted { first, second in
            let days = [first, second].map { $0.element.dose.day?.daysSince1970 ?? 0 }
            return (days[0], first.offset) < (days[1], second.offset)
        }.map { $0.element.version }
        unlistedDoses = given.count - listed.count
        guard !doses.isEmpty else { return nil }
        self.issuer = issuer
        self.id = id
        self.issuedAt = issuedAt
        name = person.name
        birth = person.birth
    }

    package func payload(_ rules: ImmunizationRules) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 512 + doses.count * 384)
        writer.object { card in
            card.member("iss", issuer)
            card.member("nbf", Int(issuedAt.seconds))
            card.object("vc") { credential in
                credential.array("type") { types in
                    types.string(Self.type)
                    types.string(Self.immunizationType)
                }
                credential.object("credentialSubject") { subject in
                    subject.member("fhirVersion", FHIR.version)
                    subject.object("fhirBundle") { writeBundle(to: &$0, rules) }
                }
                credential.member("rid", id)
            }
        }
        return writer.bytes
    }

    static let type = "https://smarthealth.cards#health-card"
    static let immunizationType = "https://smarthealth.cards#immunization"

    private func writeBundle(to bundle: inout JSONWriter, _ rules: ImmunizationRules) {
        bundle.member("resourceType", "Bundle")
        bundle.member("type", "collection")
        bundle.array("entry") { entries in
            entries.entry(0) { patient in
                patient.member("resourceType", "Patient")
                patient.array("name") { $0.object { writeName(to: &$0) } }
                patient.member("birthDate", birth?.text)
            }
            for (place, dose) in doses.enumerated() {
                entries.entry(place + 1) { dose.writeDose(to: &$0, rules) }
            }
        }
    }

    private func writeName(to writer: inout JSONWriter) {
        let parts = name.split { $0 == " " || $0 == "\u{3000}" }.map(String.init)
        guard parts.count > 1 else {
            writer.member("text", name)
            return
        }
        writer.member("family", parts[0])
        writer.array("given") { for part in parts.dropFirst() { $0.string(part) } }
    }
}

extension VaccinationVersion {
    fileprivate func writeDose(to writer: inout JSONWriter, _ rules: ImmunizationRules) {
        writer.member("resourceType", "Immunization")
        writer.member("status", "completed")
        writer.object("vaccineCode") { concept in
            concept.array("coding") { codings in
                guard let named = rules.vaccine(named: vaccination.vaccine) else { return }
                let vaccine = rules.vaccine(named.vaccine)
                for mapping in vaccine.mappings where mapping.system == FHIR.System.cvx {
                    codings.codingItem(mapping.system, mapping.code)
                }
                codings.codingItem(FHIR.System.vaccine, vaccine.code)
            }
        }
        writer.reference("patient", "resource:0")
        writer.member("occurrenceDateTime", vaccination.occurrence.day?.text)
        writer.member("lotNumber", vaccination.vial.lotNumber)
        writer.array("performer") { list in
            list.object {
                let recorder = institution.identifier
                $0.logicalReference("actor", recorder.system, recorder.value)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func entry(_ place: Int, _ body: (inout JSONWriter) -> Void) {
        object { entry in
            entry.member("fullUrl", "resource:\(place)")
            entry.object("resource", body)
        }
    }
}

/// `Patient/$health-cards-issue`: what a holder asks for.
package struct HealthCardRequest: Hashable, Sendable {
    /// There are three types to name.
    private static let typesMax = 3

    package init(reading body: [UInt8]) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        let given = try Parameters(reading: resource, only: ["credentialType"])
        for entry in try given.requiredAll("credentialType", atMost: Self.typesMax) {
            let place = JSONPath.member("valueUri", of: entry.path)
            guard let type = try entry.object.optionalString("valueUri", at: entry.path) else {
                throw .missing(place)
            }
            guard [HealthCard.type, HealthCard.immunizationType, "Immunization"].contains(type)
            else { throw .malformed(place) }
        }
    }
}

/// The answer: the card for a wallet, and the texts of its QR codes.
package func renderHealthCard(_ card: String, id: String, texts: [String]) -> [UInt8] {
    var writer = JSONWriter(reservingBytes: card.utf8.count * 4)
    writer.object { answer in
        answer.member("resourceType", "Parameters")
        answer.array("parameter") { list in
            list.parameter("verifiableCredential") { $0.member("valueString", card) }
            list.parameter("id") { $0.member("valueString", id) }
            for text in texts { list.parameter("qr") { $0.member("valueString", text) } }
        }
    }
    return writer.bytes
}
