/// 読まれなかった項目: what a case says under a name that nothing reads, and which name it may be meant as.
struct UnreadItem: Hashable, Sendable {
    let path: String
    let nearest: String?
}

/// 近い名前: the known name with the fewest letters otherwise; nothing where more than a third are, and
/// nothing for names too long to be any item's.
enum NearestName {
    static func of(_ name: String, among known: some Collection<String>) -> String? {
        let letters = Array(name.lowercased())
        guard (2...64).contains(letters.count) else { return nil }
        let most = (letters.count + 2) / 3
        return known.sorted().lazy
            .map { (name: $0, distance: distance(letters, Array($0.lowercased()))) }
            .filter { $0.distance <= most && $0.distance < letters.count }
            .min { $0.distance < $1.distance }?.name
    }

    /// How many letters must be put in, taken out or changed (Levenshtein).
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var row = Array(0...other.count)
        for (place, letter) in one.enumerated() {
            var before = row[0]
            row[0] = place + 1
            for (column, right) in other.enumerated() {
                let changed = before + (letter == right ? 0 : 1)
                before = row[column + 1]
                row[column + 1] = min(changed, before + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
