//! What `sam deploy` is told beside the templates it is told about.

use super::cloud::{TEMPLATES, samconfig, template};
use std::collections::BTreeMap;

/// The parameters an environment of `samconfig.toml` gives, all of which its template must have.
fn given(environment: &str) -> BTreeMap<String, String> {
    let told = samconfig()[environment]["deploy"]["parameters"].clone();
    let path = told["template_file"].as_str().expect("a template");
    assert!(TEMPLATES.contains(&path), "{environment}: {path}");
    let known = template(path)["Parameters"].clone();
    let pairs = told["parameter_overrides"].as_array().expect("parameters").iter();
    let pairs = pairs.map(|pair| pair.as_str().and_then(|p| p.split_once('=')).expect("name=value"));
    let given: BTreeMap<String, String> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for name in given.keys() {
        assert!(known[name].is_object(), "{environment} gives {name}, which {path} does not take");
    }
    let needed = known.as_object().into_iter().flatten().filter(|(_, p)| p["Default"].is_null());
    for (name, _) in needed {
        assert!(given.contains_key(name), "{environment} gives no {name}, which {path} needs");
    }
    given
}

#[test]
fn sam_deploy_is_told_what_the_templates_take() {
    assert_eq!(given("data")["DataPrefix"], given("default")["DataPrefix"], "the functions read the data deployed");
    let functions = samconfig()["default"]["deploy"]["parameters"].clone();
    assert_eq!(functions["capabilities"], serde_json::json!(["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]));
}
