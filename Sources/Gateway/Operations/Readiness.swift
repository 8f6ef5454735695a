/// 準備完了: one thing that must hold before a load balancer sends requests here.
package struct ReadinessCheck: Sendable {
    package enum Verdict: Hashable, Sendable {
        case ready
        /// Requests are welcome, and somebody should look: taking every gateway away for it would be
        /// worse than what it is about.
        case readyBut(String)
        /// The reason is read by operators: it names parts and numbers, never data.
        case notReady(String)

        var isReady: Bool {
            if case .notReady = self { false } else { true }
        }
    }

    package let name: String
    package let check: @Sendable () async -> Verdict

    package init(_ name: String, check: @escaping @Sendable () async -> Verdict) {
        self.name = name
        self.check = check
    }
}
