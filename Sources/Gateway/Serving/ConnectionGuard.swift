import NIOCore
import NIOHTTP1
import NIOTLS

/// Cuts off slow clients and closes what must be closed: every phase of a connection has a
/// deadline that bytes trickling in do not move. It sits right after the HTTP decoder.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Reading: Equatable {
        case handshake, nothing, head
        case body(since: NIODeadline, bytes: Int)
    }

    /// Somebody reads the body of the request under way: an outbound event.
    struct BodyWanted: Sendable {}

    /// What a request gets that is not HTTP.
    struct ProtocolAnswer {
        let status: HTTPResponseStatus
        let contentType: String
        let body: [UInt8]
    }

    private let limits: Limits
    private let answerToBadRequest: @Sendable (HTTPParserError) -> ProtocolAnswer
    private let isLetIn: @Sendable () -> Bool
    private var reading: Reading
    private var answersOutstanding = 0
    private var closesAfterAnswer = false
    private var isClosing = false
    /// The client holds its body back until it is asked for, and nobody has asked yet.
    private var isBodyHeldBack = false
    /// How long the client may take for what it does now; `nil` while we are at work.
    private var deadline: NIODeadline?
    /// How long it may leave what we have already written.
    private var stalledDeadline: NIODeadline?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?

    init(
        limits: Limits, startsWithHandshake: Bool, isLetIn: @escaping @Sendable () -> Bool,
        answerToBadRequest: @escaping @Sendable (HTTPParserError) -> ProtocolAnswer
    ) {
        self.limits = limits
        self.isLetIn = isLetIn
        self.answerToBadRequest = answerToBadRequest
        reading = startsWithHandshake ? .handshake : .nothing
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let seconds = reading == .handshake ? limits.handshakeSeconds : limits.keepAliveSeconds
        deadline = Self.after(seconds)
        arm(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
        timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            reading = .nothing
            // Whoever is only told no may ask at once, and keeps no place by waiting.
            deadline = Self.after(isLetIn() ? limits.keepAliveSeconds : limits.headSeconds)
            arm(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Bytes have come that begin a head, as far as `ByteWatch` can tell.
    func bytesArrived() {
        guard reading == .nothing, answersOutstanding == 0 else { return }
        reading = .head
        deadline = Self.after(limits.headSeconds)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard admit(context, head) else { return }
        case .body(let bytes):
            guard case .body(let since, let before) = reading else { return }
            isBodyHeldBack = false
            let count = before + bytes.readableBytes
            guard count <= limits.anyBodyBytesMax else { return close(context) }
            reading = .body(since: since, bytes: count)
            let seconds = limits.bodySeconds + Double(count) / limits.bodyBytesPerSecondMin
            deadline = since + Self.duration(seconds)
        case .end:
            reading = .nothing
            isBodyHeldBack = false
            // While we work on the answer the time is ours, not the client's.
            deadline = answersOutstanding > 0 ? nil : Self.after(limits.keepAliveSeconds)
        }
        context.fireChannelRead(data)
    }

    /// Timers are set here and not with each part: a request that arrives whole sets none.
    func channelReadComplete(context: ChannelHandlerContext) {
        arm(context)
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let bad = error as? HTTPParserError, answersOutstanding == 0, !isClosing,
            context.channel.isActive
        else {
            context.fireErrorCaught(error)
            return
        }
        answer(context, answerToBadRequest(bad))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where !(100..<200).contains(head.status.code):
            // Whoever holds it back now sends it or does not (RFC 9110 §10.1.1), and what comes next on this
            // connection could be either.
            if isBodyHeldBack { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            isBodyHeldBack = false
            if head.headers[canonicalForm: "connection"].contains("close") {
                closesAfterAnswer = true
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body:
            context.write(data, promise: promise)
        case .end:
            answersOutstanding -= 1
            if closesAfterAnswer, answersOutstanding == 0 {
                context.writeAndFlush(data, promise: promise)
                close(context)
            } else {
                context.write(data, promise: promise)
                guard reading == .nothing, answersOutstanding == 0 else { return }
                deadline = Self.after(limits.keepAliveSeconds)
                arm(context)
            }
        }
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is BodyWanted else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        promise?.succeed(())
        guard isBodyHeldBack, !isClosing else { return }
        isBodyHeldBack = false
        let proceed = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledDeadline = context.channel.isWritable ? nil : Self.after(limits.answerSeconds)
        arm(context)
        context.fireChannelWritabilityChanged()
    }
}

extension ConnectionGuard {
    private func admit(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) -> Bool {
        // One Host and no more (RFC 9112 §3.2): two of them are one way to smuggle requests.
        guard head.version == .http1_0 || head.headers["host"].count == 1 else {
            errorCaught(context: context, error: HTTPParserError.invalidHeaderToken)
            return false
        }
        answersOutstanding += 1
        if !head.isKeepAlive { closesAfterAnswer = true }
        let now = NIODeadline.now()
        reading = .body(since: now, bytes: 0)
        deadline = now + Self.duration(limits.bodySeconds)
        // A client of HTTP/1.0 takes no interim answer (RFC 9110 §10.1.1): it would read it as the last.
        isBodyHeldBack =
            answersOutstanding == 1 && head.version != .http1_0
            && head.headers.contains(name: "expect")
        return true
    }

    private func answer(_ context: ChannelHandlerContext, _ answer: ProtocolAnswer) {
        let headers: HTTPHeaders = [
            "Content-Type": answer.contentType, "Content-Length": "\(answer.body.count)",
            "Cache-Control": "no-store", "Connection": "close",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        let body = context.channel.allocator.buffer(bytes: answer.body)
        answersOutstanding += 1
        write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
        write(context: context, data: wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func close(_ context: ChannelHandlerContext) {
        isClosing = true
        context.close(promise: nil)
    }

    /// One timer a connection: it moves only when a deadline is earlier than it, or when it fires.
    private func arm(_ context: ChannelHandlerContext) {
        guard let next = [deadline, stalledDeadline].compactMap({ $0 }).min(), !isClosing else {
            return
        }
        if let timer {
            guard next < timer.at else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) {
            self.timer = nil
            let now = NIODeadline.now()
            let isLate =
                self.deadline.map { $0 <= now } ?? false
                || self.stalledDeadline.map { $0 <= now } ?? false
            if isLate { self.close(context) } else { self.arm(context) }
        }
        timer = (task, next)
    }

    private static func after(_ seconds: Double) -> NIODeadline {
        .now() + duration(seconds)
    }

    private static func duration(_ seconds: Double) -> TimeAmount {
        .nanoseconds(Int64(seconds * 1e9))
    }
}

/// Stands before the HTTP decoder and tells the guard that a head has begun.
final class ByteWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connectionGuard: ConnectionGuard

    init(_ connectionGuard: ConnectionGuard) {
        self.connectionGuard = connectionGuard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connectionGuard.bytesArrived()
        context.fireChannelRead(data)
    }
}
