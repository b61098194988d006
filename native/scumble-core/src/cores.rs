//! The cores that this process may use, shared by everything that runs at a time: threads take turns at them.

use std::cell::Cell;
use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long a thread keeps its core at least while others wait; what takes longer is not interrupted.
const TURN: Duration = Duration::from_millis(20);
/// How often a thread that waits for a core looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(10);

static CORES: LazyLock<Cores> =
    LazyLock::new(|| Cores::new(std::thread::available_parallelism().map_or(1, NonZero::get)));

thread_local! {
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

/// Returns how many threads work at a time: the cores that the system gives this process, less those to spare, or 1.
pub fn cores() -> usize {
    CORES.lock().limit()
}

/// Leaves so many cores to others, such as the program that this one works for; one is always used.
pub fn spare(count: usize) {
    CORES.lock().spared = count;
}

struct Cores {
    state: Mutex<State>,
}

struct State {
    given: usize,
    spared: usize,
    busy: usize,
    waiting: VecDeque<Arc<Waiting>>,
}

struct Waiting {
    thread: Thread,
    served: AtomicBool,
}

impl Cores {
    fn new(given: usize) -> Self {
        Self { state: Mutex::new(State { given, spared: 0, busy: 0, waiting: VecDeque::new() }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, stopped: &dyn Fn() -> bool) -> Option<Core<'_>> {
        let taken = || Some(Core { of: self, since: Instant::now() });
        let mut state = self.lock();
        if state.waiting.is_empty() && state.busy < state.limit() {
            state.busy += 1;
            return taken();
        }
        let waiting = Arc::new(Waiting { thread: std::thread::current(), served: AtomicBool::new(false) });
        state.waiting.push_back(Arc::clone(&waiting));
        drop(state);
        while !waiting.served.load(Ordering::Acquire) {
            if stopped() {
                let mut state = self.lock();
                state.waiting.retain(|other| !Arc::ptr_eq(other, &waiting));
                if waiting.served.load(Ordering::Acquire) {
                    state.hand_on(); // it came at the last moment
                }
                return None;
            }
            std::thread::park_timeout(LOOK);
        }
        taken()
    }
}

impl State {
    fn limit(&self) -> usize {
        self.given.saturating_sub(self.spared).max(1)
    }

    /// Gives a core that has become free to who waits longest, as far as the limit allows.
    fn hand_on(&mut self) {
        self.busy -= 1;
        while self.busy < self.limit() {
            let Some(next) = self.waiting.pop_front() else { return };
            self.busy += 1;
            next.served.store(true, Ordering::Release);
            next.thread.unpark();
        }
    }
}

/// A thread's core; another thread gets it when this is dropped.
pub(crate) struct Core<'a> {
    of: &'a Cores,
    since: Instant,
}

impl Core<'_> {
    /// Waits for a core, in the order in which threads came; none when `stopped` says meanwhile that nobody wants it.
    pub(crate) fn wait(stopped: &dyn Fn() -> bool) -> Option<Core<'static>> {
        let core = CORES.wait(stopped);
        HOLDS.set(core.is_some());
        core
    }

    /// Whether others wait, and this thread has had its turn.
    pub(crate) fn is_due(&self) -> bool {
        self.since.elapsed() >= TURN && !self.of.lock().waiting.is_empty()
    }
}

impl Drop for Core<'_> {
    fn drop(&mut self) {
        HOLDS.set(false);
        self.of.lock().hand_on();
    }
}

/// Lends this thread's core, if it has one, to the threads that it waits for.
pub(crate) fn lending<T>(work: impl FnOnce() -> T) -> T {
    if !HOLDS.get() {
        return work();
    }
    HOLDS.set(false);
    CORES.lock().hand_on();
    let result = work();
    std::mem::forget(Core::wait(&|| false)); // its owner, further out, gives it back
    result
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn no_more_threads_work_than_there_are_cores_and_all_get_their_turn() {
        let cores = Cores::new(3);
        let (now, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let core = cores.wait(&|| false);
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_micros(200));
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(core);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((done.load(Ordering::SeqCst), cores.lock().busy), (240, 0));
        assert!((2..=3).contains(&most.load(Ordering::SeqCst)));
    }

    #[test]
    fn who_is_wanted_no_more_leaves_the_queue_and_the_next_one_is_served() {
        let cores = Cores::new(1);
        let held = cores.wait(&|| false);
        assert!(held.is_some() && cores.wait(&|| true).is_none());
        assert!(cores.lock().waiting.is_empty());
        std::thread::scope(|scope| {
            let next = scope.spawn(|| cores.wait(&|| false).is_some());
            while cores.lock().waiting.is_empty() {
                std::thread::yield_now();
            }
            drop(held);
            assert_eq!(next.join().ok(), Some(true));
        });
        assert_eq!(cores.lock().busy, 0);
    }

    #[test]
    fn some_cores_can_be_spared_but_never_all() {
        let cores = Cores::new(4);
        for (spared, limit) in [(0, 4), (1, 3), (3, 1), (9, 1)] {
            cores.lock().spared = spared;
            assert_eq!(cores.lock().limit(), limit);
        }
    }
}
