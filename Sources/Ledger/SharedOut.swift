import Dispatch
import Synchronization

/// 手分け: what many rows become, made by as many hands as there are cores while whoever asked waits: the rows
/// of years are read, named and written in half the time. A short list is made by one.
///
/// In the order given. Throws what the first part that failed threw.
package func sharedOut<Element: Sendable, Made: Sendable>(
    _ elements: [Element], _ make: @Sendable (ArraySlice<Element>) throws -> [Made]
) throws -> [Made] {
    let hands = min(2, elements.count / SharedOut.partMin)
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
    /// Rows of a part, at least: to wake a second thread costs what some five reports of a checkup do.
    static let partMin = 32
}
