/// Words that may not stand in code, or in any file at all.
extension Rule {
    static let words: [Rule] = [
        forbiddenCalls, trustedConcurrency, aroundTheAsking, openEnds, machinePaths, registryHosts,
        oneWordForOneIdea,
    ]

    private static let forbiddenCalls = Rule(
        "sources neither crash nor print",
        breaks: [
            swift("Sources/Ledger/A.swift", "let a = try! b()"),
            swift("Sources/Ledger/A.swift", "fatalError(\"no\")"),
            swift("Sources/Ledger/A.swift", "  print(row)"),
            swift("Sources/Ledger/A.swift", "let a = row[0]!.name"),
        ],
        keeps: [
            swift("Sources/Ledger/A.swift", "let a = fingerprint(row) // print(row), try! it"),
            swift("Sources/Ledger/A.swift", "let a = \"fatalError(\" != b!= c"),
            swift("Sources/tsunagi/Demo/A.swift", "print(line)"),
            swift("Tests/LedgerTests/A.swift", "let a = try! b()"),
        ]
    ) { file, line in
        guard file.isSource else { return nil }
        let code = file.codeLines[line]
        if code.contains("try!") || code.contains("fatalError(") {
            return "this crashes the gateway"
        }
        if code.contains("!"), code.contains(/[\w)\]?]!(?:[^=]|$)/) {
            return "an unwrap that crashes the gateway"
        }
        let mayPrint = ["tsunagi", "tsunagi-load"].contains(file.target)
        return !mayPrint && code.contains("print(")
            && code.contains(/(?:^|[^\w.])print\(/) ? "log it, or return it" : nil
    }

    private static let trustedConcurrency = Rule(
        "only Postgres asks the compiler to trust it",
        breaks: [
            swift("Sources/Ledger/A.swift", "final class A: @unchecked Sendable {}"),
            swift("Sources/Gateway/A.swift", "nonisolated(unsafe) var a = 0"),
            swift("Sources/Trust/A.swift", "@preconcurrency import X509"),
        ],
        keeps: [swift("Sources/Postgres/A.swift", "struct A: @unchecked Sendable {}")]
    ) { file, line in
        guard file.isSource, file.target != "Postgres" else { return nil }
        let asking = ["@unchecked Sendable", "nonisolated(unsafe)", "@preconcurrency"]
        return asking.first { file.codeLines[line].contains($0) }.map { "\($0) outside Postgres" }
    }

    private static let aroundTheAsking = Rule(
        "a handler reaches data through its asking, which enters each refusal once",
        breaks: [
            swift(
                "Sources/Gateway/Visits/A.swift", "try await ledger.access(caller, .openVisit) {"),
            swift(
                "Sources/Gateway/Visits/A.swift", "try await ledger.refuse(caller, .openVisit, a)"),
            swift("Sources/Gateway/A.swift", "try await ledger.answerInPieces(caller, purpose, a)"),
        ],
        keeps: [
            swift("Sources/Gateway/Visits/A.swift", "try await asking.access { records in"),
            swift("Sources/Gateway/Visits/A.swift", "let rules = try ledger.rules.current()"),
            swift("Sources/Gateway/Asking.swift", "try await ledger.access(caller, purpose, body)"),
            swift(
                "Sources/tsunagi/Operate/A.swift", "try await ledger.access(caller, .settleReview)"),
        ]
    ) { file, line in
        guard file.target == "Gateway", !file.path.hasSuffix("/Asking.swift") else { return nil }
        return file.codeLines[line].contains(
            /\bledger\.(?:access|answer|answerInPieces|openVisit|refuse)\(/)
            ? "ask by the asking" : nil
    }

    private static let openEnds = Rule(
        "an open end names its issue",
        breaks: [
            swift("Sources/Ledger/A.swift", "// TODO: later"),
            swift("Tests/LedgerTests/A.swift", "// " + "FIX" + "ME"),
        ],
        keeps: [swift("Sources/Ledger/A.swift", "// TODO(#12): the per-resident map")],
        with: ["TODO", "FIX" + "ME"]
    ) { file, line in
        guard file.isSwift, file.target != "TidyTests" else { return nil }
        let text = file.lines[line]
        if text.contains("FIX" + "ME") { return "mend it, or name its issue" }
        return text.contains(/\bTODO\b(?!\(#\d+\))/) ? "an open end without its issue" : nil
    }

    // Written in pieces, so that this file keeps its own rules.
    private static let machinePaths = Rule(
        "no file names a folder of one machine",
        breaks: [
            swift("README.md", "cd /" + "work/main"),
            swift("Sources/Ledger/A.swift", "\"/" + "tmp/x\""),
            swift("deploy/runbook.md", "(/" + "home/me/x)"), swift("Makefile", "/" + "Users/me/x"),
        ],
        keeps: [
            swift("README.md", "cd tsunagi; ls /etc/tsunagi; curl /fhir/work/1"),
            swift("Sources/Ledger/A.swift", "let at = \"\\(folder)/" + "tmp/x\""),
            // A Unix socket's path has 107 bytes, so a long folder's socket goes where each system has one.
            swift("Sources/Ledger/B.swift", "let socket = \"/" + "tmp/tsunagi-7\""),
        ],
        with: ["work", "farm", "root", "home", "Users", "tmp"].map { "/\($0)/" }
    ) { file, line in
        let folder = /(?:^|[^\w.)\]}>*])\/(?:work|farm|root|home|Users|tmp(?!\/tsunagi-))\/\w/
        return file.lines[line].contains(folder) ? "a path of one machine" : nil
    }

    private static let registryHosts = Rule(
        "no file names a package registry's host",
        breaks: [
            swift("README.md", "get it from https://deb." + "debian.org/debian"),
            swift("Makefile", "pip install -i https://pypi." + "org/simple"),
        ],
        keeps: [swift("Package.swift", ".package(url: \"https://github.com/apple/swift-nio\")")],
        with: hosts
    ) { file, line in
        hosts.first { file.lines[line].contains($0) }.map { "the host \($0)" }
    }

    private static let hosts = [
        "deb." + "debian.org", "snapshot." + "debian.org", "pypi." + "org",
        "pythonhosted." + "org", "npmjs." + "org", "crates." + "io", "proxy.golang." + "org",
        "sum.golang." + "org", "archive." + "ubuntu.com",
    ]

    /// Who reads two words takes them for two things.
    private static let oneWordForOneIdea = Rule(
        "one idea has one word in what people read",
        breaks: [
            swift("Sources/Exchange/A.swift", "ja: \"運営者に伝えてください。\""),
            swift("profiles/access/a.json", "\"ja\": \"アクセス記録の検索\""),
        ],
        keeps: [
            swift("Sources/Exchange/A.swift", "ja: \"運用者に伝えてください。\""),
            swift("README.ja.md", "アクセス記録がディスクに残ってから"),
        ],
        with: synonyms.map { $0.not }
    ) { file, line in
        guard file.isSource || file.path.hasPrefix("profiles/") else { return nil }
        return synonyms.first { file.lines[line].contains($0.not) }.map { "say \($0.word)" }
    }

    private static let synonyms = [
        (word: "運用者", not: "運営者"), (word: "アクセスの記録", not: "アクセス記録"),
        (word: "エラーにしません", not: "断りません"),
    ]
}
