import Exchange
import Ledger
import Postgres

/// 会計の計測: pairs of reservation and confirmation, over ten thousand certificates and over one.
extension BenchWorld {
    /// So many reservations, then their confirmations: far enough apart that none overtakes its
    /// own.
    private static let blockLines = 512

    func writeBills(_ count: Int) async throws {
        try await pool.transaction { try $0.script(BenchSQL.fillChronic) }
        let visits = try await pool.transaction { transaction in
            let rows = try transaction.query(Statement(BenchSQL.selectChronicVisits))
            return try rows.map { (id: try $0.text(0), patient: "Patient/" + (try $0.text(1))) }
        }
        try writePairs("bills", count) { visits[1 + $0 % (visits.count - 1)] }
        try writePairs("bills-one", count / 6) { _ in visits[0] }
    }

    /// A whole number of blocks, so that a part of the file that is one too is whole pairs.
    private func writePairs(
        _ name: String, _ count: Int, visit: (Int) -> (id: String, patient: String)
    ) throws {
        let today = WallClock.now().dayInJapan
        var lines: [String] = []
        var wanted: [String] = []
        for first in stride(from: 0, to: count, by: Self.blockLines) {
            for (use, status) in [("preauthorization", "reserved"), ("claim", "confirmed")] {
                for place in first..<first + Self.blockLines {
                    let bill = BillBody(
                        identifier: "\(name)-\(place)",
                        certificate: (Self.prefecture, "nanbyo"), cost: 50, day: today)
                    lines.append(
                        Self.line("POST", "/fhir/Claim/$submit", bill.make(use, visit(place))))
                    wanted.append("\"valueCode\":\"\(status)\"")
                }
            }
        }
        try write(name + ".jsonl", lines)
        try write(name + ".expect", wanted)
    }
}
