import Exchange
import Ledger
package import Logging
import Metrics

/// 日々の突合: each day a signed statement for every body and field, and an eye on bodies whose data no longer
/// comes. Of several gateways one makes each; another finds it made.
extension GatewayParts {
    package func statementRounds(_ logger: Logger) -> Rounds {
        Rounds("statements", every: .seconds(60), logger: logger, from: Set<String>()) { told in
            told = try await makeStatements(told: told, logger)
            return false
        }
    }

    /// One look at every body: makes what this day still lacks. Returns the bodies whose entitlements are
    /// stale, and the feeds of other fields and of files that are late; those not in `told` are told of now,
    /// in the log and to the bodies themselves.
    @discardableResult
    package func makeStatements(
        told: Set<String> = [], _ logger: Logger
    ) async throws -> Set<String> {
        let rules = try ledger.rules.current().subsidy
        let bodies = try await ledger.bodiesTakingPart()
        let now = self.now()
        let stale = bodies.filter { rules.isStale($0.party.code, asOf: $0.asOf, at: now) }
            .map(\.party.code)
        Gauge(label: "tsunagi_bodies_taking_part").record(bodies.count)
        Gauge(label: "tsunagi_bodies_stale").record(stale.count)
        let news = bodies.map(\.party).filter {
            stale.contains($0.code) && !told.contains($0.code)
        }
        for body in news {
            logger.warning("a body's registrations are stale", metadata: ["body": "\(body.code)"])
        }
        let late = try await lateFeeds(by: rules, at: now, told: told, logger)
        let newlyLate = Set(late.filter { !told.contains($0.name) }.map(\.body))
        let unheard = bodies.map(\.party).filter {
            newlyLate.contains($0.code) || news.contains($0)
        }
        if !unheard.isEmpty { try await ledger.askToLook(unheard) }
        try await makeStatements(of: bodies.map(\.party), logger)
        return Set(stale).union(late.map(\.name))
    }

    /// 遅れの見張り: field by field, for rows of one field say nothing of another, and a row of the API nothing of
    /// the nightly file.
    private func lateFeeds(
        by rules: SubsidyRules, at now: Instant, told: Set<String>, _ logger: Logger
    ) async throws -> [LateFeed] {
        let late = try await ledger.feedsTakingPart().compactMap { $0.late(by: rules, at: now) }
            .filter { $0.isFileAlone || $0.field != .subsidy }
        for field in StatementField.allCases {
            let ofField = late.filter { $0.field == field }
            let missing = ofField.filter(\.isFileAlone).count
            let label = [("field", field.rawValue)]
            Gauge(label: "tsunagi_feeds_stale", dimensions: label).record(ofField.count - missing)
            Gauge(label: "tsunagi_files_missing", dimensions: label).record(missing)
        }
        for feed in late where !told.contains(feed.name) {
            logger.warning(
                feed.isFileAlone ? "a body's nightly file is missing" : "a body's feed is stale",
                metadata: ["body": "\(feed.body)", "field": "\(feed.field.rawValue)"])
        }
        return late
    }

    /// One that fails keeps none behind it waiting: it is tried again with the next look.
    private func makeStatements(of bodies: [Party], _ logger: Logger) async throws {
        let issuer = try statementIssuer()
        for body in bodies {
            for field in StatementField.allCases
            where field.isOfPrefectures || body.role == .municipality {
                do {
                    let isMade = try await ledger.makeStatement(
                        of: body.code, field, another: false, by: issuer)
                    if isMade { Counter(label: "tsunagi_statements_total").increment() }
                } catch  where !Task.isCancelled {
                    logger.warning(
                        "a statement is postponed",
                        metadata: [
                            "body": "\(body.code)", "field": "\(field.rawValue)",
                            "error": "\(error)",
                        ])
                }
            }
        }
    }
}
