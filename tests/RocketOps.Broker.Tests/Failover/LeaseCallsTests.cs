using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Failover;
using RocketOps.Election.Leases;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover;

public sealed class LeaseCallsTests
{
    private static readonly LeaseTimings Short = new() { Duration = TimeSpan.FromMilliseconds(40), Renew = TimeSpan.FromMilliseconds(10), Margin = TimeSpan.FromMilliseconds(10) };
    private static readonly LeaseTimings Timings = new();

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Read_StoreThatHangsForEver_EachCallFailsAndFewAreHeld()
    {
        HangingStore store = new();
        await using LeaseCalls calls = new(store, Short, new Random(1), TimeProvider.System, NullLogger.Instance);

        for (int i = 0; i < 20; i++)
        {
            TaskCompletionSource failed = new();
            calls.Read(_ => failed.TrySetException(new InvalidOperationException("it hangs")), () => failed.TrySetResult());
            await failed.Task.WaitAsync(TimeSpan.FromMinutes(2));
        }

        store.Calls.Should().BeInRange(1, 8, "a store that lets go of nothing must not be given more and more");
    }

    /// <summary>A file that is being written is written to its end: whoever removes its folder then, or starts the next member, must not meet it.</summary>
    [Fact]
    public async Task Dispose_CallThatGoesOnWhenGivenUp_IsWaitedFor()
    {
        HangingStore store = new();
        (LeaseCalls calls, Task disposed) = await DisposeDuringACallAsync(store);
        _time.Advance(Timings.RequestTimeout - TimeSpan.FromTicks(1));
        disposed.IsCompleted.Should().BeFalse("the call has not ended");
        store.End();

        await disposed.WaitAsync(TimeSpan.FromMinutes(2));
        bool isTold = false;
        calls.Read(_ => isTold = true, () => isTold = true);
        isTold.Should().BeFalse("nothing begins any more, and whoever stops is told of nothing");
    }

