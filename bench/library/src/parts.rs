//! A measurement in several processes.
//!
//! Where a process happens to have its code and its memory moves rates by some hundredths, alike in all
//! of its rounds. So the rounds are shared by several processes, and the interval of a ratio holds that
//! too.

use std::{
    env, io,
    process::{Command, Stdio},
};

use library::Case;

/// What makes this program one of those processes: it prints rates, a line for each contender.
pub const PART: &str = "--part";

/// Runs this program `count` times and adds the rates of each run to the cases. `false` when a run lost
/// something, which it said itself.
///
/// # Errors
/// When this program cannot be started again.
pub fn run(count: usize, cases: &mut [Case]) -> io::Result<bool> {
    for part in 0..count {
        eprint!("\rpart {} of {count}", part + 1);
        let mut command = Command::new(env::current_exe()?);
        let output = command.arg(PART).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Ok(false);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        for case in &mut *cases {
            case.add(&mut lines);
        }
    }
    eprintln!();
    Ok(true)
}
