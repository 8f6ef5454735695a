package import Exchange
package import Hummingbird
package import Logging

/// What a handler knows about a request before it reads it: who asks, on which listener, and the
/// number under which this request appears in our logs.
package struct GatewayContext: RequestContext {
    package struct Source: RequestContextSource {
        package let logger: Logger
        package let requestID: RequestID
        package let listener: Listener
        package let identity: ConnectionIdentity?

        package init(
            logger: Logger, requestID: RequestID, listener: Listener, identity: ConnectionIdentity?
        ) {
            self.logger = logger
            self.requestID = requestID
            self.listener = listener
            self.identity = identity
        }
    }

    package var coreContext: CoreRequestContextStorage
    package let requestID: RequestID
    package let listener: Listener
    /// `nil` only on the operations listener without client certificates.
    package let identity: ConnectionIdentity?
    private let plainLogger: Logger

    package init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        plainLogger = source.logger
        requestID = source.requestID
        listener = source.listener
        identity = source.identity
    }

    /// Shadows Hummingbird's, which reads the logger's metadata.
    package var id: String { requestID.description }

    /// A logger that names the request; made when asked for, because few requests log anything.
    package var logger: Logger {
        var logger = plainLogger
        logger[metadataKey: "request"] = .string(requestID.description)
        return logger
    }
}

extension GatewayContext {
    /// The party that asks. Throws `.certificateNotTrusted` where no certificate was asked for.
    package var party: Party {
        get throws(Refusal) {
            guard let identity else { throw .certificateNotTrusted }
            return identity.party
        }
    }
}
