use super::*;

#[test]
fn the_limits_are_the_same_with_and_without_a_configuration() {
    let config = RouterConfig::load(&Sources::new()).unwrap();
    assert_eq!(limits(&config.limits), Limits::default());
}
