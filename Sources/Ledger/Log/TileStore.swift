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
        if let hashes = read[id] { return hashes }
        let hashes = try load(id, &transaction)
        read[id] = hashes
        return hashes
    }

    private func load(_ id: TileID, _ transaction: inout Transaction) throws -> [LogHash] {
        let covered = size >> (8 * id.level)
        let first = id.index * Tile.width
        guard covered < first + Tile.width else {
            let rows = try transaction.query(Self.selectTile, [.int(id.level), .int(id.index)])
            guard rows.count == 1, let hashes = LogHash.list(try rows[0].bytes(0)) else {
                throw SealFault.tile(id)
            }
            return hashes
        }
        let rows =
            id.level == 0
            ? try transaction.query(Self.selectLeaves, [.int(first), .int(covered)])
            : try transaction.query(
                Self.selectRoots, [.int(id.level - 1), .int(first), .int(covered)])
        guard rows.count == max(0, covered - first) else { throw SealFault.tile(id) }
        return try (0..<rows.count).map { index in
            guard let hash = LogHash(try rows[index].bytes(0)) else { throw SealFault.tile(id) }
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
