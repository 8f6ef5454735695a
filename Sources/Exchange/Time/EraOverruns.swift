/// 改元をまたぐ日付: the eras that real systems went on writing after their end. Data of
/// `registration/eras.json`; past the end of any other era there are no days.
package struct EraOverruns: Hashable, Sendable {
    /// No era is written on: the strict reading, and that of rules kept from before the table.
    package static let none = EraOverruns(eras: [])
    static let path = "registration/eras.json"

    private let eras: Set<Wareki.Era>

    private init(eras: Set<Wareki.Era>) { self.eras = eras }

    /// `files` is keyed by the path inside `profiles/`.
    package init(reading files: [String: [UInt8]]) throws(RuleFault) {
        try self.init(reading: RuleFolder(files: files).file(Self.path))
    }

    init(reading file: RuleReader) throws(RuleFault) {
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "overruns"])
        var eras: Set<Wareki.Era> = []
        for row in try file.children("overruns") {
            try row.requireOnly(["era", "basis"])
            _ = try row.string("basis")
            let name = try row.string("era")
            guard let era = Wareki.Era.allCases.first(where: { $0.kanji == name }),
                era.next != nil
            else { throw row.fault("era", "is no era that has ended") }
            guard eras.insert(era).inserted else { throw row.fault("era", "is given twice") }
        }
        self.eras = eras
    }

    func tolerates(_ era: Wareki.Era) -> Bool { eras.contains(era) }
}
