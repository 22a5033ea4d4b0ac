-- SPDX-License-Identifier: GPL-2.0-only
--
-- One task: a GHC thread (a heap object with its stack chunk) from forkFinally
-- in threadDelay, and the MVar on which main joins it. With the threaded RTS:
-- the other one keeps its sleepers in a list that each new one walks.
module Main (main) where

import Control.Concurrent
import Control.Monad
import Data.Char (isDigit)
import Data.IORef
import Data.List (partition)
import System.Environment (getArgs)
import System.Exit
import System.IO

main :: IO ()
main = do
    (flags, rest) <- partition (== "--after") <$> getArgs
    (n, seconds) <- numbers rest
    runAll n seconds
    unless (null flags) $ do
        say ("after " ++ show n)
        forever (threadDelay 3600000000)

runAll :: Int -> Int -> IO ()
runAll n seconds = do
    parked <- newIORef 0
    allParked <- newEmptyMVar
    ends <- replicateM n $ do
        end <- newEmptyMVar
        _ <- forkFinally (task parked allParked) (\_ -> putMVar end ())
        return end
    -- The last task to count itself says so.
    when (n > 0) $ takeMVar allParked
    say ("ready " ++ show n)
    when (n == 0) $ threadDelay (seconds * 1000000)
    mapM_ takeMVar ends
  where
    task :: IORef Int -> MVar () -> IO ()
    task parked allParked = do
        k <- atomicModifyIORef' parked (\k -> (k + 1, k + 1))
        when (k == n) $ putMVar allParked ()
        threadDelay (seconds * 1000000)

say :: String -> IO ()
say text = putStrLn text >> hFlush stdout

numbers :: [String] -> IO (Int, Int)
numbers [n] = numbers [n, "10"]
numbers [n, seconds]
    | all number [n, seconds] && read n <= (100000000 :: Int) = return (read n, read seconds)
  where
    number text = not (null text) && length text <= 9 && all isDigit text
numbers _ = do
    hPutStrLn stderr "usage: main N [SECONDS] [--after], N up to 10^8"
    exitWith (ExitFailure 2)
