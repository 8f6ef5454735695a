package import Exchange

#if canImport(Glibc)
    import Glibc
#endif

/// The machine's own clock. Readiness fails when it and the database's drift apart by a second.
package enum WallClock {
    @Sendable package static func now() -> Instant {
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        return Instant(
            microseconds: Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1000)
    }
}
