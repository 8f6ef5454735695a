import Exchange
import TestSupport
import Testing

/// 接種記録の拒否: what each route of vaccinations says no to, with the entry it leaves.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct VaccinationRefusalTests {
    typealias Visit = RunningGateway.Visit

    struct Situation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let refusal: Refusal
        /// `nil`: the request is wrong in itself, and nothing is entered.
        let purpose: Purpose?
        let party: Party
        let request: @Sendable (RunningGateway, SentDose) async throws -> TLSClient.Answer

        init(
            _ name: String, _ refusal: Refusal, of purpose: Purpose? = .recordVaccination,
            by party: Party = Cast.clinic,
            _ request:
                @escaping @Sendable (RunningGateway, SentDose) async throws ->
                TLSClient.Answer
        ) {
            testDescription = name
            self.refusal = refusal
            self.purpose = purpose
            self.party = party
            self.request = request
        }
    }

    static let nobody = "00000000-0000-4000-8000-000000000000"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static func visit(
        _ gateway: RunningGateway, consents: [String] = ["immunization"],
        kind: String = "outpatient"
    ) async throws -> Visit {
        try await gateway.openVisit(gateway.settle().card, consents: consents, kind: kind)
    }

    private static func made(
        _ gateway: RunningGateway, _ dose: SentDose
    ) async throws -> (id: String, visit: Visit) {
        let visit = try await visit(gateway)
        return (try await gateway.record(dose, visit).text("id"), visit)
    }

    /// The refusals of the visit, alike for the record and for the check.
    private static func ofVisit(
        _ purpose: Purpose,
        _ send:
            @escaping @Sendable (RunningGateway, SentDose, Visit, Party) async throws ->
            TLSClient.Answer
    ) -> [Situation] {
        [
            Situation("no such visit", .visitUnknown, of: purpose) { gateway, dose in
                try await send(
                    gateway, dose, Visit(id: nobody, patient: "Patient/p"), Cast.clinic)
            },
            Situation(
                "another institution's visit", .visitUnknown, of: purpose, by: Cast.pharmacy
            ) { gateway, dose in
                try await send(gateway, dose, visit(gateway), Cast.pharmacy)
            },
            Situation("a visit for the check of eligibility", .visitForCheckAlone, of: purpose) {
                gateway, dose in
                try await send(gateway, dose, visit(gateway, kind: "booked"), Cast.clinic)
            },
            Situation("a visit that was ended", .visitEnded, of: purpose) { gateway, dose in
                let card = try await gateway.settle().card
                let visit = try await gateway.openVaccinationVisit(card)
                let token = try await gateway.session(of: card)
                try await gateway.send(
                    Cast.portal, "POST", "/visits/\(visit.id)/end", headers: [token]
                ).expect(204)
                var earlier = dose
                earlier.day = dose.day.adding(days: -1)
                return try await send(gateway, earlier, visit, Cast.clinic)
            },
        ]
    }

    static let records: [Situation] =
        ofVisit(.recordVaccination) { gateway, dose, visit, party in
            try await gateway.record(dose, visit, by: party)
        } + [
            Situation("no consent", .consentNotGiven) { gateway, dose in
                try await gateway.record(dose, visit(gateway, consents: ["subsidy"]))
            },
            Situation("other content under the same number", .identifierReused) {
                gateway, dose in
                let (_, visit) = try await made(gateway, dose)
                var other = dose
                other.lot = "FAKE09"
                return try await gateway.record(other, visit)
            },
            Situation("another resident under the same number", .identifierReused) {
                gateway, dose in
                _ = try await made(gateway, dose)
                return try await gateway.record(dose, visit(gateway))
            },
            wrong("no lot number", .missing("lotNumber")) { $0.without("lotNumber") },
            wrong("a misspelt item", .unknownItem("lotnumber")) {
                $0.with("lotnumber", .string("FAKE01"))
            },
            wrong("no number of its own", .missing("identifier")) { $0.without("identifier") },
            wrong("a number too long to be one", .malformed("identifier[0].value")) {
                let long = String(repeating: "x", count: 513)
                return $0.with(
                    "identifier",
                    .array([
                        .object(
                            JSONObject([
                                .init(name: "system", value: .string("https://clinic.example")),
                                .init(name: "value", value: .string(long)),
                            ]))
                    ]))
            },
            wrong("a lot number that cannot be kept", .malformed("lotNumber")) {
                $0.with("lotNumber", .string("FAKE\0"))
            },
            wrong("a dose of tomorrow", .dayAhead("occurrenceDateTime")) {
                $0.with("occurrenceDateTime", .string("2999-01-01"))
            },
            wrong("a time without its zone", .zoneMissing("occurrenceDateTime")) {
                $0.with("occurrenceDateTime", .string("2026-06-15T10:00:00"))
            },
            wrong("a vaccine that nobody knows", .vaccineUnknown("vaccineCode.coding[0].code")) {
                let code = JSONObject([
                    .init(name: "system", value: .string("urn:tsunagi:CodeSystem:vaccine")),
                    .init(name: "code", value: .string("no-such")),
                ])
                return $0.with(
                    "vaccineCode",
                    .object(
                        JSONObject([.init(name: "coding", value: .array([.object(code)]))])))
            },
            Situation("not JSON", .unsupportedMediaType, of: nil) { gateway, dose in
                try await gateway.send(
                    Cast.clinic, "POST", RunningGateway.vaccinationPath,
                    headers: [("Content-Type", "text/plain")], body: .object(JSONObject()))
            },
        ]

    private static func wrong(
        _ name: String, _ refusal: Refusal, _ change: @escaping @Sendable (JSONObject) -> JSONObject
    ) -> Situation {
        Situation(name, refusal, of: nil) { gateway, dose in
            try await gateway.send(
                Cast.clinic, "POST", RunningGateway.vaccinationPath,
                body: .object(change(dose.body(visit(gateway)))))
        }
    }

    static let corrections: [Situation] = [
        Situation("no version", .missing("If-Match"), of: nil) { gateway, dose in
            let (id, visit) = try await made(gateway, dose)
            return try await gateway.correct(id, seen: nil, dose, visit)
        },
        Situation("a version that is none", .malformed("If-Match"), of: nil) { gateway, dose in
            let (id, visit) = try await made(gateway, dose)
            return try await gateway.correct(id, seen: "W/\"0\"", dose, visit)
        },
        Situation("an id that is none", .malformed("id"), of: nil) { gateway, dose in
            try await gateway.correct("7", seen: "W/\"1\"", dose, visit(gateway))
        },
        Situation("no such record", .recordUnknown) { gateway, dose in
            try await gateway.correct(nobody, seen: "W/\"1\"", dose, visit(gateway))
        },
        Situation("another institution's record", .recordUnknown, by: Cast.pharmacy) {
            gateway, dose in
            let card = try await gateway.settle().card
            let id = try await gateway.record(dose, gateway.openVaccinationVisit(card)).text("id")
            let there = try await gateway.openVaccinationVisit(card, at: Cast.pharmacy)
            return try await gateway.correct(id, seen: "W/\"1\"", dose, there, by: Cast.pharmacy)
        },
        Situation("another resident's record", .recordUnknown) { gateway, dose in
            let (id, _) = try await made(gateway, dose)
            return try await gateway.correct(id, seen: "W/\"1\"", dose, visit(gateway))
        },
        Situation("another number", .identifierChanged) { gateway, dose in
            let (id, visit) = try await made(gateway, dose)
            var other = dose
            other.identifier = "another"
            return try await gateway.correct(id, seen: "W/\"1\"", other, visit)
        },
        Situation("a version that never was", .versionPassed) { gateway, dose in
            let (id, visit) = try await made(gateway, dose)
            var other = dose
            other.lot = "FAKE09"
            return try await gateway.correct(id, seen: "W/\"2\"", other, visit)
        },
    ]

    static let reads: [Situation] = [
        Situation("an id that is none", .malformed("id"), of: nil) { gateway, _ in
            try await gateway.send(Cast.clinic, "GET", "/fhir/Immunization/7")
        },
        Situation("no such record", .recordUnknown, of: .readVaccination) { gateway, _ in
            try await gateway.send(Cast.clinic, "GET", "/fhir/Immunization/\(nobody)")
        },
        Situation(
            "another institution's record", .recordUnknown, of: .readVaccination, by: Cast.pharmacy
        ) { gateway, dose in
            let (id, _) = try await made(gateway, dose)
            return try await gateway.send(Cast.pharmacy, "GET", "/fhir/Immunization/\(id)")
        },
    ]

    static let checks: [Situation] =
        ofVisit(.checkVaccination) { gateway, dose, visit, party in
            try await gateway.checkVaccine(dose.vaccine, visit, by: party)
        } + [
            Situation("a code that is none of ours", .vaccineUnknown(code), of: nil) { gateway, _ in
                try await gateway.checkVaccine("nothing", visit(gateway))
            }
        ]

    private static let code = "parameter[2].part[0].valueCodeableConcept.coding[0].code"

    @Test(arguments: records + corrections + reads + checks)
    func `each situation has its own refusal, and is on the record`(_ row: Situation)
        async throws
    {
        let dose = SentDose(on: gateway.clock.today)
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await row.request(gateway, dose) }
        gateway.expect(row.refusal, in: try #require(sent))
        // What led there was entered too, each as itself.
        let left = entries.last { $0.outcome != "ok" }.map { [$0.party, $0.purpose, $0.outcome] }
        #expect(left == row.purpose.map { [row.party.key, $0.rawValue, row.refusal.code] })
    }

    @Test func `a visit is not used for another patient`() async throws {
        let visit = try await Self.visit(gateway)
        let other = try await Self.visit(gateway)
        let dose = SentDose(on: gateway.clock.today)
        for patient in [other.patient, "Patient/" + String(repeating: "a", count: 32)] {
            let mixed = Visit(id: visit.id, patient: patient)
            gateway.expect(
                .patientDiffers("patient.reference"), in: try await gateway.record(dose, mixed))
            gateway.expect(
                .patientDiffers("patient"),
                in: try await gateway.checkVaccine(dose.vaccine, mixed))
        }
    }
}
