//! Single parts and rows; what whole connects print is tested in `tests/connect`.

use super::*;
use crate::AnyEndpoint;

#[test]
fn durations_have_two_or_three_digits() {
    let shown = |micros| Time(Duration::from_micros(micros)).to_string();
    assert_eq!(shown(0), "0.0 ms");
    assert_eq!(shown(1_250), "1.2 ms");
    assert_eq!(shown(250_000), "250 ms");
    assert_eq!(shown(1_000_000), "1.00 s");
    assert_eq!(shown(99_900_000), "99.90 s");
    assert_eq!(shown(600_000_000), "600 s");
}

struct Half;

impl crate::EndpointKey for Half {
    type Endpoint = ();
    const NAME: &'static str = "half";

    fn show((): &(), f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half of")?;
        Err(fmt::Error)
    }
}

/// A key whose endpoints are texts.
struct Text;

impl crate::EndpointKey for Text {
    type Endpoint = String;
    const NAME: &'static str = "text";

    fn show(text: &String, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text)
    }
}

fn planned(endpoint: AnyEndpoint) -> AttemptReport {
    AttemptReport {
        resolver: "table".into(),
        key: crate::Key::<Text>::new().id(),
        endpoint: Some(endpoint),
        protocol: Some("wire".into()),
        stage: crate::Stage::RESOLVE,
        started: Duration::ZERO,
        took: Duration::ZERO,
        outcome: Outcome::Planned,
    }
}

/// What a plan of these endpoints prints.
fn plan(endpoints: &[&str]) -> String {
    let endpoints = endpoints.iter().copied().map(String::from);
    let report = Report {
        attempts: endpoints
            .map(|text| planned(AnyEndpoint::new::<Text>(text)))
            .collect(),
        took: Duration::ZERO,
    };
    report.to_string()
}

#[test]
fn an_endpoint_that_fails_to_print_is_shown_as_far_as_it_came() {
    let row = planned(AnyEndpoint::new::<Half>(()));
    assert_eq!(
        row.to_string(),
        "half of  over wire  from table  would be tried"
    );
}

/// Law 7: every row says its endpoint.
#[test]
fn law_7_endpoints_are_shown_when_all_are_wider_than_their_column() {
    for width in [WIDEST, WIDEST + 1] {
        let (one, two) = ("1".repeat(width), "2".repeat(width));
        assert_eq!(
            plan(&[&one, &two]),
            format!(
                "  1. {one}  over wire  from table  would be tried
  2. {two}  over wire  from table  would be tried"
            )
        );
    }
}

#[test]
fn a_wide_endpoint_pushes_its_own_row_only() {
    let wide = "w".repeat(WIDEST + 1);
    assert_eq!(
        plan(&[&wide, "short", "s"]),
        format!(
            "  1. {wide}  over wire  from table  would be tried
  2. short  over wire  from table  would be tried
  3. s      over wire  from table  would be tried"
        )
    );
}

#[test]
fn an_endpoint_with_an_end_of_line_forges_no_row() {
    let forged = "/run/x\n  2. 0.0 ms +0.0 ms  /run/y\r\n\u{1b}[2J";
    assert_eq!(
        plan(&[forged]),
        "  1. /run/x\u{fffd}  2. 0.0 ms +0.0 ms  /run/y\u{fffd}\u{fffd}\u{fffd}[2J  \
over wire  from table  would be tried"
    );
}
