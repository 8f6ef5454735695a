import Exchange
import Ledger
import Testing

/// 記録の識別子の順: of two records written together, the one that was made first comes first wherever they are read.
struct TimeOrderTests {
    @Test func `ids of one process come in the order in which they were made`() {
        let ids = (0..<20_000).map { _ in RecordID.timeOrdered().text }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
    }

    @Test func `a clock that stands still or goes back gives no place twice`() {
        let places = TimePlaces()
        let now = Instant(microseconds: 1_700_000_000_123_456)
        let given = [now, now, Instant(microseconds: now.microseconds - 5_000_000), now].map {
            places.next(at: $0)
        }
        // 1 700 000 000 123 ms and 456 thousandths of one.
        #expect(given[0] == (1_700_000_000_123 << 12) | 1_867)
        #expect(given == (0..<4).map { given[0] + $0 })
    }

    /// Set ten years ahead and back: order goes on from there until the process ends.
    @Test func `a clock that was far ahead leaves the order as it was`() {
        let places = TimePlaces()
        let now = Instant(microseconds: 1_700_000_000_000_000)
        let ahead = Instant(microseconds: now.microseconds + 315_360_000_000_000)
        let given = [now, ahead, now, ahead, now].map { places.next(at: $0) }
        #expect(given[0] == 1_700_000_000_000 << 12)
        #expect(given[1] == 2_015_360_000_000 << 12)
        #expect(given.dropFirst() == [given[1], given[1] + 1, given[1] + 2, given[1] + 3])
        #expect(given.allSatisfy { $0 >> 60 == 0 })
    }

    @Test func `several threads are given different places`() async {
        let places = TimePlaces()
        let now = Instant(microseconds: 1_700_000_000_000_000)
        let given = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1_000).map { _ in places.next(at: now) } }
            }
            return await group.reduce(into: [UInt64]()) { $0 += $1 }
        }
        #expect(Set(given).count == 8_000)
    }
}
