//! Somebody at the login page, on a connection of their own.

use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Response, header};

/// A person at the login page.
#[derive(Clone)]
pub struct Person {
    pub http: reqwest::Client,
    pub page: String,
    name: String,
    address: String,
}

/// What became of a login.
pub struct Login {
    pub took: Duration,
    pub tries: usize,
}

impl Person {
    pub fn at(base: &str, name: &str, address: &str) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { http, page: format!("{base}/login"), name: name.to_owned(), address: address.to_owned() }
    }

    pub async fn tries(&self, password: &str) -> Response {
        let form = serde_urlencoded::to_string([("username", &*self.name), ("password", password)]).unwrap();
        let post = self.http.post(&self.page).header("x-forwarded-for", &self.address);
        post.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap()
    }

    /// Tries again when it is told to, until it is in.
    pub async fn logs_in(&self, password: &str) -> Login {
        let began = Instant::now();
        for tries in 1.. {
            let answer = self.tries(password).await;
            if answer.status() == 303 {
                return Login { took: began.elapsed(), tries };
            }
            assert_eq!(answer.status(), 503);
            let seconds = answer.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        unreachable!("it tries until it is in")
    }
}
