# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a process of spawn/1 that waits for a message. Each process has its mailbox anyway:
# that is its channel. Main keeps the pids and, after SECONDS, sends a message to each.
defmodule Main do
  @usage "usage: main.exs N [SECONDS] [--after], N up to 10^8"

  def main(argv) do
    :os.set_signal(:sigterm, :default)
    {n, seconds} = numbers(argv -- ["--after"])
    run_all(n, seconds)

    if "--after" in argv do
      IO.puts("after #{n}")
      Process.sleep(:infinity)
    end
  end

  defp run_all(n, seconds) do
    main = self()
    parked = :atomics.new(1, [])

    pids =
      for i <- 1..n//1 do
        try do
          spawn(fn -> task(main, parked, n) end)
        rescue
          e in SystemLimitError -> stop("stopped at #{i - 1} of #{n}: #{Exception.message(e)}", 3)
        end
      end

    # The last task to count itself says so.
    if n > 0, do: receive(do: (:all_parked -> :ok))
    IO.puts("ready #{n}")
    Process.sleep(seconds * 1000)
    Enum.each(pids, &send(&1, :value))
    for _ <- 1..n//1, do: receive(do: (:ended -> :ok))
  end

  defp task(main, parked, n) do
    if :atomics.add_get(parked, 1, 1) == n, do: send(main, :all_parked)
    receive(do: (:value -> send(main, :ended)))
  end

  defp numbers([n]), do: numbers([n, "10"])

  defp numbers([_, _] = argv) do
    [n, seconds] = Enum.map(argv, &if(&1 =~ ~r/^\d{1,9}$/, do: String.to_integer(&1), else: -1))
    if n in 0..100_000_000 and seconds >= 0, do: {n, seconds}, else: stop(@usage, 2)
  end

  defp numbers(_), do: stop(@usage, 2)

  defp stop(message, status) do
    IO.puts(:stderr, message)
    System.halt(status)
  end
end

Main.main(System.argv())
