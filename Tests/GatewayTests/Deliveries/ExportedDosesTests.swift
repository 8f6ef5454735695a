import Exchange
import Ledger
import TestSupport
import Testing

/// 一括の受領と過去の接種歴: a town's export holds what its own ledger told, and what other ledgers told of
/// who lives there; as of the moment of the export.
extension ExportTests {
    private func row(
        _ resident: TestResident, _ number: String, lot: String, daysAgo: Int = 10
    ) -> [String: String] {
        [
            "記録番号": number, "個人番号": resident.number, "生年月日": resident.dateOfBirth,
            "ワクチン": "五種混合", "接種回数": "1",
            "接種日": gateway.clock.today.adding(days: -daysAgo).text, "製造番号": lot,
        ]
    }

    private func tell(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
        try await gateway.take(
            NightFile(pastDoses: rows).bytes(), as: "past-doses", field: "immunization")
    }

    private func move(_ resident: TestResident, to town: Party, daysAgo: Int) async throws {
        try await gateway.feed([
            resident.residence(
                town.code, from: gateway.clock.today.adding(days: -daysAgo))
        ])
    }

    /// Of the lines of vaccinations those of a lot that begins so, by lot.
    private func doses(
        _ all: [String: [JSONObject]], _ mark: String
    ) -> [String: JSONObject] {
        var found: [String: JSONObject] = [:]
        for line in all["Immunization"] ?? [] {
            guard let lot = line["lotNumber"]?.string, lot.hasPrefix(mark) else { continue }
            found[lot] = line
        }
        return found
    }

    @Test func `a town's own ledger is in its export, as it stood at that moment`() async throws {
        let (resident, card) = try await gateway.settleFamily()
        let number = RecordID.random().text
        let visit = try await gateway.openVaccinationVisit(card)
        var given = SentDose(on: gateway.clock.today.adding(days: -40))
        given.lot = "OWNCLINIC"
        try await gateway.record(given, visit).expect(201)
        _ = try await tell([
            row(resident, number, lot: "OWN1"),
            row(resident, number + "-c", lot: "OWNCOPY", daysAgo: 40),
            row(resident, number + "-w", lot: "OWNGONE", daysAgo: 70),
        ])
        _ = try await tell([["更新区分": "2", "記録番号": number + "-w", "個人番号": resident.number]])
        let export = try await kickOff("?_type=Immunization,Patient")
        let elsewhere = try await kickOff("?_type=Immunization", by: Cast.otherTown)
        // Whatever is told afterwards is not of that moment.
        _ = try await tell([row(resident, number, lot: "OWN2")])
        try await prepare()
        let all = try await fetch(export)
        let held = doses(all, "OWN")
        #expect(held.keys.contains("OWNCLINIC"))
        #expect(!held.keys.contains("OWNCOPY") && !held.keys.contains("OWNGONE"))
        #expect(!held.keys.contains("OWN2"), "\(held.keys)")
        let dose = held["OWN1"]
        #expect(dose?["primarySource"]?.bool == false)
        let patients = Set((all["Patient"] ?? []).compactMap(Self.resident))
        #expect(dose.flatMap(Self.resident).map(patients.contains) == true)
        #expect(doses(try await fetch(elsewhere, by: Cast.otherTown), "OWN").isEmpty)
        try await gateway.send(Cast.town, "DELETE", export).expect(202)
        let next = try await kickOff("?_type=Immunization")
        try await prepare()
        let later = doses(try await fetch(next), "OWN")
        #expect(later.keys.contains("OWN2") && !later.keys.contains("OWN1"))
        try await gateway.send(Cast.town, "DELETE", next).expect(202)
        try await gateway.send(Cast.otherTown, "DELETE", elsewhere).expect(202)
    }

