//! Arrows between packages, clocks, the checked-in OpenAPI document.

use crate::built::{FUNCTIONS, cargo, root};
use std::collections::BTreeMap;

/// Which packages may know which: functions → engine → domain; adapters implement the engine's ports.
#[test]
fn the_arrows_of_the_house_are_kept() {
    let output =
        cargo().args(["metadata", "--format-version", "1", "--no-deps", "--offline"]).output().expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");
    let mut arrows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name").to_owned();
        let ours = package["dependencies"].as_array().expect("dependencies").iter().filter(|d| {
            // What a function's binary adds to its handler is behind a feature.
            d["kind"].is_null() && d["optional"] != true
        });
        let ours = ours.filter_map(|d| d["name"].as_str()).filter(|n| n.starts_with("cauce-")).map(str::to_owned);
        arrows.insert(name, ours.collect());
    }
    for (name, to) in &arrows {
        let short = name.strip_prefix("cauce-").unwrap_or(name);
        let allowed: &[&str] = match short {
            "domain" => &[],
            "engine" => &["cauce-domain"],
            "channels" | "aws" => &["cauce-domain", "cauce-engine"],
            short if FUNCTIONS.contains(&short) => &["cauce-domain", "cauce-engine"],
            "local" | "tests" | "bench" | "hello" => continue,
            other => panic!("a package nobody placed: {other}"),
        };
        let strays: Vec<&String> = to.iter().filter(|t| !allowed.contains(&t.as_str())).collect();
        assert!(strays.is_empty(), "{name} may not know {strays:?}");
    }
    assert!(arrows.contains_key("cauce-domain"));
}

/// The domain has no clock, no chance and no I/O; the engine is given its time.
#[test]
fn domain_and_engine_read_no_clock() {
    for folder in ["shared/domain/src", "shared/engine/src"] {
        for path in sources(&root().join(folder)) {
            let text = std::fs::read_to_string(&path).expect("a source");
            for word in ["Utc::now", "Local::now", "SystemTime::now", "Instant::now", "rand::"] {
                assert!(!text.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if path.extension().is_some_and(|e| e == "rs") => found.push(path),
            false => {}
        }
    }
    found
}

/// `docs/openapi.json` is what the code makes; `CAUCE_BLESS=1` writes it anew.
#[test]
fn the_openapi_document_is_the_codes() {
    let path = root().join("docs/openapi.json");
    let made = cauce_api::openapi().to_pretty_json().expect("json") + "\n";
    if std::env::var_os("CAUCE_BLESS").is_some() {
        std::fs::write(&path, &made).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/openapi.json is out of date: run the tests once with CAUCE_BLESS=1");
}
