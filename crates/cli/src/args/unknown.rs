//! Says which commands there are to who wrote another one.

use std::env;

use clap::{
    Command, CommandFactory as _, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::Tuyau;

/// The same error; where a command is unknown and none is like it, with the commands that there are.
pub(super) fn with_commands(mut error: Error) -> Error {
    let unknown = error.kind() == ErrorKind::InvalidSubcommand;
    if unknown && error.get(ContextKind::SuggestedSubcommand).is_none() {
        let commands = format!("the commands are {}", names(&reached()).join(", "));
        let tip = ContextValue::StyledStrs(vec![commands.into()]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// The command that the first words of the command line name.
fn reached() -> Command {
    let mut command = Tuyau::command();
    for word in env::args_os().skip(1) {
        match command.find_subcommand(word) {
            Some(below) => command = below.clone(),
            None => break,
        }
    }
    command
}

fn names(command: &Command) -> Vec<&str> {
    command.get_subcommands().map(Command::get_name).collect()
}
