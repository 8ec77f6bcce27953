//! Notifications of SNS's over HTTP: whose topic, signed by whom, and confirmed by us.

use super::super::{collections, json};
use super::Line;
use async_trait::async_trait;
use cauce_channels::sns::certificates::Certificates;
use cauce_channels::sns::{SnsWebhook, Subscriptions};
use cauce_engine::hooks::{self, Keys};
use cauce_engine::ports::PortError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// The certificate of the samples, which is younger than they are.
struct Known(Vec<u8>);

#[async_trait]
impl Certificates for Known {
    async fn get(&self, _: &str, _: DateTime<Utc>) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }
}

#[derive(Default)]
struct Confirmed(Mutex<Vec<String>>);

#[async_trait]
impl Subscriptions for Confirmed {
    async fn confirm(&self, topic: &str, token: &str) -> Result<(), PortError> {
        self.0.lock().expect("it").push(format!("{topic} {token}"));
        Ok(())
    }
}

pub(super) fn webhook(pem: Vec<u8>) -> SnsWebhook {
    SnsWebhook { certificates: Arc::new(Known(pem)), subscriptions: Arc::new(Confirmed::default()) }
}

#[tokio::test]
async fn a_notification_is_taken_of_our_topics_and_a_subscription_confirmed() {
    for folder in collections() {
        let known = json(&folder.join("vectors/sns.json"));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let topics: Vec<String> = known["allowed_topics"].as_array().expect("topics").iter().map(text).collect();
        let confirmed = Arc::new(Confirmed::default());
        let pem = std::fs::read(folder.join("sns/sns-test.cert.pem")).expect("a certificate");
        let subscriptions: Arc<dyn Subscriptions> = Arc::clone(&confirmed) as Arc<dyn Subscriptions>;
        let hook = SnsWebhook { subscriptions, ..webhook(pem) };
        let line = Line::with("2026-03-02", "", hook).await;
        line.world.house().clock.advance_to(text(&known["now"]).parse().expect("an instant"));
        let ports = &line.world.house().ports;
        let mut route = hooks::read(ports, &line.token).await.expect("read").expect("a hook");
        route.keys.insert("aws".into(), Keys { topics: topics.clone(), ..Keys::default() });
        hooks::write(ports, &line.token, &route).await.expect("written");
        let mut asked = 0;
        for one in known["vectors"].as_array().expect("vectors") {
            let body = std::fs::read(folder.join(text(&one["file"]))).expect("a sample");
            let status = line.post(&format!("/hooks/aws/{}", line.token), &[], &body).await.status_code;
            // What is too old is acknowledged and ignored.
            let taken = text(&one["expect"]).starts_with("accept") || text(&one["expect"]).contains("older");
            assert_eq!(status, if taken { 200 } else { 401 }, "{one}");
            let subscribes = String::from_utf8_lossy(&body).contains("\"SubscriptionConfirmation\"");
            asked += usize::from(subscribes && status == 200);
        }
        let confirmed = confirmed.0.lock().expect("it");
        assert!(asked > 0 && confirmed.len() == asked, "{confirmed:?}");
        assert!(confirmed.iter().all(|one| topics.iter().any(|topic| one.starts_with(topic.as_str()))));
    }
}
