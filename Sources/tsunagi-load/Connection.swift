import NIOCore

/// One connection: at most one request on it at a time, so an answer is always that request's.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// When connecting began: before the TCP and TLS handshakes.
    let began: NIODeadline
    private let worker: Worker
    private var context: ChannelHandlerContext?
    private var parser = ResponseParser()
    private var sent: (index: Int, due: NIODeadline, at: NIODeadline)?

    init(of worker: Worker, began: NIODeadline) {
        self.worker = worker
        self.began = began
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        worker.opened(self)
    }

    func send(_ request: ByteBuffer, index: Int, due: NIODeadline) {
        sent = (index, due, .now())
        context?.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        worker.received(bytes: bytes.readableBytes)
        guard let request = sent else { return fail(.malformed, "bytes that nobody asked for") }
        let step = parser.read(bytes) { status, body in
            worker.answered(
                self, status: status, body: body, index: request.index, due: request.due)
        }
        switch step {
        case .incomplete: break
        case .complete:
            sent = nil
            worker.proceed(after: self)
        case .malformed: fail(.malformed, "request \(request.index + 1)")
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(.closed, "\(error)")
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed, "the server closed the connection")
    }

    func closeIfSent(before limit: NIODeadline) {
        if let sent, sent.at < limit { fail(.timeout, "request \(sent.index + 1)") }
    }

    func close() {
        context?.close(promise: nil)
    }

    /// A connection that is closed without a request on it has failed nobody.
    private func fail(_ fault: Fault, _ detail: String) {
        if sent != nil {
            sent = nil
            worker.requestFailed(fault, detail)
        }
        context?.close(promise: nil)
        context = nil
        worker.closed(self)
    }
}