    /// Two exports of one moment before it, one prepared before it came and one after: it is in neither, and
    /// what it says of the ledger's copy is later than both.
    @Test func `a clinic's record that came after the moment takes no ledger's dose out of it`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        _ = try await tell([row(resident, RecordID.random().text, lot: "LATE1", daysAgo: 40)])
        let first = try await kickOff("?_type=Immunization,Patient")
        try await prepare()
        let second = try await kickOff("?_type=Immunization,Patient")
        let visit = try await gateway.openVaccinationVisit(card)
        var given = SentDose(on: gateway.clock.today.adding(days: -40))
        given.lot = "LATECLINIC"
        try await gateway.record(given, visit).expect(201)
        try await prepare()
        for export in [first, second] {
            // Each file holds as many lines as its manifest says, too.
            let all = try await fetch(export)
            let held = doses(all, "LATE")
            #expect(Set(held.keys) == ["LATE1"], "\(held.keys)")
            let patients = Set((all["Patient"] ?? []).compactMap(Self.resident))
            #expect(held["LATE1"].flatMap(Self.resident).map(patients.contains) == true)
            try await gateway.send(Cast.town, "DELETE", export).expect(202)
        }
        let next = try await kickOff("?_type=Immunization")
        try await prepare()
        #expect(Set(doses(try await fetch(next), "LATE").keys) == ["LATECLINIC"])
        try await gateway.send(Cast.town, "DELETE", next).expect(202)
    }

    @Test func `another ledger's doses are in it while the resident lives there`() async throws {
        let (moved, _) = try await gateway.settleFamily()
        let (left, _) = try await gateway.settleFamily()
        let number = RecordID.random().text
        _ = try await tell([
            row(moved, number + "-a", lot: "PAST-A"), row(left, number + "-b", lot: "PAST-B"),
        ])
        for one in [moved, left] { try await move(one, to: Cast.otherTown, daysAgo: 2) }
        try await move(left, to: Cast.silentTown, daysAgo: 1)
        let export = try await kickOff("?_type=Immunization,Patient", by: Cast.otherTown)
        // Who moves on after that moment is in it all the same: it says what was held then.
        try await move(moved, to: Cast.silentTown, daysAgo: 0)
        try await prepare()
        let all = try await fetch(export, by: Cast.otherTown)
        #expect(Set(doses(all, "PAST-").keys) == ["PAST-A"])
        #expect(try await fetch(export, by: Cast.otherTown) == all)
        let next = try await kickOff("?_type=Immunization", by: Cast.otherTown)
        // The teller's own stay its own.
        let own = try await kickOff("?_type=Immunization")
        try await prepare()
        #expect(doses(try await fetch(next, by: Cast.otherTown), "PAST-").isEmpty)
        #expect(Set(doses(try await fetch(own), "PAST-").keys) == ["PAST-A", "PAST-B"])
        for address in [export, next] {
            try await gateway.send(Cast.otherTown, "DELETE", address).expect(202)
        }
        try await gateway.send(Cast.town, "DELETE", own).expect(202)
    }

    @Test func `of two records that became one, both ledgers' doses are of one resident`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let number = RecordID.random().text
        _ = try await tell([
            row(stays.resident, number + "-1", lot: "TWIN1"),
            row(gone.resident, number + "-2", lot: "TWIN2", daysAgo: 40),
            row(gone.resident, number + "-3", lot: "TWIN3"),
        ])
        try await gateway.join(gone.resident, into: stays.resident)
        let export = try await kickOff("?_type=Immunization,Patient")
        try await prepare()
        let all = try await fetch(export)
        let held = doses(all, "TWIN")
        // Of one day both told one dose.
        #expect(held.count == 2 && held.keys.contains("TWIN2"), "\(held.keys)")
        let residents = Set(held.values.compactMap(Self.resident))
        #expect(residents.count == 1)
        let patients = (all["Patient"] ?? []).compactMap(Self.resident)
        #expect(patients.filter(residents.contains).count == 1)
        try await gateway.send(Cast.town, "DELETE", export).expect(202)
    }
}
