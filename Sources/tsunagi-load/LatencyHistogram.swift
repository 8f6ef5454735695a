/// Counts of latencies in buckets that are at most 1/64 wide of their value, so that a percentile
/// is never told smaller than it was and at most 1.6 % larger. It takes no memory with the number
/// of requests.
struct LatencyHistogram: Sendable {
    // 2^6 buckets for each doubling; values below 2^7 ns each have their own.
    private static let precisionBits = 6
    private static let bucketCount = (65 - precisionBits) << precisionBits

    private var counts = [Int](repeating: 0, count: bucketCount)
    private(set) var count = 0
    private(set) var sum = 0.0
    private(set) var maximum: UInt64 = 0

    mutating func add(nanoseconds: UInt64) {
        counts[Self.bucket(nanoseconds)] += 1
        count += 1
        sum += Double(nanoseconds)
        maximum = max(maximum, nanoseconds)
    }

    mutating func add(_ other: LatencyHistogram) {
        for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
        count += other.count
        sum += other.sum
        maximum = max(maximum, other.maximum)
    }

    var meanNanoseconds: Double {
        count == 0 ? 0 : sum / Double(count)
    }

    /// The value that this share of all latencies does not exceed.
    func nanoseconds(atShare share: Double) -> UInt64 {
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var passed = 0
        for bucket in counts.indices {
            passed += counts[bucket]
            if passed >= rank { return min(maximum, Self.upperBound(bucket)) }
        }
        return maximum
    }

    private static func bucket(_ value: UInt64) -> Int {
        let bits = UInt64.bitWidth - value.leadingZeroBitCount
        let shift = max(0, bits - precisionBits - 1)
        return shift << precisionBits + Int(value >> UInt64(shift))
    }

    private static func upperBound(_ bucket: Int) -> UInt64 {
        guard bucket >= 2 << precisionBits else { return UInt64(bucket) }
        let shift = bucket >> precisionBits - 1
        let value = UInt64(bucket - shift << precisionBits)
        return (value + 1) << UInt64(shift) - 1
    }
}
