//! The program as its users run it: routers, services and the demo as processes of their own, which
//! are killed and started again.

#![cfg(unix)]

mod bad_input;
mod command_line;
mod connect;
mod decode;
mod demo;
mod held_port;
mod messages;
mod policy;
mod program;
mod restart;
mod router_table;
mod service_command;
mod state;
mod unread;
mod websocket;
