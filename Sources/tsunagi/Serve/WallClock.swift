import Exchange
import Glibc

/// The machine's own clock. Readiness fails when it and the database's drift apart by a second.
enum WallClock {
    @Sendable static func now() -> Instant {
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        return Instant(
            microseconds: Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1000)
    }
}
