import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import Trust

/// 問い合わせ: one request of a party, for one purpose. Data is reached through its `answer` and
/// `access` alone, so that whatever is refused, before the door or behind it, is on the record once.
struct Asking: Sendable {
    let request: Request
    let context: GatewayContext
    let caller: Caller
    let purpose: Purpose
    fileprivate let ledger: Ledger

    /// 職員: who asks, as four eyes count them.
    var officer: Officer {
        Officer(
            party: caller.party.key, name: caller.operatorID,
            certificate: context.identity?.fingerprint)
    }

    /// `Ledger.answer`, for this caller and purpose.
    func answer<Answer: Sendable>(
        reading first: FirstReading = .nothing, as bytes: @escaping @Sendable (Answer) -> [UInt8],
        _ body: @escaping @Sendable (inout Records) throws -> Answer
    ) async throws -> (answer: Answer, bytes: [UInt8]) {
        try await entered {
            try await ledger.answer(caller, purpose, reading: first, as: bytes, body)
        }
    }

    /// `Ledger.answerInPieces`.
    func answerInPieces(
        reading first: FirstReading,
        _ body: @escaping @Sendable (inout Records) throws -> [[UInt8]]
    ) async throws -> [[UInt8]] {
        try await entered {
            try await ledger.answerInPieces(caller, purpose, reading: first, body)
        }
    }

    /// `Ledger.access`, for what is answered without bytes.
    func access(_ body: @escaping @Sendable (inout Records) throws -> Void) async throws {
        try await entered { try await ledger.access(caller, purpose, body) }
    }

    /// `Ledger.access` from a visit.
    func access(
        visit: RecordID, on day: CalendarDay? = nil,
        _ body: @escaping @Sendable (borrowing VisitRecords) throws -> Answered
    ) async throws -> Answered {
        try await entered { try await ledger.access(caller, purpose, visit: visit, on: day, body) }
    }

    /// A file, as its bytes come. What came of one that breaks off is not kept.
    func receive(
        _ kind: FileKind, _ announcement: FileAnnouncement, hashing: FileHashing
    ) async throws -> (receipt: FileReceipt, bytes: [UInt8]) {
        try await entered {
            let reception = try await ledger.receiveFile(
                kind, announcement, from: caller, hashing: hashing)
            do {
                try await request.forEachBlock(atMost: BodyLimits.fileBytesMax) {
                    try await reception.take($0)
                }
                return try await reception.finish(as: \.written)
            } catch {
                await reception.abandon()
                throw error
            }
        }
    }

    /// `Ledger.openVisit`.
    func open(
        _ visit: VerifiedVisit, end: @escaping @Sendable (Instant) -> Instant,
        pairwise: @escaping @Sendable (PersonKey) -> PairwiseIDs,
        answer: @escaping @Sendable (OpenedVisit) throws -> [UInt8]
    ) async throws -> (visit: OpenedVisit, answer: [UInt8]) {
        try await entered {
            try await ledger.openVisit(
                caller, visit, end: end, pairwise: pairwise, answer: answer)
        }
    }

    /// `Ledger.settleBill`.
    func settle(
        _ bill: SubmittedBill, in visit: RecordID, rules: RuleBook,
        isPatient: @escaping @Sendable (String, PersonKey) -> Bool,
        answer: @escaping @Sendable (SettledBill) throws -> [UInt8]
    ) async throws -> (bill: SettledBill, answer: [UInt8]) {
        try await entered {
            try await ledger.settleBill(
                caller, bill, in: visit, rules: rules, isPatient: isPatient, answer: answer)
        }
    }

    /// 代理の決まり in force; none before the rules of this release are loaded.
    func actingRules() throws -> ActingRules? { try ledger.rules.current().acting }

    /// `Ledger.checkNeedle`.
    func check(
        _ request: NeedleRequest, rules: RuleBook,
        names: @escaping @Sendable (RecordID) -> PairwiseIDs
    ) async throws -> [UInt8] {
        try await entered {
            try await ledger.checkNeedle(caller, request, rules: rules, names: names)
        }
    }

