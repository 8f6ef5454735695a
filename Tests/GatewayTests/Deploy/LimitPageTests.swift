import Exchange
import Foundation
import Gateway
import Ledger
import Testing

/// 上限の一覧: `deploy/limits.md` has every limit of the program with its value and why; none stands in code
/// alone.
@Suite struct LimitPageTests {
    /// …/Tests/GatewayTests/Deploy/LimitPageTests.swift → the package root.
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }

    /// What measures and shows, and answers nobody.
    private static let tools = ["tsunagi-load/", "tsunagi/Demo/", "tsunagi/Bench/"]

    /// The columns of each row of the page, without those of its headings.
    private static func rows() throws -> [[String]] {
        try text("deploy/limits.md").split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
            $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func `each limit says why it is what it is`() throws {
        for row in try Self.rows() {
            #expect([3, 4, 6].contains(row.count), "\(row)")
            #expect(row.last.map { $0.count > 10 && $0.hasSuffix(".") } == true, "\(row)")
        }
    }

    @Test func `every limit named in code is on the page with its value, and no other`() throws {
        let declaration =
            #/
            \s* (?: (?:package|private|fileprivate) \s )? static \s (?:let|var) \s
            (\w* (?:Max|Seconds|Milliseconds)) (?: : \s \w+ )?
            \s (?: = \s (.+) | \{ \s (.+) \s \} )
            /#
        let sources = Self.root.appending(path: "Sources").path
        var declared: Set<[String]> = []
        for path in FileManager.default.subpaths(atPath: sources) ?? []
        where path.hasSuffix(".swift") && !Self.tools.contains(where: path.hasPrefix) {
            for line in try Self.text("Sources/" + path).split(separator: "\n")
            where line.contains("static ") {
                guard let found = line.wholeMatch(of: declaration) else { continue }
                let value = String(found.2 ?? found.3 ?? "")
                declared.insert(["`\(path)`", "`\(found.1)`", "`\(value)`"])
            }
        }
        #expect(declared.count > 50)
        let told = try Self.rows().filter { $0.count == 4 }.map { Array($0.prefix(3)) }
        #expect(Set(told).count == told.count)
        let missing = declared.subtracting(told).map { $0.joined(separator: " ") }
        let gone = Set(told).subtracting(declared).map { $0.joined(separator: " ") }
        #expect(missing.sorted() == [])
        #expect(gone.sorted() == [])
    }

    @Test func `the limits of each listener are those of the page`() throws {
        let limits = Listener.allCases.map { Self.numbers(Limits.standard(for: $0)) }
        let told = try Self.rows().filter { $0.count == 6 }.map { Array($0.prefix(5)) }
        let own = limits[0].indices.map { index in
            ["`\(limits[0][index].name)`"] + limits.map { $0[index].value }
        }
        #expect(told == own)
    }

    @Test func `the limits of the database are those of the page`() throws {
        let told = try Self.rows().filter { $0.count == 3 }.map { Array($0.prefix(2)) }
        let own = Self.numbers(LedgerLimits.standard).map { ["`\($0.name)`", $0.value] }
        #expect(told == own)
        let connections = LedgerLimits.standard.connections
        #expect(try Self.text("deploy/limits.md").contains("together \(connections) connections"))
    }

    /// Every stored number of a value, those of the values in it by both names.
    private static func numbers(_ value: Any) -> [(name: String, value: String)] {
        Mirror(reflecting: value).children.flatMap { child -> [(name: String, value: String)] in
            let name = child.label ?? ""
            if let number = child.value as? Int { return [(name, String(number))] }
            if let number = child.value as? Double {
                let isWhole = number == number.rounded()
                return [(name, isWhole ? String(Int(number)) : String(number))]
            }
            return numbers(child.value).map { ("\(name).\($0.name)", $0.value) }
        }
    }
}
