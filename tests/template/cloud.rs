//! The templates as data.

use crate::aws::tools;
use crate::built::root;
use serde_json::Value;
use std::process::Command;

/// Every template.
pub(crate) const TEMPLATES: [&str; 6] = [
    "template.yaml",
    "infra/data.yaml",
    "infra/queues.yaml",
    "infra/roles.yaml",
    "infra/http.yaml",
    "infra/alarms.yaml",
];

/// Reads a template; with `transform`, as CloudFormation gets it from SAM.
const READ: &str = r#"
import json, sys
from samtranslator.yaml_helper import yaml_parse
template = yaml_parse(open(sys.argv[1]).read())
if len(sys.argv) > 2:
    import boto3
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    # What packaging does: code and stacks within are somewhere in S3.
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/code"
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = "https://s3.amazonaws.com/artifacts/template.yaml"
    template = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1")).translate(template, {})
print(json.dumps(template))
"#;

fn read(arguments: &[&str]) -> Value {
    python(READ, arguments)
}

/// What a script prints, run where SAM's own tools are.
fn python(script: &str, arguments: &[&str]) -> Value {
    let mut python = Command::new(tools("sam.txt").join("python"));
    let output = python.args(["-c", script]).args(arguments).current_dir(root()).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("json")
}

/// What `sam deploy` is told when nobody says otherwise, as SAM reads it.
pub(crate) fn samconfig() -> Value {
    python("import json, tomlkit\nprint(json.dumps(tomlkit.parse(open('samconfig.toml').read())))", &[])
}

/// A template, its short forms spelt out.
pub(crate) fn template(path: &str) -> Value {
    read(&[path])
}

/// The root template as CloudFormation gets it.
pub(crate) fn transformed() -> Value {
    read(&["template.yaml", "transform"])
}

/// A template's resources of a kind, by name.
pub(crate) fn resources(template: &Value, kind: &str) -> Vec<(String, Value)> {
    let all = template["Resources"].as_object().expect("resources");
    all.iter().filter(|(_, r)| r["Type"] == kind).map(|(n, r)| (n.clone(), r["Properties"].clone())).collect()
}
