# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a Crystal fiber (a stack from mmap) from spawn in sleep; it then
# sends on the channel from which main joins. They start when main first waits;
# the last one to count itself sends on another channel.
def usage : NoReturn
  STDERR.puts "usage: main N [SECONDS] [--after] [--touch BYTES], N up to 10^8"
  exit 2
end

def number(text : String?) : Int32
  text && text =~ /\A\d{1,9}\z/ ? text.to_i : usage
end

numbers = [] of Int32
stay = false
touch = 0
args = ARGV.each
args.each do |a|
  case a
  when "--after" then stay = true
  when "--touch" then touch = number(args.next.as?(String))
  else                numbers << number(a)
  end
end
usage unless 1 <= numbers.size <= 2 && numbers[0] <= 100_000_000
STDOUT.sync = true

# Goes down the stack page by page.
@[NoInline]
def use_stack(bytes : Int32) : Nil
  page = uninitialized UInt8[4096]
  page.to_unsafe.value = 1
  asm("" :: "r"(page.to_unsafe) : "memory" : "volatile")
  use_stack(bytes - 4096) if bytes > 4096
  asm("" :: "r"(page.to_unsafe) : "memory" : "volatile")
end

def run_all(n, seconds, touch)
  parked = 0
  all_parked = Channel(Nil).new
  ended = Channel(Nil).new
  n.times do |k|
    spawn do
      use_stack(touch) if touch > 0
      parked += 1
      all_parked.send nil if parked == n
      sleep seconds
      ended.send nil
    end
  rescue reason
    STDERR.puts "stopped at #{k} of #{n}: #{reason.message}"
    exit 3
  end
  all_parked.receive if n > 0
  puts "ready #{n}"
  sleep seconds if n == 0
  n.times { ended.receive }
end

run_all(numbers[0], numbers.fetch(1, 10).seconds, touch)
if stay
  puts "after #{numbers[0]}"
  sleep
end
