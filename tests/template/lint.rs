//! The templates before the eyes of the tools that know AWS's rules: each finds what the others do not.

use super::cloud::{TEMPLATES, transformed};
use crate::aws::tools;
use crate::built::root;
use std::process::Command;

fn clean(tool: &str, arguments: &[&str]) {
    let mut command = Command::new(tools("sam.txt").join(tool));
    command.args(arguments).current_dir(root()).env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", "us-east-1");
    let output = command.env("AWS_EC2_METADATA_DISABLED", "true").output().expect("it runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{tool} {arguments:?}\n{said}");
}

#[test]
fn sam_takes_the_template() {
    clean("sam", &["validate", "-t", "template.yaml"]);
}

#[test]
fn the_templates_and_what_sam_makes_of_them_lint_clean() {
    clean("cfn-lint", &TEMPLATES);
    let made = tempfile::Builder::new().suffix(".json").tempfile().expect("a file");
    std::fs::write(made.path(), transformed().to_string()).expect("written");
    clean("cfn-lint", &["--", &made.path().to_string_lossy()]);
}
