import Exchange
import Ledger
import Postgres

/// 健診の計測: results that are taken once, and timelines of many.
extension BenchWorld {
    /// `checkup.jsonl` has four checkups of each baby; `timeline.jsonl` asks for those of twenty children,
    /// two hundred each. After `writeVaccinations`, which makes the babies.
    func writeCheckups(of count: Int) async throws {
        let today = WallClock.now().dayInJapan
        let babies = try await visits(count, holding: true)
        try write(
            "checkup.jsonl",
            ["infant-3-4m", "infant-6-7m", "infant-1m", "infant-9-10m"].flatMap { checkup in
                babies.enumerated().map { place, visit in
                    Self.line(
                        "POST", "/fhir/DiagnosticReport",
                        CheckupBody.make(
                            visit, day: today, checkup: checkup,
                            identifier: "\(checkup)-\(place)",
                            items: CheckupBody.infant(isWell: true)))
                }
            })
        let children = 20
        try await pool.transaction { transaction in
            _ = try transaction.run(
                Statement(BenchSQL.giveTimeline), [.int(200), .int(children)])
        }
        let tokens = try await tokens(children)
        try write(
            "timeline.jsonl",
            tokens.map { Self.line("GET", "/fhir/DiagnosticReport", nil, authorization: $0) })
        try write("timeline.expect", tokens.map { _ in "\"total\":20" })
    }
}
