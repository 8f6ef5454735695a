import Exchange

/// 保管された記録の照合: an entry of which only the hash is shown must lie in a month that the log itself says
/// was archived, and nothing may be said beside the hash. So nobody hides what an entry says by calling
/// it archived.
extension ShownList {
    /// Nothing where no entry is archived.
    func archived() -> [ProofCheck] {
        let shown = events.filter { $0.seal?.archivedMonth != nil }
        guard !shown.isEmpty else { return [] }
        var months: [String: ArchivedRange] = [:]
        for archive in pages.flatMap(\.archives) {
            guard archive.inclusion.leads(from: .leaf(archive.leaf), to: archive.checkpoint),
                let range = ArchivedRange(leafText: archive.leaf)
            else { return [.bad("A leaf that says that a month was archived is not in the log.")] }
            months[range.month] = range
        }
        for event in shown {
            guard let seal = event.seal, let month = seal.archivedMonth,
                let range = months[month], range.positions.contains(seal.inclusion.index)
            else {
                return [.bad("Entry \(event.id) is in no month that the log says was archived.")]
            }
        }
        let names = Set(shown.compactMap { $0.seal?.archivedMonth }).sorted()
        return [
            .good(
                "\(shown.count) are archived (\(names.joined(separator: ", "))): their numbers, places "
                    + "and hashes are proved here; what they say, the archive's lines say. Ask the "
                    + "gateway's operator for them.")
        ]
    }
}

extension ShownEvent {
    /// As an archived entry is shown: nothing of what it says.
    var isSilent: Bool {
        seal?.archivedMonth != nil
            && ["purposeOfEvent", "outcome", "outcomeDesc", "action"].allSatisfy {
                resource[$0] == nil
            }
    }
}

/// What the leaf of an archived month says of its positions.
private struct ArchivedRange {
    let month: String
    let positions: ClosedRange<Int>

    /// Nothing for bytes that are no such leaf.
    init?(leafText bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.first == "tsunagi archive v1", lines.count == 8,
            let month = Self.value(lines[1], "month: "),
            let first = Self.value(lines[2], "first: ").flatMap({ Int($0) }),
            let last = Self.value(lines[3], "last: ").flatMap({ Int($0) }), first <= last
        else { return nil }
        self.month = month
        positions = first...last
    }

    private static func value(_ line: Substring, _ name: String) -> String? {
        line.hasPrefix(name) ? String(line.dropFirst(name.count)) : nil
    }
}
