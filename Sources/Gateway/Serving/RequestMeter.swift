import CoreMetrics
import Exchange
import Synchronization

/// Counts and times requests by listener, route and status. The labels are routes we wrote and
/// numbers we gave, so a caller cannot make new ones.
final class RequestMeter: Sendable {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private struct Series {
        let counter: Counter
        let timer: Timer
    }

    private let listener: Listener
    private let factory: any MetricsFactory
    private let series = Mutex<[Key: Series]>([:])

    init(listener: Listener, factory: any MetricsFactory) {
        self.listener = listener
        self.factory = factory
    }

    func record(method: String, route: String, status: Int, nanoseconds: Int64) {
        let key = Key(method: method, route: route, status: status)
        let series = series.withLock { series in
            if let known = series[key] { return known }
            let made = make(key)
            series[key] = made
            return made
        }
        series.counter.increment()
        series.timer.recordNanoseconds(nanoseconds)
    }

    private func make(_ key: Key) -> Series {
        let labels = [
            ("listener", listener.rawValue), ("method", key.method), ("route", key.route),
        ]
        return Series(
            counter: Counter(
                label: "gateway_requests_total",
                dimensions: labels + [("status", String(key.status))], factory: factory),
            timer: Timer(label: "gateway_request_seconds", dimensions: labels, factory: factory))
    }
}
