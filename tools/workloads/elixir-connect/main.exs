# SPDX-License-Identifier: GPL-2.0-only
#
# One task: Task.async of a function that opens a TCP connection with gen_tcp
# and waits in recv; that is a process, linked and monitored, and a port (the
# socket's driver instance with its monitor).
defmodule Main do
  @usage "usage: main.exs N SECONDS HOST:PORT, N up to 10^8"

  def main(argv) do
    :os.set_signal(:sigterm, :default)
    # Once the file descriptors are used up no module can be loaded.
    :ok = :code.ensure_modules_loaded([IO, String.Chars, String.Chars.Atom, String.Chars.Integer])
    {n, seconds, net, port} = arguments(argv)
    main = self()
    parked = :atomics.new(1, [])

    tasks =
      for i <- 0..(n - 1)//1 do
        try do
          Task.async(fn -> task(main, parked, n, i, net, port) end)
        rescue
          e in SystemLimitError -> stop("stopped at #{i} of #{n}: #{Exception.message(e)}", 3)
        end
      end

    if n == 0, do: send(main, :all_parked)

    receive do
      :all_parked ->
        IO.puts("ready #{n}")

      {:refused, i, reason} ->
        stop("stopped at #{i} of #{n}: #{reason}", 3)
    end

    if n == 0, do: Process.sleep(seconds * 1000)
    Task.yield_many(tasks, seconds * 1000)
    System.halt(0)
  end

  defp task(main, parked, n, i, {a, b, c}, port) do
    case :gen_tcp.connect({a, b, c, 1 + rem(i, 8)}, port, [:binary, active: false]) do
      {:ok, socket} ->
        if :atomics.add_get(parked, 1, 1) == n, do: send(main, :all_parked)
        :gen_tcp.recv(socket, 0)

      {:error, reason} ->
        send(main, {:refused, i, reason})
    end
  end

  defp arguments([n, seconds, peer]) do
    with true <- n =~ ~r/^\d{1,9}$/ and seconds =~ ~r/^\d{1,9}$/,
         true <- String.to_integer(n) <= 100_000_000,
         [host, port] <- String.split(peer, ":"),
         {:ok, {a, b, c, _}} <- :inet.parse_ipv4strict_address(to_charlist(host)),
         {port, ""} <- Integer.parse(port) do
      {String.to_integer(n), String.to_integer(seconds), {a, b, c}, port}
    else
      _ -> stop(@usage, 2)
    end
  end

  defp arguments(_), do: stop(@usage, 2)

  defp stop(message, status) do
    IO.puts(:stderr, message)
    System.halt(status)
  end
end

Main.main(System.argv())
