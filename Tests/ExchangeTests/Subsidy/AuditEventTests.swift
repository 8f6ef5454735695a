import Exchange
import Testing

/// AuditEvent by IHE BALP: one row for every purpose.
@Suite struct AuditEventTests {
    private func entry(
        _ purpose: Purpose, refusal: String? = nil, proof: SealedPosition? = nil
    ) throws -> JSONObject {
        let permissions = try #require(Profiles.book.permissions)
        let role = try #require(
            Role.allCases.first { purpose == .connect || permissions.may($0, purpose) })
        let code =
            switch role {
            case .institution: SubsidyCase.institution
            case .municipality, .prefecture: SubsidyCase.koganei
            default: "sample"
            }
        let view = AccessEntryView(
            id: "e-1", at: SubsidyCase.instant("2026-06-15T01:00:00Z"),
            party: try Party(role: role, code: code), partyName: "見本",
            operatorName: "見本ベンダ", purpose: purpose, visitID: "visit-1", refusal: refusal,
            patientID: "p-1", what: ["Coverage/e1"], place: .own(proof))
        return try #require(
            try JSON(reading: view.render(purposes: Profiles.book.purposes)).object)
    }

    private func codes(_ resource: JSONObject, _ name: String) throws -> [String] {
        try resource.requiredArray(name).compactMap { value in
            let holder = name == "agent" ? try value.object?.requiredObject("type") : value.object
            let coding = try holder?.optionalArray("coding")?.first?.object ?? holder
            return try coding?.requiredString("code")
        }
    }

    static let forms: [(purpose: Purpose, profile: String?, action: String, agents: [String])] =
        Purpose.allCases.map { purpose in
            switch purpose {
            case .checkEligibility, .replayEligibility, .readEligibility, .readPatient,
                .readRegistration, .readSensitiveRegistration, .readVaccination,
                .checkVaccination, .forecastVaccinations,
                .readReaction, .receiveReactions, .exportReactions, .readBill, .receiveCheckNotices,
                .receiveLapseNotices,
                .readScreenings, .readSensitiveScreenings,
                .receiveVaccinations, .receiveEntitlements, .receiveCheckups,
                .receiveSensitiveCheckups, .receiveBills, .readStatement, .listUnvaccinated,
                .readCheckups, .listUnseen, .readCheckupLines, .countAttendance,
                .exportResidents,
                .readSensitiveCheckups, .readFollowUps, .readSensitiveFollowUps, .searchAccessLog,
                .examineComplaint, .readEmergencyReviews, .readSettledClaims, .readClaims,
                .reconcileMonth, .readRefunds:
                (purpose, "PrivacyDisclosure.Source", "R", ["110152", "110153", "IRCP"])
            case .openVisit, .openPaperVisit, .registerEntitlements, .registerCheckupTargets,
                .registerGuardianships, .registerLifeEvents, .registerVaccinationTargets,
                .registerPastDoses,
                .settleReview, .feedCards,
                .recordVaccination, .reportReaction,
                .settleBill, .submitClaims, .requestRefund, .answerRefund,
                .saveScreening, .saveSensitiveScreening, .bringScreening, .recordCheckup,
                .recordSensitiveCheckup, .recordMassCheckup, .recordSensitiveMassCheckup,
                .registerNotifications,
                .remindOfCheckup,
                .remindOfVaccination, .answerFollowUp,
                .answerSensitiveFollowUp, .withholdEntries, .openEmergencyVisit,
                .answerEmergencyReview:
                (purpose, "PatientCreate", "C", ["110153", "110152", "AUT"])
            case .readRepresented, .readOwnRepresentatives, .readOwnBlocks,
                .readOwnEntitlements, .readOwnVisits, .readOwnNotices, .readOwnAccessLog,
                .readOwnVaccinations, .readOwnForecast, .readOwnBalances, .readOwnRefunds,
                .readOwnScreenings, .readOwnSensitiveScreenings,
                .readOwnCheckups,
                .readOwnSensitiveCheckups, .readOwnMeasurements, .readOwnCheckupPlan:
                (purpose, "PatientQuery", "E", ["110153", "110152", "IRCP", "AUT"])
            case .connect, .beginResidentSession, .endResidentSession, .endOwnVisit,
                .printScreening, .printPaperForms, .issueHealthCard, .revokeHealthCard,
                .beginActingSession,
                .delegate,
                .acceptDelegation, .endDelegation, .withdrawOwnConsent, .setOwnBlock,
                .liftOwnBlock, .declareDisaster, .readCoverage,
                .registerVaccinationPrices, .readVaccinationPrices,
                .registerCheckupPrices, .readCheckupPrices, .registerSchemes, .registerSeasons,
                .rotateKey, .archiveLog:
                (purpose, nil, "E", ["110153", "110152", "IRCP"])
            }
        }

    @Test(arguments: forms)
    func `every purpose has its form`(
        purpose: Purpose, profile: String?, action: String, agents: [String]
    ) throws {
        let event = try entry(purpose)
        let claimed = try event.optionalObject("meta")?.requiredArray("profile").first?.string
        #expect(
            claimed
                == profile.map {
                    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit." + $0
                })
        #expect(try event.requiredString("action") == action)
        #expect(try codes(event, "agent") == agents)
        #expect(try event.requiredString("outcome") == "0")
        #expect(try codes(event, "purposeOfEvent") == [purpose.rawValue])
        let patient = try #require(try event.requiredArray("entity").first?.object)
        #expect(
            try patient.requiredObject("what").requiredString("reference") == "Patient/p-1")
    }

    @Test(arguments: Purpose.allCases)
    func `a refusal claims no profile, because the profiles fix success`(purpose: Purpose) throws {
        let event = try entry(purpose, refusal: "visit-ended")
        #expect(event["meta"] == nil)
        #expect(try event.requiredString("outcome") == "4")
        #expect(try event.requiredString("outcomeDesc") == "visit-ended")
    }

    private func position(_ event: JSONObject) throws -> [String: [String]] {
        let parts = try #require(
            try event.requiredArray("extension").first?.object?.requiredArray("extension"))
        var values: [String: [String]] = [:]
        for case .object(let part) in parts {
            let value = part.members.last?.value
            values[try part.requiredString("url"), default: []].append(
                value?.string ?? value?.text ?? "")
        }
        return values
    }

    @Test func `a sealed entry carries its proof, an unsealed one says so`() throws {
        let proof = SealedPosition(
            at: (5_000_000_000, 5_000_000_001), sequence: 7, isCommitted: true,
            leaf: .text([0xFF, 0xFE, 0xFD, 0xFC]), path: [[1], [2, 3]], checkpoint: "note")
        #expect(
            try position(try entry(.checkEligibility, proof: proof)) == [
                "sealed": ["true"], "sequence": ["7"], "position": ["5000000000"],
                "treeSize": ["5000000001"],
                "leaf": ["//79/A=="], "proof": ["AQ==", "AgM="], "checkpoint": ["note"],
            ])
        #expect(
            try position(try entry(.checkEligibility))
                == ["sealed": ["false"], "notYetCommitted": ["true"]])
    }
}
