import Synchronization

/// 照会番号: names one request in our logs and in the caller's answer. Never taken from the caller:
/// 16 random digits of this process and 16 of a counter that starts anywhere.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    private static let process = UInt64.random(in: .min ... .max)
    private static let counter = Atomic<UInt64>(UInt64.random(in: .min ... .max))

    private let number: UInt64

    package init() {
        number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 32) { bytes in
            Self.write(Self.process, to: bytes, at: 0)
            Self.write(number, to: bytes, at: 16)
            return 32
        }
    }

    private static func write(
        _ value: UInt64, to bytes: UnsafeMutableBufferPointer<UInt8>, at start: Int
    ) {
        for place in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * place)) & 0xF
            bytes[start + place] = digit < 10 ? 0x30 + digit : 0x57 + digit
        }
    }
}
