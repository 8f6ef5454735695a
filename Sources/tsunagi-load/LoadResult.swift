import Glibc
import NIOCore

/// What a run gave, as a table for people and as one JSON line for `bench/run`.
struct LoadResult: Sendable {
    private static let shares = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)]

    let tally: Tally
    private let name: String
    private let mode: String
    private let connections: Int
    private let seconds: Double
    private let processorMicroseconds: Int

    init(plan: Plan, tally: Tally, used: ProcessorTime, start: NIODeadline) {
        self.tally = tally
        name = plan.name
        connections = plan.pace.connections
        mode =
            plan.pace.isHandshakeEach ? "handshake" : plan.pace.interval == nil ? "closed" : "open"
        seconds = Double((tally.windowEnd - start).nanoseconds) / 1e9
        processorMicroseconds = used.microseconds
    }

    private var rate: Double {
        seconds > 0 ? Double(tally.answersInWindow) / seconds : 0
    }

    private var microsecondsPerAnswer: Double {
        Double(processorMicroseconds) / Double(max(1, tally.answersInWindow))
    }

    private var milliseconds: [(String, Double)] {
        let histogram = tally.latencies
        return [("mean", histogram.meanNanoseconds / 1e6)]
            + Self.shares.map { ($0.0, Double(histogram.nanoseconds(atShare: $0.1)) / 1e6) }
            + [("max", Double(histogram.maximum) / 1e6)]
    }

    var json: String {
        let latency = milliseconds.map { "\"\($0.0)\":\(Self.rounded($0.1))" }.joined(
            separator: ",")
        let faults = tally.faults.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\"\($0.key.rawValue)\":\($0.value)" }.joined(separator: ",")
        return """
            {"name":"\(name)","mode":"\(mode)","connections":\(connections),\
            "seconds":\(Self.rounded(seconds)),"answers":\(tally.answersInWindow),\
            "all_answers":\(tally.answers),\
            "per_second":\(Self.rounded(rate)),"milliseconds":{\(latency)},\
            "measured":\(tally.latencies.count),"failures":\(tally.failures),"faults":{\(faults)},\
            "unsent":\(tally.unsent),"turned_away":\(tally.turnedAway),\
            "reconnects":\(tally.reconnects),\
            "bytes_received":\(tally.bytesReceived),\
            "own_cpu_us_per_answer":\(Self.rounded(microsecondsPerAnswer))}
            """
    }

    var table: String {
        var lines = [
            "\(name): \(mode), \(connections) connections, \(Self.rounded(seconds)) s",
            "  answers      \(tally.answersInWindow) (\(Self.rounded(rate))/s)",
            "  failures     \(tally.failures)",
            "  own CPU      \(Self.rounded(microsecondsPerAnswer)) µs per answer",
            "  milliseconds "
                + milliseconds.map { "\($0.0) \(Self.rounded($0.1))" }.joined(separator: "  "),
        ]
        if tally.reconnects > 0 { lines.append("  reconnects   \(tally.reconnects)") }
        if let fault = tally.firstFault { lines.append("  first fault  \(fault)") }
        return lines.joined(separator: "\n")
    }

    private static func rounded(_ value: Double) -> Double {
        (value * 1000).rounded() / 1000
    }
}

/// The two places where results go.
enum Output: Int32 {
    case results = 1
    case error = 2

    static func write(_ text: String, to output: Output) throws {
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.write(output.rawValue, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw LoadFault("the results cannot be written") }
            bytes = bytes.dropFirst(count)
        }
    }
}
