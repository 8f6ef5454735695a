import Exchange
import Foundation
import Gateway
import Ledger
import Logging
import Postgres
import TestSupport
import Testing
import Trust

/// The contract is what is served: no route without its description, no description without its route.
@Suite(.timeLimit(.minutes(10)))
struct ContractTests {
    @Test(arguments: Listener.allCases)
    func `every served route is described, and every described one is served`(_ listener: Listener)
        async throws
    {
        let contract = try Contract(of: listener)
        let served = try await Self.routes(of: listener)
        #expect(!served.isEmpty)
        #expect(Set(contract.operations.map { "\($0.method) \($0.path)" }) == Set(served))
        #expect(contract.operations.count == served.count)
    }

    /// A client of FHIR goes by the statement alone: what it does not name, a generated client cannot call.
    @Test(arguments: Listener.allCases)
    func `the capability statement names what is served below fhir, each and no more`(
        _ listener: Listener
    ) async throws {
        let statement = try JSON(
            reading: renderCapabilityStatement(
                for: listener, softwareVersion: "0.1.0", released: CalendarDay("2026-11-21"))
        ).requiredObject(at: "statement")
        let rest = try #require(try statement.requiredArray("rest").first?.object)
        let routes = try await Self.routes(of: listener)
        var named: Set<String> = []
        for resource in try rest.optionalArray("resource") ?? [] {
            let resource = try resource.requiredObject(at: "resource")
            let type = try resource.requiredString("type")
            for interaction in try resource.optionalArray("interaction") ?? [] {
                let code = try interaction.requiredObject(at: "interaction").requiredString("code")
                named.insert("\(type) \(code)")
            }
            for operation in try resource.optionalArray("operation") ?? [] {
                let name = try operation.requiredObject(at: "operation").requiredString("name")
                named.insert("\(type) $\(name)")
            }
            // Whoever corrects names the version that they saw.
            let isVersioned = try resource.optionalString("versioning") == "versioned-update"
            #expect(isVersioned == named.contains("\(type) update"), Comment(rawValue: type))
            // What is searched for by POST is told so: a client would put it into the address.
            let isByPost = routes.contains("post /fhir/\(type)/_search")
            for parameter in try resource.optionalArray("searchParam") ?? [] {
                let told = try parameter.requiredObject(at: "searchParam")
                    .optionalString("documentation")
                #expect((told == "POST _search alone") == isByPost, Comment(rawValue: type))
            }
        }
        #expect(Set(routes.compactMap(Self.interaction)) == named)
    }

    /// `Immunization search-type`, for a route of a type of resource in either compartment.
    private static func interaction(_ route: String) -> String? {
        let parts = route.split(separator: " ").map(String.init)
        let path = parts[1].split(separator: "/").map(String.init).filter { $0 != "sensitive" }
        guard path.count > 1, path[0] == "fhir", path[1].first?.isUppercase == true else {
            return nil
        }
        switch (parts[0], path.dropFirst(2).last ?? "") {
        case (_, let name) where name.hasPrefix("$"): return "\(path[1]) \(name)"
        case ("get", ""), ("post", "_search"): return "\(path[1]) search-type"
        case ("post", ""): return "\(path[1]) create"
        case ("get", "{id}"): return "\(path[1]) read"
        case ("put", "{id}"): return "\(path[1]) update"
        default: return route
        }
    }

