import CPostgres

/// PostgreSQL's binary forms, read. Each reader takes a cell's bytes and type and throws the given
/// error when either is not its own: nothing is guessed.
enum Cell {
    typealias Bytes = UnsafeRawBufferPointer

    static func int(_ cell: Bytes, _ type: Oid, or error: @autoclosure () -> DatabaseError) throws
        -> Int
    {
        switch (type, cell.count) {
        case (TypeCode.int8, 8): Int(load(cell, as: Int64.self))
        case (TypeCode.int4, 4): Int(load(cell, as: Int32.self))
        case (TypeCode.int2, 2): Int(load(cell, as: Int16.self))
        case (TypeCode.oid, 4): Int(load(cell, as: UInt32.self))
        default: throw error()
        }
    }

    static func text(_ cell: Bytes, _ type: Oid, or error: @autoclosure () -> DatabaseError) throws
        -> String
    {
        switch type {
        case TypeCode.text, TypeCode.varchar, TypeCode.bpchar, TypeCode.name, TypeCode.character,
            TypeCode.json:
            return String(decoding: cell, as: UTF8.self)
        case TypeCode.jsonb:
            guard cell.first == 1 else { throw error() }
            return String(decoding: cell.dropFirst(), as: UTF8.self)
        default:
            throw error()
        }
    }

    static func bytes(_ cell: Bytes, _ type: Oid, or error: @autoclosure () -> DatabaseError) throws
        -> [UInt8]
    {
        guard type == TypeCode.bytea else { throw error() }
        return Array(cell)
    }

    static func uuid(_ cell: Bytes, _ type: Oid, or error: @autoclosure () -> DatabaseError) throws
        -> UUIDBytes
    {
        guard type == TypeCode.uuid, cell.count == 16 else { throw error() }
        return UUIDBytes(
            high: load(cell, as: UInt64.self), low: load(cell, at: 8, as: UInt64.self))
    }

    static func bool(_ cell: Bytes, _ type: Oid, or error: @autoclosure () -> DatabaseError) throws
        -> Bool
    {
        guard type == TypeCode.bool, cell.count == 1 else { throw error() }
        return cell[0] != 0
    }

    static func instant(_ cell: Bytes, _ type: Oid, or error: @autoclosure () -> DatabaseError)
        throws -> Int64
    {
        guard type == TypeCode.timestamptz, cell.count == 8 else { throw error() }
        let stored = load(cell, as: Int64.self)
        // The least and the greatest value mean -infinity and infinity.
        guard stored != .min, stored != .max else { throw error() }
        let (shifted, overflow) = stored.addingReportingOverflow(Epoch.microseconds)
        guard !overflow else { throw error() }
        return shifted
    }

    static func day(_ cell: Bytes, _ type: Oid, or error: @autoclosure () -> DatabaseError) throws
        -> Int
    {
        guard type == TypeCode.date, cell.count == 4 else { throw error() }
        let stored = load(cell, as: Int32.self)
        guard stored != .min, stored != .max else { throw error() }
        return Int(stored) + Epoch.days
    }

    /// The elements of a one-dimensional array, nulls included; see `ValueWriter.appendArray`.
    static func array<T>(
        _ cell: Bytes, or error: @autoclosure () -> DatabaseError,
        _ element: (Bytes, Oid) throws -> T
    ) throws -> [T?] {
        guard cell.count >= 12 else { throw error() }
        let dimensions = load(cell, as: Int32.self)
        if dimensions == 0 { return [] }
        guard dimensions == 1, cell.count >= 20 else { throw error() }
        let type = load(cell, at: 8, as: UInt32.self)
        let count = Int(load(cell, at: 12, as: Int32.self))
        // Each element takes at least the four bytes of its length.
        guard count >= 0, count <= cell.count / 4 else { throw error() }
        var items: [T?] = []
        items.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            guard offset + 4 <= cell.count else { throw error() }
            let length = Int(load(cell, at: offset, as: Int32.self))
            offset += 4
            if length < 0 {
                items.append(nil)
                continue
            }
            guard offset + length <= cell.count else { throw error() }
            items.append(try element(Bytes(rebasing: cell[offset..<offset + length]), type))
            offset += length
        }
        return items
    }

    private static func load<T: FixedWidthInteger>(_ cell: Bytes, at offset: Int = 0, as: T.Type)
        -> T
    {
        T(bigEndian: cell.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}
