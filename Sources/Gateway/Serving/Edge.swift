import Exchange
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// 縁: what every request of a listener passes, once on the way in and once on the way out. Who
/// asks, whether there is room, then the route; and whatever happened, one answer, one log line,
/// one count. Nothing thrown below leaves as anything but a refusal or an incident number.
struct Edge<Responder: HTTPResponder>: Sendable where Responder.Context == GatewayContext {
    let state: ListenerState
    let responder: Responder
    let errors: ErrorReading
    let enter: @Sendable (Party, Refusal) async throws -> Void
    let meter: RequestMeter
    let logger: Logger
    private let date = HTTPDate()

    init(
        state: ListenerState, responder: Responder, environment: ServingEnvironment
    ) {
        self.state = state
        self.responder = responder
        errors = environment.errors
        enter = environment.enter
        meter = RequestMeter(listener: state.listener, factory: environment.metrics)
        logger = environment.logger
    }

    func answer(_ request: Request, on connection: Connection) async -> Response {
        let started = NIODeadline.now()
        let id = RequestID()
        var route: String?
        var party: Party?
        var response: Response
        do {
            let caller = try connection.caller()
            party = caller?.party
            guard connection.takeToken() else { throw Refusal.tooManyRequests }
            guard request.isSentPlain else { throw Refusal.unsupportedMediaType }
            let slot = try Slot(of: state)
            defer { slot.giveBack() }
            let context = GatewayContext(
                source: .init(
                    logger: logger, requestID: id, listener: state.listener, identity: caller))
            do {
                response = try await responder.respond(
                    to: request.waiting(in: slot, state.limits).routed, context: context)
                route = try Self.route(of: context)
            } catch {
                route = try Self.route(of: context)
                throw error
            }
        } catch let turned as TurnedAway {
            party = turned.party
            response = answer(to: await entered(turned), request, id)
            // Whoever is let in again comes with a new connection; so one has one entry at most.
            response.headers[.connection] = "close"
        } catch {
            response = answer(to: (error as? Thrown)?.cause ?? error, request, id)
        }
        finish(&response, id)
        let elapsed = (NIODeadline.now() - started).nanoseconds
        record(request, route: route, party: party, response, id, nanoseconds: elapsed)
        // RFC 9110 §9.3.2: whoever sent HEAD reads no content, and would take it for the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// What a party that is turned away hears, once that is on the record. Its rate is that of one who is let
    /// in, and apart from it: past it nothing is written.
    private func entered(_ turned: TurnedAway) async -> any Error {
        guard let party = turned.party, turned.refusal.isEntered else { return turned.refusal }
        guard state.takeToken(of: party) else { return Refusal.tooManyRequests }
        do {
            let slot = try Slot(of: state)
            defer { slot.giveBack() }
            try await enter(party, turned.refusal)
        } catch { return error }
        return turned.refusal
    }

    /// Default deny: what the router did not know is refused, whatever the router made of it.
    private static func route(of context: GatewayContext) throws(Refusal) -> String {
        guard let route = context.endpointPath, route != RouterResponder<GatewayContext>.noRoute
        else { throw .routeUnknown }
        return route
    }

    private func finish(_ response: inout Response, _ id: RequestID) {
        response.headers.append(.init(name: .cacheControl, value: "no-store"))
        response.headers.append(.init(name: .xContentTypeOptions, value: "nosniff"))
        response.headers.append(.init(name: .requestID, value: id.description))
        response.headers.append(.init(name: .date, value: date.text(at: state.now())))
    }

    private func record(
        _ request: Request, route: String?, party: Party?, _ response: Response, _ id: RequestID,
        nanoseconds: Int64
    ) {
        let status = response.status.code
        // A method nobody defined would be a label made by a caller.
        let isKnown = route != nil && request.routed.method == request.method
        let method = isKnown ? request.method.rawValue : "-"
        let route = route ?? "-"
        meter.record(method: method, route: route, status: status, nanoseconds: nanoseconds)
        logger.info(
            "request",
            metadata: [
                "request": .string(id.description),
                "listener": .string(state.listener.rawValue),
                "method": .string(method),
                "route": .string(route),
                "party": .string(party?.key ?? "-"),
                "status": .stringConvertible(status),
                "ms": .stringConvertible(Double(nanoseconds / 10_000) / 100),
            ])
    }
}

extension Edge {
    private func answer(to error: any Error, _ request: Request, _ id: RequestID) -> Response {
        let form = RefusalForm(path: request.uri.path)
        guard let refusal = refusal(error) else { return incident(error, form, id) }
        var response = Response(status: form.status(of: refusal), form, form.bytes(of: refusal))
        if let challenge = form.challenge(
            to: refusal, authorization: request.headers[.authorization])
        {
            response.headers[.wwwAuthenticate] = challenge
        }
        if let seconds = refusal.retryAfterSeconds {
            response.headers[.retryAfter] = String(seconds)
        }
        // A body nobody will read is not waited for.
        if refusal == .bodyTooLarge || !request.isSentPlain {
            response.headers[.connection] = "close"
        }
        // RFC 9110 §12.5.3: what is wrong with a compressed body is not its type.
        if refusal == .unsupportedMediaType, request.headers[.contentEncoding] != nil {
            response.headers[.acceptEncoding] = "identity"
        }
        if let error = error as? MethodNotAllowed { response.headers[.allow] = error.allowed }
        if error is HTTPParserError { response.headers[.connection] = "close" }
        return response
    }

    private func refusal(_ error: any Error) -> Refusal? {
        switch error {
        case let refusal as Refusal: refusal
        case is MethodNotAllowed: .methodNotAllowed
        case is NIOTooManyBytesError: .bodyTooLarge
        case is HTTPParserError: .malformed("body")
        default: errors.refusal(error)
        }
    }

    /// Logged in full as far as it is safe; the caller gets the number to quote and nothing else.
    private func incident(_ error: any Error, _ form: RefusalForm, _ id: RequestID) -> Response {
        logger.error(
            "incident",
            metadata: [
                "request": .string(id.description),
                "type": .string(String(reflecting: type(of: error))),
                "error": .string(errors.safeText(error) ?? "-"),
            ])
        return Response(status: Unexpected.status, form, form.bytes(ofIncident: id))
    }
}

extension HTTPField.Name {
    static let requestID: Self = {
        guard let name = Self("X-Request-Id") else { preconditionFailure("not a field name") }
        return name
    }()
}
