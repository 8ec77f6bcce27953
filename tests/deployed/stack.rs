//! Deploying the templates to the emulator with the very command a team uses, and talking to what came of it.

use super::recorder::{Recorder, record};
use crate::aws::{Emulator, config, free_port, start, tools};
use crate::built::{FUNCTIONS, functions, root};
use crate::world::ask;
use aws_config::SdkConfig;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The stage's name.
pub(crate) const STAGE: &str = "prueba";
/// Its data's.
pub(crate) const DATA: &str = "cauce-prueba";
/// The emulator's first account, whose every key is allowed everything: whoever deploys.
const DEPLOYER: &str = "test";

/// A deployed stage.
pub(crate) struct Stack {
    /// What the functions called.
    pub(crate) recorder: Recorder,
    /// The SDK's configuration of whoever deployed it.
    pub(crate) sdk: SdkConfig,
    /// The HTTP API's host.
    host: String,
    /// The stacks, to be deployed again.
    pub(crate) deployed: Deployed,
    _emulator: Emulator,
}

/// Where it was deployed from and to.
pub(crate) struct Deployed {
    folder: tempfile::TempDir,
    endpoint: String,
}

impl Deployed {
    /// Deploys the functions, with a schedule of the plan; again, it is an upgrade.
    pub(crate) fn deploy(&self, plan: &str) {
        let own = format!(
            "Stage={STAGE} DataPrefix={DATA} Architecture={} AlertEmail=alertas@andes.example.com \
             EmailFrom=cobros@andes.example.com EmailResource=* PlanSchedule='{plan}' CloseSchedule='rate(1 minute)'",
            if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
        );
        let arguments = ["-t", "template.yaml", "--parameter-overrides", &own];
        sam(self.folder.path(), &self.endpoint, "functions", &arguments);
    }
}

/// A library that moves the clock of a process and of those it starts.
fn clock(folder: &Path) -> String {
    let library = folder.join("clock.so");
    let source = root().join("tests/deployed/clock.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(built.expect("a C compiler").success());
    library.to_string_lossy().into_owned()
}

/// Deploys data and functions, as they stand, with roles enforced, so many seconds away from now.
pub(crate) async fn deploy(offset: i64) -> Stack {
    let (built, port) = (functions(), free_port());
    let endpoint = format!("http://127.0.0.1:{port}");
    // The functions call AWS through the recorder.
    let recorder = record(&endpoint).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, offset) = (clock(folder.path()), offset.to_string());
    let moved = [("LD_PRELOAD", clock.as_str()), ("CLOCK_OFFSET", &offset)];
    let emulator = start(port, &[&[("AUTH", "true"), ("AWS_ENDPOINT_URL", &recorder.endpoint)], &moved[..]].concat());
    lay_out(folder.path(), &built);
    let sdk = config(&endpoint, DEPLOYER).await;
    aws_sdk_s3::Client::new(&sdk).create_bucket().bucket("artifacts").send().await.expect("a bucket");
    sam(
        folder.path(),
        &endpoint,
        "data",
        &["-t", "infra/data.yaml", "--parameter-overrides", &format!("DataPrefix={DATA} RequireTls=false")],
    );
    let stack = Deployed { folder, endpoint };
    stack.deploy("rate(1 day)");
    let outputs = python(
        &stack.endpoint,
        "import boto3, json\nfor o in boto3.client('cloudformation').describe_stacks(StackName='functions')['Stacks'][0]['Outputs']:\n  \
         print(o['OutputKey'] + '=' + o['OutputValue'])",
    );
    let id = outputs.lines().find_map(|l| l.strip_prefix("HttpId=")).expect("the API's id");
    let host = format!("{id}.execute-api.localhost:{port}");
    Stack { recorder, sdk, host, deployed: stack, _emulator: emulator }
}

/// The templates, and the binaries where the templates look for them.
fn lay_out(folder: &Path, built: &Path) {
    std::fs::copy(root().join("template.yaml"), folder.join("template.yaml")).expect("copied");
    std::fs::create_dir(folder.join("infra")).expect("a folder");
    for name in ["data", "queues", "roles", "http", "alarms"] {
        let name = format!("infra/{name}.yaml");
        std::fs::copy(root().join(&name), folder.join(&name)).expect("copied");
    }
    for function in FUNCTIONS {
        let place = folder.join("target/lambda").join(function);
        std::fs::create_dir_all(&place).expect("a folder");
        std::fs::copy(built.join(function), place.join("bootstrap")).expect("copied");
    }
}

fn as_deployer(command: &mut Command, endpoint: &str) {
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_DEFAULT_REGION", "us-east-1").env("SAM_CLI_TELEMETRY", "0");
    command.env("AWS_ACCESS_KEY_ID", DEPLOYER).env("AWS_SECRET_ACCESS_KEY", "test");
}

fn sam(folder: &Path, endpoint: &str, stack: &str, more: &[&str]) {
    let mut sam = Command::new(tools("sam.txt").join("sam"));
    as_deployer(&mut sam, endpoint);
    sam.current_dir(folder).args([
        "deploy",
        "--stack-name",
        stack,
        "--s3-bucket",
        "artifacts",
        "--no-confirm-changeset",
    ]);
    let output = sam.args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]).args(more).output();
    let output = output.expect("sam runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}

/// Asks AWS something by its own client for Python.
pub(crate) fn python(endpoint: &str, script: &str) -> String {
    let mut python = Command::new(tools("sam.txt").join("python"));
    as_deployer(&mut python, endpoint);
    let output = python.args(["-c", script]).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Stack {
    /// One call of the HTTP API; answers status, ETag and body.
    pub(crate) fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let mut all = vec![("host", self.host.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        let (status, text) =
            ask(method, &format!("{}{path}", self.deployed.endpoint), &all, body.as_bytes()).expect("answered");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// What the functions logged.
    pub(crate) fn logs(&self) -> String {
        let script = format!(
            "import boto3\nfor p in boto3.client('logs').get_paginator('filter_log_events').paginate(logGroupName='/cauce/{STAGE}/functions'):\n  \
             for e in p['events']: print(e['message'].rstrip())"
        );
        python(&self.deployed.endpoint, &script)
    }
}
