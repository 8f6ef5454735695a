import Glibc

/// The processor time of this process, so that the generator's own cost is told beside what it
/// measured.
struct ProcessorTime: Sendable {
    let microseconds: Int

    static func now() -> ProcessorTime {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let user = usage.ru_utime.tv_sec * 1_000_000 + Int(usage.ru_utime.tv_usec)
        let system = usage.ru_stime.tv_sec * 1_000_000 + Int(usage.ru_stime.tv_usec)
        return ProcessorTime(microseconds: user + system)
    }

    static func - (left: ProcessorTime, right: ProcessorTime) -> ProcessorTime {
        ProcessorTime(microseconds: left.microseconds - right.microseconds)
    }
}
