import Exchange
import Foundation
import Ledger

/// 上限額: somebody with a rare disease at a hospital, a pharmacy and a clinic in the same minute.
extension DemoStory {
    func chronicPatient() async throws {
        guard let chronic = cast.chronic else { return }
        teller.chapter(
            "8. A hospital, a pharmacy and a clinic bill the same patient in the same minute")
        let patient = cast.residents[chronic.index]
        teller.say(
            "\(patient.name) holds a certificate with a monthly cap of \(chronic.cap) yen. Each counter "
                + "bills \(chronic.cost) yen of care, of which the scheme alone would ask "
                + "\(chronic.cost / 5).")
        var visits: [(id: String, patient: String)] = []
        for counter in cast.counters {
            let visit = try open(
                chronic.index, consents: ["subsidy"], at: counter, isShown: false)
            visits.append((visit.text("visit"), visit.text("patient")))
        }
        try tellCounters(try await confirm(chronic, visits), chronic)
        teller.say("What the hospital's next check says:")
        say(
            outcomesIn: try check(
                visits[0], "reached.json", at: cast.counters[0], isShown: false))
        try balance(of: chronic)
    }

    /// Three requests at once, each over its own institution's connection.
    private func confirm(
        _ chronic: DemoCast.Chronic, _ visits: [(id: String, patient: String)]
    ) async throws -> [Teller.Answer] {
        let today = WallClock.now().dayInJapan
        let calls = cast.counters.enumerated().map { place, counter in
            let bill = BillBody(
                identifier: "bill-\(place)", certificate: (chronic.body, chronic.type),
                cost: chronic.cost, day: today)
            return Teller.Call(
                method: "POST", party: counter, listener: .institution,
                path: "/fhir/Claim/$submit",
                body: ("bill-\(place).json", bill.make("claim", visits[place])),
                isShown: place == 0)
        }
        return try await withThrowingTaskGroup(of: (Int, Teller.Answer).self) { group in
            for (place, call) in calls.enumerated() {
                group.addTask { [teller] in (place, try teller.send(call)) }
            }
            var answers = try await group.reduce(into: [Int: Teller.Answer]()) { $0[$1.0] = $1.1 }
            return calls.indices.compactMap { answers.removeValue(forKey: $0) }
        }
    }

    private func tellCounters(_ answers: [Teller.Answer], _ chronic: DemoCast.Chronic) throws {
        var total = 0
        for (counter, answer) in zip(cast.counters, answers) {
            try expect(answer, 200)
            let yen = amount("copay", in: "adjudication", of: answer)
            total += yen
            teller.say("\(cast.names[counter] ?? counter.code) collects \(yen) yen:")
            for case .object(let note) in answer.json?["processNote"]?.array ?? [] {
                teller.say("  → " + (note["text"]?.string ?? ""))
            }
        }
        guard total == chronic.cap else {
            throw Command.Failure(description: "collected \(total), not \(chronic.cap) yen")
        }
        teller.say("Together they collected \(total) yen: the cap, to the yen.")
    }

    private func balance(of chronic: DemoCast.Chronic) throws {
        let token = try session(of: chronic.index)
        let own = try teller.send(
            .init(
                party: cast.portal, listener: .resident, path: "/balances",
                headers: ["Authorization: Bearer \(token)"], isShown: false))
        try expect(own, 200)
        guard let month = own.json?["months"]?.array?.first?.object else {
            throw Command.Failure(description: "no balance is shown")
        }
        let yen = { (name: String) in month[name]?.int ?? 0 }
        teller.say(
            "On the patient's phone, \(month["month"]?.string ?? ""): \(yen("collected")) of "
                + "\(yen("cap")) yen, \(yen("rest")) left.")
    }

    private func amount(_ code: String, in list: String, of answer: Teller.Answer) -> Int {
        for case .object(let row) in answer.json?[list]?.array ?? [] {
            let coding = row["category"]?.object?["coding"]?.array?.first?.object
            guard coding?["code"]?.string == code else { continue }
            return row["amount"]?.object?["value"]?.int ?? 0
        }
        return 0
    }
}
