package import Exchange
import Ledger
import Postgres
package import Trust

/// 同一人の記録の統合: two records of one person, and two officers who say so.
extension RunningGateway {
    /// Two records of the town under two numbers, in the same words, each with a card.
    package func settleTwice() async throws -> (
        stays: (resident: TestResident, card: SoftwareCard),
        gone: (resident: TestResident, card: SoftwareCard)
    ) {
        let stays = try await settle()
        var gone = try await settle()
        gone.resident.name = stays.resident.name
        gone.resident.nameKana = stays.resident.nameKana
        gone.resident.dateOfBirth = stays.resident.dateOfBirth
        gone.resident.sex = stays.resident.sex
        return (stays, gone)
    }

    /// Two records of one person, of which the one that goes holds a certificate of the prefecture, of 10,000
    /// yen a month unless told otherwise, and with `both` the other holds it in the same words.
    package func settleChronicTwice(both: Bool = false, cap: Int? = nil) async throws -> (
        stays: (resident: TestResident, card: SoftwareCard),
        gone: (resident: TestResident, card: SoftwareCard), recipient: String
    ) {
        let two = try await settleTwice()
        let recipient = String(1_000_000 + two.gone.resident.index)
        let holders = both ? [two.stays.resident, two.gone.resident] : [two.gone.resident]
        try await holdChronic(holders, recipient, cap: cap)
        return (two.stays, two.gone, recipient)
    }

    /// From now on each of these holds that certificate in the same words.
    package func holdChronic(
        _ holders: [TestResident], _ recipient: String, cap: Int? = nil
    ) async throws {
        var items: [String: JSON?] = [
            "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
            "medicalSubsidyRecipientNumber": .string(recipient),
            "designatedMedicalInstitutions": .string(
                Self.chronicCare.map(\.code).joined(separator: " ")),
        ]
        if let cap {
            items["maxCopaymentAmount"] = .object(
                JSONObject([.init(name: "perMonth", value: .number(String(cap)))]))
        }
        for holder in holders {
            let row = holder.row(
                "nanbyo", clock.today.adding(days: -400), clock.today.adding(days: 300), items)
            try await hold([row], by: Cast.prefecture)
        }
    }

    /// A baby, of 150 days unless told otherwise, who was given two numbers, each known to the town by a key
    /// of its own and registered in the same words.
    package func settleBabyTwice(days: Int = 150) async throws -> (
        stays: (resident: TestResident, card: SoftwareCard),
        gone: (resident: TestResident, card: SoftwareCard)
    ) {
        var stays = try await settle()
        stays.resident.dateOfBirth = clock.today.adding(days: -days).text
        try await register(stays.resident, recipient: stays.resident.index)
        return (stays, try await settleAgain(stays.resident))
    }

    /// Yet another record of such a baby.
    package func settleAgain(_ child: TestResident) async throws -> (
        resident: TestResident, card: SoftwareCard
    ) {
        var other = try await settle()
        other.resident.name = child.name
        other.resident.nameKana = child.nameKana
        other.resident.dateOfBirth = child.dateOfBirth
        other.resident.sex = child.sex
        try await register(other.resident, recipient: child.index)
        return other
    }

    private func register(_ child: TestResident, recipient: Int) async throws {
        let same: [String: JSON?] = [
            "medicalSubsidyInsurerNumber": "89132104",
            "medicalSubsidyRecipientNumber": .string("R-00\(recipient)"),
        ]
        try await tell([lifeEvent(.movedWithin, of: child, "known", on: clock.today)]).expect(202)
        try await hold([
            child.row(
                "kodomo", clock.today.adding(days: -150), clock.today.adding(days: 300), same)
        ])
    }

    package func merge(
        _ gone: TestResident, into stays: TestResident, _ sequence: String = "merge"
    ) -> JSON {
        lifeEvent(
            .joined, of: stays, "\(sequence)-\(gone.index)", on: clock.today,
            ["merged": .object(JSONObject([.init(name: "myNumber", value: .string(gone.number))]))])
    }

    package func undo(
        _ gone: TestResident, from stays: TestResident, _ sequence: String = "merge"
    ) -> JSON {
        lifeEvent(
            .parted, of: stays, "un\(sequence)-\(gone.index)", on: clock.today,
            ["corrects": .string("\(sequence)-\(gone.index)-\(stays.index)")])
    }

    /// The rows as one officer sends them.
    package func tell(
        _ rows: [JSON], as officer: String?, by municipality: Party = Cast.town
    ) async throws -> Answer {
        try await send(
            municipality, "POST", Self.lifePath,
            headers: officer.map { [("Tsunagi-Operator", $0)] } ?? [], body: .array(rows))
    }

    /// The rows as two officers send them, one after the other: the second answer.
    package func tellTwice(_ rows: [JSON], by municipality: Party = Cast.town) async throws
        -> Answer
    {
        try await tell(rows, as: "sato", by: municipality).expect(202)
        return try await tell(rows, as: "suzuki", by: municipality)
    }

    /// Two officers merge the one into the other, and nothing is in the way.
    package func join(_ gone: TestResident, into stays: TestResident) async throws {
        let answer = try await tellTwice([merge(gone, into: stays)])
        guard answer.int("applied") == 1 else {
            let codes = try await codes(of: answer)
            throw Unexpected(answer, "\(codes)")
        }
    }

    /// The same of its undoing.
    package func part(_ gone: TestResident, from stays: TestResident) async throws {
        let answer = try await tellTwice([undo(gone, from: stays)])
        guard answer.int("applied") == 1 else {
            let codes = try await codes(of: answer)
            throw Unexpected(answer, "\(codes)")
        }
    }

    /// What two officers are told whom nobody lets merge the one into the other.
    package func refusalOfMerge(
        _ gone: TestResident, into stays: TestResident
    ) async throws -> [String] {
        try await codes(of: tellTwice([merge(gone, into: stays)]))
    }

    /// The same of its undoing.
    package func refusalOfUndoing(
        _ gone: TestResident, from stays: TestResident
    ) async throws -> [String] {
        try await codes(of: tellTwice([undo(gone, from: stays)]))
    }

    /// The codes that the rows of a task were told.
    package func codes(of task: Answer, by municipality: Party = Cast.town) async throws -> [String]
    {
        let report = try await send(
            municipality, "GET", "\(Self.lifePath)/\(task.text("taskId"))")
        return report.results.flatMap(\.findings).compactMap { $0["code"]?.string }
    }

    // MARK: At the same moment

    /// Somebody waits for the merges of the record under which a bill stands, or for a lane `below` theirs.
    package func isWaiting(forMergesOf bill: SentBill, below: Int = 0) async throws -> Bool {
        try await count(
            """
            select count(*) from pg_locks w
            join exchange.bill b on b.identifier = $1
                and exchange.merges_lock(b.person) - $2
                    = (w.classid::bigint << 32 | w.objid::bigint)
            where not w.granted and w.locktype = 'advisory'
                and w.database = (select oid from pg_database where datname = current_database())
            """, [.text(bill.identifier), .int(below)]) > 0
    }

    /// Somebody in this database has the advisory lock of this number.
    package func isLocked(_ number: Int) async throws -> Bool {
        try await count(
            """
            select count(*) from pg_locks where locktype = 'advisory' and granted
                and database = (select oid from pg_database where datname = current_database())
                and (classid::bigint << 32 | objid::bigint) = \(number)
            """) > 0
    }
}
