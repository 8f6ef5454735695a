import Exchange
import Ledger
import Postgres

/// 予防接種の計測: babies with six doses each, checks before the next one, and records that are taken once.
extension BenchWorld {
    /// `needle.jsonl` asks of each baby of one quarter in turn; `dose.jsonl` has a dose of each vaccine for
    /// each of the others, whose history grows.
    func writeVaccinations(of count: Int) async throws {
        let today = WallClock.now().dayInJapan
        let babies = try await visits(count, holding: true)
        try await giveHistory(to: babies.map(\.id), today)
        let asked = babies.prefix(babies.count / 4)
        let given = babies.dropFirst(asked.count)
        try write(
            "needle.jsonl",
            asked.map { visit in
                Self.line(
                    "POST", "/fhir/Immunization/$check",
                    VaccinationBody.check(
                        visit, vaccine: "hepb", day: today, response: nil))
            })
        try write("needle.expect", asked.map { _ in #""name":"verdict","valueCode":"fine""# })
        try write(
            "dose.jsonl",
            ["hepb", "hib", "rv1", "bcg"].flatMap { vaccine in
                given.enumerated().map { place, visit in
                    Self.line(
                        "POST", "/fhir/Immunization",
                        VaccinationBody.dose(
                            visit, vaccine: vaccine, day: today, response: nil,
                            identifier: "\(vaccine)-\(place)"))
                }
            })
    }

    private func giveHistory(to visits: [String], _ today: CalendarDay) async throws {
        let ids = Value.texts(visits)
        try await pool.transaction { transaction in
            _ = try transaction.run(Statement(BenchSQL.rejuvenate), [ids])
            for (vaccine, days) in [("dpt-ipv-hib", [130, 100, 70]), ("pcv20", [130, 100, 70])] {
                for day in days.map({ today.adding(days: -$0) }) {
                    let face = String(
                        decoding: VaccinationBody.dose(
                            ("bench", "Patient/bench"), vaccine: vaccine, day: day, response: nil),
                        as: UTF8.self)
                    _ = try transaction.run(
                        Statement(BenchSQL.vaccinate),
                        [
                            ids, .text(face), .day(day.daysSince1970), .text(vaccine),
                            .text(try Vaccination(face: face).counted.face),
                        ])
                }
            }
        }
    }
}
