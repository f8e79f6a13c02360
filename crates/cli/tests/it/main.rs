//! The program as its users run it: arguments, files and variables in, output and exit codes out.

mod basics;
mod configuration;
mod program;
