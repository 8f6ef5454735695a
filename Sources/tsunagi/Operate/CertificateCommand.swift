import ArgumentParser
import Exchange
import Ledger
import Trust

/// `tsunagi party certificate`: certificates of CAs that cannot write the party's URI, registered by
/// issuer and key. Everything else about them is checked as for any other.
struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Register the certificate of a CA that cannot write our SAN URI.",
        discussion: """
            Running gateways follow within two seconds, on live connections too. A renewal with the \
            same issuer and key needs no new registration.
            """,
        subcommands: [Add.self, Remove.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The holder of this certificate's key speaks for the party.")
        @OptionGroup var named: PartyCommand.Named
        @Argument(help: "The certificate, PEM or DER; its chain may follow it.") var file: String
        @Option(
            help: """
                Whose own it is: the operator's name that is on the record with whatever it asks, at most \
                64 letters, digits, `.`, `_`, `-`. Without it, the party's.
                """)
        var officer: String?

        func run() async throws {
            let key = try CertificateCommand.key(in: file)
            if let officer { try OperatorName.require(officer, of: "--officer") }
            let outcome = try await named.with { registry, party in
                try await registry.register(
                    .init(
                        party: party, issuer: key.issuer, publicKey: key.publicKey,
                        officer: officer))
            }
            let text = Exchange.Hexadecimal.text(key.publicKey)
            switch outcome {
            case .now: Output.line("\(named.party): key \(text) is registered")
            case .already: Output.line("\(named.party): key \(text) was registered already")
            case .byAnother(let holder):
                throw ValidationError(
                    "This certificate speaks for \(holder). Remove it there first.")
            case .partyUnknown: throw ValidationError("\(named.party) is not in the registry.")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The holder of the key speaks for the party no longer.")
        @OptionGroup var named: PartyCommand.Named
        @Argument(help: "The certificate, or the key as `list` prints it.") var certificate: String

        func run() async throws {
            let publicKey = try key()
            try await named.change(
                "key \(Exchange.Hexadecimal.text(publicKey)) is removed",
                otherwise: "has no standing registration of this key"
            ) { try await $0.removeCertificate(of: $1, publicKey: publicKey) }
        }

        private func key() throws -> [UInt8] {
            if let bytes = Exchange.Hexadecimal.bytes(certificate), bytes.count == 32 {
                return bytes
            }
            return try CertificateCommand.key(in: certificate).publicKey
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What was ever registered for the party, by SHA-256 of its public key.")
        @OptionGroup var named: PartyCommand.Named

        func run() async throws {
            for line in try await named.with({ try await $0.certificates(of: $1) }) {
                let end = line.removedAt.map { "removed \($0.text)" } ?? "standing"
                let key = Exchange.Hexadecimal.text(line.publicKey)
                let officer = line.officer.map { "\tofficer \($0)" } ?? ""
                Output.line("\(key)\tregistered \(line.registeredAt.text)\t\(end)\(officer)")
            }
        }
    }

    /// Throws a sentence for a file that is no certificate, and for a certificate that names a party
    /// itself: a registration would never be asked.
    private static func key(in file: String) throws -> Verifier.RegisteredKey {
        let leaf: ParsedCertificate
        do {
            guard let first = try ParsedCertificate.all(in: Files.read(file)).first else {
                throw ValidationError("\(file) holds no certificate.")
            }
            leaf = first
        } catch let reason as Reason {
            throw ValidationError("\(file) is no certificate to register: \(reason.sentence)")
        }
        guard let key = Verifier.RegisteredKey(of: leaf) else {
            throw ValidationError(
                "\(file) names a party by a URI of its own: it needs no registration.")
        }
        return key
    }
}
