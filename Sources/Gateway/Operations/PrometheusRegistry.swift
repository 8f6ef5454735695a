package import CoreMetrics
import Synchronization

/// 計測: keeps what swift-metrics reports and writes it in Prometheus' text format (0.0.4).
///
/// Bounded: past `seriesMax` a new series is not kept but counted in
/// `metrics_series_dropped_total`, so that no label can fill the memory.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Key: Hashable {
        let name: String
        let labels: String
    }

    private struct Kept {
        var series: [Key: any PrometheusSeries] = [:]
        var dropped = 0
    }

    private let seriesMax: Int
    private let kept = Mutex(Kept())

    /// 2,000 series: four listeners, some sixty routes, four statuses each make about 1,000, and a
    /// series is a few hundred bytes.
    package init(seriesMax: Int = 2_000) {
        self.seriesMax = seriesMax
    }

    /// Everything kept, sorted by name and labels: the same state is the same text.
    package func exposition() -> String {
        let (series, dropped) = kept.withLock { ($0.series, $0.dropped) }
        var text = ""
        var name = ""
        for (key, one) in series.sorted(by: {
            ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels)
        }) {
            if key.name != name {
                name = key.name
                text += "# TYPE \(name) \(one.type)\n"
            }
            one.write(name: name, labels: key.labels, to: &text)
        }
        text += "# TYPE metrics_series_dropped_total counter\n"
        text += "metrics_series_dropped_total \(dropped)\n"
        return text
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        keep(label, dimensions) { PrometheusCounter() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        keep(label, dimensions) { PrometheusSum() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        keep(label, dimensions) { PrometheusGauge() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            keep(label, dimensions) { PrometheusHistogram(bounds: PrometheusHistogram.sizes) }
        } else {
            keep(label, dimensions) { PrometheusGauge() }
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        keep(label, dimensions) { PrometheusHistogram(bounds: PrometheusHistogram.seconds) }
    }

    // A series lives as long as the process: a counter that disappears breaks rates.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func keep<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], make: () -> Series
    ) -> Series {
        let key = Key(name: Self.name(label), labels: Self.labels(dimensions))
        return kept.withLock { kept in
            if let known = kept.series[key] as? Series { return known }
            let made = make()
            // The same name as another kind would make the text unreadable: count, do not keep.
            guard kept.series[key] == nil, kept.series.count < seriesMax else {
                kept.dropped += 1
                return made
            }
            kept.series[key] = made
            return made
        }
    }
}

extension PrometheusRegistry {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; anything else becomes `_`.
    static func name(_ text: String) -> String {
        var name = String(
            text.unicodeScalars.map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    || scalar == "_" || scalar == ":" ? Character(scalar) : "_"
            })
        if name.first?.isNumber ?? true { name = "_" + name }
        return name
    }

    /// `{a="1",b="2"}` or nothing, in the order given.
    static func labels(_ dimensions: [(String, String)]) -> String {
        guard !dimensions.isEmpty else { return "" }
        let pairs = dimensions.map { "\(name($0.0))=\"\(escaped($0.1))\"" }
        return "{\(pairs.joined(separator: ","))}"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
