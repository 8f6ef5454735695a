/// Who may import whom. SwiftPM lets a file import what its module merely reaches through another, so the
/// table of the design is held here.
extension Rule {
    static let imports: [Rule] = [importTable, importsOfTests]

    /// What any module but `Exchange` may use of the platform.
    private static let platform: Set = [
        "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
    ]
    private static let nio: Set = [
        "NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS", "NIOSSL", "NIOConcurrencyHelpers",
    ]
    private static let hummingbird: Set = ["Hummingbird", "HummingbirdCore"]

    /// `Exchange` is pure: no module of ours, and nothing that could read a clock, a file or a socket.
    static let table: [String: Set<String>] = [
        "CPostgres": [],
        "Postgres": platform.union(["CPostgres", "Logging"]),
        "Exchange": [],
        // What reads file modes does not build statically beside all of Foundation.
        "Trust": platform.subtracting(["Foundation"]).union([
            "Exchange", "Crypto", "CryptoExtras", "X509", "SwiftASN1", "Logging",
        ]),
        "Ledger": platform.union([
            "Dispatch", "Exchange", "Postgres", "Crypto", "Logging", "Metrics",
        ]),
        "Gateway": platform.union(nio).union(hummingbird).union([
            "Exchange", "Ledger", "Trust", "HTTPTypes", "Crypto", "ServiceLifecycle", "Logging",
            "Metrics", "CoreMetrics",
        ]),
        "Portal": platform.union(nio).union(hummingbird).union([
            "Exchange", "HTTPTypes", "ServiceLifecycle", "Logging", "Metrics", "Mustache",
        ]),
        "tsunagi": platform.union(nio).union(hummingbird).union([
            "Exchange", "Ledger", "Trust", "Gateway", "Portal", "ArgumentParser", "Configuration",
            "ServiceLifecycle", "Crypto", "CryptoExtras", "X509", "SwiftASN1", "Logging", "Metrics",
            "CoreMetrics", "SystemPackage", "UnixSignals",
        ]),
        "tsunagi-load": platform.union(nio).union(["ArgumentParser"]),
    ]

    /// A folder that may import more than its module. The demo and the bench make and measure a PostgreSQL
    /// of their own, before there is a ledger to ask; serving and operating name the address of the one
    /// they are given. No other command can reach the database but through Ledger.
    static let foldersWithMore: [String: Set<String>] = [
        "Sources/tsunagi/Demo/": ["Postgres"],
        "Sources/tsunagi/Bench/": ["Postgres"],
        "Sources/tsunagi/Serve/": ["Postgres"],
        "Sources/tsunagi/Operate/": ["Postgres"],
    ]

    /// `import A`, `package import A`, `@testable import A`, `import struct A.B`, `#if`-indented or not.
    static var importLine: Regex<(Substring, Substring)> {
        #/
            ^ \s* (?: @\w+ (?: \([^)]*\) )? \s+ )*
            (?: (?:public|package|internal|fileprivate|private) \s+ )?
            import \s+
            (?: (?:struct|class|enum|protocol|typealias|func|let|var|actor) \s+ )?
            (\w+)
        /#
    }

    private static let importTable = Rule(
        "a module imports only what the design's table gives it",
        breaks: [
            swift("Sources/Gateway/Subsidy/A.swift", "import Postgres"),
            swift("Sources/Gateway/Subsidy/A.swift", "@preconcurrency package import Postgres"),
            swift("Sources/Gateway/Subsidy/A.swift", "internal import struct Postgres.Row"),
            swift("Sources/Ledger/A.swift", "import CPostgres"),
            swift("Sources/Ledger/A.swift", "import Hummingbird"),
            swift("Sources/Ledger/A.swift", "import Trust"),
            swift("Sources/Exchange/A.swift", "import Ledger"),
            swift("Sources/Exchange/A.swift", "import Foundation"),
            swift("Sources/Trust/A.swift", "import Ledger"),
            swift("Sources/Trust/A.swift", "import Foundation"),
            swift("Sources/tsunagi/CardCommand.swift", "import Postgres"),
            swift("Sources/Portal/A.swift", "import Ledger"),
            swift("Sources/Other/A.swift", "import Exchange"),
        ],
        keeps: [
            swift(
                "Sources/Ledger/A.swift", "import Crypto\npackage import Exchange\nimport Postgres"),
            swift(
                "Sources/Ledger/B.swift",
                "// import Hummingbird\nlet a = \"\"\"\nimport Trust\n\"\"\""),
            swift("Sources/Postgres/A.swift", "internal import CPostgres"),
            swift("Sources/Trust/A.swift", "import FoundationEssentials"),
            swift("Sources/tsunagi/Demo/A.swift", "import Postgres"),
            swift("Sources/Gateway/A.swift", "import protocol ServiceLifecycle.Service"),
        ],
        with: ["import "]
    ) { file, line in
        guard file.isSource, let name = imported(file.codeLines[line]) else { return nil }
        guard let allowed = table[file.target] else { return "\(file.target) is not in the table" }
        let more = foldersWithMore.first { file.path.hasPrefix($0.key) }?.value ?? []
        return allowed.union(more).contains(name) ? nil : "\(file.target) may not import \(name)"
    }

    private static let importsOfTests = Rule(
        "no test reaches around Postgres to libpq, and none needs @testable or XCTest",
        breaks: [
            swift("Tests/LedgerTests/A.swift", "import CPostgres"),
            swift("Tests/LedgerTests/A.swift", "@testable import Ledger"),
            swift("Tests/LedgerTests/A.swift", "import XCTest"),
        ],
        keeps: [
            swift("Tests/LedgerTests/A.swift", "import Ledger\nimport Postgres\nimport Testing")
        ],
        with: ["import "]
    ) { file, line in
        guard file.isTest, let name = imported(file.codeLines[line]) else { return nil }
        if file.codeLines[line].contains("@testable") { return "test through package access" }
        return ["CPostgres", "XCTest"].contains(name) ? "tests do not import \(name)" : nil
    }

    private static func imported(_ code: String) -> String? {
        code.firstMatch(of: importLine).map { String($0.1) }
    }
}
