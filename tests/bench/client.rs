//! Loading pages, and how long that takes.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use exeunt::sessions::Token;
use tokio::time::MissedTickBehavior;

use crate::measure::Rounds;

/// Whoever loads pages, as the sessions' browsers would.
pub struct Client {
    base: String,
    http: reqwest::Client,
    visits: Vec<Token>,
}

impl Client {
    /// Of the site at `base`.
    pub fn of(base: &str, visits: &[Token]) -> Self {
        Self { base: format!("{base}/"), http: reqwest::Client::new(), visits: visits.to_vec() }
    }

    /// The p99 of page loads, four at a time, for some seconds.
    pub async fn p99(&self, seconds: usize) -> f64 {
        let until = Instant::now() + Duration::from_secs(seconds as u64);
        let mut loaders = Vec::new();
        for visits in self.visits.chunks(self.visits.len() / 4) {
            let cookies: Vec<_> = visits.iter().map(|token| format!("exeunt={}", token.reveal())).collect();
            let (base, http) = (self.base.clone(), self.http.clone());
            loaders.push(tokio::spawn(async move {
                let mut took = Vec::new();
                for cookie in cookies.iter().cycle() {
                    let began = Instant::now();
                    let answer = http.get(&base).header("cookie", cookie).send().await.unwrap();
                    assert_eq!(answer.status(), 200);
                    answer.bytes().await.unwrap();
                    took.push(began.elapsed().as_secs_f64());
                    if Instant::now() > until {
                        break;
                    }
                }
                took
            }));
        }
        let mut took = Rounds::default();
        for loader in loaders {
            loader.await.unwrap().into_iter().for_each(|one| took.add(one));
        }
        took.quantile(0.99)
    }

    /// How long page loads take, a hundred a second one after the other, until something is done.
    pub async fn beside<T>(&self, work: impl Future<Output = T>) -> (T, Rounds) {
        let (mut work, mut took) = (pin!(work), Rounds::default());
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for token in self.visits.iter().cycle() {
            tokio::select! {
                done = &mut work => return (done, took),
                _ = ticks.tick() => {}
            }
            let load = async {
                let began = Instant::now();
                self.load(token).await;
                began.elapsed().as_secs_f64()
            };
            tokio::select! {
                done = &mut work => return (done, took),
                one = load => took.add(one),
            }
        }
        unreachable!("there are visits")
    }

    async fn load(&self, token: &Token) {
        let cookie = format!("exeunt={}", token.reveal());
        let answer = self.http.get(&self.base).header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
    }
}
