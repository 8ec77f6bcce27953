//! Campaigns: a chosen group is written to once, besides the flow, and what that brought is told.

mod life;
mod log;
mod measured;
mod once;
mod refused;
mod segments;

use crate::world::World;
use axum::http::{Method, StatusCode};
use cauce_domain::ids::CampaignId;
use cauce_domain::strategy::campaign::Campaign;
use cauce_domain::strategy::campaign_result::Figures;
use cauce_engine::campaign;
use serde_json::{Value, json};

/// A project in Lima on Tuesday the tenth of March, whose flow is off, with customers and no debt yet.
pub(crate) async fn lima(customers: &str) -> World {
    let world = World::on("2026-03-10").await;
    world.customers(customers).await;
    let setup = world.setup().await;
    for flow in &setup.flows {
        let mut body = serde_json::to_value(&flow.value).expect("json");
        body["active"] = json!(false);
        let body =
            json!({ "name": body["name"], "active": false, "segments": body["segments"], "steps": body["steps"] });
        world.put(&format!("/v1/flows/{}", flow.value.id), flow.version, body).await;
    }
    world
}

/// Everybody.
pub(crate) fn everybody() -> Value {
    json!({ "segments": ["default"] })
}

impl World {
    /// Changes something, as it was read.
    pub(crate) async fn put(&self, path: &str, version: u64, body: Value) -> Value {
        let (status, answer) = self.tried(Method::PUT, path, version, Some(body)).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    async fn tried(&self, method: Method, path: &str, version: u64, body: Option<Value>) -> (StatusCode, Value) {
        let (bearer, tag) = (format!("Bearer {}", crate::world::KEY), format!("\"{version}\""));
        let headers = [("authorization", bearer.as_str()), ("if-match", tag.as_str())];
        self.call_with(method, path, body, &headers).await
    }

    /// A template of type campaign.
    pub(crate) async fn template(&self, channel: &str, more: Value) -> String {
        let mut body = json!({ "name": format!("Campaña {channel}"), "channel": channel, "purposes": ["campaign"], "body": "Hola {nombre}, tenemos una propuesta" });
        if channel == "email" {
            body["subject"] = json!("Una propuesta");
        }
        more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        let (status, made) = self.call(Method::POST, "/v1/templates", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["template"]["id"].as_str().expect("an id").to_owned()
    }

    /// A draft; answers its path.
    pub(crate) async fn draft(&self, channels: &[&str], audience: Value, more: Value) -> String {
        let mut communications = Vec::new();
        for channel in channels {
            communications.push(json!({ "template": self.template(channel, json!({})).await }));
        }
        let mut body = json!({ "name": "Marzo", "audience": audience, "communications": communications });
        more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        let (status, made) = self.call(Method::POST, "/v1/campaigns", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!((&made["standing"], &made["standing_name"]), (&json!("draft"), &json!("Borrador")));
        format!("/v1/campaigns/{}", made["id"].as_str().expect("an id"))
    }

    /// The campaign at a path, as it stands.
    pub(crate) async fn campaign(&self, path: &str) -> Campaign {
        let id = CampaignId::from(path.rsplit('/').next().expect("an id"));
        campaign::read(&self.house().ports, &self.project, &id).await.expect("read").expect("a campaign").value
    }

    async fn version_of(&self, path: &str) -> u64 {
        let id = CampaignId::from(path.rsplit('/').next().expect("an id"));
        campaign::read(&self.house().ports, &self.project, &id).await.expect("read").expect("a campaign").version
    }

    /// Tries to schedule a campaign.
    pub(crate) async fn scheduled(&self, path: &str, date: &str, time: &str) -> (StatusCode, Value) {
        let (version, moment) = (self.version_of(path).await, json!({ "date": date, "time": time }));
        self.tried(Method::PUT, &format!("{path}/schedule"), version, Some(moment)).await
    }

    /// A campaign that is scheduled.
    pub(crate) async fn launched(&self, channels: &[&str], time: &str, more: Value) -> String {
        let path = self.draft(channels, everybody(), more).await;
        let (status, answer) = self.scheduled(&path, "2026-03-10", time).await;
        assert_eq!((status, &answer["standing"]), (StatusCode::OK, &json!("scheduled")), "{answer}");
        path
    }

    /// What somebody does with a campaign.
    pub(crate) async fn act(&self, path: &str, what: &str) -> (StatusCode, Value) {
        self.call(Method::POST, &format!("{path}/{what}"), Some(json!({}))).await
    }

    /// What it brought, as told.
    pub(crate) async fn brought(&self, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, &format!("{path}/result"), None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Its figures, which are those of a recount.
    pub(crate) async fn figures(&self, path: &str) -> Figures {
        let campaign = self.campaign(path).await;
        let (counted, kept) =
            campaign::recount(&self.house().ports, &self.setup().await, &campaign).await.expect("counted");
        assert_eq!(kept, counted, "the sums are those of a recount");
        kept
    }
}
