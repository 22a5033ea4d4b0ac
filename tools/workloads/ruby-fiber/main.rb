# SPDX-License-Identifier: GPL-2.0-only
#
# One task: an Async::Task of the async gem (a Fiber with a stack of its own)
# in sleep, which the gem's fiber scheduler takes over; main waits for each.
require "async"

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

def run_all(main, n, seconds)
  parked = 0
  tasks = []
  begin
    n.times do
      tasks << main.async do
        parked += 1
        sleep seconds
      end
    end
  rescue FiberError, NoMemoryError => reason
    warn "stopped at #{tasks.size} of #{n}: #{reason.message}"
    exit! 3
  end
  # A task runs at once until it first waits.
  puts "ready #{parked}"
  sleep seconds if n == 0
  tasks.each(&:wait)
end

Async do |main|
  run_all(main, n, seconds)
  if stay
    puts "after #{n}"
    loop { sleep 3600 }
  end
end
