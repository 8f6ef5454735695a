/// Folders are fields of the exchange and types its nouns: neither is a layer.
extension Rule {
    static let names: [Rule] = [folderNames, typeNames, opening]

    private static let folderNames = Rule(
        name: "no folder is a layer",
        breaks: [
            "Services", "Repositories", "DTOs", "Utils", "Core", "Helpers", "Models", "Managers",
        ].map { swift("Sources/Gateway/\($0)/A.swift", "") },
        keeps: [
            swift("Sources/Gateway/Subsidy/A.swift", ""),
            swift("Tests/GatewayTests/Door/A.swift", ""),
        ]
    ) { files in
        let layers: Set = [
            "Services", "Repositories", "DTOs", "Utils", "Core", "Helpers", "Models", "Managers",
        ]
        return files.filter { $0.isSwift && !layers.isDisjoint(with: $0.folders) }
            .map { "\($0.path): name the folder for its field" }
    }

    private static let typeNames = Rule(
        "no type is named for its place in a pattern",
        breaks: [
            swift("Sources/Ledger/A.swift", "package struct VisitManager {}"),
            swift("Sources/Ledger/A.swift", "enum DateUtils {}"),
            swift("Sources/Ledger/A.swift", "final class LedgerService {}"),
            swift("Sources/Ledger/A.swift", "struct CheckDTO: Sendable {}"),
            swift("Tests/LedgerTests/A.swift", "protocol LedgerBase {}"),
            swift("Sources/Ledger/A.swift", "typealias CardInfo = Int"),
        ],
        keeps: [
            swift("Sources/Gateway/A.swift", "struct SealService: Service {}"),
            swift("Sources/Ledger/A.swift", "struct Visit {} // not a VisitManager"),
        ],
        with: ["struct ", "class ", "enum ", "actor ", "protocol ", "typealias "]
    ) { file, line in
        let declaration = /\b(?:struct|class|enum|actor|protocol|typealias)\s+(\w+)(.*)/
        guard file.isSwift, let found = file.codeLines[line].firstMatch(of: declaration)
        else { return nil }
        let endings = [
            "Manager", "Helper", "Helpers", "Util", "Utils", "Service", "Impl", "Base", "Data",
            "Info",
            "DTO",
        ]
        guard let ending = endings.first(where: { found.1.hasSuffix($0) }) else { return nil }
        // ServiceLifecycle's own protocol is called so, and what conforms to it may say it.
        if ending == "Service", found.2.contains(/:.*\bService\b/) { return nil }
        return "\(found.1): say what it is, not \(ending)"
    }

    private static let opening = Rule(
        name: "each source file opens by saying what its type promises",
        breaks: [
            swift("Sources/Ledger/A.swift", "import Exchange\n\npackage struct A {}\n"),
            swift("Sources/Ledger/A.swift", "import Exchange\n\n// Notes.\n@frozen\nstruct A {}\n"),
        ],
        keeps: [
            swift(
                "Sources/Ledger/A.swift",
                "import Exchange\n\n// Why.\n/// A promise.\nstruct A {}\n"),
            swift("Sources/Ledger/B.swift", "/// One face of A.\nextension A {}\n"),
            swift("Tests/LedgerTests/A.swift", "struct A {}\n"),
        ]
    ) { files in
        files.filter(\.isSource).compactMap { file in
            let first = file.lines.first { line in
                let text = line.trimmingPrefix(/\s+/)
                let isBefore = text.isEmpty || text.contains(Rule.importLine) || text.hasPrefix("#")
                return !isBefore && (text.hasPrefix("///") || !text.hasPrefix("//"))
            }
            guard let first, !first.hasPrefix("///") else { return nil }
            return "\(file.path): begins with no /// sentence but with: \(first)"
        }
    }
}
