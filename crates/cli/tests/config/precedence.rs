//! Which source wins, and what the environment and the command line may say.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use tuyau_cli::config::{
    ConfigErrorKind, ConfigErrors, ConfigKind, KindReason, Override, RouterConfig, RouterIdentity,
    ServiceConfig, Sources, check,
};

const ID: &str = "tuyau1lrqf3qrfzr70m480jy0th7u7lffgm05v2x239tqst5t6lk2s09mqatkw85";

struct Files(tempfile::TempDir);

impl Files {
    fn with(text: &str) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        std::fs::write(files.path(), text).unwrap();
        files
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("x.yaml")
    }

    fn sources(&self) -> Sources {
        Sources::new().with_file(self.path())
    }
}

fn told(result: Result<impl std::fmt::Debug, ConfigErrors>) -> Vec<String> {
    result
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_flag_wins_over_a_variable_over_the_file_over_the_default() {
    let files = Files::with("limits:\n  dials: 2\n");
    let dials = |sources: Sources| RouterConfig::load(&sources).unwrap().limits.dials;
    let variable = [("TUYAU_LIMITS__DIALS", "3")];
    let flag = Override::parse("limits.dials=4").unwrap();
    assert_eq!(dials(Sources::new()), 64);
    assert_eq!(dials(files.sources()), 2);
    assert_eq!(dials(files.sources().with_variables(variable)), 3);
    let all = files
        .sources()
        .with_override(flag.clone())
        .with_variables(variable);
    assert_eq!(dials(all), 4);
    let last = files
        .sources()
        .with_override(flag)
        .with_override(Override::text("limits.dials", "5", "--dials"));
    assert_eq!(dials(last), 5);
}

#[test]
fn a_wrong_value_that_another_source_replaces_does_no_harm() {
    let files = Files::with("listen: [nonsense]\n");
    let sources = files
        .sources()
        .with_variables([("TUYAU_LISTEN", "tls://127.0.0.1:1, tls://127.0.0.1:2")]);
    let config = RouterConfig::load(&sources).unwrap();
    let shown: Vec<String> = config.listen.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["tls://127.0.0.1:1", "tls://127.0.0.1:2"]);
}

#[test]
fn errors_name_the_variable_or_the_option() {
    let sources = Sources::new()
        .with_variables([("TUYAU_LIMITS__DIALS", "0"), ("TUYAU_LISTEN", "")])
        .with_override(Override::items(
            "listen",
            ["tls://[::1]:1".into(), "tcp://a:1".into()],
            "--listen",
        ))
        .with_override(Override::parse("limits.routes=all").unwrap());
    assert_eq!(
        told(RouterConfig::load(&sources)),
        [
            "TUYAU_LIMITS__DIALS: `limits.dials`: `0` is out of bounds: write 1 to 65536 \
             connections",
            "--listen: `listen`: `tcp://a:1` is plain TCP, and peers have to prove who they are: \
             write `tls://a:1`",
            "--set limits.routes: `limits.routes`: expected a whole number of entries, found the \
             text `all`: write digits only, from 1 to 100000000",
        ]
    );
    let empty = Sources::new().with_variables([("TUYAU_LISTEN", "")]);
    assert_eq!(
        told(RouterConfig::load(&empty)),
        ["TUYAU_LISTEN: `listen` has no value: give one, or leave it unset"]
    );
}

#[test]
fn a_variable_of_no_key_is_refused_with_the_nearest() {
    let load = |name: &str| {
        told(RouterConfig::load(
            &Sources::new().with_variables([(name.to_owned(), "1")]),
        ))
    };
    assert_eq!(
        load("TUYAU_STATEDIR"),
        [
            "TUYAU_STATEDIR: no key of the configuration has this variable, did you mean \
             `TUYAU_STATE_DIR`?"
        ]
    );
    assert_eq!(
        load("TUYAU_LIMITS"),
        [
            "TUYAU_LIMITS: `limits` is a group of keys: set one of them, for example \
             `TUYAU_LIMITS__CONNECTIONS`"
        ]
    );
    assert_eq!(
        load("TUYAU_PURPLE_ELEPHANT"),
        [
            "TUYAU_PURPLE_ELEPHANT: no key of the configuration has this variable: unset it, names \
             that start with `TUYAU_` are reserved"
        ]
    );
}

#[test]
fn variables_of_the_other_kind_and_of_other_programs_are_left_alone() {
    let variables = [
        ("TUYAU_LIMITS__DIALS", "nonsense"),
        ("TUYAUX", "1"),
        ("PATH", "/bin"),
    ];
    let config = ServiceConfig::load(&Sources::new().with_variables(variables)).unwrap();
    assert_eq!(config, ServiceConfig::load(&Sources::new()).unwrap());
}

#[test]
fn a_variable_that_is_not_utf8_is_refused() {
    let value = OsString::from_vec(vec![b'a', 0xff]);
    let sources = Sources::new().with_variables([("TUYAU_STATE_DIR", value)]);
    assert_eq!(
        told(RouterConfig::load(&sources)),
        ["TUYAU_STATE_DIR: the value is not UTF-8: set it again, as UTF-8 text"]
    );
}