    @Test(arguments: Listener.allCases)
    func `the document has the structure of OpenAPI 3 1`(_ listener: Listener) throws {
        let document = try Contract(of: listener).document
        #expect(try document.requiredString("openapi") == "3.1.0")
        let info = try document.requiredObject("info")
        for name in ["title", "version"] { #expect(try !info.requiredString(name).isEmpty) }
        let known: Set = [
            "openapi", "jsonSchemaDialect", "info", "paths", "components", "servers", "security",
            "tags",
        ]
        #expect(document.members.allSatisfy { known.contains($0.name) })
        for path in try document.requiredObject("paths").members {
            #expect(path.name.hasPrefix("/"))
        }
    }

    @Test(arguments: Listener.allCases)
    func `every operation says what it takes, what it answers and in which languages`(
        _ listener: Listener
    ) throws {
        for operation in try Contract(of: listener).operations {
            let comment = Comment(rawValue: operation.id)
            #expect(!operation.id.isEmpty)
            #expect(
                try operation.content.requiredString("summary").contains { !$0.isASCII }, comment)
            #expect(
                try operation.content.requiredString("description").contains { $0.isASCII }, comment
            )
            #expect(operation.statuses.contains { (200..<300).contains($0) }, comment)
            for response in operation.responses.members {
                #expect(Int(response.name).map { (100..<600).contains($0) } == true, comment)
                let object = try response.value.requiredObject(at: response.name)
                #expect(try !object.requiredString("description").isEmpty, comment)
            }
            try Self.expectParameters(of: operation)
        }
    }

    /// Each `{name}` of the path has one path parameter, which is required; there is no other.
    private static func expectParameters(of operation: Contract.Operation) throws {
        let parameters = try (operation.content.optionalArray("parameters") ?? []).map {
            try $0.requiredObject(at: "parameter")
        }
        let named = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }
            .map { String($0.dropFirst().dropLast()) }
        let described = parameters.filter { $0["in"]?.string == "path" }
        #expect(described.compactMap { $0["name"]?.string } == named)
        #expect(described.allSatisfy { $0["required"]?.bool == true })
        for parameter in parameters {
            #expect(["path", "query", "header"].contains(try parameter.requiredString("in")))
            #expect(parameter["schema"]?.object != nil)
        }
    }

    @Test func `an operation's id is given once on all listeners, but for what each has`() throws {
        var listeners: [String: Set<Listener>] = [:]
        for listener in Listener.allCases {
            let ids = try Contract(of: listener).operations.map(\.id)
            #expect(Set(ids).count == ids.count)
            for id in ids { listeners[id, default: []].insert(listener) }
        }
        let common: Set = [
            "readCapabilities", "readOpenAPI", "readErrors", "readCheckpoint", "readConsistency",
            "readQuestionnaires", "readQuestionnaire", "readCodeSystems", "readCodeSystem",
        ]
        for (id, served) in listeners where !common.contains(id) { #expect(served.count == 1) }
    }

    @Test func `PMH's own names are kept`() throws {
        let office = try Contract(of: .office)
        #expect(
            office.operation("POST", "/medical-subsidy/registration-tasks")?.id
                == "postRegistrationTasks")
        #expect(
            office.operation("POST", "/municipal-checkup/registration-tasks")?.id
                == "postMunicipalCheckupRegistrationTasks")
    }

    @Test(arguments: Listener.allCases)
    func `every reference leads somewhere`(_ listener: Listener) throws {
        let document = try Contract(of: listener).document
        for reference in Self.references(in: .object(document)) {
            #expect(reference.hasPrefix("#/"))
            var place: JSON? = .object(document)
            for part in reference.dropFirst(2).split(separator: "/") {
                place = place?.object?[String(part)]
            }
            #expect(place != nil, Comment(rawValue: reference))
        }
    }

    private static func references(in value: JSON) -> [String] {
        switch value {
        case .array(let elements): elements.flatMap(references)
        case .object(let object):
            object.members.flatMap { member -> [String] in
                if member.name == "$ref", let text = member.value.string { return [text] }
                return references(in: member.value)
            }
        default: []
        }
    }

    @Test func `every refusal of the catalogue is told of somewhere, under its own status`() throws
    {
        var told: Set<String> = []
        for listener in Listener.allCases {
            for operation in try Contract(of: listener).operations {
                for status in operation.statuses {
                    for code in operation.codes(status) {
                        let row = Refusal.table.first { $0.code == code }
                        let isToken = operation.path == "/oauth2/token"
                        #expect((isToken ? row?.tokenStatus : row?.status) == status)
                        told.insert(code)
                    }
                }
            }
        }
        // These two are of no operation: the document's own description tells of them.
        let ofNoRoute: Set = ["route-unknown", "method-not-allowed"]
        #expect(told == Set(Refusal.table.map(\.code)).subtracting(ofNoRoute))
    }

    @Test(arguments: Listener.allCases)
    func `security names a scheme that is there, and mutual TLS always`(_ listener: Listener) throws
    {
        let contract = try Contract(of: listener)
        let schemes = try contract.document.requiredObject("components").requiredObject(
            "securitySchemes")
        for operation in contract.operations {
            let choices = try operation.content.requiredArray("security").map {
                try $0.requiredObject(at: "security")
            }
            #expect(choices.isEmpty == (listener == .operations))
            for choice in choices {
                #expect(choice["mutualTLS"] != nil)
                for member in choice.members { #expect(schemes[member.name] != nil) }
            }
        }
    }

    /// Not asked for: a machine without it says nothing, one with it is another pair of eyes.
    @Test(
        .enabled { try await ContractTests.python(["-c", "import openapi_spec_validator"]) == 0 },
        arguments: Listener.allCases)
    func `openapi-spec-validator finds nothing`(_ listener: Listener) async throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "tsunagi-openapi-\(UUID().uuidString).json")
        try Data(OpenAPI.document(of: listener)).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try await Self.python(["-m", "openapi_spec_validator", file.path]) == 0)
    }

    fileprivate static func python(_ arguments: [String]) async throws -> Int32 {
        try await Program.run(arguments, of: ["/usr/bin/env", "python3"]).status
    }

    /// `get /fhir/Patient/{id}`, as the listener's own list of routes has them. Nothing of it is called.
    private static func routes(of listener: Listener) async throws -> [String] {
        let routes: [Route]
        if listener == .operations {
            routes = OperationsRoutes.all(readiness: [], metrics: PrometheusRegistry())
        } else {
            let folder =
                FileManager.default.temporaryDirectory.path + "/tsunagi-contract-"
                + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try KeyRing.create(folder)
            let logger = Logger(label: "contract")
            let ledger = Ledger(
                .init(gateway: Address("host=/nowhere"), office: nil), logger: logger)
            let revocation = RevocationStore(
                paths: [], issuers: [], now: { Instant(microseconds: 0) }, logger: logger)
            routes = GatewayParts(
                ledger: ledger, keys: try KeyShelf(folder),
                cards: CardTrust(anchors: [], revocation: revocation), origin: "tsunagi.example",
                now: { Instant(microseconds: 0) }
            ).routes(of: listener)
            await ledger.shutdown()
        }
        return routes.map { route in
            let path = route.path.split(separator: "/", omittingEmptySubsequences: false).map {
                $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0)
            }
            return "\("\(route.method)".lowercased()) \(path.joined(separator: "/"))"
        }
    }
}
