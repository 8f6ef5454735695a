import ArgumentParser
import Exchange
import FoundationEssentials
import Trust

/// `tsunagi card`: a software card of the test card CA, for the demo and for trying by hand. It can
/// never pass for a real one: its issuer is another.
struct CardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card", abstract: "Make and use a test card (never a real one).",
        subcommands: [New.self, Sign.self, Show.self])

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Issue a test card into a file.")

        @Option(help: "The development PKI's folder.") var pki = "certs/dev"
        @Option(help: "The file to make; it holds certificate and key.") var card: String
        @Option(help: "rsa-2048 (today's card) or p-384 (the next).") var algorithm = "rsa-2048"
        @Option(help: "Days until the card expires.") var days: Int64 = 1826

        func validate() throws {
            guard SoftwareCard.Algorithm(rawValue: algorithm) != nil else {
                throw ValidationError("The algorithm is rsa-2048 or p-384.")
            }
            guard (1...3652).contains(days) else { throw ValidationError("--days is 1 to 3652.") }
        }

        func run() async throws {
            let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
            let made = try SoftwareCard(
                issuedBy: DevelopmentPKI(folder: pki),
                algorithm: SoftwareCard.Algorithm(rawValue: algorithm) ?? .rsa2048,
                term: .init(from: now, to: now.adding(seconds: days * 86_400)))
            try made.save(card)
            print("card \(Hexadecimal.text(made.serial)) in \(card)")
        }
    }

    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a text with a test card; prints the signature in base64.")

        @Option(help: "The card's file.") var card: String
        @Option(help: "The file with the text to sign, byte for byte.") var text: String

        func run() async throws {
            let bytes = Array(try Data(contentsOf: URL(filePath: text)))
            let signature = try SoftwareCard(path: card).sign(bytes)
            print(Data(signature).base64EncodedString())
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a test card's serial, term and certificate.")

        @Option(help: "The card's file.") var card: String

        func run() async throws {
            let read = try SoftwareCard(path: card)
            print("algorithm: \(read.algorithm.rawValue)")
            print("issuer: \(Data(read.issuerDER).base64EncodedString())")
            print("serial: \(Hexadecimal.text(read.serial))")
            print("valid from: \(read.notBefore.text)")
            print("valid to: \(read.notAfter.text)")
            print("certificate: \(Data(read.certificateDER).base64EncodedString())")
        }
    }
}
