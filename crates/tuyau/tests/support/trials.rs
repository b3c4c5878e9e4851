//! Tests that want a program which a machine may lack: shown as ignored there, with the reason.

use std::process::{Command, Stdio};

use libtest_mimic::{Completion, Trial};

/// A test on a runtime of its own. It is not run where `missing` says what there is not.
pub(crate) fn trial<F: Future<Output = ()> + 'static>(
    name: &str,
    missing: fn() -> Option<String>,
    test: fn() -> F,
) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Some(missing) = missing() {
            return Ok(Completion::ignored_with(missing));
        }
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(test());
        Ok(Completion::Completed)
    })
}

/// A test for each function, under its name, all of which want the same.
macro_rules! trials {
    ($missing:expr; $($module:ident::$test:ident),* $(,)?) => {
        vec![$(crate::trials::trial(
            concat!(stringify!($module), "::", stringify!($test)),
            $missing,
            $module::$test,
        )),*]
    };
}

/// What to say when a program cannot be called; `package` of Debian has it.
pub(crate) fn without(program: &str, arguments: &[&str], package: &str) -> Option<String> {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null());
    let called = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let error = called.err()?;
    Some(format!(
        "there is no {program} here ({error}); it is in Debian's package {package}"
    ))
}
