//! What a person reads when a file cannot be read as YAML at all, and the bounds on files.

use tuyau_cli::config::{ConfigErrorKind, ConfigKind::Router, check, from_bytes};

const ROUTER_KEYS: &str = "`listen`, `state_dir`, `key_file`, `admin_socket`, `greeting`, \
                           `static_routes`, `lookups`, `policy_file`, `drain_seconds`, \
                           `drain_to`, `tls`, `limits`";

#[track_caller]
fn assert_problem(text: &str, expected: &str) {
    let errors = from_bytes(Router, "x.yaml", text.as_bytes()).expect_err(text);
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(told, [expected], "{text}");
}

fn kinds(bytes: &[u8]) -> Vec<ConfigErrorKind> {
    let errors = from_bytes(Router, "x.yaml", bytes).expect_err("it is wrong");
    errors.iter().map(|error| error.kind()).collect()
}

#[test]
fn text_that_is_not_yaml_is_told_where_and_mostly_what_to_do() {
    for (text, expected) in [
        (
            "listen:\n\t- tls://a:1",
            "x.yaml:2:2: this is not YAML: tabs disallowed within this context (block \
             indentation); indent with spaces",
        ),
        (
            "greeting: a: b",
            "x.yaml:1:12: this is not YAML: mapping values are not allowed in this context; put \
             text with `: ` in it into quotes",
        ),
        (
            "listen: [",
            "x.yaml:1:9: this is not YAML: unclosed bracket '['; add the closing bracket",
        ),
        (
            "greeting: \"a",
            "x.yaml:1:11: this is not YAML: unclosed quote; add the closing quote",
        ),
        (
            "greeting: *a",
            "x.yaml:1:11: this is not YAML: while parsing node, found unknown anchor; put text \
             that starts with `*` into quotes",
        ),
        (
            "greeting: a\n---\nlisten: []",
            "x.yaml:2:1: a second document starts here, and a configuration is one document: \
             remove the `---` line",
        ),
        (
            "greeting: !!str a",
            "x.yaml:1:11: the tag `!!str` has no meaning here: remove it, the key decides the type",
        ),
        ("? [a]\n: b", "x.yaml:1:3: a key is a word, found a list"),
        (
            "greeting: a\ngreeting: b",
            "x.yaml:2:1: the key `greeting` is given twice, first on line 1: keep one of them",
        ),
    ] {
        assert_problem(text, expected);
    }
    assert_problem(
        "- a",
        &format!(
            "x.yaml:1:1: expected a group of keys, found a list: write `key: value` lines, known \
             keys here: {ROUTER_KEYS}"
        ),
    );
}

#[test]
fn anchors_and_aliases_work() {
    let text = "tls:\n  ca_file: &pem a.pem\n  certificate_file: *pem\n";
    assert!(from_bytes(Router, "x.yaml", text.as_bytes()).is_ok());
}

#[test]
fn aliases_cannot_grow_a_small_file_into_a_large_tree() {
    let mut many = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let item = format!("*a{}, ", level - 1).repeat(10);
        many.push_str(&format!("a{level}: &a{level} [{item}]\n"));
    }
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        "*a, ".repeat(1 << 10)
    );
    let nested = "a: &a [*a]".to_owned();
    assert_eq!(kinds(many.as_bytes()), [ConfigErrorKind::TooLarge]);
    assert_eq!(kinds(long.as_bytes()), [ConfigErrorKind::TooLarge]);
    assert_problem(
        &nested,
        "x.yaml:1:8: this alias stands inside the value that it refers to: write the value out",
    );
}

#[test]
fn depth_and_size_are_bounded() {
    assert_problem(
        &"listen: [".repeat(40),
        "x.yaml:1:153: more than 16 lists or groups inside one another: a configuration is never \
         that large",
    );
    let keys: String = (0..2000).map(|number| format!("k{number}: 1\n")).collect();
    assert_problem(
        &keys,
        "x.yaml:1001:1: more than 1000 keys here: a configuration is never that large",
    );
    assert_problem(
        &"#".repeat((4 << 20) + 1),
        "x.yaml: more than 4194304 bytes: a configuration is never that large",
    );
}

#[test]
fn bytes_that_are_not_utf8_are_told_where() {
    let errors = from_bytes(Router, "x.yaml", b"a: b\nc: \xff").unwrap_err();
    let told = "x.yaml:2:4: not UTF-8, found the byte 0xff: save the file as UTF-8";
    assert_eq!(errors.to_string(), told);
    assert!(from_bytes(Router, "x.yaml", b"\xef\xbb\xbfgreeting: a").is_ok());
}

#[test]
fn a_file_that_cannot_be_read_says_why_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("x.yaml");
    assert_eq!(
        check(&missing, None).unwrap_err().to_string(),
        format!(
            "{}: there is no such file: check the path",
            missing.display()
        )
    );
    let nowhere = directory.path().join("conf/x.yaml");
    assert_eq!(
        check(&nowhere, None).unwrap_err().to_string(),
        format!(
            "{}: there is no such file, nor its directory: check the path",
            nowhere.display()
        )
    );
    let errors = check(directory.path(), None).unwrap_err();
    assert_eq!(
        errors.to_string(),
        format!(
            "{}: a directory, not a file: name the file in it, for example `router.yaml`",
            directory.path().display()
        )
    );
    assert!(std::error::Error::source(&errors).is_some());
}
