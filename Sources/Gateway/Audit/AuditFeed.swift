import Exchange
import Ledger
package import Logging
import Metrics
import ServiceLifecycle

/// 監査記録の送り出し: every sealed entry, in the order of the log, to a syslog receiver over TLS (IHE ATNA,
/// ITI-20). At least once: the cursor moves, in the database, only after the receiver took a run; whatever
/// happens before that is sent again.
///
/// It follows behind the log on a connection of its own and holds nothing up: a receiver that is away for
/// a month finds the month when it is back. Of several gateways one delivers at a time.
package struct AuditFeed: Service {
    package struct Settings: Sendable {
        /// The auditor whose ids of residents and visits the messages carry.
        let auditor: Party
        /// HOSTNAME of RFC 5424.
        let host: String

        /// Throws `.malformed("party")` for a code that is no auditor's.
        package init(auditor code: String, host: String) throws {
            auditor = try Party(role: .auditor, code: code)
            self.host = host
        }
    }

    /// Messages have one to two kB: 256 are at most 512 kB in memory, and one handshake serves them all.
    static let runMax = 256
    private static let pause = Duration.milliseconds(500)
    /// The first wait after a failure; each further one is twice as long.
    private static let firstBackOff = Duration.seconds(1)
    private static let longestBackOff = Duration.seconds(60)

    private let parts: GatewayParts
    private let receiver: SyslogReceiver
    private let settings: Settings
    private let logger: Logger
    private let holder = RecordID.random()

    package init(
        _ parts: GatewayParts, to receiver: SyslogReceiver, as settings: Settings, logger: Logger
    ) {
        self.parts = parts
        self.receiver = receiver
        self.settings = settings
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await follow() }
    }

    private func follow() async {
        var backOff = Self.firstBackOff
        while !Task.isCancelled {
            var wait = Self.pause
            do {
                if try await deliverRun() { wait = .zero }
                backOff = Self.firstBackOff
                let backlog = try await parts.ledger.deliveryBacklog()
                Gauge(label: "tsunagi_audit_feed_backlog").record(backlog)
            } catch  where !Task.isCancelled {
                Counter(label: "tsunagi_audit_feed_failures_total").increment()
                logger.warning("audit feed postponed", metadata: ["error": "\(error)"])
                wait = backOff
                backOff = min(backOff * 2, Self.longestBackOff)
            } catch {}
            if wait > .zero { try? await Task.sleep(for: wait) }
        }
    }

    /// The next run, if there is one that is ours to deliver. Throws when the receiver did not take it.
    package func deliverRun() async throws -> Bool {
        guard let run = try await parts.ledger.undelivered(to: holder, limit: Self.runMax) else {
            return false
        }
        do {
            let frames = try run.entries.flatMap { try message($0).frame }
            if !frames.isEmpty { try await receiver.deliver(frames) }
        } catch {
            try await parts.ledger.undone(by: holder)
            throw error
        }
        guard try await parts.ledger.delivered(to: holder, next: run.next) else {
            logger.warning("audit feed: another gateway went on meanwhile")
            return false
        }
        Counter(label: "tsunagi_audit_feed_messages_total").increment(by: run.entries.count)
        return true
    }

    private func message(_ found: FoundEntry) throws -> SyslogMessage {
        let view = try parts.view(found, for: settings.auditor)
        return SyslogMessage(
            at: view.at, host: settings.host,
            text: view.auditMessage(from: parts.origin, position: found.position))
    }
}
