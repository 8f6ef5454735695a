import Postgres

/// Reads tiles of the tree as stored, and makes the partial ones from positions and lower tiles;
/// keeps what it read for the length of one transaction.
struct TileStore {
    private let size: Int
    private var read: [TileID: [LogHash]] = [:]

    /// `size` is the size of the tree that is read: later positions do not count.
    init(size: Int) {
        self.size = size
    }

    mutating func tile(_ id: TileID, _ transaction: inout Transaction) throws -> [LogHash] {
        if read[id] == nil { try load([id], &transaction) }
        return read[id] ?? []
    }

    /// Reads the tiles that are not here yet, in one round trip however many they are.
    mutating func load(_ ids: Set<TileID>, _ transaction: inout Transaction) throws {
        let missing = ids.filter { read[$0] == nil }
        guard !missing.isEmpty else { return }
        let rows = try transaction.pipeline(missing.map(step))
        for (id, rows) in zip(missing, rows) { read[id] = try hashes(of: id, rows) }
    }

    private func isFull(_ id: TileID) -> Bool {
        size >> (8 * id.level) >= (id.index + 1) * Tile.width
    }

    private func step(_ id: TileID) -> (Statement, [Value]) {
        if isFull(id) { return (Self.selectTile, [.int(id.level), .int(id.index)]) }
        let part: [Value] = [.int(id.index * Tile.width), .int(size >> (8 * id.level))]
        return id.level == 0
            ? (Self.selectLeaves, part) : (Self.selectRoots, [.int(id.level - 1)] + part)
    }

    private func hashes(of id: TileID, _ rows: Rows) throws -> [LogHash] {
        if isFull(id) {
            guard rows.count == 1, let hashes = LogHash.list(try rows[0].bytes(0)) else {
                throw SealFault.tile(id)
            }
            return hashes
        }
        guard rows.count == max(0, size >> (8 * id.level) - id.index * Tile.width) else {
            throw SealFault.tile(id)
        }
        return try rows.map { row in
            guard let hash = LogHash(try row.bytes(0)) else { throw SealFault.tile(id) }
            return hash
        }
    }

    static func insertion(of tiles: [Tile]) -> [(Statement, [Value])] {
        guard !tiles.isEmpty else { return [] }
        return [
            (
                insertTiles,
                [
                    .ints(tiles.map(\.id.level)), .ints(tiles.map(\.id.index)),
                    .bytesArray(tiles.map(\.bytes)), .bytesArray(tiles.map(\.root.bytes)),
                ]
            )
        ]
    }

    private static let selectTile = Statement(
        "select hashes from log.tile where level = $1 and index = $2")
    private static let selectLeaves = Statement(
        "select leaf from log.position where position >= $1 and position < $2 order by position")
    private static let selectRoots = Statement(
        "select root from log.tile where level = $1 and index >= $2 and index < $3 order by index")
    private static let insertTiles = Statement(
        """
        insert into log.tile (level, index, hashes, root)
        select level::int, index, hashes, root
        from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) as t(level, index, hashes, root)
        """)
}
