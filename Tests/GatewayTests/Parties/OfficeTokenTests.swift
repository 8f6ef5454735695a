import Exchange
import TestSupport
import Testing

/// トークンの拒否: what the token endpoint says to each wrong request, in the form of RFC 6749 §5.2 and in both
/// languages.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct OfficeTokenTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var body = "grant_type=client_credentials"
        var method = "POST"
        var headers: [String: String] = [:]
        let refusal: Refusal
        let error: String
        let status: Int

        var testDescription: String { name }
    }

    static let form = "application/x-www-form-urlencoded"

    static let cases = [
        Case(
            name: "another grant type", body: "grant_type=password",
            refusal: .malformed("grant_type"), error: "unsupported_grant_type", status: 400),
        Case(
            name: "no grant type", body: "", refusal: .missing("grant_type"),
            error: "invalid_request", status: 400),
        Case(
            name: "a grant type without a value", body: "grant_type=&client_id=",
            refusal: .missing("grant_type"), error: "invalid_request", status: 400),
        Case(
            name: "a grant type twice",
            body: "grant_type=client_credentials&grant_type=client_credentials",
            refusal: .duplicateItem("grant_type"), error: "invalid_request", status: 400),
        Case(
            name: "twice what is not known", body: "grant_type=client_credentials&x=1&x=2",
            refusal: .duplicateItem("x"), error: "invalid_request", status: 400),
        Case(
            name: "no text", body: "grant_type=%ff", refusal: .malformed("grant_type"),
            error: "unsupported_grant_type", status: 400),
        Case(
            name: "the id of another party",
            body: "grant_type=client_credentials&client_id=\(Cast.otherTown.key)",
            refusal: .clientDiffers, error: "invalid_client", status: 401),
        Case(
            name: "the id of nobody", body: "grant_type=client_credentials&client_id=nobody",
            refusal: .clientDiffers, error: "invalid_client", status: 401),
        Case(
            name: "a secret", body: "grant_type=client_credentials&client_secret=x",
            refusal: .clientDiffers, error: "invalid_client", status: 401),
        Case(
            name: "a password in the header", headers: ["Authorization": "Basic eDp5"],
            refusal: .clientDiffers, error: "invalid_client", status: 401),
        Case(
            name: "a scheme nobody has", headers: ["Authorization": "Bas(ic, x"],
            refusal: .clientDiffers, error: "invalid_client", status: 401),
        Case(
            name: "JSON", body: #"{"grant_type":"client_credentials"}"#,
            headers: ["Content-Type": "application/json"], refusal: .unsupportedMediaType,
            error: "invalid_request", status: 400),
        Case(
            name: "too long",
            body: "grant_type=client_credentials&x=" + String(repeating: "x", count: 5_000),
            refusal: .bodyTooLarge, error: "invalid_request", status: 400),
        Case(
            name: "GET", body: "", method: "GET", refusal: .methodNotAllowed,
            error: "invalid_request", status: 405),
    ]

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    @Test(arguments: cases)
    func `a wrong request for a token hears the error that its library knows`(_ row: Case)
        async throws
    {
        let answer = try await gateway.expect(row.refusal, of: nil, from: Cast.town) {
            try await ask(row)
        }
        #expect(answer["Content-Type"] == "application/json")
        #expect(answer.status == row.status && answer.text("error") == row.error)
        #expect(answer["Cache-Control"] == "no-store")
        #expect(answer["Allow"] == (row.method == "GET" ? "POST" : nil))
        let isBasic = row.headers["Authorization"]?.hasPrefix("Basic ") ?? false
        let scheme = isBasic ? "Basic" : "tls_client_auth"
        #expect(
            answer["WWW-Authenticate"] == (row.status == 401 ? "\(scheme) realm=\"tsunagi\"" : nil))
    }

    @Test func `its own id, and what nobody knows, are taken`() async throws {
        let body = "grant_type=client_credentials&client_id=\(Cast.town.key)&resource=x&scope=all"
        let answer = try await ask(
            Case(name: "", body: body, refusal: .clientDiffers, error: "", status: 0))
        try answer.expect(200)
        #expect(answer.text("token_type") == "Bearer")
        #expect(answer["Cache-Control"] == "no-store")
    }

    @Test func `every refusal has an error and a status that a library of OAuth knows`() {
        #expect(Refusal.partySuspended.tokenError == .invalidClient)
        #expect(Refusal.certificateRevoked.tokenStatus == 401)
        #expect(Refusal.notYourPurpose.tokenError == .unauthorizedClient)
        #expect(Refusal.notYourPurpose.tokenStatus == 400)
        for refusal in Refusal.table {
            let known = [400, 401, 404, 405, 429, 431, 503]
            #expect(known.contains(refusal.tokenStatus), "\(refusal)")
        }
    }

    @Test func `a bearer token that is none is challenged as RFC 6750 asks`() async throws {
        let answer = try await gateway.send(
            Cast.town, "GET",
            "/medical-subsidy/registration-tasks/00000000-0000-4000-8000-000000000000",
            headers: [("Authorization", "Bearer nothing")])
        #expect(answer.status == 401)
        #expect(
            answer["WWW-Authenticate"] == #"Bearer realm="tsunagi", error="invalid_token""#)
        let none = try await gateway.send(Cast.portal, "GET", "/fhir/Coverage")
        #expect(none["WWW-Authenticate"] == #"Bearer realm="tsunagi""#)
    }

    @Test func `a token is taken by its scheme in whatever case, and by no other`() async throws {
        let issued = try await ask(
            Case(name: "", refusal: .clientDiffers, error: "", status: 0))
        let token = issued.text("access_token")
        func read(_ authorization: String) async throws -> TLSClient.Answer {
            try await gateway.send(
                Cast.town, "GET",
                "/medical-subsidy/registration-tasks/00000000-0000-4000-8000-000000000000",
                headers: [("Authorization", authorization)])
        }
        for good in ["Bearer \(token)", "bearer \(token)", "BEARER  \(token)"] {
            try await gateway.expect(.taskUnknown, of: .readRegistration, from: Cast.town) {
                try await read(good)
            }
        }
        for bad in ["Basic \(token)", "Bearer", "Bearer\(token)", token] {
            try await gateway.expect(.tokenInvalid, of: nil, from: Cast.town) {
                try await read(bad)
            }
        }
    }

    /// On a connection of its own: after some refusals the gateway closes.
    private func ask(_ row: Case) async throws -> TLSClient.Answer {
        let client = try await gateway.connect(Cast.town)
        var headers = ["Content-Type": Self.form]
        headers.merge(row.headers) { $1 }
        let answer = try await gateway.send(
            client, row.method, "/oauth2/token", headers: headers.map { ($0.key, $0.value) },
            bytes: row.body.isEmpty && row.method == "GET" ? nil : Array(row.body.utf8))
        await client.close()
        return answer
    }
}
