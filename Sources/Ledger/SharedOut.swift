import Dispatch
import Synchronization

/// 手分け: what many rows become, made by two hands while whoever asked waits: the rows of a child's years are
/// most of the time of their answer. A short list is made by one: waking another would take longer.
///
/// In the order given. Throws what the first part, in that order, that failed threw.
package func sharedOut<Element: Sendable, Made: Sendable>(
    _ elements: [Element], _ make: @Sendable (ArraySlice<Element>) throws -> [Made]
) throws -> [Made] {
    let hands = min(SharedOut.handsMax, elements.count / SharedOut.partMin)
    guard hands > 1 else { return try make(elements[...]) }
    let parts = Mutex([Result<[Made], any Error>?](repeating: nil, count: hands))
    DispatchQueue.concurrentPerform(iterations: hands) { hand in
        let part = elements.count * hand / hands..<elements.count * (hand + 1) / hands
        let made = Result { try make(elements[part]) }
        parts.withLock { $0[hand] = made }
    }
    return try parts.withLock { $0 }.flatMap { try $0?.get() ?? [] }
}

private enum SharedOut {
    static let handsMax = 2
    /// Rows of a part, at least.
    static let partMin = 32
}
