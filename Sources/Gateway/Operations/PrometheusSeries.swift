import CoreMetrics
import Synchronization

/// One line, or one histogram, of the exposition.
protocol PrometheusSeries: AnyObject, Sendable {
    var type: String { get }
    func write(name: String, labels: String, to text: inout String)
}

/// A count of events; it only grows.
final class PrometheusCounter: CounterHandler, PrometheusSeries {
    private let value = Atomic<Int64>(0)
    var type: String { "counter" }

    func increment(by amount: Int64) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        value.store(0, ordering: .relaxed)
    }

    func write(name: String, labels: String, to text: inout String) {
        text += "\(name)\(labels) \(value.load(ordering: .relaxed))\n"
    }
}

/// A sum of amounts; it only grows.
final class PrometheusSum: FloatingPointCounterHandler, PrometheusSeries {
    private let value = Mutex(0.0)
    var type: String { "counter" }

    func increment(by amount: Double) {
        value.withLock { $0 += amount }
    }

    func reset() {
        value.withLock { $0 = 0 }
    }

    func write(name: String, labels: String, to text: inout String) {
        text += "\(name)\(labels) \(value.withLock { $0 })\n"
    }
}

/// The value something has now.
final class PrometheusGauge: MeterHandler, RecorderHandler, PrometheusSeries {
    private let value = Mutex(0.0)
    var type: String { "gauge" }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func write(name: String, labels: String, to text: inout String) {
        text += "\(name)\(labels) \(value.withLock { $0 })\n"
    }
}

/// A distribution over fixed buckets, so that gateways can be added up. Timers are in seconds.
final class PrometheusHistogram: TimerHandler, RecorderHandler, PrometheusSeries {
    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    /// Around the promises: 15 ms for a check at half load, 1 s for a seal.
    static let seconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// For counts and sizes, batches above all.
    static let sizes = [1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384, 65_536]

    private let bounds: [Double]
    private let state: Mutex<State>
    var type: String { "histogram" }

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.sum += value
        }
    }

    func write(name: String, labels: String, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "{" : labels.dropLast() + ","
        var total = 0
        for (place, count) in counts.enumerated() {
            total += count
            let bound = place < bounds.count ? "\(bounds[place])" : "+Inf"
            text += "\(name)_bucket\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        text += "\(name)_sum\(labels) \(sum)\n"
        text += "\(name)_count\(labels) \(total)\n"
    }
}
