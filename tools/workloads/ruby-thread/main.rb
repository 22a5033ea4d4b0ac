# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a Ruby Thread (an OS thread with its Ruby VM stack) in sleep; main
# joins each. The last one to count itself puts a word on a queue for main.
numbers = ARGV - ["--after"]
stay = numbers.size < ARGV.size
n, seconds = numbers[0].to_i, (numbers[1] || 10).to_i
unless [1, 2].include?(numbers.size) && n <= 10**8 &&
       numbers.all? { |a| a.match?(/\A\d{1,9}\z/) }
  warn "usage: main.rb N [SECONDS] [--after], N up to 10^8"
  exit 2
end
$stdout.sync = true
trap("TERM", "SYSTEM_DEFAULT")

def run_all(n, seconds)
  parked = 0
  mutex = Mutex.new
  all_parked = Thread::Queue.new
  threads = []
  begin
    n.times do
      threads << Thread.new do
        last = mutex.synchronize { (parked += 1) == n }
        all_parked << true if last
        sleep seconds
      end
    end
  rescue ThreadError, NoMemoryError => reason
    warn "stopped at #{threads.size} of #{n}: #{reason.message}"
    exit! 3
  end
  all_parked.pop if n > 0
  puts "ready #{n}"
  sleep seconds if n == 0
  threads.each(&:join)
end

run_all(n, seconds)
if stay
  puts "after #{n}"
  sleep
end
