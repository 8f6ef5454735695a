import Exchange
import TestSupport
import Testing

extension RunningGateway {
    /// The one of the running suite.
    static var running: RunningGateway {
        get throws { try #require(current) }
    }

    /// Sends what must be refused so: status, code, both texts, the right form; and, when `purpose` is
    /// given, exactly one
    /// entry with that code which stands when the answer arrives, else none.
    @discardableResult
    func expect(
        _ refusal: Refusal, of purpose: Purpose?, from party: Party,
        at place: SourceLocation = #_sourceLocation, _ request: () async throws -> Answer
    ) async throws -> Answer {
        var sent: Answer?
        let entries = try await entries { sent = try await request() }
        let answer = try #require(sent, sourceLocation: place)
        expect(refusal, in: answer, at: place)
        let found = entries.map { "\($0.party) \($0.purpose) \($0.outcome)" }
        let wanted = purpose.map { ["\(party.key) \($0.rawValue) \(refusal.code)"] } ?? []
        #expect(found == wanted, sourceLocation: place)
        return answer
    }

    /// Both languages, with what to do next, in the form of the route.
    func expect(_ refusal: Refusal, in answer: Answer, at place: SourceLocation = #_sourceLocation)
    {
        let isToken = answer["Content-Type"] == "application/json"
        let status = isToken ? refusal.tokenStatus : refusal.status
        #expect(answer.status == status, "\(answer.text)", sourceLocation: place)
        #expect(answer.code == refusal.code, sourceLocation: place)
        #expect(
            answer["Retry-After"] == refusal.retryAfterSeconds.map(String.init),
            sourceLocation: place)
        #expect(answer["Cache-Control"] == "no-store", sourceLocation: place)
        #expect((answer["WWW-Authenticate"] != nil) == (status == 401), sourceLocation: place)
        if isToken {
            #expect(
                answer.text("error") == refusal.tokenError.rawValue, sourceLocation: place)
            #expect(
                !answer.text("error_description").utf8.contains {
                    !(0x20...0x7E).contains($0) || $0 == 0x22 || $0 == 0x5C
                }, sourceLocation: place)
        }
        if isToken || answer["Content-Type"] == "application/problem+json" {
            #expect(answer.text("detail") == refusal.ja, sourceLocation: place)
            #expect(answer.text("detail_en") == refusal.en, sourceLocation: place)
            #expect(answer.int("status") == status, sourceLocation: place)
            #expect(answer.json["item"]?.string == refusal.item, sourceLocation: place)
        } else {
            #expect(answer["Content-Type"] == "application/fhir+json", sourceLocation: place)
            #expect(answer.body == refusal.operationOutcome(), sourceLocation: place)
        }
    }
}

extension TLSClient.Answer {
    /// The bytes without what is new in every answer: ids and times.
    func normalised(_ visit: RunningGateway.Visit) -> String {
        text.replacing(text("id"), with: "ID").replacing(visit.id, with: "VISIT")
            .replacing(visit.patient, with: "PATIENT")
            .replacing(/\d{4}-\d{2}-\d{2}T[^"]*/, with: "TIME")
    }
}
