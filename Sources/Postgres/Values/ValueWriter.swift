import CPostgres
import Glibc

/// Writes values in PostgreSQL's binary form where the parameter's type has the value's own, and in
/// the text form, which every type reads, where it has not.
struct ValueWriter {
    var bytes: [UInt8] = []
    /// PostgreSQL's texts cannot hold a NUL; libpq would cut the value off there.
    private(set) var sawZero = false

    /// False, and nothing written, when `type` has no binary form for this value.
    mutating func writeBinary(_ value: Value, as type: Oid) -> Bool {
        let start = bytes.count
        guard appendBinary(value, as: type) else {
            bytes.removeSubrange(start...)
            return false
        }
        return true
    }

    private mutating func appendBinary(_ value: Value, as type: Oid) -> Bool {
        switch value {
        case .bools(let items): appendArray(items, as: type, Value.bool)
        case .ints(let items): appendArray(items, as: type, Value.int)
        case .texts(let items): appendArray(items, as: type, Value.text)
        case .bytesArray(let items): appendArray(items, as: type, Value.bytes)
        case .uuids(let items): appendArray(items, as: type, Value.uuid)
        case .instants(let items): appendArray(items, as: type, Value.instant)
        case .days(let items): appendArray(items, as: type, Value.day)
        case .jsons(let items): appendArray(items, as: type, Value.json)
        default: appendScalar(value, as: type)
        }
    }

    /// Array header: dimensions, whether it holds nulls, element type; then for the one dimension
    /// its length and lower bound; then each element's length (-1 for null) and bytes.
    private mutating func appendArray<Item>(
        _ items: [Item?], as type: Oid, _ value: (Item) -> Value
    ) -> Bool {
        guard let element = TypeCode.element(of: type) else { return false }
        append(Int32(items.isEmpty ? 0 : 1))
        append(Int32(items.contains { $0 == nil } ? 1 : 0))
        append(element)
        guard !items.isEmpty else { return true }
        append(Int32(truncatingIfNeeded: items.count))
        append(Int32(1))
        for item in items {
            let lengthAt = bytes.count
            append(Int32(-1))
            guard let item else { continue }
            guard appendScalar(value(item), as: element) else { return false }
            overwrite(Int32(truncatingIfNeeded: bytes.count - lengthAt - 4), at: lengthAt)
        }
        return true
    }

    private mutating func appendScalar(_ value: Value, as type: Oid) -> Bool {
        switch (value, type) {
        case (.bool(let value), TypeCode.bool):
            bytes.append(value ? 1 : 0)
        case (.int(let value), TypeCode.int8), (.int(let value), TypeCode.int4),
            (.int(let value), TypeCode.int2):
            return appendInteger(Int64(value), as: type)
        case (.int4(let value), TypeCode.int8), (.int4(let value), TypeCode.int4),
            (.int4(let value), TypeCode.int2):
            return appendInteger(Int64(value), as: type)
        case (.text(let value), _), (.json(let value), _):
            return appendString(value, as: type)
        case (.bytes(let value), TypeCode.bytea):
            bytes.append(contentsOf: value)
        case (.uuid(let value), TypeCode.uuid):
            append(value.high)
            append(value.low)
        case (.instant(let value), TypeCode.timestamptz):
            let (shifted, overflow) = value.subtractingReportingOverflow(Epoch.microseconds)
            // The least value would mean -infinity.
            guard !overflow, shifted != .min else { return false }
            append(shifted)
        case (.day(let value), TypeCode.date):
            guard let days = Int32(exactly: value), days > Int32.min + Int32(Epoch.days) else {
                return false
            }
            append(days - Int32(Epoch.days))
        default:
            return false
        }
        return true
    }

    private mutating func appendInteger(_ value: Int64, as type: Oid) -> Bool {
        switch type {
        case TypeCode.int8:
            append(value)
        case TypeCode.int4:
            guard let narrow = Int32(exactly: value) else { return false }
            append(narrow)
        default:
            guard let narrow = Int16(exactly: value) else { return false }
            append(narrow)
        }
        return true
    }

    private mutating func appendString(_ value: String, as type: Oid) -> Bool {
        switch type {
        case TypeCode.text, TypeCode.varchar, TypeCode.bpchar, TypeCode.name, TypeCode.json:
            break
        case TypeCode.jsonb:
            bytes.append(1)  // The only version of the binary form there is.
        default:
            return false
        }
        appendChecked(value)
        return true
    }

    private mutating func appendChecked(_ value: String) {
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        let found = bytes.withUnsafeBytes { all in
            all.baseAddress.flatMap { memchr($0 + start, 0, all.count - start) } != nil
        }
        if found { sawZero = true }
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func overwrite(_ value: Int32, at offset: Int) {
        withUnsafeBytes(of: value.bigEndian) { source in
            for index in source.indices { bytes[offset + index] = source[index] }
        }
    }
}

extension ValueWriter {
    /// False when the value has no text form that says the same in every type.
    mutating func writeText(_ value: Value) -> Bool {
        switch value {
        case .bools(let items): writeList(items, Value.bool)
        case .ints(let items): writeList(items, Value.int)
        case .texts(let items): writeList(items, Value.text)
        case .uuids(let items): writeList(items, Value.uuid)
        case .jsons(let items): writeList(items, Value.json)
        default: spelled(value).map { appendChecked($0) } != nil
        }
    }

    /// An array literal, every element quoted: `{"a","b\"c",NULL}`.
    private mutating func writeList<Item>(_ items: [Item?], _ value: (Item) -> Value) -> Bool {
        var literal = "{"
        for (index, item) in items.enumerated() {
            if index > 0 { literal += "," }
            guard let item else {
                literal += "NULL"
                continue
            }
            guard let text = spelled(value(item)) else { return false }
            literal += "\""
            for scalar in text.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { literal += "\\" }
                literal.unicodeScalars.append(scalar)
            }
            literal += "\""
        }
        appendChecked(literal + "}")
        return true
    }

    private func spelled(_ value: Value) -> String? {
        switch value {
        case .bool(let value): value ? "t" : "f"
        case .int(let value): String(value)
        case .int4(let value): String(value)
        case .text(let value), .json(let value): value
        case .uuid(let value): value.text
        default: nil
        }
    }
}
