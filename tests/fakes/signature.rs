//! AWS's signature, made again of what came and held against what it came with.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::http::HeaderMap;
use chrono::NaiveDateTime;

/// The key that opens the played services.
pub(crate) const KEY: &str = "000000000042";
/// Its secret.
pub(crate) const SECRET: &str = "test";

/// Whether a request was signed for a service with the key.
pub(super) fn is_right(service: &str, (method, path): (&str, &str), headers: &HeaderMap, body: &[u8]) -> bool {
    again(service, (method, path), headers, body)
        .is_some_and(|made| headers.get("authorization").is_some_and(|given| given.as_bytes() == made.as_bytes()))
}

fn again(service: &str, (method, path): (&str, &str), headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let named = text("authorization")?.split("SignedHeaders=").nth(1)?.split(',').next()?;
    let covered: Vec<(&str, &str)> =
        named.split(';').filter(|name| *name != "x-amz-date").filter_map(|name| Some((name, text(name)?))).collect();
    let at = NaiveDateTime::parse_from_str(text("x-amz-date")?, "%Y%m%dT%H%M%SZ").ok()?.and_utc();
    let identity = Credentials::new(KEY, SECRET, None, None, "tests").into();
    let params = v4::SigningParams::builder().identity(&identity).region("us-east-1").name(service);
    let params = params.time(at.into()).settings(SigningSettings::default()).build().ok()?.into();
    let url = format!("http://{}{path}", text("host")?);
    let request = SignableRequest::new(method, url, covered.into_iter(), SignableBody::Bytes(body)).ok()?;
    let (made, _) = sign(request, &params).ok()?.into_parts();
    let found = made.headers().find(|(name, _)| *name == "authorization");
    found.map(|(_, value)| value.to_owned())
}
