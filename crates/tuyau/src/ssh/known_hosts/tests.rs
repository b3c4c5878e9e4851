use super::*;

const ONE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
const TWO: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

fn key(text: &str) -> PublicKey {
    text.parse().unwrap()
}

fn judge(file: &str, host: &str, port: u16) -> Result<(), Kind> {
    let mut known = Known::default();
    known.read_text(file, Path::new("known_hosts"), host, port);
    known.judge(&key(ONE))
}

#[test]
fn wildcards_match_as_in_a_shell() {
    for (pattern, name) in [
        ("*", ""),
        ("*", "a.example.org"),
        ("*.example.org", "a.b.example.org"),
        ("a?c", "abc"),
        ("*a*b*", "xaxxbx"),
        ("EXAMPLE.org", "example.org"),
        ("[*.example.org]:999", "[a.example.org]:999"),
    ] {
        assert!(matches_pattern(pattern, name), "{pattern} {name}");
    }
    for (pattern, name) in [
        ("", "a"),
        ("a", ""),
        ("*.example.org", "example.org"),
        ("a?c", "ac"),
        ("*a*b", "xaxxbx"),
        ("[h]:99", "[h]:999"),
    ] {
        assert!(!matches_pattern(pattern, name), "{pattern} {name}");
    }
}

#[test]
fn a_key_is_known_by_any_of_its_lines() {
    let file = format!("# comment\n\nother {TWO}\nhost {TWO} old\nhost,10.0.0.1  {ONE}\n");
    assert!(judge(&file, "host", 22).is_ok());
    assert!(judge(&file, "HOST", 22).is_ok());
    assert!(judge(&file, "10.0.0.1", 22).is_ok());
    assert!(judge(&file, "10.0.0.2", 22).is_err());
}

#[test]
fn a_port_is_part_of_the_name_and_a_name_without_it_is_enough() {
    let file = format!("[host]:2222 {ONE}\n");
    assert!(judge(&file, "host", 2222).is_ok());
    assert!(judge(&file, "host", 22).is_err());
    let file = format!("host {ONE}\n");
    assert!(judge(&file, "host", 2222).is_ok());
    // Another key without the port does not make it a changed one.
    let file = format!("host {TWO}\n");
    let error = judge(&file, "host", 2222).unwrap_err();
    assert!(matches!(error, Kind::HostKeyUnknown { .. }), "{error:?}");
}

#[test]
fn a_negated_pattern_outweighs_the_rest_of_its_line() {
    let file = format!("*.example.org,!bad.example.org {ONE}\n");
    assert!(judge(&file, "good.example.org", 22).is_ok());
    assert!(judge(&file, "bad.example.org", 22).is_err());
}

#[test]
fn a_changed_key_is_named_with_its_line() {
    let file = format!("# first\nhost {TWO}\n");
    match judge(&file, "host", 22) {
        Err(Kind::HostKeyChanged { place, .. }) => assert_eq!(place.line, 2),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_revoked_key_is_refused_even_where_it_is_known() {
    let file = format!("host {ONE}\n@revoked * {ONE}\n");
    match judge(&file, "host", 22) {
        Err(Kind::HostKeyRevoked { place, .. }) => assert_eq!(place.line, 2),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_authority_vouches_for_nothing_and_is_mentioned() {
    let file = format!("@cert-authority * {ONE}\nnonsense\n");
    match judge(&file, "host", 22) {
        Err(Kind::HostKeyUnknown {
            authority, broken, ..
        }) => {
            assert_eq!(authority.unwrap().line, 1);
            assert_eq!(broken.unwrap().line, 2);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn learning_adds_a_line_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("known_hosts");
    fs::write(&file, format!("other {TWO}")).unwrap();
    learn(&file, "Host", 2222, &key(ONE)).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("other {TWO}\n[host]:2222 {ONE}\n"));
    let known = Known::read(&[file], "host", 2222).unwrap();
    assert!(known.judge(&key(ONE)).is_ok());
}

#[test]
fn a_file_that_is_not_there_knows_nobody() {
    let known = Known::read(&[PathBuf::from("/nonexistent/known_hosts")], "host", 22).unwrap();
    assert!(known.judge(&key(ONE)).is_err());
    let error = Known::read(&[PathBuf::from("/")], "host", 22).unwrap_err();
    assert!(matches!(error, Kind::KnownHosts(..)));
}
