import Exchange
import Postgres
import TestSupport
import Testing

/// 夜のファイル: a town's one file on its way through a gateway that is killed: sent by one person, confirmed by
/// another, and looked at until it has gone further.
struct CrashNight {
    let world: CrashWorld
    let layout: String

    struct Progress: Hashable, Sendable {
        var state = ""
        var cursor = -1
        /// Of the ends of a whole list; -1 while none were begun.
        var through = -1
    }

    func office(_ gateway: ServeProcess) async throws -> TLSClient {
        let ports = try await gateway.ports(CrashWorld.listeners.count)
        return try await TLSClient(
            port: try #require(ports[.office]), credentials: world.pki.credentials(of: Cast.town))
    }

    /// The file, as its receipt names it.
    func send(_ bytes: [UInt8], sequence: Int = 1, by office: TLSClient) async throws -> String {
        let receipt = try await office.send(
            "POST", "/files/\(layout)?sequence=\(sequence)",
            headers: [("Content-Type", "text/csv"), ("Tsunagi-Operator", "clerk-a")],
            body: bytes, within: 120)
        try #require(receipt.status == 202, "\(receipt.text)")
        return receipt.text("file")
    }

    /// How far the newest file is, once it is further than it was.
    func progress(past last: Progress) async throws -> Progress {
        for _ in 0..<3_000 {
            let now = try await world.owner.transaction { transaction in
                let row = try transaction.query(
                    Statement(
                        """
                        select state, cursor, coalesce(ends_through, -1) from office.file
                        where state <> 'arriving' order by sequence desc limit 1
                        """))[0]
                return Progress(
                    state: try row.text(0), cursor: try row.int(1), through: try row.int(2))
            }
            if now != last { return now }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "the file went no further in thirty seconds")
    }

    func confirm(_ file: String, by office: TLSClient) async throws {
        let report = try await office.send("GET", "/files/\(layout)/\(file)")
        let hash = report.json["effect"]?.object?["hash"]?.string ?? ""
        let confirmed = try await office.send(
            "POST", "/files/\(layout)/\(file)/decision",
            headers: [("Content-Type", "application/json"), ("Tsunagi-Operator", "clerk-b")],
            body: Array(#"{"decision":"confirm","effect":"\#(hash)"}"#.utf8))
        try #require(confirmed.status == 200, "\(confirmed.text)")
    }
}
