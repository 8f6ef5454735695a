package import Exchange
package import HTTPTypes
package import Hummingbird

/// 経路: one method and path that a listener answers. A route that is in no list of a listener
/// does not exist there.
package struct Route: Sendable {
    package typealias Handler = @Sendable (Request, GatewayContext) async throws -> Response

    package let method: HTTPRequest.Method
    /// With parameters as `:name`, such as `/fhir/Patient/:id`. This text is the route's name in
    /// logs and metrics; what stood in the place of `:id` is in neither.
    package let path: String
    /// Why it is asked; nothing where it tells nothing of anyone.
    package let purpose: Purpose?
    package let handle: Handler

    package init(
        _ method: HTTPRequest.Method, _ path: String, for purpose: Purpose? = nil,
        handle: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.purpose = purpose
        self.handle = handle
    }

    /// `POST /visits`: its name in the permissions.
    package var operation: String { "\(method.rawValue) \(path)" }
}

/// What a handler threw, carried past Hummingbird's own translation of errors to the edge's.
struct Thrown: Error {
    let cause: any Error
}

/// A known path asked with another method; the answer says which ones it takes.
struct MethodNotAllowed: Error {
    let allowed: String
}

extension Request {
    fileprivate static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]

    /// What is routed. A method that is not in the list becomes TRACE, which nothing answers: on a known path
    /// it is told 405 and what is allowed, as RFC 9110 §15.5.6 asks.
    var routed: Request {
        guard !Self.methods.contains(method) else { return self }
        var head = head
        head.method = .trace
        return Request(head: head, body: body)
    }
}

extension RouterResponder where Context == GatewayContext {
    /// Hummingbird's own word for no route, in `endpointPath`.
    static var noRoute: String { "NotFound" }

    /// A router of exactly these routes. Two routes for one method and path are a programmer error.
    package static func answering(_ routes: [Route]) -> RouterResponder<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        for (path, routes) in Dictionary(grouping: routes, by: \.path) {
            let allowed = routes.map(\.method.rawValue).sorted().joined(separator: ", ")
            precondition(Set(routes.map(\.method)).count == routes.count, "two routes: \(path)")
            for route in routes {
                router.on(RouterPath(path), method: route.method) { request, context in
                    do { return try await route.handle(request, context) } catch {
                        throw Thrown(cause: error)
                    }
                }
            }
            for method in Request.methods where !routes.contains(where: { $0.method == method }) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    throw Thrown(cause: MethodNotAllowed(allowed: allowed))
                }
            }
        }
        return router.buildResponder()
    }
}
