import ArgumentParser
import Exchange
import Foundation
import Ledger
import Trust

/// `tsunagi witness`: runs at a municipality, or wherever else the gateway's operator has no hand: with its
/// own folder and key, and without a database.
struct WitnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Hold a gateway's log to what it showed before, and cosign it.",
        subcommands: [Watch.self, Key.self], defaultSubcommand: Watch.self)

    struct Named: ParsableArguments {
        @Option(help: "The witness's name: a domain of yours and a path, without a scheme.")
        var name: String
        @Option(help: "The file of the witness's secret key, of mode 0400.") var key: String

        func signer() throws -> WitnessSigner {
            try WitnessSigner(name: name, privateKey: SecretFile.read(key))
        }
    }

    struct Key: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the witness's public key; make the secret one where there is none.")

        @OptionGroup var named: Named

        func run() throws {
            if !FileManager.default.fileExists(atPath: named.key) {
                var random = SystemRandomNumberGenerator()
                let seed = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                try SecretFile.create(named.key, seed)
            }
            Output.line(try named.signer().key.text)
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Fetch the checkpoint, verify that it goes on from the last one, and cosign it.",
            discussion: """
                The last cosigned checkpoint is FOLDER/latest, all of them are in a file a day. Exits 2 when \
                the log showed two views that do not follow from each other, with both in FOLDER/evidence; 1 \
                when --once got no answer.
                """)

        @OptionGroup var named: Named
        @Option(help: "The gateway's office listener, https://HOST:PORT.") var gateway: String
        @Option(
            name: .customLong("log"), parsing: .upToNextOption,
            help:
                "The log's public key, as tsunagi seal key prints it; all of them after a rotation."
        )
        var logs: [String]
        @Option(help: "The folder of the cosigned checkpoints: the witness's memory.")
        var folder: String
        @Option(help: "The certificate by which the gateway knows you, PEM.") var certificate:
            String
        @Option(help: "Its private key, PEM.") var privateKey: String
        @Option(help: "The CA of the gateway's certificate, PEM.") var anchors: String
        @Option(help: "Seconds between two looks.") var every = 60
        @Flag(help: "Look once and end.") var once = false

        func run() async throws {
            let log = ShownLog(
                asked: AskedGateway(
                    gateway: gateway, certificate: certificate, key: privateKey, anchors: anchors))
            do {
                let witness = try Witness(
                    folder: folder, signer: named.signer(),
                    logs: logs.map { try CheckpointKey(text: $0) },
                    day: { WallClock.now().dayInJapan.text })
                repeat {
                    try await look(witness, log)
                    if !once { try await Task.sleep(for: .seconds(max(1, every))) }
                } while !once
            } catch let views as Witness.TwoViews {
                Output.line(Self.alarm(views.evidence))
                throw ExitCode.alarm
            }
        }

        /// Where nobody answers, the next look may be luckier; what the log itself says wrongly is told at
        /// every look.
        private func look(_ witness: Witness, _ log: ShownLog) async throws {
            do {
                let outcome = try await witness.see(log.checkpoint(), at: WallClock.now()) {
                    try log.consistency(from: $0, to: $1)
                }
                Output.line(WallClock.now().text + " " + outcome.sentence)
            } catch let views as Witness.TwoViews {
                throw views
            } catch {
                Output.line("\(WallClock.now().text) nothing cosigned: \(error)")
                if once { throw ExitCode(1) }
            }
        }

        static func alarm(_ evidence: String) -> String {
            """
            警告: このゲートウェイの記録が、前に示したものと食い違っています。記録が書き換えられたか、古い状態に戻されたか、
            相手によって違う記録を見せています。両方の署名付き文書は \(evidence) にあります。
            消さずに写しを取り、ゲートウェイの運用者と、ほかの立会人・監査人に知らせ、それぞれの手元の checkpoint と
            比べてください。原因が分かり、このフォルダーを別の場所に移すまで、この立会人は何にも連署しません。
            ALARM: this gateway's log is not what it showed before. It was rewritten or set back, or it shows
            different people different logs. Both signed notes are in \(evidence).
            Copy them, delete nothing, tell the gateway's operator, the other witnesses and the auditor, and
            compare with the checkpoints that they hold. Until the cause is known and this folder is moved
            elsewhere, this witness cosigns nothing.
            """
        }
    }
}

extension Witness.Outcome {
    fileprivate var sentence: String {
        switch self {
        case .cosigned(let size): "cosigned \(size) leaves"
        case .unchanged(let size): "still \(size) leaves"
        case .behind(let size, let cosigned):
            "the gateway shows \(size) leaves, fewer than the \(cosigned) cosigned, of the same log"
        }
    }
}
