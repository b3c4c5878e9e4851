//! The conformance list is complete.

/// What gives no flows: resolvers, and features that only collect others.
const WITHOUT_FLOWS: [&str; 5] = ["default", "dns", "full", "hosts", "stack"];

/// Law 12: every protocol, layer and backend is in the conformance list.
#[test]
fn law_12_each_feature_with_flows_has_its_rows_in_the_conformance_list() {
    let manifest = include_str!("../Cargo.toml");
    let rows = include_str!("conformance/rows.rs");
    let features = manifest.split("\n[features]\n").nth(1).unwrap();
    let features = features.split("\n[").next().unwrap();
    let names = features.lines().filter_map(|line| line.split_once(" = ["));
    let names: Vec<_> = names.map(|(name, _)| name).collect();
    assert!(names.contains(&"tcp"), "{names:?}");
    for name in names {
        let listed = rows.contains(&format!("feature = \"{name}\""));
        let needed = !WITHOUT_FLOWS.contains(&name);
        assert!(
            listed || !needed,
            "conformance/rows.rs has no line for {name}"
        );
    }
}
