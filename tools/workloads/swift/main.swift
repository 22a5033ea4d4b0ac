// SPDX-License-Identifier: GPL-2.0-only
//
// One task: a child task of Swift's TaskGroup in Task.sleep; leaving the group
// joins them. Each counts itself with an actor just before it sleeps; the last
// one says that all are there.
import Glibc

func say(_ text: String, to file: UnsafeMutablePointer<FILE> = stdout) {
    fputs(text + "\n", file)
    fflush(file)
}

actor Parked {
    private var count = 0

    func add(of n: Int) {
        count += 1
        if count == n {
            say("ready \(n)")
        }
    }
}

func runAll(_ n: Int, _ seconds: Int) async {
    let parked = Parked()
    await withTaskGroup(of: Void.self) { group in
        for _ in 0..<n {
            group.addTask {
                await parked.add(of: n)
                try? await Task.sleep(for: .seconds(seconds))
            }
        }
    }
}

func number(_ text: String) -> Int? {
    text.utf8.count <= 9 && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
}

let arguments = CommandLine.arguments.dropFirst()
let given = arguments.filter { $0 != "--after" }
let numbers = given.compactMap(number)
guard (1...2).contains(given.count), numbers.count == given.count, numbers[0] <= 100_000_000 else {
    say("usage: main N [SECONDS] [--after], N up to 10^8", to: stderr)
    exit(2)
}
let n = numbers[0]
let seconds = numbers.count == 2 ? numbers[1] : 10
if n == 0 {
    say("ready 0")
    try? await Task.sleep(for: .seconds(seconds))
}
await runAll(n, seconds)
if arguments.contains("--after") {
    say("after \(n)")
    while true {
        try? await Task.sleep(for: .seconds(3600))
    }
}
