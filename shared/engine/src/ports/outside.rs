//! `Outside`: a post to an address a customer of ours gave, which may be anybody's.

use async_trait::async_trait;

/// What an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Seconds it asks to wait.
    pub retry_after: Option<u64>,
}

/// Posts to addresses that users give. Those of private networks are refused, whatever name leads to them; no redirect is
/// followed; what is answered beyond the status is not read.
#[async_trait]
pub trait Outside: Send + Sync {
    /// Posts a JSON body once; the error says why there was no answer, in the user's words.
    async fn post(&self, url: &str, headers: &[(&str, String)], body: String) -> Result<Answered, String>;
    /// Why an address can never be posted to, if so.
    fn refuses(&self, url: &str) -> Option<&'static str>;
}
