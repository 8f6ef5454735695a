import Exchange
import Gateway
import Testing

/// 受付の席: nobody takes all of them.
@Suite struct UploadRoomTests {
    @Test func `one party has two seats, and all have four`() throws {
        let room = UploadRoom()
        let towns = try ["132101", "131016", "131032"].map {
            try Party(role: .municipality, code: $0)
        }
        for town in [towns[0], towns[0], towns[1]] { try room.enter(town) }
        #expect(throws: Refusal.overloaded) { try room.enter(towns[0]) }
        try room.enter(towns[2])
        #expect(throws: Refusal.overloaded) { try room.enter(towns[1]) }
        room.leave(towns[0])
        try room.enter(towns[1])
        #expect(throws: Refusal.overloaded) { try room.enter(towns[1]) }
    }
}
