//! [`Turns`]: work that takes long, so much of it at a time.

use tokio::sync::Semaphore;

/// Does work that keeps a thread busy beside the threads that answer, so many pieces at a time: what is decoded or
/// parsed takes memory as well as time.
///
/// ```
/// use carnet_worker::Turns;
///
/// static TURNS: Turns = Turns::new(2);
///
/// async fn count(text: String) -> Option<usize> {
///     TURNS.run(move || text.split_whitespace().count()).await
/// }
/// ```
#[derive(Debug)]
pub struct Turns(Semaphore);

impl Turns {
    /// So many at a time.
    pub const fn new(count: usize) -> Self {
        Self(Semaphore::const_new(count))
    }

    /// What `work` gives; none when it panics. Once begun it is done to its end, also when nobody waits any more.
    pub async fn run<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        // Never closed.
        let turn = self.0.acquire().await.ok()?;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        work.await.ok()
    }
}
