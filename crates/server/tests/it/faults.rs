//! Bad input and faults: a clear answer in bounded time, nothing lost, nothing left behind.

mod archives;
mod clients;
mod crash;
mod races;
mod stopping;
mod storage;
