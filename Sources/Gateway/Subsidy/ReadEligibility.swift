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
    var eligibilityRoutes: [Route] {
        [
            route(
                .post, "/fhir/CoverageEligibilityRequest/$submit", for: .checkEligibility,
                handle: submitEligibilityCheck),
            route(
                .post, "/fhir/CoverageEligibilityRequest/_search", for: .readEligibility,
                handle: searchEligibilityRequests),
            route(
                .post, "/fhir/CoverageEligibilityResponse/_search", for: .readEligibility,
                handle: searchEligibilityResponses),
            route(
                .get, "/fhir/CoverageEligibilityRequest/:id", for: .readEligibility,
                handle: readEligibilityRequest),
            route(
                .get, "/fhir/CoverageEligibilityResponse/:id", for: .readEligibility,
                handle: readEligibilityResponse),
            route(
                .get, "/fhir/CoverageEligibilityResponse/:id/$replay", for: .replayEligibility,
                handle: replayEligibility),
        ]
    }

    func readEligibilityResponse(_ asking: Asking) async throws -> Response {
        try await replay(asking, as: \.body)
    }

    func readEligibilityRequest(_ asking: Asking) async throws -> Response {
        try await replay(asking, as: \.asked)
    }

    /// `$replay`. For the institution: the answer, its digest and when it was entered. For a
    /// municipality or prefecture: its own outcomes alone, and that they meet the digest.
    func replayEligibility(_ asking: Asking) async throws -> Response {
        try await replay(asking, as: \.parameters)
    }

    private func replay(
        _ asking: Asking, as bytes: @escaping @Sendable (ReplayedAnswer) -> [UInt8]
    ) async throws -> Response {
        let id = try asking.context.recordID()
        let party = asking.caller.party
        let isBody = party.role != .institution
        // A body has the institution's number, or its own name of the entry from a search of the log.
        let named = try entries(named: [id], by: party)
        let (_, shown) = try await asking.answer(as: bytes) { [shelf = ledger.rules] records in
            let replay =
                isBody
                ? try records.replayForBody(of: id, orNamed: named)
                : try records.replay(of: id)
            let rules = try shelf.kept(replay.basis.rulesVersion).subsidy
            let answer = try ReplayedAnswer(replay, rules, onlyOf: isBody ? party.code : nil)
            records.enter(replay.person, visit: replay.visit, basis: replay.id.text)
            return answer
        }
        return .fhir(.ok, shown)
    }
}

/// A replay that met its digest.
struct ReplayedAnswer: Sendable {
    let id: RecordID
    let at: Instant
    let question: EligibilityQuestion
    let basis: EligibilityBasis
    /// Of the whole answer; nothing for a body, which could try guesses at another's outcome on it.
    let digest: [UInt8]?
    /// What is shown: the whole answer, or the outcomes of one body.
    let body: [UInt8]

    /// Throws `.replayDiffers` when the recomputed answer is not the one that was sent.
    init(_ replay: EligibilityReplay, _ rules: SubsidyRules, onlyOf body: String?) throws {
        id = replay.id
        at = replay.at
        basis = replay.basis
        digest = body == nil ? replay.digest : nil
        question = EligibilityQuestion(
            institution: replay.institution, serviceDate: basis.serviceDate,
            visitID: replay.visit.text, patientID: replay.patient, purposes: basis.purposes)
        let answer = answerEligibility(question, replay.facts, rules)
        let bytes = answer.render(
            id: id.text, requestID: id.text, question: question, created: basis.decidedAt,
            rules: rules)
        guard sha256(bytes) == replay.digest else { throw Refusal.replayDiffers }
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

    /// The question, as it was decided on.
    var asked: [UInt8] { question.render(id: id.text, created: basis.decidedAt) }

    var parameters: [UInt8] {
        var writer = JSONWriter(reservingBytes: body.count + 512)
        writer.beginObject()
        writer.member("resourceType", "Parameters")
        writer.name("parameter")
        writer.beginArray()
        parameter("matches", &writer) { $0.member("valueBoolean", true) }
        parameter("answeredAt", &writer) { $0.member("valueInstant", at.text) }
        if let digest {
            parameter("digest", &writer) {
                $0.member("valueBase64Binary", Base64.text(digest))
            }
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
