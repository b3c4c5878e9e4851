//! Having a running router read its policy file again.

use serde_json::json;
use tuyau_router::AdminClient;

use crate::{
    args::ReloadArgs,
    commands::{CommandError, admin_socket, small_runtime},
    output::Output,
};

pub(super) fn run(args: ReloadArgs) -> Result<(), CommandError> {
    let socket = admin_socket(args.router)?;
    let (file, replaced) = small_runtime()?.block_on(async {
        let mut router = AdminClient::connect(&socket).await?;
        Ok::<_, CommandError>(router.reload_policy().await?)
    })?;
    let value = json!({
        "file": file,
        "same": replaced.same,
        "registrations": replaced.registrations,
        "handles": replaced.handles,
        "memberships": replaced.memberships,
    });
    let text = format!("{file} is in force: {replaced}");
    Ok(Output::new(args.json).either(&value, text)?)
}
