-- SPDX-License-Identifier: GPL-2.0-only
--
-- One task: a GHC thread from forkIO that reads a Chan of its own. Main keeps the channels and,
-- after SECONDS, writes a value into each. With the threaded RTS, as haskell/.
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
    ended <- newIORef 0
    allEnded <- newEmptyMVar
    channels <- replicateM n $ do
        channel <- newChan
        _ <- forkIO (task channel parked allParked >> count ended allEnded)
        return channel
    -- The last task to count itself says so.
    when (n > 0) $ takeMVar allParked
    say ("ready " ++ show n)
    threadDelay (seconds * 1000000)
    mapM_ (\channel -> writeChan channel ()) channels
    when (n > 0) $ takeMVar allEnded
  where
    task :: Chan () -> IORef Int -> MVar () -> IO ()
    task channel parked allParked = count parked allParked >> readChan channel
    count :: IORef Int -> MVar () -> IO ()
    count number allThere = do
        k <- atomicModifyIORef' number (\k -> (k + 1, k + 1))
        when (k == n) $ putMVar allThere ()

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
