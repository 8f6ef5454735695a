import ArgumentParser
import Exchange
import Foundation
import Ledger
import Trust

/// `tsunagi key server`: the gateway's own TLS key, which a CA has to certify between its two steps.
struct ServerKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Rotate the gateway's TLS key while it serves.",
        discussion: """
            request, send the request to your CA, take. Each gateway has its own key: nothing is copied \
            between machines. With the development PKI, tsunagi pki renew does it all.
            """,
        subcommands: [Request.self, Take.self])

    struct Paths: ParsableArguments {
        @Option(help: "trust.server-key: its next one is made beside it, as ….next.") var key:
            String
        @Option(help: "trust.server-certificate.") var certificate: String

        var server: ServerKey { ServerKey(key: key, certificate: certificate) }
    }

    struct Request: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Make the next key, and print the request for its certificate (PKCS #10, PEM).",
            discussion:
                "For the names of the certificate in use. Said again, it is of the same key.")
        @OptionGroup var files: Paths

        func run() throws { Output.line(try files.server.request()) }
    }

    struct Take: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Put the next key and its certificate in place: the gateway reads both by itself.",
            discussion: """
                Refuses a certificate that is not of the next key, lacks a name of the one in use, or is out \
                of its dates. Within ten seconds, or at once on SIGHUP, new connections get it; those that \
                stand go on. The former key is written over.
                """)
        @OptionGroup var files: Paths
        @Argument(help: "The CA's certificate of the next key, with its chain, PEM.") var issued:
            String

        func run() throws {
            try files.server.take(issued, at: WallClock.now())
            Output.line("\(files.certificate) and \(files.key) are the new ones.")
        }
    }
}
