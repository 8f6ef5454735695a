import CPostgres

/// The values of one execution, laid out as libpq takes them, in the types that the server gave the
/// statement's parameters.
struct Parameters {
    private var writer = ValueWriter()
    private var slots: [Slot] = []

    private struct Slot {
        var offset: Int
        var length: Int32 = 0
        var isNull = false
        var isBinary = false
    }

    init(_ values: [Value], as types: [Oid]) throws {
        guard values.count == types.count else {
            throw DatabaseError.parameter(position: min(values.count, types.count) + 1)
        }
        slots.reserveCapacity(values.count)
        for index in values.indices {
            guard let slot = append(values[index], as: types[index]) else {
                throw DatabaseError.parameter(position: index + 1)
            }
            slots.append(slot)
        }
    }

    private typealias Arguments = (
        count: Int32, values: UnsafePointer<UnsafePointer<CChar>?>?,
        lengths: UnsafePointer<Int32>?, formats: UnsafePointer<Int32>?
    )

    /// PQsendQueryPrepared, results in binary. False when libpq could not take it.
    func send(_ connection: OpaquePointer, _ statement: Statement) -> Bool {
        withArguments { arguments in
            PQsendQueryPrepared(
                connection, statement.name, arguments.count, arguments.values, arguments.lengths,
                arguments.formats, 1) == 1
        }
    }

    private func withArguments<R>(_ body: (Arguments) -> R) -> R {
        writer.bytes.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = slots.map { slot in slot.isNull ? nil : base.map { $0 + slot.offset } }
            let lengths = slots.map(\.length)
            let formats = slots.map { slot -> Int32 in slot.isBinary ? 1 : 0 }
            return values.withUnsafeBufferPointer { values in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body(
                            (
                                Int32(slots.count), values.baseAddress, lengths.baseAddress,
                                formats.baseAddress
                            ))
                    }
                }
            }
        }
    }

    /// Nil when the value cannot be sent.
    private mutating func append(_ value: Value, as type: Oid) -> Slot? {
        var slot = Slot(offset: writer.bytes.count)
        if case .null = value {
            slot.isNull = true
            return slot
        }
        slot.isBinary = writer.writeBinary(value, as: type)
        guard slot.isBinary || writer.writeText(value), !writer.sawZero else { return nil }
        guard let length = Int32(exactly: writer.bytes.count - slot.offset) else { return nil }
        slot.length = length
        // A text form needs the NUL, and it keeps the pointer of an empty value from being null,
        // which would mean NULL.
        writer.bytes.append(0)
        return slot
    }
}
