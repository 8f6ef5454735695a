import Foundation

/// What a command says to the person who called it: standard output, at once.
enum Output {
    static func line(_ text: String = "") {
        print(text)
        fflush(nil)
    }
}
