import ArgumentParser
import Exchange
import Gateway
import Ledger
import Trust

/// `tsunagi party webhook`: where a body wants to be told that something waits for it.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Where a body is told that something waits for it.",
        discussion: """
            The gateway posts one signed line of text there, over mutual TLS with the certificate of \
            webhook.certificate. It says only that there is something; the body then asks for it as \
            always. Set again, it also ends the rest of a target that failed.
            """,
        subcommands: [Set.self, Remove.self, Key.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tell the body there.")
        @OptionGroup var named: PartyCommand.Named
        @Option(help: "The target's name, or address, which its certificate is for.")
        var host: String
        @Option(help: "Its port.") var port = 443
        @Option(help: "The path, as /tsunagi.") var path: String
        @Option(help: "The CAs of its certificate, PEM.") var anchors: String

        func validate() throws {
            guard (1...65_535).contains(port) else { throw ValidationError("--port is no port.") }
            // What would end a line of the request, or begin a query.
            let isPath =
                path.hasPrefix("/")
                && path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 }
            guard isPath else { throw ValidationError("--path is a path such as /tsunagi.") }
            let isHost =
                !host.isEmpty
                && host.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
                        || [0x2D, 0x2E, 0x3A].contains($0)
                }
            guard isHost else { throw ValidationError("--host is a name or an address.") }
        }

        func run() async throws {
            let pem = String(decoding: try Files.read(anchors), as: UTF8.self)
            guard pem.contains("-----BEGIN CERTIFICATE-----") else {
                throw ValidationError("\(anchors) holds no certificate in PEM.")
            }
            try await named.change("is told at https://\(host):\(port)\(path)") {
                guard [.municipality, .prefecture, .portal].contains($1.role) else {
                    throw ValidationError("\($1.key) is no municipality, prefecture or portal.")
                }
                return try await $0.setWebhook(
                    WebhookTarget(party: $1, host: host, port: port, path: path, anchors: pem))
            }
        }
    }

    struct Key: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the public key of the rings, for whoever is told.")
        @OptionGroup var published: PublishedKey

        func run() throws {
            let signer = try CheckpointSigner(
                of: "notices", origin: published.origin, key: published.key(.notice))
            Output.line(signer.key.text)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tell the body no longer.")
        @OptionGroup var named: PartyCommand.Named

        func run() async throws {
            try await named.change("is no longer told", otherwise: "has no webhook") {
                try await $0.removeWebhook(of: $1)
            }
        }
    }
}
