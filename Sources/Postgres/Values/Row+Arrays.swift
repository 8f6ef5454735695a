import CPostgres

/// One-dimensional arrays. The plain getters throw on a null element as they throw on a null array;
/// `nullable…` give the elements as they are, and `optional…` give nil for a null array.
extension Row {
    package func bools(_ column: Int) throws -> [Bool] { try full(nullableBools(column), column) }
    package func ints(_ column: Int) throws -> [Int] { try full(nullableInts(column), column) }
    package func texts(_ column: Int) throws -> [String] { try full(nullableTexts(column), column) }
    package func uuids(_ column: Int) throws -> [UUIDBytes] {
        try full(nullableUUIDs(column), column)
    }
    package func bytesArray(_ column: Int) throws -> [[UInt8]] {
        try full(nullableBytesArray(column), column)
    }
    package func instants(_ column: Int) throws -> [Int64] {
        try full(nullableInstants(column), column)
    }
    package func days(_ column: Int) throws -> [Int] { try full(nullableDays(column), column) }

    package func optionalInts(_ column: Int) throws -> [Int]? {
        try isNull(column) ? nil : ints(column)
    }
    package func optionalTexts(_ column: Int) throws -> [String]? {
        try isNull(column) ? nil : texts(column)
    }
    package func optionalUUIDs(_ column: Int) throws -> [UUIDBytes]? {
        try isNull(column) ? nil : uuids(column)
    }

    package func nullableBools(_ column: Int) throws -> [Bool?] {
        try array(column) { try Cell.bool($0, $1, or: failure(column)) }
    }
    package func nullableInts(_ column: Int) throws -> [Int?] {
        try array(column) { try Cell.int($0, $1, or: failure(column)) }
    }
    package func nullableTexts(_ column: Int) throws -> [String?] {
        try array(column) { try Cell.text($0, $1, or: failure(column)) }
    }
    package func nullableUUIDs(_ column: Int) throws -> [UUIDBytes?] {
        try array(column) { try Cell.uuid($0, $1, or: failure(column)) }
    }
    package func nullableBytesArray(_ column: Int) throws -> [[UInt8]?] {
        try array(column) { try Cell.bytes($0, $1, or: failure(column)) }
    }
    package func nullableInstants(_ column: Int) throws -> [Int64?] {
        try array(column) { try Cell.instant($0, $1, or: failure(column)) }
    }
    package func nullableDays(_ column: Int) throws -> [Int?] {
        try array(column) { try Cell.day($0, $1, or: failure(column)) }
    }

    private func array<T>(
        _ column: Int, _ element: (UnsafeRawBufferPointer, Oid) throws -> T
    ) throws -> [T?] {
        let items = try withCell(column) { cell, type -> [T?] in
            guard TypeCode.element(of: type) != nil else { throw failure(column) }
            return try Cell.array(cell, or: failure(column), element)
        }
        return try present(items, column)
    }

    private func full<T>(_ items: [T?], _ column: Int) throws -> [T] {
        try items.map { try present($0, column) }
    }
}
