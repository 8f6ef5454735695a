import ArgumentParser
import Exchange
import Gateway
import Ledger
import Trust

/// `tsunagi statement`: for municipalities. Makes of their own file the tree that the gateway signs a
/// statement of, without a database, and finds the first row on which both sides differ.
struct StatementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statement",
        abstract: "Hold the gateway's signed statement of your rows against your own file.",
        subcommands: [Compute.self, Compare.self, Key.self])

    struct OwnFile: ParsableArguments {
        @Argument(help: "Your file: everything you hold of the field.") var file: String
        @Option(help: "The layout's code; `tsunagi layout list` shows them.") var layout: String
        @Option(help: "The folder of the rules.") var profiles = "profiles"
        @Option(help: "cp932, utf-8 or utf-8-bom. Default: found out from the file.")
        var encoding: String?

        func validate() throws {
            guard encoding.map({ TextEncoding(rawValue: $0) != nil }) ?? true else {
                throw ValidationError("--encoding is cp932, utf-8 or utf-8-bom.")
            }
            _ = try held()
        }

        func held() throws -> StatementFile {
            guard let field = StatementFile.field(of: layout) else {
                let layouts = StatementField.allCases.flatMap(\.layouts).joined(separator: ", ")
                throw ValidationError("--layout is one of \(layouts).")
            }
            return StatementFile(
                path: file, field: field, layout: layout, profiles: profiles,
                encoding: encoding.flatMap(TextEncoding.init(rawValue:)))
        }
    }

    struct Compute: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print how many rows your file holds, and the root of the tree over them.")
        @OptionGroup var own: OwnFile
        @Option(help: "The statement's depth. Default: as the gateway would choose it.")
        var depth: Int?

        func run() async throws {
            let held = try own.held()
            guard !held.field.isConfidential else {
                throw ValidationError(
                    "Each statement of \(own.layout) has a salt of its own: use compare.")
            }
            let leaves = try held.leaves()
            let depth = depth ?? StatementTree.depth(of: leaves.count)
            guard (0...StatementTree.depthMax).contains(depth) else {
                throw ValidationError("--depth is 0 to \(StatementTree.depthMax).")
            }
            let tree = StatementTree(leaves, depth: depth)
            Output.line("rows: \(leaves.count)\ndepth: \(depth)")
            Output.line("root: \(tree.root.text)")
        }
    }

    struct Compare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch the newest statement, verify it, and compare.",
            discussion: """
                Exits 0 when both sides hold the same, 2 when they do not, with the first row that differs: \
                your line, or what names the row that the gateway holds. A row that is named is on the \
                record of its resident. Exits 2, too, when the gateway says what it did not sign, and 1 when \
                nothing was compared: the gateway is away, or its statement does not verify.
                """)
        @OptionGroup var own: OwnFile
        @Option(help: "The gateway's office listener, https://HOST:PORT.") var gateway: String
        @Option(help: "The certificate by which the gateway knows you, PEM.") var certificate:
            String
        @Option(help: "Its private key, PEM.") var privateKey: String
        @Option(help: "The CA of the gateway's certificate, PEM.") var anchors: String
        @Option(help: "The gateway's statement key, as tsunagi statement key prints it.")
        var statementKey: String
        @Flag(help: "Have a statement made of this moment, instead of today's.") var now = false

        func run() async throws {
            let asked = AskedGateway(
                gateway: gateway, certificate: certificate, key: privateKey, anchors: anchors)
            let held = try own.held()
            let comparison = try StatementComparison(
                field: held.field, asked: asked, key: CheckpointKey(text: statementKey),
                isNow: now)
            do {
                let verdict = try comparison.verdict(on: held)
                Output.line(verdict.text)
                if !verdict.isAgreed { throw ExitCode.alarm }
            } catch let found as StatementComparison.NotAsSigned {
                Output.line("FOUND: \(found)")
                throw ExitCode.alarm
            }
        }
    }

    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the public key of the gateway's statements, for municipalities.")
        @OptionGroup var published: PublishedKey

        func run() async throws {
            let key = try StatementCommand.key(
                in: published.keys, origin: published.origin, version: published.version)
            Output.line(key.text)
        }
    }

    static func key(in folder: String, origin: String, version: Int) throws -> CheckpointKey {
        try CheckpointSigner(
            of: "statements", origin: origin,
            key: KeyRing.key(.statement, version: version, in: folder)
        ).key
    }
}
