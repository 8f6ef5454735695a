import Crypto
import Exchange
import Hummingbird
import Ledger

/// 再現: what was told on that day, recomputed from the versions it was decided from and held against
/// its digest.
///
/// Neither request nor response is kept as text: `GET /fhir/CoverageEligibilityResponse/{id}` is
/// the replay itself, so what an institution reads back is proved to be what it was told, or
/// refused as `.replayDiffers`.
extension GatewayParts {
    func readEligibilityResponse(_ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        .fhir(.ok, try await replay(request, context, purpose: .readEligibility).body)
    }

    func readEligibilityRequest(_ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        let replay = try await replay(request, context, purpose: .readEligibility)
        return .fhir(
            .ok, replay.question.render(id: replay.id.text, created: replay.basis.decidedAt))
    }

    /// `$replay` for the institution: the answer, its digest and when it was entered.
    func replayEligibility(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let replay = try await replay(request, context, purpose: .replayEligibility)
        return .fhir(.ok, replay.parameters)
    }

    /// `$replay` for a municipality or prefecture: the same, with its own outcomes alone.
    func replayEligibilityForBody(_ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        try await requireOfficeToken(request, context, for: .replayEligibility)
        let replay = try await replay(request, context, purpose: .replayEligibility)
        return .fhir(.ok, replay.parameters)
    }

    private func replay(_ request: Request, _ context: GatewayContext, purpose: Purpose)
        async throws
        -> ReplayedAnswer
    {
        let caller = try request.caller(context)
        let id = try context.recordID()
        // The rules of that day are fetched before the access, because they are not about anyone.
        let version = try await recorded(caller, purpose) {
            try await ledger.rulesVersion(ofCheck: id)
        }
        let rules = try await ledger.rules.version(version).subsidy
        let isBody = caller.party.role != .institution
        return try await ledger.access(caller, purpose) { records in
            let replay = isBody ? try records.replayForBody(of: id) : try records.replay(of: id)
            let answer = try ReplayedAnswer(replay, rules, onlyOf: isBody ? caller.party.code : nil)
            records.enter(replay.person, visit: replay.visit, basis: id.text)
            records.answer(answer.body)
            return answer
        }
    }
}

/// A replay that met its digest.
struct ReplayedAnswer: Sendable {
    let id: RecordID
    let at: Instant
    let question: EligibilityQuestion
    let basis: EligibilityBasis
    let digest: [UInt8]
    /// What is shown: the whole answer, or the outcomes of one body.
    let body: [UInt8]

    /// Throws `.replayDiffers` when the recomputed answer is not the one that was sent.
    init(_ replay: EligibilityReplay, _ rules: SubsidyRules, onlyOf body: String?) throws {
        id = replay.id
        at = replay.at
        basis = replay.basis
        digest = replay.digest
        question = EligibilityQuestion(
            institution: replay.institution, serviceDate: basis.serviceDate,
            visitID: replay.visit.text, patientID: replay.patient, purposes: basis.purposes)
        let answer = answerEligibility(question, replay.facts, rules)
        let bytes = answer.render(
            id: id.text, requestID: id.text, question: question, created: basis.decidedAt,
            rules: rules)
        guard Array(SHA256.hash(data: bytes)) == digest else { throw Refusal.replayDiffers }
        guard let body else {
            self.body = bytes
            return
        }
        let own = answer.only(of: body)
        // A body the resident once lived in has no part in this answer, and learns nothing of it.
        guard !own.items.isEmpty else { throw Refusal.recordUnknown }
        self.body = own.render(
            id: id.text, requestID: id.text, question: question, created: basis.decidedAt,
            rules: rules)
    }

    var parameters: [UInt8] {
        var writer = JSONWriter(reservingBytes: body.count + 512)
        writer.beginObject()
        writer.member("resourceType", "Parameters")
        writer.name("parameter")
        writer.beginArray()
        parameter("matches", &writer) { $0.member("valueBoolean", true) }
        parameter("answeredAt", &writer) { $0.member("valueInstant", at.text) }
        parameter("digest", &writer) {
            $0.member("valueBase64Binary", Base64.text(digest))
        }
        parameter("answer", &writer) {
            $0.name("resource")
            $0.raw(body)
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func parameter(
        _ name: String, _ writer: inout JSONWriter, _ value: (inout JSONWriter) -> Void
    ) {
        writer.beginObject()
        writer.member("name", name)
        value(&writer)
        writer.endObject()
    }
}