    /// `Ledger.recordVaccination`.
    func record(
        _ sent: SubmittedVaccination, correcting correction: RecordCorrection?, rules: RuleBook,
        names: @escaping @Sendable (RecordID) -> PairwiseIDs,
        answer: @escaping @Sendable (RecordedVaccination) -> [UInt8]
    ) async throws -> (recorded: RecordedVaccination, answer: [UInt8]) {
        try await entered {
            try await ledger.recordVaccination(
                caller, sent, correcting: correction, rules: rules, names: names, answer: answer)
        }
    }

    /// `Ledger.recordCheckup`.
    func record(
        _ sent: SubmittedCheckup, in compartment: CheckupCompartment,
        correcting correction: RecordCorrection?, rules: RuleBook,
        answer: @escaping @Sendable (RecordedCheckup) -> [UInt8]
    ) async throws -> (recorded: RecordedCheckup, answer: [UInt8]) {
        try await entered {
            try await ledger.recordCheckup(
                caller, sent, in: compartment, correcting: correction, rules: rules,
                answer: answer)
        }
    }

    /// What the ledger refuses it has entered.
    private func entered<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch let refusal as Refusal {
            throw Entered(refusal: refusal)
        }
    }
}

/// A refusal whose entry is durable.
private struct Entered: Error {
    let refusal: Refusal
}

extension GatewayParts {
    /// A route that asks for a purpose: it names the caller, checks the token an office sends, and
    /// enters what is refused before the door.
    func route(
        _ method: HTTPRequest.Method, _ path: String, for purpose: Purpose,
        handle: @escaping @Sendable (Asking) async throws -> Response
    ) -> Route {
        Route(method, path, for: purpose) { [self] request, context in
            let caller = try request.caller(context)
            let asking = Asking(
                request: request, context: context, caller: caller, purpose: purpose,
                ledger: ledger)
            do {
                if context.listener == .office { try checkOfficeToken(request, context) }
                return try await handle(asking)
            } catch let entered as Entered {
                throw entered.refusal
            } catch let refusal as Refusal where refusal.isEntered {
                try await ledger.refuse(caller, purpose, refusal)
            }
        }
    }

    /// 権限表: whom it does not name for this route and purpose is told so, on the record, before a byte of a
    /// body is read.
    func permitted(_ route: Route) -> Route {
        let operation = route.operation
        return Route(route.method, route.path, for: route.purpose) { [self] request, context in
            let party = try context.party
            let permissions = ledger.rules.permissions
            guard permissions?.may(party.role, operation, for: route.purpose) ?? false else {
                let caller =
                    (try? request.caller(context)) ?? Caller(party: party, operatorID: nil)
                try await ledger.refuse(
                    caller, route.purpose ?? .connect,
                    permissions == nil ? .rulesUnknown : .notYourPurpose)
            }
            return try await route.handle(request, context)
        }
    }

    /// A bearer token that is sent must be this party's and this certificate's; none need be sent.
    private func checkOfficeToken(_ request: Request, _ context: GatewayContext) throws {
        guard let text = try request.bearerToken() else { return }
        guard let identity = context.identity else { throw Refusal.tokenInvalid }
        try OfficeToken.check(
            text, party: identity.party, certificate: identity.fingerprint, now: now(),
            keys: keys.ring)
    }
}

extension Request {
    /// The token of `Authorization: Bearer …` (RFC 6750 §2.1), the scheme in whatever case (RFC 9110 §11.1);
    /// nothing where no such field is sent. Throws `.tokenInvalid` for anything else in it.
    func bearerToken() throws(Refusal) -> String? {
        guard let text = headers[.authorization] else { return nil }
        let scheme = text.prefix { $0 != " " }
        let token = text.dropFirst(scheme.count).drop { $0 == " " }
        guard scheme.lowercased() == "bearer", !token.isEmpty else { throw .tokenInvalid }
        return String(token)
    }
}
