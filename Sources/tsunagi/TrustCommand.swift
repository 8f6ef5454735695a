import ArgumentParser
import Exchange
import FoundationEssentials
import Trust

/// `tsunagi trust`: asks the gateway's own verifier about a certificate in a file.
struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Check certificates exactly as the gateway does.",
        subcommands: [Verify.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Verify a certificate; exits 0 when it is trusted and 1, with the reason, if not.")

        @Option(help: "A file with trusted CA certificates (PEM or DER). Can be repeated.")
        var anchor: [String] = []

        @Option(help: "A file with other CA certificates that may be tried. Can be repeated.")
        var intermediate: [String] = []

        @Option(
            help: """
                A file with revocation lists. Can be repeated. When one is given, every certificate \
                below the anchor needs a fresh list of its issuer. Without any, revocation is not \
                checked: the first line says so, and exit 0 is the path's alone. A listener trusts \
                nobody without.
                """)
        var crl: [String] = []

        @Option(
            help: """
                The time to verify at: 2026-11-21T09:00:00+09:00, 2026-11-21 (0:00 UTC) or seconds \
                since 1970. Default: now.
                """)
        var at: String?

        @Option(help: "institution, office, portal, operations, card, server or any.")
        var usage: String = Verifier.Usage.any.rawValue

        @Argument(
            help: """
                The certificate. Files before the last belong to the options: revocation lists, or \
                else CA certificates that may be tried.
                """)
        var files: [String]

        func validate() throws {
            guard !anchor.isEmpty else { throw ValidationError("At least one --anchor is needed.") }
            guard Verifier.Usage(rawValue: usage) != nil else {
                throw ValidationError("No usage is called \(usage).")
            }
            guard at == nil || time != nil else {
                throw ValidationError("--at is not a time: 2026-11-21T00:00:00Z is.")
            }
        }

        func run() async throws {
            var verification = FileVerification(
                leaf: files[files.count - 1], at: time ?? Self.now)
            let extra = files.dropLast()
            verification.anchors = anchor
            verification.lists = crl + extra.filter(FileVerification.holdsLists)
            verification.intermediates =
                intermediate + extra.filter { !FileVerification.holdsLists($0) }
            verification.usage = Verifier.Usage(rawValue: usage) ?? .any
            let outcome = try verification.run()
            print(outcome.text)
            if !outcome.isTrusted { throw ExitCode(1) }
        }

        private var time: Instant? { at.flatMap(Instant.init(commandLine:)) }

        private static var now: Instant {
            Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        }
    }
}
