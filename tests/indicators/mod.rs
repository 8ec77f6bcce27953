//! Indicators: what is owed, collected, sent and promised, drawn up every night of what changed.

mod kept;
mod told;

use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::Value;

impl World {
    /// An indicator.
    pub(crate) async fn indicator(&self, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, &format!("/v1/indicators/{path}"), None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// The series of an indicator's only currency, each by some of its fields.
    pub(crate) async fn series(&self, path: &str, fields: &[&str]) -> Vec<String> {
        let answer = self.indicator(path).await;
        let currencies = answer["currencies"].as_array().expect("currencies");
        assert_eq!(currencies.len(), 1, "{answer}");
        let line = |it: &Value| {
            let text = |field: &&str| {
                it.pointer(&format!("/{field}")).map_or("-".to_owned(), |it| it.to_string().replace('"', ""))
            };
            fields.iter().map(text).collect::<Vec<_>>().join(" ")
        };
        currencies[0]["series"].as_array().expect("a series").iter().map(line).collect()
    }
}
