/// 行ごとの言い渡し: what is to be told of the rows of one part of a file, in the short form it is kept in.
/// The sentences are made again when somebody reads them; no value of the file is in it.
package struct RowTellings: Sendable {
    package struct Telling: Sendable {
        package let line: Int
        /// `applied`, `refused`, …; `nil` while only the layout has spoken.
        package let outcome: String?
        package let findings: [RowFinding]

        package init(line: Int, outcome: String?, findings: [RowFinding]) {
            self.line = line
            self.outcome = outcome
            self.findings = findings
        }

        package func write(into writer: inout JSONWriter) {
            writer.object {
                $0.member("line", line)
                $0.member("outcome", outcome)
                $0.name("findings")
                $0.beginArray()
                for finding in findings { finding.write(into: &$0) }
                $0.endArray()
            }
        }
    }

    package private(set) var all: [Telling]

    package init(_ all: [Telling] = []) {
        self.all = all
    }

    package mutating func add(_ telling: Telling) { all.append(telling) }

    /// By the line of the file.
    package var findings: [Int: [RowFinding]] {
        Dictionary(all.map { ($0.line, $0.findings) }, uniquingKeysWith: +)
    }
}

/// The kept form: `[[line, outcome, [[item, code, class, characters, [[position, code], …]], …]], …]`.
extension RowTellings {
    package var text: String {
        var writer = JSONWriter()
        writer.beginArray()
        for telling in all {
            writer.beginArray()
            writer.int(telling.line)
            if let outcome = telling.outcome { writer.string(outcome) } else { writer.null() }
            writer.beginArray()
            for finding in telling.findings { Self.keep(finding, in: &writer) }
            writer.endArray()
            writer.endArray()
        }
        writer.endArray()
        return writer.text
    }

    private static func keep(_ finding: RowFinding, in writer: inout JSONWriter) {
        writer.beginArray()
        writer.string(finding.item)
        writer.string(finding.code.rawValue)
        if let cell = finding.cell {
            writer.string(cell.kind.rawValue)
            writer.int(cell.characters)
            writer.beginArray()
            for place in cell.places {
                writer.beginArray()
                writer.int(place.position)
                if let code = place.code { writer.string(code) } else { writer.null() }
                writer.endArray()
            }
            writer.endArray()
        }
        writer.endArray()
    }

    /// A thousand rows with everything wrong have some 200,000 values.
    private static let limits = JSONLimits(
        bytesMax: 64 << 20, depthMax: 8, valuesMax: 2_000_000)

    /// What `text` wrote, of a file of this layout. Throws `.malformed` for anything else.
    package init(reading text: String, of layout: Layout) throws(Refusal) {
        let read = try JSON(reading: text, limits: Self.limits)
        all = []
        for kept in try read.requiredArray(at: "tellings") {
            guard let parts = kept.array, parts.count == 3, let line = parts[0].int,
                let findings = parts[2].array
            else { throw .malformed("tellings") }
            var found: [RowFinding] = []
            for finding in findings {
                guard let finding = Self.finding(finding, line, layout) else {
                    throw .malformed("tellings")
                }
                found.append(finding)
            }
            add(Telling(line: line, outcome: parts[1].string, findings: found))
        }
    }

    private static func finding(_ kept: JSON, _ line: Int, _ layout: Layout) -> RowFinding? {
        guard let parts = kept.array, parts.count == 2 || parts.count == 5,
            let item = parts[0].string, let code = parts[1].string.flatMap(RowCode.init)
        else { return nil }
        let about = layout.column(item).map { layout.columns[$0].about }
        guard parts.count == 5 else {
            return RowFinding(line: line, item: item, code: code, cell: nil, about: about)
        }
        guard let kind = parts[2].string.flatMap(CellAccount.Kind.init),
            let characters = parts[3].int, let places = parts[4].array
        else { return nil }
        let account = CellAccount(
            kind: kind, characters: characters,
            places: places.compactMap { place in
                guard let pair = place.array, pair.count == 2, let position = pair[0].int else {
                    return nil
                }
                return CharacterPlace(position: position, code: pair[1].string)
            })
        return RowFinding(line: line, item: item, code: code, cell: account, about: about)
    }
}
