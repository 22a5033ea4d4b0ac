%% SPDX-License-Identifier: GPL-2.0-only
%%
%% One task: a bare process from spawn/3 in timer:sleep; nothing links or
%% monitors it, and it sends main a message when it ends.
-module(main).
-export([start/0, task/4]).

start() ->
    os:set_signal(sigterm, default),
    Args = init:get_plain_arguments(),
    {N, Seconds} = numbers(Args -- ["--after"]),
    run_all(N, Seconds),
    case lists:member("--after", Args) of
        true ->
            io:format("after ~b~n", [N]),
            timer:sleep(infinity);
        false ->
            halt(0)
    end.

run_all(N, Seconds) ->
    Parked = atomics:new(1, []),
    spawn_all(0, N, [self(), Parked, N, Seconds]),
    %% The last task to count itself says so.
    N > 0 andalso receive all_parked -> ok end,
    io:format("ready ~b~n", [N]),
    N > 0 orelse timer:sleep(Seconds * 1000),
    join(N).

spawn_all(N, N, _) ->
    ok;
spawn_all(K, N, Args) ->
    try
        spawn(?MODULE, task, Args)
    catch
        error:Reason ->
            stop("stopped at ~b of ~b: ~p~n", [K, N, Reason], 3)
    end,
    spawn_all(K + 1, N, Args).

task(Main, Parked, N, Seconds) ->
    case atomics:add_get(Parked, 1, 1) of
        N -> Main ! all_parked;
        _ -> ok
    end,
    timer:sleep(Seconds * 1000),
    Main ! ended.

join(0) -> ok;
join(N) -> receive ended -> join(N - 1) end.

numbers([N]) ->
    numbers([N, "10"]);
numbers([_, _] = Args) ->
    case [re:run(A, "^\\d{1,9}$") =/= nomatch andalso list_to_integer(A) || A <- Args] of
        [N, Seconds] when is_integer(N), N =< 100000000, is_integer(Seconds) -> {N, Seconds};
        _ -> numbers([])
    end;
numbers(_) ->
    stop("usage: main N [SECONDS] [--after], N up to 10^8~n", [], 2).

stop(Format, Args, Status) ->
    io:format(standard_error, Format, Args),
    halt(Status).
