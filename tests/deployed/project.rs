//! A project of the stage, as its key's holder sees it.

use super::stack::{DATA, Stack};
use crate::world::ask;
use aws_sdk_ssm::types::ParameterType;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(super) const ADMIN: &str = "llave-de-administracion-de-prueba";

/// A project of the stage and its key.
pub(super) struct Project<'a> {
    pub(super) stack: &'a Stack,
    pub(super) key: String,
}

impl Project<'_> {
    pub(super) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.stack.call(method, path, &[("authorization", &format!("Bearer {}", self.key))], &body.to_string())
    }
    /// Changes the project's settings, read at a version.
    pub(super) fn set(&self, version: &str, edit: &Value) {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("if-match", version)];
        let (status, edited) = self.stack.call("PUT", "/v1/project", &headers, &edit.to_string());
        assert_eq!(status, 200, "{edited}");
    }
    pub(super) fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null);
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }
    pub(super) fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call("POST", path, &body);
        assert!((200..300).contains(&status), "POST {path}: {status} {body}");
        body
    }
    /// A file, from where the API says it is.
    pub(super) fn downloaded(&self, path: &str) -> String {
        let (status, place) = self.call("GET", path, &Value::Null);
        assert_eq!(status, 303, "{place}");
        let (status, content) = ask("GET", place["url"].as_str().expect("a url"), &[], b"").expect("answered");
        assert_eq!(status, 200, "{place}: {content}");
        content
    }
    /// The states of the process log by kind, once every load is over.
    pub(super) async fn loads(&self, wanted: usize) -> BTreeMap<String, String> {
        let over = |log: &Value| -> Option<BTreeMap<String, String>> {
            let items = log["items"].as_array()?;
            let name = |l: &Value, f: &str| l[f].as_str().unwrap_or_default().to_owned();
            let done = items.iter().filter(|l| !l["finished"].is_null()).count() == items.len();
            (done && items.len() == wanted)
                .then(|| items.iter().map(|l| (name(l, "file_name"), name(l, "state_name"))).collect())
        };
        self.stack.until("the loads", || self.get("/v1/imports"), over).await
    }
}

impl Stack {
    /// Asks again until there is an answer.
    pub(super) async fn until<T, R: std::fmt::Debug>(
        &self,
        what: &str,
        mut ask: impl FnMut() -> R,
        found: impl Fn(&R) -> Option<T>,
    ) -> T {
        let begun = Instant::now();
        loop {
            let answer = tokio::task::block_in_place(&mut ask);
            if let Some(found) = found(&answer) {
                return found;
            }
            let waited = begun.elapsed();
            assert!(waited < Duration::from_secs(900), "{what} did not come: {answer:?}\n{}", self.logs());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// A project made with the administration key.
pub(super) async fn make_project(stack: &Stack) -> Project<'_> {
    let secrets = aws_sdk_ssm::Client::new(&stack.sdk);
    let admin = secrets.put_parameter().name(format!("/{DATA}/admin")).value(ADMIN).r#type(ParameterType::SecureString);
    admin.send().await.expect("kept");
    let asked = json!({ "id": "lima", "name": "Crédito Andino", "country": "PE" });
    let (refused, _) = stack.call("POST", "/v1/projects", &[("authorization", "Bearer otra")], &asked.to_string());
    assert_eq!(refused, 401);
    let bearer = format!("Bearer {ADMIN}");
    let (status, made) = stack.call("POST", "/v1/projects", &[("authorization", &bearer)], &asked.to_string());
    assert_eq!(status, 201, "{made}");
    let again = stack.call("POST", "/v1/projects", &[("authorization", &bearer)], &asked.to_string());
    assert_eq!((again.0, again.1["code"].as_str()), (409, Some("project_exists")));
    let project = Project { stack, key: made["key"].as_str().expect("a key").to_owned() };
    let edit = json!({
        "alert_addresses": ["jefa@andes.example.com"], "expected_loads": [{ "kind": "exclusiones", "by": "00:00:00" }],
    });
    project.set("1", &edit);
    project
}
