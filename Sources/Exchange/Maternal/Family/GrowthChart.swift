/// 発育曲線: the measurements of one item on the percentiles of the national survey, as a drawing. The table
/// has a value for each class of age; the lines join the middles of the classes and say no more.
struct GrowthChart {
    struct Point: Hashable {
        let ageDays: Int
        let amount: MeasuredAmount
    }

    private let title: BilingualText
    private let unit: String
    private let points: [Point]
    /// One for each percentile published, named by it, over the classes of age that are shown.
    private let curves: [(percentile: Int, points: [Point])]

    private static let width = 640
    private static let height = 360
    private static let margin = 44

    /// `nil` where nothing was measured, or the survey has no such measure.
    init?(
        of item: CheckupItem, _ points: [Point], on table: GrowthTable, _ sex: GrowthTable.Sex
    ) {
        guard let measure = table.measure(item.code), let last = points.map(\.ageDays).max() else {
            return nil
        }
        let rows = measure.rows.prefix { $0.age.middle <= last + Self.daysAhead }
        guard rows.count > 1 else { return nil }
        title = item.name
        unit = measure.unit
        self.points = points.sorted { $0.ageDays < $1.ageDays }
        curves = table.percentiles.enumerated().map { place, percentile in
            (
                percentile,
                rows.map { Point(ageDays: $0.age.middle, amount: $0.values(sex)[place]) }
            )
        }
    }

    /// What comes next is on the page, too.
    private static let daysAhead = 183

    var svg: String {
        var text = """
            <figure><figcaption>\(String(markup: title.ja)) \(String(markup: title.en)) \
            (\(String(markup: unit)))</figcaption><svg xmlns="http://www.w3.org/2000/svg" \
            viewBox="0 0 \(Self.width) \(Self.height)">
            """
        for month in stride(from: 0, through: months, by: months > 24 ? 12 : 3) {
            let x = x(month * 731 / 24)
            text += """
                <path class="age" d="M\(x) \(Self.margin)V\(Self.height - Self.margin)"/><text x="\(x)" \
                y="\(Self.height - Self.margin + 18)">\(month)</text>
                """
        }
        for thousandths in levels {
            let y = y(thousandths)
            text += """
                <path class="age" d="M\(Self.margin) \(y)H\(Self.width - Self.margin)"/><text \
                text-anchor="end" x="\(Self.margin - 6)" y="\(y + 4)">\(Self.text(thousandths))</text>
                """
        }
        for (percentile, points) in curves {
            let path = points.map { "\(x($0.ageDays)) \(y($0.amount.thousandths))" }
                .joined(separator: "L")
            let end = points.last.map { y($0.amount.thousandths) } ?? 0
            text += """
                <path class="curve" d="M\(path)"/><text x="\(Self.width - Self.margin + 6)" \
                y="\(end)">\(percentile)</text>
                """
        }
        for point in points {
            text += """
                <circle cx="\(x(point.ageDays))" cy="\(y(point.amount.thousandths))" r="4"><title>\
                \(point.amount.text) \(String(markup: unit))</title></circle>
                """
        }
        return text + "</svg></figure>"
    }

    private var lastDay: Int {
        max(1, (points + curves.flatMap(\.points)).map(\.ageDays).max() ?? 1)
    }

    /// A month has 731/24 days on average.
    private var months: Int { lastDay * 24 / 731 }

    private func x(_ ageDays: Int) -> Int {
        Self.margin + ageDays * (Self.width - 2 * Self.margin) / lastDay
    }

    private func y(_ thousandths: Int) -> Int {
        let room = Self.height - 2 * Self.margin
        return Self.height - Self.margin
            - (thousandths - amounts.lowerBound) * room / max(1, amounts.count - 1)
    }

    private var amounts: ClosedRange<Int> {
        let all = (points + curves.flatMap(\.points)).map(\.amount.thousandths)
        return (all.min() ?? 0)...(all.max() ?? 1)
    }

    /// The round amounts that a line is drawn for, nine at most: without them nobody reads a weight off
    /// a curve.
    private var levels: [Int] {
        let amounts = amounts
        let step = Self.steps.first { amounts.count / $0 <= 8 } ?? Self.steps.last ?? 1
        let first = (amounts.lowerBound + step - 1) / step * step
        return Array(stride(from: first, through: amounts.upperBound, by: step))
    }

    /// In thousandths of the unit.
    private static let steps = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000]

    /// `6`, `6.5`.
    private static func text(_ thousandths: Int) -> String {
        let (whole, rest) = thousandths.quotientAndRemainder(dividingBy: 1_000)
        return rest == 0 ? "\(whole)" : "\(whole).\(rest / 100)"
    }
}

extension GrowthTable.AgeClass {
    /// In days.
    fileprivate var middle: Int {
        switch self {
        case .day(let day): day
        case .months(let months): (months.lowerBound + months.upperBound) * 731 / 48
        }
    }
}