#[test]
fn a_key_of_no_configuration_is_refused_on_the_command_line() {
    let load = |argument: &str| {
        let sources = Sources::new().with_override(Override::parse(argument).unwrap());
        told(RouterConfig::load(&sources))
    };
    assert_eq!(
        load("limits.dial=1"),
        ["--set limits.dial: unknown key `limits.dial`, did you mean `limits.dials`?"]
    );
    assert_eq!(
        load("limits=1"),
        [
            "--set limits: `limits` is a group of keys: set one of them, for example \
             `limits.connections`"
        ]
    );
    let error = Override::parse("limits.dials").unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::BadValue);
    assert_eq!(
        error.to_string(),
        "--set: expected `key=value`, found `limits.dials`: write for example `--set \
         limits.frame_bytes=65536`"
    );
}

#[test]
fn static_routes_in_a_variable_are_yaml() {
    let load = |value: String| {
        RouterConfig::load(&Sources::new().with_variables([("TUYAU_STATIC_ROUTES", value)]))
    };
    let config = load(format!("[{{identity: {ID}, routes: ['tls://a:1']}}]")).unwrap();
    assert_eq!(config.static_routes.len(), 1);
    assert_eq!(load(String::new()).unwrap().static_routes, []);
    assert_eq!(
        told(load("[{".into())),
        [
            "TUYAU_STATIC_ROUTES: `static_routes` is written as YAML here: this is not YAML: \
             unclosed bracket '{'; add the closing bracket"
        ]
    );
    assert_eq!(
        told(load(format!("[{{identity: {ID}, route: ['tls://a:1']}}]"))),
        [
            "TUYAU_STATIC_ROUTES: unknown key `route`, did you mean `routes`? known keys here: \
             `identity`, `routes`",
            "TUYAU_STATIC_ROUTES: the key `routes` is missing from this entry: add it",
        ]
    );
}

#[test]
fn the_greeting_can_be_switched_off_everywhere() {
    let files = Files::with("greeting: null\n");
    let empty = Sources::new().with_variables([("TUYAU_GREETING", "")]);
    let default = RouterConfig::load(&Sources::new()).unwrap();
    assert_eq!(default.greeting.as_deref(), Some("hi there"));
    assert_eq!(RouterConfig::load(&files.sources()).unwrap().greeting, None);
    assert_eq!(RouterConfig::load(&empty).unwrap().greeting, None);
}

#[test]
fn the_router_identity_of_the_winning_source_counts() {
    let files = Files::with("router:\n  identity_file: r.pub\n");
    let identity = |sources: Sources| ServiceConfig::load(&sources).unwrap().router.identity;
    let file = RouterIdentity::File(files.0.path().join("r.pub"));
    let known = RouterIdentity::Known(ID.parse().unwrap());
    let by_text = files
        .sources()
        .with_variables([("TUYAU_ROUTER__IDENTITY", ID)]);
    let flag = Override::text(
        "router.identity_file",
        "other.pub",
        "--router-identity-file",
    );
    assert_eq!(identity(files.sources()), file);
    assert_eq!(identity(by_text.clone()), known);
    assert_eq!(
        identity(by_text.with_override(flag)),
        RouterIdentity::File("other.pub".into())
    );
}

#[test]
fn relative_paths_start_where_they_are_written() {
    let files = Files::with("state_dir: ./s\n");
    let here = files.0.path();
    let config = RouterConfig::load(&files.sources()).unwrap();
    assert_eq!(config.state_dir, here.join("s"));
    assert_eq!(config.key_file, here.join("s/identity.pem"));
    let sources = files
        .sources()
        .with_variables([("TUYAU_KEY_FILE", "k.pem")]);
    let config = RouterConfig::load(&sources).unwrap();
    assert_eq!(config.key_file, Path::new("k.pem"));
    assert_eq!(config.admin_socket, here.join("s/admin.sock"));
}

#[test]
fn what_follows_from_the_name_follows_from_the_name_that_counts() {
    let sources = Sources::new().with_override(Override::text("name", "service-9", "--name"));
    let config = ServiceConfig::load(&sources).unwrap();
    assert_eq!(config.state_dir, Path::new("state/service-9"));
    assert_eq!(config.key_file, Path::new("state/service-9/identity.pem"));
    assert_eq!(config.answer, "hello from service-9");
}

#[test]
fn a_check_tells_the_kind_and_every_setting() {
    let files = Files::with("answer: hey you\nrouter:\n  address: tls://a:1\n");
    let summary = check(&files.path(), None).unwrap();
    assert_eq!(summary.kind, ConfigKind::Service);
    assert_eq!(
        summary.reason,
        KindReason::Keys(vec!["answer".into(), "router".into()])
    );
    let shown = summary.to_string();
    let file = files.path().display().to_string();
    assert!(shown.starts_with(&format!(
        "{file}: a valid service configuration (by its keys `answer`, `router`)\n"
    )));
    assert!(shown.contains("  name                        service-1  (default)\n"));
    assert!(shown.contains(&format!(
        "  answer                      \"hey you\"  ({file}:1:9)\n"
    )));
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["kind"], "service");
    let dials =
        serde_json::json!({"key": "registration_seconds", "value": 3600, "origin": "default"});
    assert!(json["settings"].as_array().unwrap().contains(&dials));
}

#[test]
fn a_file_that_could_be_either_is_taken_for_a_router_unless_told() {
    for text in ["", "# nothing\n", "state_dir: s\n"] {
        let files = Files::with(text);
        let summary = check(&files.path(), None).unwrap();
        assert_eq!(
            (summary.kind, summary.reason),
            (ConfigKind::Router, KindReason::Assumed)
        );
        let summary = check(&files.path(), Some(ConfigKind::Service)).unwrap();
        assert_eq!(
            (summary.kind, summary.reason),
            (ConfigKind::Service, KindReason::Told)
        );
    }
}