    [Fact]
    public async Task Dispose_StoreThatHangsForEver_LeavesItBehindInTheTimeOfACall()
    {
        (_, Task disposed) = await DisposeDuringACallAsync(new HangingStore());
        _time.Advance(Timings.RequestTimeout);

        await disposed.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Write_StoreThatThrowsAtOnce_Fails()
    {
        await using LeaseCalls calls = new(new HangingStore { Throws = true }, Short, new Random(1), TimeProvider.System, NullLogger.Instance);
        TaskCompletionSource failed = new();

        calls.Read(_ => failed.TrySetException(new InvalidOperationException("it throws")), () => failed.TrySetResult());

        await failed.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>What a store says may be whole sentences.</summary>
    [Fact]
    public async Task Read_StoreSaysWhyInSentences_OneEndsAndTheNextBegins()
    {
        using RecordingLoggerFactory log = new();
        await using LeaseCalls calls = new(new HangingStore { Throws = true, Why = "Somebody edited it. Delete it." }, Timings, new Random(1), _time, log);
        TaskCompletionSource failed = new();

        calls.Read(_ => failed.TrySetException(new InvalidOperationException("it throws")), () => failed.TrySetResult());
        await failed.Task.WaitAsync(TimeSpan.FromMinutes(2));

        log.Messages.Should().ContainSingle().Which.Should().StartWith("The lease store did not do what it was asked: Somebody edited it. Delete it. A master");
    }

    [Fact]
    public async Task Watch_WhatTheStoreShows_IsToldAndOneWatchLastsForMinutes()
    {
        WatchedStore store = new();
        await using LeaseCalls calls = Watching(store, out List<string?> told, out _);

        store.Current.Show("7");
        store.Current.Show(null);
        _time.Advance(TimeSpan.FromMinutes(4));

        told.Should().Equal(["7", null]);
        store.Watches.Should().ContainSingle();
        store.Current.Patience.Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Watch_ThatHasEnded_GoesOnAtOnceFromTheNewestVersion()
    {
        WatchedStore store = new();
        await using LeaseCalls calls = Watching(store, out _, out List<bool> lost);
        store.Watches[0].From.Should().BeNull("nothing is known yet");

        store.Current.Show("7");
        await EndAsync(store);
        store.Current.From.Should().Be("7", "it was shown");

        await ReadAsync(calls, store, "8");
        await EndAsync(store);
        store.Current.From.Should().Be("8", "it was read");

        await WriteAsync(calls, store, "9");
        await EndAsync(store);
        store.Current.From.Should().Be("9", "it was written");

        store.Current.Show(null);
        await EndAsync(store);
        store.Current.From.Should().BeNull("there is none");
        lost.Should().BeEmpty("nothing was missed");
    }

    [Fact]
    public async Task Watch_StoreThatEndsEachAtOnce_BeginsOneInEachRenewal()
    {
        WatchedStore store = new() { EndsAtOnce = true };
        await using LeaseCalls calls = Watching(store, out _, out _);

        for (int renewal = 1; renewal <= 5; renewal++)
        {
            store.Watches.Should().HaveCount(renewal);
            await Eventually.TrueAsync(() => _time.HasTimerIn(Timings.Renew), "it waits for the next renewal");
            _time.Advance(Timings.Renew);
            await Eventually.TrueAsync(() => store.Watches.Count > renewal, "the next one begins");
        }
    }

    [Fact]
    public async Task Watch_ThatHasFailed_HasTheMemberLookAndBeginsAnew()
    {
        WatchedStore store = new();
        await using LeaseCalls calls = Watching(store, out _, out List<bool> lost);
        store.Current.Show("7");

        store.Current.Fail("410 Gone");

        await Eventually.TrueAsync(() => lost.Count == 1, "what happened meanwhile is read");
        await NextAsync(store);
        store.Current.From.Should().BeNull("that version may be the one which the store has forgotten");
    }

    /// <summary>The connection of a watch can end without a word: whoever only listens never learns of it.</summary>
    [Fact]
    public async Task Watch_ThatShowsNothingOfWhatIsRead_IsBegunAnew()
    {
        WatchedStore store = new();
        await using LeaseCalls calls = Watching(store, out _, out List<bool> lost);
        for (int version = 1; version <= 3; version++)
        {
            await ReadAsync(calls, store, $"{version}");
        }

        store.Current.Show("3");
        for (int version = 4; version <= 6; version++)
        {
            await ReadAsync(calls, store, $"{version}");
            await ReadAsync(calls, store, $"{version}");
        }

        store.Watches.Should().ContainSingle("it may be a little late");
        await ReadAsync(calls, store, "7");

        await Eventually.TrueAsync(() => lost.Count == 1, "it is given up");
        await NextAsync(store);
    }

    private async Task<(LeaseCalls Calls, Task Disposed)> DisposeDuringACallAsync(HangingStore store)
    {
        LeaseCalls calls = new(store, Timings, new Random(1), _time, NullLogger.Instance);
        calls.Read(_ => { }, () => { });
        await Eventually.TrueAsync(() => store.Calls == 1, "the call is under way");
        Task disposed = calls.DisposeAsync().AsTask();
        await Eventually.TrueAsync(() => _time.HasTimerIn(Timings.RequestTimeout), "it waits");
        return (calls, disposed);
    }

    private LeaseCalls Watching(WatchedStore store, out List<string?> told, out List<bool> lost)
    {
        LeaseCalls calls = new(store, Timings, new Random(1), _time, NullLogger.Instance);
        List<string?> versions = told = [];
        List<bool> losses = lost = [];
        calls.Watch(lease => versions.Add(lease?.Version), () => losses.Add(true));
        return calls;
    }

    private async Task EndAsync(WatchedStore store)
    {
        int before = store.Watches.Count;
        _time.Advance(Timings.Renew);
        store.Current.End();
        await Eventually.TrueAsync(() => store.Watches.Count > before, "the next one begins without a pause");
    }

    private async Task NextAsync(WatchedStore store)
    {
        int before = store.Watches.Count;
        await Eventually.TrueAsync(() => _time.HasTimerIn(Timings.Renew), "it waits for a renewal");
        _time.Advance(Timings.Renew);
        await Eventually.TrueAsync(() => store.Watches.Count > before, "the next one begins");
    }

    private static async Task ReadAsync(LeaseCalls calls, WatchedStore store, string version)
    {
        store.Version = version;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Read(_ => done.TrySetResult(), () => done.TrySetException(new InvalidOperationException("it answers")));
        await done.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    private static async Task WriteAsync(LeaseCalls calls, WatchedStore store, string version)
    {
        store.Version = version;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Write(WatchedStore.Record, "1", _ => done.TrySetResult(), () => done.TrySetException(new InvalidOperationException("it answers")));
        await done.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    private sealed class HangingStore : ILeaseStore
    {
        private readonly TaskCompletionSource<VersionedLease?> _never = new();
        private int _calls;

        public bool Throws { get; init; }

        public string Why { get; init; } = "no";

        public int Calls => Volatile.Read(ref _calls);

        public void End() => _never.SetResult(null);

        public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return Throws ? throw new LeaseStoreException(Why) : _never.Task;
        }

        public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken) => Task.Delay(patience, cancellationToken);
    }

    /// <summary>Has the version it is given, and watches that end as it is told.</summary>
    private sealed class WatchedStore : ILeaseStore
    {
        private readonly Lock _lock = new();
        private readonly List<StoreWatch> _watches = [];

        public static LeaseRecord Record { get; } = new() { Holder = "a", Epoch = 1, RenewTime = DateTimeOffset.UnixEpoch, Duration = TimeSpan.FromSeconds(6), InSync = [] };

        public bool EndsAtOnce { get; init; }

        public string Version { get; set; } = "1";

        public IReadOnlyList<StoreWatch> Watches
        {
            get
            {
                lock (_lock)
                {
                    return [.. _watches];
                }
            }
        }

        public StoreWatch Current => Watches[^1];

        public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult<VersionedLease?>(new VersionedLease(Record, Version));

        public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) => Task.FromResult<string?>(Version);

        public Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken)
        {
            StoreWatch watch = new(seenVersion, patience, seen);
            lock (_lock)
            {
                _watches.Add(watch);
            }

            return EndsAtOnce ? Task.CompletedTask : watch.Ended.WaitAsync(cancellationToken);
        }
    }

    private sealed class StoreWatch(string? from, TimeSpan patience, Action<VersionedLease?> seen)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? From => from;

        public TimeSpan Patience => patience;

        public Task Ended => _ended.Task;

        public void Show(string? version) => seen(version is null ? null : new VersionedLease(WatchedStore.Record, version));

        public void End() => _ended.SetResult();

        public void Fail(string reason) => _ended.SetException(new LeaseStoreException(reason));
    }
}
