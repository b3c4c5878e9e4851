//! Clones from real servers on loopback: a Git daemon, OpenSSH's sshd, and lighttpd in front of
//! `git http-backend`, plain and with TLS under an authority that the test makes. And one without a
//! server: the library alone, with a context of another application.
#![cfg(unix)]

mod daemon;
mod library;
mod names;
mod repository;
mod server;
mod ssh;
mod support;
mod web;
