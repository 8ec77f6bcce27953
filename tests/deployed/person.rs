//! What a person does besides.

use super::project::Project;
use crate::world::ask;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

/// Asks why, uploads a file, edits, makes a key and takes it back.
pub(super) async fn explained_and_edited(project: &Project<'_>, today: NaiveDate) {
    let found = project.post("/v1/customers/search", json!({ "document_kind": "DNI", "document_number": "1" }));
    let id = found["items"][0]["id"].as_str().unwrap_or_else(|| panic!("Ana: {found}")).to_owned();
    let ana = id.clone();
    let why = project.get(&format!("/v1/customers/{id}/why?date={today}"));
    assert!(why["steps"].as_array().is_some_and(|s| s.iter().any(|s| !s["facts"].is_null())), "{why}");
    let thread = project.get(&format!("/v1/customers/{id}/interactions"));
    let texts = thread["items"].as_array().into_iter().flatten().filter_map(|i| i["text"].as_str());
    assert!(texts.into_iter().any(|t| t.contains("Ana")), "{thread}");
    let replay = project.get(&format!("/v1/runs/{today}/replay"));
    assert_eq!((&replay["decisions"], &replay["differ"]), (&json!(3), &json!(0)));
    project.get(&format!("/v1/runs/{}/dry-run", today + Days::new(3)));
    let content = "Tipo de documento,Número de documento,Nombre\nDNI,9,Zoe\n";
    let upload = project.post(
        "/v1/imports",
        json!({ "kind": "customers", "file_name": "zoe.csv", "length": content.len(),
            "sha256": cauce_engine::store::keys::sha256(content.as_bytes()) }),
    );
    let headers: Vec<(String, String)> = upload["upload_headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(n, v)| (n.clone(), v.as_str().unwrap_or_default().to_owned()))
        .collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let url = upload["upload_url"].as_str().expect("a url");
    let put = ask("PUT", url, &headers, content.as_bytes()).expect("answered");
    assert_eq!(put.0, 200, "{put:?}");
    let id = upload["id"].as_str().expect("an id");
    project.post(&format!("/v1/imports/{id}/start"), json!({ "kind": "customers", "file_name": "zoe.csv" }));
    assert_eq!(project.loads(5).await["zoe.csv"], "Finalizado");
    let key = project.post("/v1/keys", json!({ "name": "integración" }));
    let revoked = project.call("DELETE", &format!("/v1/keys/{}", key["id"].as_str().expect("an id")), &Value::Null);
    assert_eq!(revoked.0, 204);
    let order = json!({ "document_kind": "DNI", "document_number": "9", "code": "F-9", "due": today, "amount": "5", "currency": "PEN" });
    project.post("/v1/orders", order);
    project.post("/v1/payments", json!({ "order": "F-9", "code": "M-9", "date": today, "amount": "5" }));
    project.post("/v1/exclusions", json!({ "document_kind": "DNI", "document_number": "9", "channel": "sms" }));
    project.get("/v1/customers");
    project.get("/v1/segments");
    let log = project.get("/v1/imports");
    let with_errors = log["items"].as_array().into_iter().flatten().find(|l| l["rejected_file"].is_string());
    let id = with_errors.and_then(|l| l["id"].as_str()).expect("rejected rows").to_owned();
    let rejected = project.downloaded(&format!("/v1/imports/{id}/rejected"));
    assert!(rejected.contains("falta el nombre"), "{rejected}");
    assert_eq!(project.get(&format!("/v1/imports/{id}/notes"))["items"].as_array().map(Vec::len), Some(1));
    project.post("/v1/runs", json!({}));
    let bearer = format!("Bearer {}", project.key);
    let edit = json!({ "phones": { "1": "987650009" } }).to_string();
    // How often the account was written meanwhile is nobody's promise: one of these versions is its own.
    let edited = (1..40).any(|version| {
        let headers = [("authorization", bearer.as_str()), ("if-match", &version.to_string())];
        project.stack.call("PATCH", &format!("/v1/customers/{ana}"), &headers, &edit).0 == 200
    });
    assert!(edited, "the phone is another");
}
