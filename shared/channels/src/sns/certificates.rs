//! The certificates SNS signs with: fetched from AWS's own address, small, fast, and kept for a day.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// How long a certificate is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// Larger than any certificate.
const MOST: usize = 16 * 1024;

/// Whether a certificate is one, and in force at an instant.
pub fn is_valid(pem: &[u8], at: DateTime<Utc>) -> bool {
    let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(pem) else { return false };
    let at = x509_parser::time::ASN1Time::from_timestamp(at.timestamp());
    pem.parse_x509().is_ok_and(|certificate| at.is_ok_and(|at| certificate.validity().is_valid_at(at)))
}

/// Where certificates come from. Their address was looked at before.
#[async_trait]
pub trait Certificates: Send + Sync {
    /// The certificate at an address, if it can be had and is in force.
    async fn get(&self, url: &str, now: DateTime<Utc>) -> Option<Vec<u8>>;
}

/// Certificates over the network.
#[derive(Default)]
pub struct Fetched {
    client: OnceLock<Option<reqwest::Client>>,
    known: Mutex<HashMap<String, Known>>,
}

/// A certificate, and when it was fetched.
type Known = (DateTime<Utc>, Vec<u8>);

impl Fetched {
    fn client(&self) -> Option<&reqwest::Client> {
        let made = self.client.get_or_init(|| {
            let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).https_only(true);
            client.redirect(reqwest::redirect::Policy::none()).build().ok()
        });
        made.as_ref()
    }

    fn known(&self, url: &str, now: DateTime<Utc>) -> Option<Vec<u8>> {
        let known = self.known.lock().ok()?;
        known.get(url).filter(|(at, _)| now - *at < KEPT).map(|(_, pem)| pem.clone())
    }

    async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        let mut answer = self.client()?.get(url).send().await.ok().filter(|answer| answer.status().is_success())?;
        let mut pem = Vec::new();
        while let Some(piece) = answer.chunk().await.ok()? {
            pem.extend_from_slice(&piece);
            if pem.len() > MOST {
                return None;
            }
        }
        // By the machine's own clock, as the connection it came by was.
        Some(pem).filter(|pem| is_valid(pem, Utc::now()))
    }
}

#[async_trait]
impl Certificates for Fetched {
    async fn get(&self, url: &str, now: DateTime<Utc>) -> Option<Vec<u8>> {
        if let Some(pem) = self.known(url, now) {
            return Some(pem);
        }
        let pem = self.fetch(url).await?;
        if let Ok(mut known) = self.known.lock() {
            known.insert(url.to_owned(), (now, pem.clone()));
        }
        Some(pem)
    }
}
