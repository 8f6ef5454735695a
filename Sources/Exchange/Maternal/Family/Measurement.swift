/// 発育の記録: one measurement of a report, with its place among children of its age. The place describes a
/// population and judges nobody.
package struct Measurement: Hashable, Sendable {
    package struct Growth: Hashable, Sendable {
        package struct End: Hashable, Sendable {
            package let percentile: Int
            package let value: MeasuredAmount
        }

        package let place: GrowthTable.Place
        /// The lowest and the highest percentile published, with their values.
        package let low: End
        package let high: End
        package let source: String
    }

    package let entry: CheckupResult.Entry
    package let time: GivenTime
    package let growth: Growth?
}

extension MaternalRules {
    /// Every quantity of a report, in its order. By the growth table of its own day.
    package func measurements(
        in report: CheckupReport, birth: CalendarDay?, sex: ResidentSex?
    ) -> [Measurement] {
        var measurements: [Measurement] = []
        for entry in report.result.entries {
            guard case .quantity(let digits, _) = entry.value else { continue }
            let amount = MeasuredAmount(digits)
            measurements.append(
                Measurement(
                    entry: entry, time: report.effective,
                    growth: amount.flatMap {
                        growth($0, entry.item, birth, sex, on: report.result.day)
                    }))
        }
        return measurements
    }

    private func growth(
        _ amount: MeasuredAmount, _ item: String, _ birth: CalendarDay?, _ sex: ResidentSex?,
        on day: CalendarDay
    ) -> Measurement.Growth? {
        guard let birth, let sex = sex.flatMap({ GrowthTable.Sex(rawValue: $0.rawValue) }),
            let table = growthTable(on: day),
            let place = table.place(amount, of: item, sex: sex, birth: birth, on: day),
            let values = table.measure(item)?.rows.first(where: { $0.age == place.age })?
                .values(sex)
        else { return nil }
        let ends = zip(table.percentiles, values).map {
            Measurement.Growth.End(percentile: $0, value: $1)
        }
        guard let low = ends.first, let high = ends.last else { return nil }
        return Measurement.Growth(
            place: place, low: low, high: high, source: table.source.text)
    }
}
