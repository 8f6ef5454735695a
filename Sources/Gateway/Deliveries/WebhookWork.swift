import Crypto
package import Exchange
import Ledger
package import Logging
import Metrics
import ServiceLifecycle
import Trust

/// 呼び鈴: tells a body that there is something for it, and nothing else: which body and when, signed. A body
/// that keeps the ids of the last minutes tells a repetition from a ring.
///
/// At least once for what was made since it last came; after a failure it is tried again later and later, and
/// a target that stays away only now and then. Whoever never comes loses nothing: what waits, waits.
package struct WebhookWork: Service {
    /// Slow targets hold up nobody but themselves.
    private static let atOnceMax = 16

    private let parts: GatewayParts
    private let caller: WebhookCaller
    private let logger: Logger

    package init(_ parts: GatewayParts, _ caller: WebhookCaller, logger: Logger) {
        self.parts = parts
        self.caller = caller
        self.logger = logger
    }

    package func run() async throws {
        try await Rounds("webhooks", every: .seconds(1), logger: logger) {
            try await round()
            return false
        }.run()
    }

    /// Rings everybody who is due, at once; returns who took it.
    @discardableResult
    package func round() async throws -> Set<Party> {
        let due = try await parts.ledger.dueWebhooks(limit: Self.atOnceMax)
        let taken = try await withThrowingTaskGroup(of: Party?.self) { group in
            for target in due {
                group.addTask { try await ring(target) ? target.party : nil }
            }
            return try await group.reduce(into: Set<Party>()) { taken, party in
                if let party { taken.insert(party) }
            }
        }
        if !due.isEmpty {
            Gauge(label: "tsunagi_webhook_circuits_open").record(
                try await parts.ledger.openCircuits())
        }
        return taken
    }

    private func ring(_ target: WebhookTarget) async throws -> Bool {
        do {
            try await caller.call(target, try notice(to: target.party))
        } catch {
            let failures = try await parts.ledger.failedToRing(target.party)
            Counter(label: "tsunagi_webhook_failures_total").increment()
            logger.warning(
                "a webhook was not taken",
                metadata: [
                    "party": "\(target.party.key)", "failures": "\(failures)", "error": "\(error)",
                ])
            return false
        }
        try await parts.ledger.rang(target.party)
        Counter(label: "tsunagi_webhook_rings_total").increment()
        return true
    }

    private func notice(to party: Party) throws -> [UInt8] {
        let key = parts.keys.ring.current(.notice)
        let signer = try CheckpointSigner(of: "notices", origin: parts.origin, key: key)
        let ring = Ring(
            origin: parts.origin, to: party, id: RecordID.random().text, at: parts.now())
        return Array(try signer.sign(ring.text).text.utf8)
    }
}
